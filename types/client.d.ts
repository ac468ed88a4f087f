/** Types of imports: `/// <reference types="tfx-lang/client" />`. An `x.d.tfx.ts` beside the file (`x.grad.d.ts` for `x.tfx?grad`) says more: every name of the kernel. */

declare module "*.tfx";

declare module "*.tfx?grad";

declare module "*.tfx?wgsl" {
  /** The shader of the file's only kernel. */
  const wgsl: string;
  export default wgsl;
}

declare module "*&wgsl" {
  /** The shader of the kernel that the query names. */
  const wgsl: string;
  export default wgsl;
}
