/** `tfx-lang/esbuild`: kernels by `import`. */
import { tfx } from "./plugin.ts";

export type { TfxOptions } from "./options.ts";
const plugin: typeof tfx.esbuild = tfx.esbuild;
export default plugin;
