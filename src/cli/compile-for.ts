/** Compiling for a run that is at hand: the sizes that the plan asks for are known. */
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Target } from "../base/target.ts";
import type { Spec } from "../check/spec.ts";
import type { Artifact } from "../codegen/artifact.ts";
import { compile } from "../compile.ts";
import type { Graph } from "../ir/graph/graph.ts";
import { report, type Format } from "./report.ts";
import type { Choice } from "./request.ts";
import type { SourceStore } from "./sources.ts";

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
 * mistakes, which are told.
 */
export const compileFor = (
  file: string,
  spec: Spec,
  choice: Choice,
  sizes: Sizes,
  target: Target,
  sources: SourceStore,
  format: Format,
  verify: boolean,
): Compiled | null => {
  const text = sources.read(file);
  const { resolveImport } = sources;
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
    return errors > 0 || artifact === undefined || graph === undefined ? null : { artifact, graph };
  }
};
