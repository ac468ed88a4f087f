/** `tfx-lang/vite`: kernels by `import`. */
import { tfx } from "./plugin.ts";

export type { TfxOptions } from "./options.ts";
const plugin: typeof tfx.vite = tfx.vite;
export default plugin;
