/** A graph with nodes replaced in all results: how a rewriting gives back what it made. Names go along. */
import type { GraphBuilder } from "../../graph/build.ts";
import type { Graph, NodeId } from "../../graph/graph.ts";
import { replacer } from "../../graph/rewrite.ts";

export const replaced = (graph: Graph, b: GraphBuilder, map: ReadonlyMap<NodeId, NodeId>): Graph => {
  const replace = replacer(b, map);
  const results = graph.results.map((r) => ({ tensor: r.tensor, value: replace(r.value) }));
  const names = new Map(graph.names);
  for (const [id, name] of graph.names) {
    const moved = replace(id);
    if (moved !== id && !names.has(moved)) names.set(moved, name);
  }
  return { ...graph, nodes: b.nodes, results, names };
};
