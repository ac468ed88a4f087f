/** Times the bench's kernels on a device: interleaved rounds, GPU timestamps where there are some, else wall clock. */
import type { Target } from "../../src/base/target.ts";
import {
  inputsOf,
  referenceRow,
  rowsOf,
  titleOf,
  type AttentionCase,
  type Case,
  type Inputs,
  type NormCase,
} from "../page/cases.ts";
import { readBytes, type Program } from "../page/device.ts";
import { naiveProgram } from "../page/naive.ts";
import { median, reasonOf } from "../page/rounds.ts";
import { tfxProgram } from "../page/tfx.ts";
import { benchSources } from "../sources.ts";

export type Timed = {
  readonly name: string;
  readonly reason: string | null;
  readonly plan: string;
  /** Milliseconds of one call, every round. */
  readonly times: readonly number[];
  readonly medianMs: number;
  readonly minMs: number;
  /** Arithmetic of the definition (masked cells not counted) over the median time. */
  readonly gflops: number;
  /** Compulsory bytes (inputs once, output once) over the median time. */
  readonly gbytes: number;
  /** Largest distance to f64 over the rows that were looked at. */
  readonly maxError: number;
};

export type TimedCase = {
  readonly title: string;
  readonly clock: "gpu" | "wall";
  readonly candidates: readonly Timed[];
};

const attention = (causal: boolean, H: number, N: number, D: number): AttentionCase => ({
  kind: "attention",
  name: "",
  causal,
  B: 1,
  H,
  N,
  D,
});
const norm = (which: "layer" | "rms", rows: number, features: number): NormCase => ({
  kind: "norm",
  name: "",
  norm: which,
  rows,
  features,
});

/** Small ones for every adapter; large ones that fill a GPU. */
const casesOf = (software: boolean): readonly Case[] => [
  ...[true, false].map((causal) => attention(causal, 8, software ? 128 : 512, 64)),
  norm("layer", 512, 768),
  norm("rms", 512, 768),
  ...(software
    ? []
    : [
        attention(true, 16, 4096, 64),
        attention(false, 16, 4096, 64),
        attention(true, 16, 4096, 128),
        norm("layer", 8192, 4096),
        norm("rms", 8192, 4096),
      ]),
];

const flopsOf = (c: Case): number =>
  c.kind === "attention"
    ? (4 * c.B * c.H * c.N * c.D * (c.causal ? c.N + 1 : 2 * c.N)) / 2
    : (c.norm === "layer" ? 8 : 5) * c.rows * c.features;

const bytesOf = (c: Case, width: number): number =>
  width * (c.kind === "attention" ? 4 * c.B * c.H * c.N * c.D : 2 * c.rows * c.features + 2 * c.features);

type Clock = {
  readonly kind: "gpu" | "wall";
  readonly time: (encode: (pass: GPUComputePassEncoder) => void) => Promise<number>;
};

const wallClock = (device: GPUDevice): Clock => ({
  kind: "wall",
  time: async (encode) => {
    await device.queue.onSubmittedWorkDone();
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encode(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  },
});

const [COPY_SRC, QUERY_RESOLVE] = [4, 512];

const gpuClock = (device: GPUDevice): Clock => {
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC });
  return {
    kind: "gpu",
    time: async (encode) => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
      });
      encode(pass);
      pass.end();
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      device.queue.submit([encoder.finish()]);
      const [from = 0n, to = 0n] = new BigUint64Array(await readBytes(device, resolved));
      return Number(to - from) / 1e6;
    },
  };
};

type Entry = {
  readonly name: string;
  readonly width: number;
  readonly inputs: Inputs;
  readonly make: () => Promise<Program>;
};

const entriesOf = (device: GPUDevice, target: Target, c: Case): readonly Entry[] => {
  const sources = benchSources();
  const inputs = inputsOf(c);
  const halves = Object.fromEntries(
    Object.entries(inputs).map(([name, x]) => [name, x.map((value) => Math.f16round(value))]),
  );
  const bare: Target = { ...target, subgroups: null };
  const f32 = (name: string, t: Target): Entry => ({
    name,
    width: 4,
    inputs,
    make: () => tfxProgram(device, t, sources, c, inputs),
  });
  const f16 = (name: string, t: Target): Entry => ({
    name,
    width: 2,
    inputs: halves,
    make: () => tfxProgram(device, t, sources, c, halves, { element: "f16" }),
  });
  const hasSubgroups = target.subgroups !== null && c.kind === "attention";
  const naiveFits = c.kind === "norm" || c.B * c.H * c.N ** 2 * 4 <= Math.min(target.bindingBytes, 2 ** 28);
  return [
    f32("tfx f32", target),
    ...(hasSubgroups ? [f32("tfx f32, no subgroups", bare)] : []),
    ...(target.f16 ? [f16("tfx f16", target), ...(hasSubgroups ? [f16("tfx f16, no subgroups", bare)] : [])] : []),
    ...(naiveFits && rowsOf(c) <= 65535
      ? [{ name: "hand-written naive f32", width: 4, inputs, make: () => naiveProgram(device, c, inputs) }]
      : []),
  ];
};

/** Rows spread over the result, the first and the last among them. */
const sampleRows = (c: Case): readonly number[] => {
  const rows = rowsOf(c);
  const count = Math.min(rows, 64);
  return Array.from({ length: count }, (_, n) => Math.round((n * (rows - 1)) / Math.max(1, count - 1)));
};

const errorOf = async (device: GPUDevice, c: Case, entry: Entry, program: Program): Promise<number> => {
  const bytes = await readBytes(device, program.output);
  const found = entry.width === 4 ? new Float32Array(bytes) : new Float16Array(bytes);
  let max = 0;
  for (const row of sampleRows(c)) {
    const reference = referenceRow(c, entry.inputs, row);
    reference.forEach((value, d) => {
      const distance = Math.abs((found[row * reference.length + d] ?? NaN) - value);
      if (!(distance <= max)) max = Number.isNaN(distance) ? Infinity : distance;
    });
  }
  return max;
};

type Running = { readonly entry: Entry; readonly program: Program; readonly repeats: number; readonly times: number[] };

const call = async (clock: Clock, program: Program, repeats: number): Promise<number> => {
  const free: (() => void)[] = [];
  const ms = await clock.time((pass) => {
    for (let n = 0; n < repeats; n++) free.push(program.encode(pass));
  });
  free.forEach((f) => f());
  return ms / repeats;
};

/** One call is repeated in a pass until the pass takes about so long. */
const PASS_MS = 5;

const start = async (clock: Clock, entry: Entry): Promise<Running> => {
  const program = await entry.make();
  await call(clock, program, 1);
  const once = await call(clock, program, 1);
  return { entry, program, repeats: Math.max(1, Math.min(100, Math.ceil(PASS_MS / once))), times: [] };
};

const timeCase = async (
  device: GPUDevice,
  target: Target,
  clock: Clock,
  c: Case,
  rounds: number,
): Promise<TimedCase> => {
  const running: Running[] = [];
  const missing: Timed[] = [];
  for (const entry of entriesOf(device, target, c))
    try {
      running.push(await start(clock, entry));
    } catch (e) {
      const none = { plan: "", times: [], medianMs: NaN, minMs: NaN, gflops: NaN, gbytes: NaN, maxError: NaN };
      missing.push({ name: entry.name, reason: reasonOf(e), ...none });
    }
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < running.length; i++) {
      const one = running[(i + round * (running.length - 1)) % running.length];
      if (one !== undefined) one.times.push(await call(clock, one.program, one.repeats));
    }
  const timed: Timed[] = [];
  for (const { entry, program, times } of running) {
    const [medianMs, minMs] = [median(times), Math.min(...times)];
    const [gflops, gbytes] = [flopsOf(c) / medianMs / 1e6, bytesOf(c, entry.width) / medianMs / 1e6];
    const maxError = await errorOf(device, c, entry, program);
    timed.push({
      name: entry.name,
      reason: null,
      plan: program.plan,
      times,
      medianMs,
      minMs,
      gflops,
      gbytes,
      maxError,
    });
    program.destroy();
  }
  return { title: titleOf(c).replace(", f32", ""), clock: clock.kind, candidates: [...timed, ...missing] };
};

/** All cases that suit the adapter. */
export const timeAll = async (
  device: GPUDevice,
  target: Target,
  software: boolean,
  rounds: number,
  done: (result: TimedCase) => void,
): Promise<readonly TimedCase[]> => {
  const clock = !software && device.features.has("timestamp-query") ? gpuClock(device) : wallClock(device);
  const results: TimedCase[] = [];
  for (const c of casesOf(software)) {
    const result = await timeCase(device, target, clock, c, rounds);
    done(result);
    results.push(result);
  }
  return results;
};
