/** Nodes replaced in all results: how a rewriting gives back what it made. Names go along. */
import type { GraphBuilder, GraphParts } from "../../graph/build.ts";
import type { NodeId } from "../../graph/graph.ts";
import { replacer } from "../../graph/rewrite.ts";

export const replaced = (graph: GraphParts, b: GraphBuilder, map: ReadonlyMap<NodeId, NodeId>): GraphParts => {
  if (map.size === 0) return graph;
  const replace = replacer(b, map);
  const results = graph.results.map((r) => ({ ...r, value: replace(r.value) }));
  const names = new Map(graph.names);
  for (const [id, name] of graph.names) {
    const moved = replace(id);
    if (moved !== id && !names.has(moved)) names.set(moved, name);
  }
  return { ...graph, results, names };
};
