/** Small hand-written artifacts, independent of the compiler, and a device of Dawn on SwiftShader. */
import { create, globals } from "webgpu";
import type { Artifact, DimInfo, TensorInfo } from "../../src/codegen/artifact.ts";
import type { SizeExpr } from "../../src/base/size.ts";

/** Dawn crashes when what `create` gave is collected while its threads still work. */
const alive: unknown[] = [];

/** An adapter, or null where this machine has none (test/gpu/setup.ts says why). */
export const adapter = async (): Promise<GPUAdapter | null> => {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const found = await gpu.requestAdapter();
  alive.push(gpu, found);
  return found;
};

export const dim = (extent: SizeExpr, ...axes: readonly string[]): DimInfo => ({
  axes: axes.length > 0 ? axes : [String(extent).toLowerCase()],
  extent,
});

export const tensor = (
  name: string,
  role: TensorInfo["role"],
  dims: readonly DimInfo[],
  more: Partial<TensorInfo> = {},
): TensorInfo => ({
  name,
  role,
  dtype: "f32",
  dims,
  binding: 0,
  vector: 1,
  ...more,
});

/** Bindings are given out in order. */
export const artifact = (tensors: readonly TensorInfo[], more: Partial<Artifact> = {}): Artifact => ({
  version: 1,
  kernel: "k",
  doc: "",
  wgsl: "",
  target: "baseline",
  requires: { features: [], limits: {} },
  constants: {},
  sizes: [],
  scalars: [],
  uniforms: [],
  uniformBytes: 0,
  dispatches: [],
  plan: "",
  sourceMap: { files: [], spans: [], lines: [] },
  ...more,
  tensors: tensors.map((t, i) => ({ ...t, binding: i + 1 })),
});

/** y[n, c] = x[n, c] * by + bias[c], one lane an element, through a scratch buffer. */
export const affine: Artifact = artifact(
  [
    tensor("x", "input", [dim("N", "n"), dim("C", "c")]),
    tensor("bias", "input", [dim("C", "c")]),
    tensor("scaled", "scratch", [dim(["*", "N", "C"], "n", "c")]),
    tensor("y", "output", [dim("N", "n"), dim("C", "c")]),
  ],
  {
    sizes: ["N", "C"],
    scalars: [{ name: "by", type: "f32", init: ["rsqrt", "C"] }],
    uniforms: [
      { name: "N", type: "i32", offset: 0 },
      { name: "C", type: "i32", offset: 4 },
      { name: "by", type: "f32", offset: 8 },
    ],
    uniformBytes: 16,
    dispatches: [
      { entryPoint: "scale", workgroupSize: 1, groups: ["*", "N", "C"], bindings: [0, 1, 3], workgroupBytes: 0 },
      { entryPoint: "shift", workgroupSize: 1, groups: ["*", "N", "C"], bindings: [0, 2, 3, 4], workgroupBytes: 0 },
    ],
    wgsl: `struct Params { N: i32, C: i32, by: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> scaled: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
fn id(w: vec3u, n: vec3u) -> i32 { return i32(w.x + w.y * n.x); }
@compute @workgroup_size(1) fn scale(@builtin(workgroup_id) w: vec3u, @builtin(num_workgroups) n: vec3u) {
  if (id(w, n) < p.N * p.C) { scaled[id(w, n)] = x[id(w, n)] * p.by; }
}
@compute @workgroup_size(1) fn shift(@builtin(workgroup_id) w: vec3u, @builtin(num_workgroups) n: vec3u) {
  if (id(w, n) < p.N * p.C) { y[id(w, n)] = scaled[id(w, n)] + bias[id(w, n) % p.C]; }
}`,
  },
);

/** Copies words; `dtype` only matters to the runtime. `words` an element of the binding: 1 or 4. */
export const copy = (dtype: TensorInfo["dtype"], perWord: number, vector: 1 | 4 = 1): Artifact => {
  const type = vector === 1 ? "u32" : "vec4u";
  const groups: SizeExpr = ["ceil/", "N", perWord * vector];
  return artifact(
    [
      tensor("x", "input", [dim("N", "i")], { dtype, vector }),
      tensor("y", "output", [dim("N", "i")], { dtype, vector }),
    ],
    {
      sizes: ["N"],
      dispatches: [{ entryPoint: "copy", workgroupSize: 1, groups, bindings: [1, 2], workgroupBytes: 0 }],
      wgsl: `@group(0) @binding(1) var<storage, read> x: array<${type}>;
@group(0) @binding(2) var<storage, read_write> y: array<${type}>;
@compute @workgroup_size(1) fn copy(@builtin(workgroup_id) w: vec3u) { y[w.x] = x[w.x]; }`,
    },
  );
};
