/** `tfx-lang/rollup`: kernels by `import`. */
import { tfx } from "./plugin.ts";

export type { TfxOptions } from "./options.ts";
const plugin: typeof tfx.rollup = tfx.rollup;
export default plugin;
