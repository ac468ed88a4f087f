/** Hand-written baselines: attention in three kernels with the scores stored; norms with a workgroup a row. */
import { EPS, type AttentionCase, type Case, type Inputs, type NormCase } from "./cases.ts";
import { bufferOf, readBuffer, submitPass, type Program } from "./device.ts";
import type { Candidate, Offer } from "./rounds.ts";

const REDUCE_SUM = `
fn reduce_sum(lane: u32, x: f32) -> f32 {
  workgroupBarrier();
  part[lane] = x;
  for (var step = 32u; step > 0u; step /= 2u) {
    workgroupBarrier();
    if (lane < step) { part[lane] += part[lane + step]; }
  }
  workgroupBarrier();
  return part[0];
}
`;

const attentionCode = (c: AttentionCase): string => `
const N = ${c.N}u;
const D = ${c.D}u;
const CAUSAL = ${c.causal};
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> s: array<f32>;
@group(0) @binding(4) var<storage, read_write> o: array<f32>;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn scores(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  let row = id.y;
  let head = row / N;
  if (CAUSAL && j > row % N) { s[row * N + j] = -3.0e38; return; }
  var dot = 0.0;
  for (var d = 0u; d < D; d++) { dot += q[row * D + d] * k[(head * N + j) * D + d]; }
  s[row * N + j] = dot / sqrt(f32(D));
}

fn reduce_max(lane: u32, x: f32) -> f32 {
  workgroupBarrier();
  part[lane] = x;
  for (var step = 32u; step > 0u; step /= 2u) {
    workgroupBarrier();
    if (lane < step) { part[lane] = max(part[lane], part[lane + step]); }
  }
  workgroupBarrier();
  return part[0];
}
${REDUCE_SUM}
@compute @workgroup_size(64)
fn softmax(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  var m = -3.0e38;
  for (var j = lane; j < N; j += 64u) { m = max(m, s[row * N + j]); }
  m = reduce_max(lane, m);
  var total = 0.0;
  for (var j = lane; j < N; j += 64u) { total += exp(s[row * N + j] - m); }
  total = reduce_sum(lane, total);
  for (var j = lane; j < N; j += 64u) { s[row * N + j] = exp(s[row * N + j] - m) / total; }
}

@compute @workgroup_size(64)
fn weighted(@builtin(global_invocation_id) id: vec3u) {
  let e = id.x;
  let row = id.y;
  let head = row / N;
  if (e >= D) { return; }
  var sum = 0.0;
  for (var j = 0u; j < N; j++) { sum += s[row * N + j] * v[(head * N + j) * D + e]; }
  o[row * D + e] = sum;
}
`;

const normCode = (c: NormCase): string => `
const F = ${c.features}u;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
${c.norm === "layer" ? "@group(0) @binding(2) var<storage, read> beta: array<f32>;" : ""}
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> part: array<f32, 64>;
${REDUCE_SUM}
@compute @workgroup_size(64)
fn norm(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x * F;
  var mean = 0.0;
  ${c.norm === "layer" ? "for (var d = lane; d < F; d += 64u) { mean += x[row + d]; }\n  mean = reduce_sum(lane, mean) / f32(F);" : ""}
  var square = 0.0;
  for (var d = lane; d < F; d += 64u) { square += (x[row + d] - mean) * (x[row + d] - mean); }
  let scale = inverseSqrt(reduce_sum(lane, square) / f32(F) + ${EPS});
  for (var d = lane; d < F; d += 64u) { y[row + d] = (x[row + d] - mean) * scale * gamma[d]${c.norm === "layer" ? " + beta[d]" : ""}; }
}
`;

type Step = {
  readonly entryPoint: string;
  readonly groups: readonly [number, number];
  readonly bindings: readonly number[];
};

const stepsOf = (c: Case): readonly Step[] => {
  if (c.kind === "norm") {
    const bindings = c.norm === "layer" ? [0, 1, 2, 3] : [0, 1, 3];
    return [{ entryPoint: "norm", groups: [c.rows, 1], bindings }];
  }
  const rows = c.B * c.H * c.N;
  return [
    { entryPoint: "scores", groups: [c.N / 64, rows], bindings: [0, 1, 3] },
    { entryPoint: "softmax", groups: [rows, 1], bindings: [3] },
    { entryPoint: "weighted", groups: [Math.ceil(c.D / 64), rows], bindings: [2, 3, 4] },
  ];
};

/** Buffers by binding, and which of them is the result. */
const buffersOf = (
  device: GPUDevice,
  c: Case,
  inputs: Inputs,
): { readonly all: readonly (GPUBuffer | null)[]; readonly out: number } => {
  const of = (name: string): GPUBuffer | null => {
    const data = inputs[name];
    return data === undefined ? null : bufferOf(device, data);
  };
  if (c.kind === "norm")
    return { all: [of("x"), of("gamma"), of("beta"), bufferOf(device, c.rows * c.features * 4)], out: 3 };
  const rows = c.B * c.H * c.N;
  return {
    all: [of("q"), of("k"), of("v"), bufferOf(device, rows * c.N * 4), bufferOf(device, rows * c.D * 4)],
    out: 4,
  };
};

/** The baseline with its buffers. `N` must be a multiple of 64 and B·H·N at most 65,535. */
export const naiveProgram = async (device: GPUDevice, c: Case, inputs: Inputs): Promise<Program> => {
  const module = device.createShaderModule({ code: c.kind === "attention" ? attentionCode(c) : normCode(c) });
  const { all, out } = buffersOf(device, c, inputs);
  const steps = await Promise.all(
    stepsOf(c).map(async ({ entryPoint, groups, bindings }) => {
      const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint } });
      const entries = bindings.map((binding) => ({ binding, resource: { buffer: all[binding] as GPUBuffer } }));
      return { pipeline, groups, group: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
    }),
  );
  const encode = (pass: GPUComputePassEncoder): (() => void) => {
    for (const { pipeline, groups, group } of steps) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...groups);
    }
    return () => {};
  };
  return {
    plan: c.kind === "attention" ? "scores stored; three kernels" : "64 lanes a row",
    encode,
    output: all[out] as GPUBuffer,
    destroy: () => all.forEach((b) => b?.destroy()),
  };
};

const make = async (device: GPUDevice, c: Case, inputs: Inputs): Promise<Candidate> => {
  const { plan, encode, output } = await naiveProgram(device, c, inputs);
  return {
    plan,
    run: () => submitPass(device, (pass) => void encode(pass)),
    read: () => readBuffer(device, output, output.size / 4),
  };
};

export const naiveOffer = (device: GPUDevice, c: Case, inputs: Inputs): Offer => ({
  name: "hand-written naive",
  make: () => make(device, c, inputs),
});
