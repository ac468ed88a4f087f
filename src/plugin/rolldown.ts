/** `tfx-lang/rolldown`: kernels by `import`. */
import { tfx } from "./plugin.ts";

export type { TfxOptions } from "./options.ts";
const plugin: typeof tfx.rolldown = tfx.rolldown;
export default plugin;
