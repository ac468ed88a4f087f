/** A graph with nodes replaced in all results: how a rewriting rule gives back what it made. Names go along. */
import type { GraphBuilder } from "../../graph/build.ts";
import type { Graph, NodeId } from "../../graph/graph.ts";

export const replaced = (graph: Graph, b: GraphBuilder, map: ReadonlyMap<NodeId, NodeId>): Graph => {
  const results = graph.results.map((r) => ({ tensor: r.tensor, value: b.replaceNodes(r.value, map) }));
  const names = new Map(graph.names);
  for (const [id, name] of graph.names) {
    const moved = b.replaceNodes(id, map);
    if (moved !== id && !names.has(moved)) names.set(moved, name);
  }
  return { ...graph, nodes: b.nodes, results, names };
};
