/** `tfx-lang/rspack`: kernels by `import`. */
import { tfx } from "./plugin.ts";

export type { TfxOptions } from "./options.ts";
const plugin: typeof tfx.rspack = tfx.rspack;
export default plugin;
