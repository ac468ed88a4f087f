/** Explain asks about values that no level has (a reduction without its condition, the bounds of a loop): it writes them with a pen of its own. */
import type { CompiledGraph } from "../compiled.ts";
import { edit, type GraphBuilder } from "../ir/graph/build.ts";
import type { Graph } from "../ir/graph/graph.ts";

const pens = new WeakMap<Graph, GraphBuilder>();

/** The pen over the graph of a plan; one for each, so that what one section writes another can name. */
export const penOf = ({ plan }: Pick<CompiledGraph, "plan">): GraphBuilder => {
  const pen = pens.get(plan.graph) ?? edit(plan.graph);
  pens.set(plan.graph, pen);
  return pen;
};
