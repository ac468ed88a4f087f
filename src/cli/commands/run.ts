/** `tfx run FILE` */
import type { Artifact } from "../../codegen/artifact.ts";
import type { Target } from "../../codegen/target.ts";
import type { Spec } from "../../check/spec.ts";
import { compile } from "../../compile.ts";
import type { Graph } from "../../ir/graph/graph.ts";
import { fromStorage, pack, unpack, type Stored } from "../../npy/convert.ts";
import { writeNpy } from "../../npy/npy.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { createKernel, type RunResult } from "../../runtime/index.ts";
import { accuracy, type Accuracy } from "../accuracy.ts";
import { UsageError, type ExitCode } from "../errors.ts";
import { writeAll } from "../files.ts";
import { countFlops } from "../flops.ts";
import { openGpu, restartFor } from "../gpu.ts";
import { numbers, sizes as sizeValues, strings, type Pairs } from "../options.ts";
import { report, type Format } from "../report.ts";
import { checkNames, choose, loadSpecs, storageOf, theOnly, type Choice } from "../request.ts";
import { createSources, type SourceStore } from "../sources.ts";
import { collectInputs, readInputs, shapeOf, sizesOf, type InputData } from "../tensors.ts";

export type RunOptions = {
  readonly kernel?: string;
  readonly input?: Pairs;
  readonly output?: Pairs;
  readonly set?: Pairs;
  readonly static?: Pairs;
  readonly dim?: Pairs;
  readonly type?: Pairs;
  readonly check?: boolean;
  readonly adapter: string;
  readonly subgroups: "on" | "off";
  readonly random?: number;
  readonly json?: boolean;
  readonly format: Format;
};

type Compiled = { readonly artifact: Artifact; readonly graph: Graph };
type Sizes = Readonly<Record<string, number>>;

/** Sizes that a "must be known at compile time" diagnostic (TFX4002) asks for. */
const SIZE_NEEDED = "TFX4002";

/** The sizes among `sizes` that diagnostics ask for by name. */
const sizesAsked = (diagnostics: readonly Diagnostic[], sizes: Sizes): Sizes => {
  const asked = diagnostics.filter((d) => d.code === SIZE_NEEDED);
  const text = asked.flatMap((d) => [d.message, d.help ?? "", ...d.related.map((r) => r.text)]).join(" ");
  const words: readonly string[] = text.match(/\w+/g) ?? [];
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => words.includes(name)));
};

/** Sizes from the inputs stay values of the run, but for those that the plan must know. */
const compileFor = (
  file: string,
  spec: Spec,
  choice: Choice,
  sizes: Sizes,
  target: Target,
  sources: SourceStore,
  format: Format,
): Compiled | null => {
  const text = sources.read(file);
  const { resolveImport } = sources;
  let dims: Sizes = choice.dims;
  for (;;) {
    const result = compile(text, { file, kernel: spec.name, ...choice, dims, target, resolveImport });
    const more = { ...dims, ...sizesAsked(result.diagnostics, sizes) };
    if (Object.keys(more).length > Object.keys(dims).length) {
      dims = more;
      continue;
    }
    const errors = report(
      result.diagnostics.filter((d) => d.severity !== "note"),
      sources,
      format,
    );
    const [artifact] = result.artifacts;
    const [graph] = result.graphs;
    return errors > 0 || artifact === undefined || graph === undefined ? null : { artifact, graph };
  }
};

/** One call to see the outputs and to warm up, then a few to time unless they are slow. */
const runKernel = async (
  device: GPUDevice,
  artifact: Artifact,
  inputs: readonly InputData[],
  sizes: Sizes,
  scalars: Sizes,
): Promise<RunResult> => {
  const kernel = await createKernel(device, artifact);
  const call = {
    inputs: Object.fromEntries(inputs.map(({ name, data, type }) => [name, pack(data, type)])),
    shapes: Object.fromEntries(inputs.map(({ name, shape }) => [name, shape])),
    sizes: Object.fromEntries(Object.entries(sizes).filter(([name]) => artifact.sizes.includes(name))),
    scalars,
  };
  const first = await kernel.run(call);
  const result = first.timeMs < 500 ? await kernel.run({ ...call, repeat: 5 }) : first;
  kernel.destroy();
  return result;
};

type Summary = {
  readonly adapter: string;
  readonly kernel: string;
  readonly plan: string;
  readonly sizes: Sizes;
  readonly maxError: number | null;
  readonly checks: readonly Accuracy[];
  readonly peakBytes: number;
  readonly ioBytes: number;
  readonly timeMs: number;
  readonly gflops: number;
  readonly gbps: number;
};

const decimal = (x: number): string => (x === 0 || (x >= 0.01 && x < 1e6) ? x.toPrecision(3) : x.toExponential(2));
const bytes = (n: number): string => (n < 2 ** 20 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 2 ** 20).toFixed(2)} MiB`);

const printSummary = (s: Summary): void => {
  const sizes = Object.entries(s.sizes)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
  console.log(`adapter  ${s.adapter}\nkernel   ${s.kernel} ${sizes}\nplan     ${s.plan}`);
  for (const c of s.checks) {
    const verdict = c.ok ? "ok" : "TOO LARGE";
    console.log(
      `error    ${c.output}: ${decimal(c.error)}, naive f32 ${decimal(c.naive)}, allowed ${decimal(c.allowed)}: ${verdict}`,
    );
  }
  console.log(`memory   ${bytes(s.peakBytes)} at most, inputs and outputs ${bytes(s.ioBytes)}`);
  console.log(`time     ${decimal(s.timeMs)} ms, ${decimal(s.gflops)} GFLOP/s, ${decimal(s.gbps)} GB/s`);
};

/** Infinity and NaN as text: JSON has neither. */
const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, x: unknown) => (typeof x === "number" && !Number.isFinite(x) ? String(x) : x));

const checkRequest = (spec: Spec, options: RunOptions): Sizes => {
  const scalars = numbers(options.set);
  const fixed = spec.scalars.find((s) => s.isStatic && scalars[s.name] !== undefined);
  if (fixed !== undefined)
    throw new UsageError(`--set ${fixed.name}: a static parameter; give its value with --static`);
  checkNames(
    "--set",
    Object.keys(scalars),
    spec.scalars.filter((s) => !s.isStatic).map((s) => s.name),
    "scalar parameters",
  );
  checkNames(
    "--input",
    options.input?.keys() ?? [],
    spec.tensors.map((t) => t.name),
    "inputs",
  );
  checkNames(
    "--output",
    options.output?.keys() ?? [],
    spec.results.map((t) => t.name),
    "results",
  );
  const missing = spec.scalars.find((s) => !s.isStatic && s.init === null && scalars[s.name] === undefined);
  if (missing !== undefined) throw new UsageError(`no value for \`${missing.name}\`: give --set ${missing.name}=…`);
  return scalars;
};

const saveOutputs = (
  spec: Spec,
  paths: Pairs,
  choice: Choice,
  sizes: Sizes,
  outputs: Readonly<Record<string, Stored>>,
): void => {
  const files = [...paths].map(([name, path]) => {
    const dtype = spec.results.find((result) => result.name === name)?.dtype ?? "f32";
    const content = writeNpy(
      fromStorage(
        outputs[name] ?? new Float32Array(),
        shapeOf(spec, name, sizes),
        storageOf(spec, dtype, choice.types),
      ),
    );
    return { path, content };
  });
  writeAll(files);
};

/** Runs one kernel on a device and says how exact and how fast it was. */
export const run = async (file: string, options: RunOptions): Promise<ExitCode> => {
  const restarted = restartFor(options.adapter);
  if (restarted !== null) return restarted as ExitCode;
  const format = options.format;
  const sources = createSources();
  const specs = loadSpecs(file, options.kernel, sources, format);
  if (specs === null) return 1;
  const spec = theOnly(specs, file);
  const scalars = checkRequest(spec, options);
  const choice = choose(spec, sizeValues(options.dim), numbers(options.static), strings(options.type));
  const arrays = readInputs(options.input ?? new Map());
  const sizes = sizesOf(spec, arrays, choice.dims);
  const inputs = collectInputs(spec, arrays, sizes, choice.types, options.random ?? null);
  const gpu = await openGpu(options.adapter, { subgroups: options.subgroups === "on" });
  try {
    const compiled = compileFor(file, spec, choice, sizes, gpu.target, sources, format);
    if (compiled === null) return 1;
    const { artifact, graph } = compiled;
    const result = await runKernel(gpu.device, artifact, inputs, sizes, scalars);
    const outputs: Record<string, Stored> = {};
    for (const { name, dtype } of spec.results) {
      const length = shapeOf(spec, name, sizes).reduce((a, b) => a * b, 1);
      outputs[name] = unpack(result.outputs[name] as Stored, storageOf(spec, dtype, choice.types), length);
    }
    const tensors = Object.fromEntries(inputs.map(({ name, data }) => [name, data]));
    const checks = options.check === true ? accuracy(graph, { sizes, tensors, scalars }, outputs) : [];
    saveOutputs(spec, options.output ?? new Map(), choice, sizes, outputs);
    const ioBytes = [...Object.values(tensors), ...Object.values(outputs)].reduce(
      (sum, data) => sum + data.byteLength,
      0,
    );
    const summary: Summary = {
      adapter: gpu.target.name,
      kernel: artifact.kernel,
      plan: artifact.plan,
      sizes,
      maxError: checks.length === 0 ? null : Math.max(...checks.map((c) => c.error)),
      checks,
      peakBytes: result.peakBytes,
      ioBytes,
      timeMs: result.timeMs,
      gflops: countFlops(graph, sizes) / result.timeMs / 1e6,
      gbps: ioBytes / result.timeMs / 1e6,
    };
    if (options.json === true) console.log(toJson(summary));
    else printSummary(summary);
    return checks.every((c) => c.ok) ? 0 : 1;
  } finally {
    gpu.close();
  }
};
