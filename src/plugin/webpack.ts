/** `tfx-lang/webpack`: kernels by `import`. */
import { tfx } from "./plugin.ts";

export type { TfxOptions } from "./options.ts";
const plugin: typeof tfx.webpack = tfx.webpack;
export default plugin;
