/** What is written of a program: its kernels without what nothing mentions, and the uniforms that are left. */
import { type SizeExpr, evalSize, sizeNames } from "../base/size.ts";
import { I32, type TileKernel, type TileProgram, type VType } from "../ir/tile/tile.ts";
import { type Uses, dropUnused, usesOf } from "../ir/tile/walk.ts";

/** Workgroups along x; what is above goes to y (maxComputeWorkgroupsPerDimension, the default limit). */
const MAX_GROUPS = 65535;

/** Whether a dispatch may have workgroups beyond its last: y rows of x, of which the last is filled up. */
export const mayOverrun = (groups: SizeExpr): boolean =>
  sizeNames(groups).length > 0 || evalSize(groups, () => 0) > MAX_GROUPS;

/** A kernel without what nothing mentions, and what is left of what it mentions. */
export type LiveKernel = { readonly kernel: TileKernel; readonly uses: Uses };

/** What is written of each kernel of a program. */
export const liveKernels = (program: TileProgram): readonly LiveKernel[] =>
  program.kernels.map((k) => {
    const kernel = dropUnused(k);
    return { kernel, uses: usesOf(kernel.body) };
  });

/** Whether a kernel's entry point reads the uniform struct: in its body, or to know how many workgroups there are. */
export const readsParams = ({ kernel, uses }: LiveKernel): boolean =>
  uses.uniforms.size > 0 || sizeNames(kernel.groups).length > 0;

/** The uniforms that the program reads (in its order), and sizes that only a workgroup count needs. */
export const liveUniforms = (
  program: TileProgram,
  live: readonly LiveKernel[],
): readonly { readonly name: string; readonly type: VType }[] => {
  const used = new Set<string>();
  for (const { kernel, uses } of live) {
    for (const name of uses.uniforms) used.add(name);
    if (mayOverrun(kernel.groups)) for (const name of sizeNames(kernel.groups)) used.add(name);
  }
  const known = new Set(program.uniforms.map((u) => u.name));
  const extra = [...used].filter((name) => !known.has(name)).map((name) => ({ name, type: I32 }));
  return [...program.uniforms.filter((u) => used.has(u.name)), ...extra];
};
