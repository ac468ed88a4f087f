/** `tfx-lang/bun`: kernels by `import`. */
import { tfx } from "./plugin.ts";

export type { TfxOptions } from "./options.ts";
const plugin: typeof tfx.bun = tfx.bun;
export default plugin;
