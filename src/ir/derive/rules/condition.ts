/**
 * A condition on a whole sum is a choice: contractions whose `where` says nothing of the cells that they run over (a table read out of
 * its bounds, a page that is not there) stay plain sums, which are written out in vec4s.
 */
import { edit } from "../../graph/build.ts";
import type { Graph, NodeId } from "../../graph/graph.ts";
import { replaced } from "./replaced.ts";
import type { Rule } from "./rule.ts";

export const CONDITION: Rule = {
  name: "condition on a whole sum",
  equation: "sum[d](x where c) = if c then sum[d](x) else 0",
  condition: "c varies, but not along d",
};

/** Applies the rule to every sum of floats. */
export const wholeConditions = (graph: Graph): Graph => {
  const b = edit(graph);
  const map = new Map<NodeId, NodeId>();
  for (const id of [...b.reach(graph.results.map((r) => r.value))].sort((x, y) => x - y)) {
    const n = b.node(id);
    if (n.kind !== "reduce" || n.op !== "sum" || n.ty !== "f32" || n.where === null) continue;
    const { axes } = b.node(n.where);
    // What is the same everywhere (a question about sizes) keeps a whole stream from being walked.
    if (axes.length === 0 || axes.some((a) => n.over.includes(a))) continue;
    const [body, where] = [b.replaceNodes(n.body, map), b.replaceNodes(n.where, map)];
    map.set(
      id,
      b.from(id, () => b.select(where, b.reduce(n.op, n.over, body, null, n.k), b.konst(0, "f32"))),
    );
  }
  return b.finish(replaced(graph, b, map));
};
