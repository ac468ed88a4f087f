/** From a finished graph down to the artifact: the passes behind the graph. */
import type { Diagnostic } from "./base/diagnostic.ts";
import type { Backend } from "./codegen/backend.ts";
import { WGSL } from "./codegen/wgsl/backend.ts";
import type { GraphOptions } from "./compile-options.ts";
import type { CompiledGraph } from "./compiled.ts";
import type { Graph } from "./ir/graph/graph.ts";
import { refuseBroken, runPasses } from "./pass.ts";
import { GRAPH_PASSES } from "./passes.ts";
import { faultsOfGraph, isVerified } from "./verify.ts";

/** What became of a graph: with an error in `diagnostics` it is null. */
export type CompileGraphResult = {
  readonly compiled: CompiledGraph | null;
  readonly diagnostics: readonly Diagnostic[];
};

/**
 * Compiles a finished graph, by whomever it was made. Throws `Unsupported` or `UnknownSize` where the plan gives up, and `LoweringError`
 * for a schedule that is refused; `compile` makes diagnostics of them.
 */
export const compileGraph = (graph: Graph, options: GraphOptions, backend: Backend = WGSL): CompileGraphResult => {
  const verify = isVerified(options.verify);
  if (verify) refuseBroken("graph", faultsOfGraph(graph));
  const { levels, diagnostics } = runPasses(GRAPH_PASSES, { graph }, { options, backend }, verify, options.onPass);
  return { compiled: levels === null ? null : { ...levels, warnings: diagnostics }, diagnostics };
};
