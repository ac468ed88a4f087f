/** A kernel on random inputs: on the GPU of this device, and what it means in f64; or why not on the GPU. */
import { compare } from "../../src/cli/accuracy.ts";
import { describeAdapter, lackingFor, targetOf as targetOfAdapter } from "../../src/cli/device.ts";
import { countFlops } from "../../src/cli/flops.ts";
import { interpret, type Results } from "../../src/meaning/interpret.ts";
import { pack, unpack, type Stored } from "../../src/npy/convert.ts";
import { createKernel, requestDevice, type Kernel } from "../../src/runtime/index.ts";
import type { Accuracy, RunEvent, State } from "../protocol.ts";
import { checkState, compileState, specOf, targetOf } from "./compile.ts";
import { jobOf, product, type Job } from "./job.ts";

type Tell = (event: RunEvent) => void;

/** Runs that are timed, and the milliseconds after which no more are begun. */
const [RUNS, ENOUGH] = [15, 2000] as const;
/** Values of a result that are shown. */
const SHOWN = 8;

const only = (values: Readonly<Record<string, number>>, names: readonly string[]): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

type Ready = { readonly kernel: Kernel; readonly adapter: string };

/** The kernel on this device, or the reason why it cannot run here. */
const open = async ({ artifact }: Job, state: State): Promise<Ready | string> => {
  const gpu = (navigator as Partial<Navigator>).gpu;
  if (gpu === undefined)
    return globalThis.isSecureContext === false
      ? "browsers give a GPU to pages of https only"
      : "there is no WebGPU here";
  const adapter = await gpu.requestAdapter();
  if (adapter === null) return "this browser offers no GPU";
  try {
    const device = await requestDevice(adapter, [artifact]);
    const lacking = lackingFor(artifact, targetOf(state), device, targetOfAdapter(adapter, "tint"));
    if (lacking.length > 0)
      return `the plan for the target ${state.target} does not fit this GPU: ${lacking.join("; ")}`;
    return { kernel: await createKernel(device, artifact), adapter: describeAdapter(adapter) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const onGpu = async (job: Job, { kernel, adapter }: Ready, tell: Tell): Promise<Record<string, Stored>> => {
  const call = {
    inputs: Object.fromEntries(job.inputs.map((t) => [t.name, pack(t.data, t.type)])),
    shapes: Object.fromEntries(job.inputs.map((t) => [t.name, t.shape])),
    sizes: only(job.meant.sizes, job.artifact.sizes),
    scalars: only(
      job.meant.scalars,
      job.artifact.scalars.map((s) => s.name),
    ),
  };
  const first = await kernel.run(call);
  const times: number[] = [];
  const start = performance.now();
  while (times.length < RUNS && (times.length === 0 || performance.now() - start < ENOUGH))
    times.push((await kernel.run(call)).timeMs);
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? 0;
  const moved = [...job.inputs.map((t) => t.data), ...Object.values(first.outputs)].reduce(
    (n, a) => n + a.byteLength,
    0,
  );
  const gflops = countFlops(job.graph, job.meant) / median / 1e6;
  tell({ kind: "gpu", adapter, median, times, bytes: first.peakBytes, gflops, gbps: moved / median / 1e6 });
  return Object.fromEntries(
    job.spec.results.map((r) => {
      const stored = first.outputs[r.name] as Stored;
      return [r.name, unpack(stored, job.typeOf(r.dtype), product(job.shapeOf(r.dims)))];
    }),
  );
};

const checksOf = (job: Job, found: Readonly<Record<string, Stored>>, meant: Results): readonly Accuracy[] => {
  const naive = interpret(job.spec, job.meant, "f32");
  return job.spec.results.map(({ name, dtype }) => {
    const type = job.typeOf(dtype);
    const kind = { isF16: type === "f16", isExact: type !== "f32" && type !== "f16" };
    return compare(name, found[name] ?? [], meant[name] ?? new Float64Array(), naive[name] ?? [], kind);
  });
};

/** Runs a state and tells what happens, step by step. */
export const run = async (state: State, tell: Tell): Promise<void> => {
  const job = jobOf(compileState(state, specOf(checkState(state).specs, state)), state);
  if (typeof job === "string") return tell({ kind: "failed", why: job });
  tell({ kind: "step", text: "asking for the GPU …" });
  const ready = await open(job, state);
  if (typeof ready === "string") tell({ kind: "nogpu", why: ready });
  else tell({ kind: "step", text: "running …" });
  const found = typeof ready === "string" ? null : await onGpu(job, ready, tell);
  tell({ kind: "step", text: "computing the meaning in f64 …" });
  const start = performance.now();
  const meant = interpret(job.spec, job.meant);
  const ms = performance.now() - start;
  const checks = found === null ? [] : checksOf(job, found, meant);
  const outputs = job.spec.results.map((r) => ({
    name: r.name,
    shape: job.shapeOf(r.dims),
    values: [...(found ?? meant)[r.name]!.slice(0, SHOWN)].map(Number),
  }));
  tell({ kind: "meaning", checks, outputs, ms });
  tell({ kind: "done" });
};
