/** `tfx run FILE` */
import type { Artifact } from "../../codegen/artifact.ts";
import { unpack, type Stored } from "../../npy/convert.ts";
import { createKernel, type RunResult } from "../../runtime/index.ts";
import { accuracy } from "../accuracy.ts";
import { callOf, compileFor, only } from "../compile-for.ts";
import { onDevice, together, type ExitCode } from "../errors.ts";
import { countFlops } from "../flops.ts";
import { openGpu, restartFor } from "../gpu.ts";
import { NO_FILES, numbers, sizes as sizeValues, strings, type Files, type Pairs } from "../options.ts";
import { checkOutputs, saveOutputs } from "../outputs.ts";
import { during } from "../progress.ts";
import type { Format } from "../report.ts";
import { checkNames, choose, chooseScalars, loadSpecs, storageOf, theOnly } from "../request.ts";
import { sizesMadeUp } from "../made-up.ts";
import { createSources } from "../sources.ts";
import { printSummary, toJson, type Summary } from "../summary.ts";
import {
  checkComplete,
  checkRoom,
  collectInputs,
  partsOf,
  readInputs,
  shapeOf,
  sizesOf,
  type InputData,
} from "../tensors.ts";

export type RunOptions = {
  readonly kernel?: string;
  readonly input?: Files;
  readonly output?: Files;
  readonly set?: Pairs;
  readonly static?: Pairs;
  readonly dim?: Pairs;
  readonly type?: Pairs;
  readonly check?: boolean;
  readonly adapter: string;
  readonly subgroups: "on" | "off";
  /** Whose plan is run; the adapter's own where absent. */
  readonly target?: string;
  readonly random?: number;
  readonly json?: boolean;
  readonly format: Format;
  readonly verify?: boolean;
};

type Sizes = Readonly<Record<string, number>>;

/** One call to see the outputs and to warm up, then a few to time unless they are slow. */
const runKernel = async (
  device: GPUDevice,
  artifact: Artifact,
  inputs: readonly InputData[],
  sizes: Sizes,
  scalars: Sizes,
): Promise<RunResult> => {
  const kernel = await createKernel(device, artifact);
  const call = callOf(artifact, inputs, sizes, scalars);
  return onDevice(`\`${artifact.kernel}\` did not run`, async () => {
    const first = await kernel.run(call);
    return first.timeMs < 500 ? kernel.run({ ...call, repeat: 5 }) : first;
  });
};

/** Runs one kernel on a device and says how exact and how fast it was. */
export const run = async (file: string, options: RunOptions): Promise<ExitCode> => {
  const restarted = await restartFor(options.adapter);
  if (restarted !== null) return restarted as ExitCode;
  const format = options.format;
  const sources = createSources();
  const specs = loadSpecs(file, options.kernel, sources, format);
  if (specs === null) return 1;
  const spec = theOnly(specs, file);
  const names = spec.tensors.map((t) => t.name);
  const given = options.input ?? NO_FILES;
  checkNames("--input", given.named.keys(), names, "inputs");
  const read = [file, ...given.whole, ...[...given.named.values()].map((path) => partsOf(path).file)];
  const going = checkOutputs(spec, options.output ?? NO_FILES, read);
  const chosenScalars = () => chooseScalars(spec, numbers(options.set));
  const chosen = () => choose(spec, sizeValues(options.dim), numbers(options.static), strings(options.type));
  // What is missing is asked for at once; an archive may have any of the inputs.
  const complete = () => given.whole.length > 0 || checkComplete(spec, given.named, options.random ?? null);
  together([chosenScalars, chosen, complete]);
  const [scalars, choice] = [chosenScalars(), chosen()];
  const arrays = readInputs(given, names);
  checkComplete(spec, arrays, options.random ?? null);
  const parameters = { ...scalars, ...choice.statics };
  const madeUp = sizesMadeUp(spec, sizesOf(spec, arrays, choice.dims, parameters), options.random);
  const sizes = sizesOf(spec, arrays, { ...choice.dims, ...madeUp }, parameters);
  for (const { name } of [...spec.tensors, ...spec.results]) shapeOf(spec, name, sizes);
  const gpu = await openGpu(options.adapter, { subgroups: options.subgroups === "on" });
  try {
    checkRoom(spec, sizes, choice.types, gpu);
    const inputs = collectInputs(spec, arrays, sizes, choice.types, options.random ?? null);
    const compiled = compileFor({ file, spec, sources }, choice, sizes, gpu, options);
    if (compiled === null) return 1;
    const { artifact, graph } = compiled;
    const result = await during("running it", () => runKernel(gpu.device, artifact, inputs, sizes, scalars));
    const outputs: Record<string, Stored> = {};
    for (const { name, dtype } of spec.results) {
      const length = shapeOf(spec, name, sizes).reduce((a, b) => a * b, 1);
      outputs[name] = unpack(result.outputs[name] as Stored, storageOf(spec, dtype, choice.types), length);
    }
    const tensors = Object.fromEntries(inputs.map(({ name, data }) => [name, data]));
    const checks =
      options.check === true
        ? await during("computing what it means, in f64", () =>
            accuracy({ spec, types: choice.types }, { sizes, tensors, scalars, statics: choice.statics }, outputs),
          )
        : [];
    saveOutputs(spec, going, choice, sizes, outputs);
    const ioBytes = [...Object.values(tensors), ...Object.values(outputs)].reduce(
      (sum, data) => sum + data.byteLength,
      0,
    );
    const summary: Summary = {
      adapter: gpu.target.name,
      kernel: artifact.kernel,
      plan: artifact.plan,
      sizes: only(sizes, spec.sizes),
      maxError: checks.length === 0 ? null : Math.max(...checks.map((c) => c.error)),
      checks,
      peakBytes: result.peakBytes,
      ioBytes,
      timeMs: result.timeMs,
      gflops: countFlops(graph, { sizes, tensors, scalars }) / result.timeMs / 1e6,
      gbps: ioBytes / result.timeMs / 1e6,
    };
    if (options.json === true) console.log(toJson(summary));
    else printSummary(summary);
    const made = Object.entries(madeUp).map(([name, value]) => `--dim ${name}=${value}`);
    if (made.length > 0) console.error(`made up: ${made.join(" ")}`);
    return checks.every((c) => c.ok) ? 0 : 1;
  } finally {
    gpu.close();
  }
};
