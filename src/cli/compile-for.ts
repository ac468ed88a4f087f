/** What `tfx run` and `tfx bench` do on the way to a run: a kernel compiled for the device and the sizes at hand, and the call of it. */
import type { Diagnostic } from "../base/diagnostic.ts";
import { BASELINE, TARGETS } from "../base/target.ts";
import type { Artifact } from "../codegen/artifact.ts";
import { compile } from "../compile.ts";
import type { Graph } from "../ir/graph/graph.ts";
import { pack } from "../npy/convert.ts";
import type { RunOptions } from "../runtime/index.ts";
import { lackingFor } from "./device.ts";
import { DeviceError } from "./errors.ts";
import type { Gpu } from "./gpu.ts";
import { report, type Format } from "./report.ts";
import type { Choice } from "./request.ts";
import type { Side } from "./side.ts";
import type { InputData } from "./tensors.ts";

export type Compiled = { readonly artifact: Artifact; readonly graph: Graph };
type Sizes = Readonly<Record<string, number>>;

/** Diagnostics that ask for sizes: what must be known at compile time, and what makes a better plan. */
const ASKS = ["TFX4002", "TFX4008"];

/** The sizes among `sizes` that diagnostics ask for by name. */
const sizesAsked = (diagnostics: readonly Diagnostic[], sizes: Sizes): Sizes => {
  const asked = diagnostics.filter((d) => ASKS.includes(d.code)).map((d) => d.help ?? "");
  const names = [...asked.join(" ").matchAll(/--dim (\w+)=/g)].map((m) => m[1]);
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => names.includes(name)));
};

/** The values of some names. */
export const only = (values: Sizes, names: readonly string[]): Sizes =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

/**
 * A kernel for a run: its sizes stay values of the run, but for those that the plan must know or is better for. Null when there are
 * mistakes, which are told; a DeviceError where the device lacks what the plan needs.
 */
export const compileFor = (
  { file, spec, sources }: Side,
  choice: Choice,
  sizes: Sizes,
  gpu: Gpu,
  options: { readonly target?: string; readonly format: Format; readonly verify?: boolean },
): Compiled | null => {
  const { format, verify = false } = options;
  const text = sources.read(file);
  const { resolveImport } = sources;
  // Another target as the front end at hand reads it.
  const target =
    options.target === undefined
      ? gpu.target
      : { ...(TARGETS[options.target] ?? BASELINE), dialect: gpu.target.dialect };
  let dims: Sizes = choice.dims;
  for (;;) {
    const result = compile(text, { file, kernel: spec.name, ...choice, dims, target, resolveImport, verify });
    const more = { ...dims, ...sizesAsked(result.diagnostics, only(sizes, spec.sizes)) };
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
    if (errors > 0 || artifact === undefined || graph === undefined) return null;
    const lacking = lackingFor(artifact, target, gpu.device, gpu.target);
    if (lacking.length > 0)
      throw new DeviceError(`the plan for ${target.name} cannot run on ${gpu.target.name}: ${lacking.join("; ")}`);
    return { artifact, graph };
  }
};

/** The call of a kernel on these inputs. */
export const callOf = (artifact: Artifact, inputs: readonly InputData[], sizes: Sizes, scalars: Sizes): RunOptions => ({
  inputs: Object.fromEntries(inputs.map(({ name, data, type }) => [name, pack(data, type)])),
  shapes: Object.fromEntries(inputs.map(({ name, shape }) => [name, shape])),
  sizes: only(sizes, artifact.sizes),
  scalars,
});
