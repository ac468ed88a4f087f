/**
 * Both transformer blocks of the recogniser, its final LayerNorm and its CTC head as kernels of the standard library, one after
 * the other in one compute pass. Everything between the input and what is read back stays on the GPU.
 */
import type { Artifact } from "../../src/codegen/artifact.ts";
import type { Target } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { createSources } from "../../src/cli/sources.ts";
import { createKernel, type Kernel } from "../../src/runtime/index.ts";
import { renderDiagnostic } from "../../src/base/render.ts";
import { load, weight, type Line } from "./data.ts";
import { EPS, FINAL_EPS, HEAD_DIM, HEADS, STAGES, type Stage } from "./formulas.ts";

const WIDTH = HEADS * HEAD_DIM;
const HIDDEN = 240;
const CLASSES = 128;

/** One kernel of the standard library: the sizes its plan knows, and a buffer for each of its tensors. */
type Step = {
  readonly file: string;
  readonly kernel: string;
  readonly known: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars?: Readonly<Record<string, number>>;
  /** By tensor: an activation, or `weights/…`. */
  readonly buffers: Readonly<Record<string, string>>;
};

const norm = (N: number, x: string, y: string, weights: string, eps: number): Step => ({
  file: "norm/layernorm",
  kernel: "layernorm",
  known: { D: WIDTH },
  sizes: { N },
  scalars: { eps },
  buffers: { x, gamma: `weights/${weights}_gamma`, beta: `weights/${weights}_beta`, y },
});

/** A linear layer; `rest` names the residual where the kernel adds one. */
const layer = (
  kernel: string,
  [N, D, F]: readonly number[],
  x: string,
  y: string,
  weights: string,
  rest = {},
): Step => ({
  file: "ffn/mlp",
  kernel,
  known: { D: D ?? 0 },
  sizes: { N: N ?? 0, F: F ?? 0 },
  buffers: { x, w: `weights/${weights}_w`, b: `weights/${weights}_b`, y, ...rest },
});

/** x + attention, then + MLP, each behind its LayerNorm. */
const block = (N: number, n: number, x: string): readonly Step[] => [
  norm(N, x, "h", `block${n}_ln1`, EPS),
  layer("linear", [N, WIDTH, 3 * WIDTH], "h", "qkv", `block${n}_qkv`),
  {
    file: "attention/qkv_packed",
    kernel: "qkv_packed_attention",
    known: { D: HEAD_DIM },
    sizes: { B: 1, N, H: HEADS },
    buffers: { qkv: "qkv", o: "o", lse: "lse" },
  },
  layer("linear_residual", [N, WIDTH, WIDTH], "o", "mid", `block${n}_proj`, { r: x }),
  norm(N, "mid", "h", `block${n}_ln2`, EPS),
  layer("mlp_swish", [N, WIDTH, HIDDEN], "h", "up", `block${n}_fc1`),
  layer("linear_residual", [N, HIDDEN, WIDTH], "up", `block${n}_out`, `block${n}_fc2`, { r: "mid" }),
];

/** The path of a line of N positions; the convolutions between the final LayerNorm and `ctc_in` are not part of the data. */
export const steps = (N: number): readonly Step[] => [
  ...block(N, 0, "block0_x"),
  ...block(N, 1, "block0_out"),
  norm(N, "block1_out", "final_ln_out", "final_ln", FINAL_EPS),
  layer("linear", [N, WIDTH, CLASSES], "ctc_in", "logits", "ctc"),
  {
    file: "head/greedy",
    kernel: "greedy",
    known: {},
    sizes: { N, V: CLASSES },
    buffers: { z: "logits", best: "best", p: "p" },
  },
];

const keyOf = ({ file, kernel, known }: Step): string => `${file} ${kernel} ${JSON.stringify(known)}`;

const compileStep = ({ file, kernel, known }: Step, target: Target): Artifact => {
  const sources = createSources();
  const source = sources.resolveImport(`std/${file}`, "");
  if (source === null) throw new Error(`no std/${file}`);
  const options = { file: source.file, kernel, dims: known, target, resolveImport: sources.resolveImport };
  const { artifacts, diagnostics } = compile(source.text, options);
  const [artifact] = artifacts;
  if (artifact !== undefined) return artifact;
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources.text, { color: false })).join("\n\n"));
};

export type LineResult = {
  readonly stages: Readonly<Record<Stage, Float32Array>>;
  /** The column of the CTC head with the largest logit at each position, and its probability among the kept columns. */
  readonly best: Int32Array;
  readonly p: Float32Array;
  readonly dispatches: number;
  /** Milliseconds from the first encoded kernel to the completion of the last. */
  readonly timeMs: number;
};

export type Recogniser = {
  /** Pipelines; both lines use the same. */
  readonly pipelines: number;
  readonly run: (line: Line) => Promise<LineResult>;
};

const { MAP_READ, COPY_SRC, COPY_DST, STORAGE } = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, STORAGE: 128 };

const upload = (device: GPUDevice, label: string, data: Float32Array): GPUBuffer => {
  const usage = STORAGE | COPY_SRC;
  const buffer = device.createBuffer({ size: data.byteLength, usage, label, mappedAtCreation: true });
  new Float32Array(buffer.getMappedRange()).set(data);
  buffer.unmap();
  return buffer;
};

const readBack = async (device: GPUDevice, source: GPUBuffer): Promise<ArrayBuffer> => {
  const staging = device.createBuffer({ size: source.size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
};

/** Numbers of each activation of a line. */
const countsOf = (N: number): Readonly<Record<string, number>> => ({
  h: N * WIDTH,
  qkv: 3 * N * WIDTH,
  o: N * WIDTH,
  lse: N * HEADS,
  mid: N * WIDTH,
  up: N * HIDDEN,
  block0_out: N * WIDTH,
  block1_out: N * WIDTH,
  final_ln_out: N * WIDTH,
  logits: N * CLASSES,
  best: N,
  p: N,
});

/** Compiles every kernel and uploads the weights. */
export const createRecogniser = async (device: GPUDevice, target: Target): Promise<Recogniser> => {
  const kernels = new Map<string, Kernel>();
  const weights = new Map<string, GPUBuffer>();
  for (const step of steps(1)) {
    if (!kernels.has(keyOf(step))) kernels.set(keyOf(step), await createKernel(device, compileStep(step, target)));
    for (const name of Object.values(step.buffers).filter((b) => b.startsWith("weights/") && !weights.has(b)))
      weights.set(name, upload(device, name, weight(name.slice("weights/".length)).data));
  }

  const submit = async (path: readonly Step[], buffers: ReadonlyMap<string, GPUBuffer>): Promise<number> => {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const releases = path.map((step) => {
      const own = Object.entries(step.buffers).map(
        ([tensor, name]) => [tensor, buffers.get(name) as GPUBuffer] as const,
      );
      const call = { sizes: step.sizes, scalars: step.scalars ?? {}, buffers: Object.fromEntries(own) };
      return (kernels.get(keyOf(step)) as Kernel).encode(pass, call);
    });
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    const time = performance.now() - start;
    for (const release of releases) release();
    return time;
  };

  const run = async (line: Line): Promise<LineResult> => {
    const inputs = { block0_x: load(`${line}/block0_x`), ctc_in: load(`${line}/ctc_in`) };
    const path = steps(inputs.block0_x.data.length / WIDTH);
    const made = new Map(Object.entries(inputs).map(([name, { data }]) => [name, upload(device, name, data)]));
    for (const [label, count] of Object.entries(countsOf(inputs.block0_x.data.length / WIDTH)))
      made.set(label, device.createBuffer({ size: 4 * count, usage: STORAGE | COPY_SRC, label }));
    const buffers = new Map([...weights, ...made]);
    device.pushErrorScope("validation");
    const timeMs = await submit(path, buffers);
    const error = await device.popErrorScope();
    if (error !== null) throw new Error(error.message);
    const read = (name: string): Promise<ArrayBuffer> => readBack(device, buffers.get(name) as GPUBuffer);
    const stages = STAGES.map(async (name) => [name, new Float32Array(await read(name))] as const);
    const result = {
      stages: Object.fromEntries(await Promise.all(stages)) as LineResult["stages"],
      best: new Int32Array(await read("best")),
      p: new Float32Array(await read("p")),
      dispatches: path.reduce((sum, s) => sum + (kernels.get(keyOf(s))?.artifact.dispatches.length ?? 0), 0),
      timeMs,
    };
    for (const buffer of made.values()) buffer.destroy();
    return result;
  };
  return { pipelines: kernels.size, run };
};

/** Best path decoding of CTC: equal neighbours are one, column 0 is the blank and no character. */
export const decode = (best: ArrayLike<number>, characters: readonly string[]): string =>
  Array.from(best, (column, i) => (column === 0 || (i > 0 && best[i - 1] === column) ? "" : characters[column])).join(
    "",
  );
