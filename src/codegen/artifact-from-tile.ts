/** Wraps the code of a tile program with what a runtime must know to call it. */
import type { Buffer, TileProgram } from "../ir/tile/tile.ts";
import { sourceMap } from "./source-map.ts";
import type { Artifact, DispatchInfo, TensorInfo } from "./artifact.ts";
import type { Code, Entry } from "./backend.ts";
import { BASELINE } from "../base/target.ts";

/** What the tile program does not know about its tensors: their role and how the caller sees their dims. */
export type ArtifactInput = {
  readonly program: TileProgram;
  /** The name of the target. */
  readonly target: string;
  /** The kernel's name in the source, and its doc comment. */
  readonly kernel: string;
  readonly doc: string;
  /** One for each of `program.storage`, by name; any order. */
  readonly tensors: readonly Omit<TensorInfo, "binding" | "vector">[];
  readonly sizes: readonly string[];
  readonly constants: Readonly<Record<string, number>>;
  readonly scalars: Artifact["scalars"];
  readonly plan: string;
};

const BYTES = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 } as const;
const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of workgroup memory as WebGPU counts them: each array rounded up to 16. */
export const workgroupBytes = (buffers: readonly Buffer[]): number =>
  buffers.reduce((sum, b) => sum + roundUp((b.length ?? 0) * BYTES[b.type.elem] * b.type.width, 16), 0);

const dispatchInfo = ({ name, kernel, readsUniforms, storage }: Entry): DispatchInfo => ({
  entryPoint: name,
  workgroupSize: kernel.lanes,
  groups: kernel.groups,
  bindings: [...(readsUniforms ? [0] : []), ...storage.map((n) => n + 1)],
  workgroupBytes: workgroupBytes(kernel.workgroup),
});

const tensorInfo = (b: Buffer, at: number, tensors: ArtifactInput["tensors"]): TensorInfo => {
  const known = tensors.find((t) => t.name === b.name);
  if (known === undefined) throw new Error(`artifact: nothing is said of the buffer "${b.name}"`);
  return {
    name: known.name,
    role: known.role,
    dtype: known.dtype,
    dims: known.dims,
    binding: at + 1,
    vector: b.type.width,
  };
};

/** Limits that the kernels need beyond what every WebGPU device has. */
const limitsOf = (dispatches: readonly DispatchInfo[]): Readonly<Record<string, number>> => {
  const most = (f: (d: DispatchInfo) => number): number => Math.max(0, ...dispatches.map(f));
  const lanes = most((d) => d.workgroupSize);
  const needed: readonly (readonly [string, number, number])[] = [
    ["maxComputeWorkgroupStorageSize", most((d) => d.workgroupBytes), BASELINE.workgroupBytes],
    ["maxComputeInvocationsPerWorkgroup", lanes, BASELINE.invocations],
    ["maxComputeWorkgroupSizeX", lanes, BASELINE.invocations],
    ["maxStorageBuffersPerShaderStage", most((d) => d.bindings.filter((b) => b > 0).length), BASELINE.storageBuffers],
  ];
  return Object.fromEntries(needed.filter(([, need, has]) => need > has).map(([name, need]) => [name, need]));
};

/** The artifact of a program that a backend has written. */
export const artifactFromTile = (code: Code, input: ArtifactInput): Artifact => {
  const { program } = input;
  const dispatches = code.entries.map(dispatchInfo);
  return {
    version: 1,
    kernel: input.kernel,
    doc: input.doc,
    wgsl: code.text,
    sourceMap: sourceMap(code.origins, program.origin[0]?.file ?? ""),
    target: input.target,
    requires: { features: code.features, limits: limitsOf(dispatches) },
    constants: input.constants,
    sizes: input.sizes,
    scalars: input.scalars,
    tensors: program.storage.map((b, i) => tensorInfo(b, i, input.tensors)),
    uniforms: code.uniforms.map((u, i) => ({ ...u, offset: 4 * i })),
    uniformBytes: roundUp(4 * code.uniforms.length, 16),
    dispatches,
    plan: input.plan,
  };
};
