/**
 * Comparisons of indices that hold in every cell, or in none, are decided before planning: `if m < P then mk[m] else k[m - P]` for an index m
 * below P reads one tensor, so a kernel binds one.
 */
import { edit } from "../graph/build.ts";
import type { Graph, NodeId } from "../graph/graph.ts";
import { comparisonSettler } from "../scalar/settle.ts";
import { replaced } from "./rules/replaced.ts";

/** Decides what the boxes of the axes decide, in all results. */
export const settleConditions = (graph: Graph): Graph => {
  const b = edit(graph);
  const settle = comparisonSettler(b, new Set());
  const map = new Map<NodeId, NodeId>();
  for (const r of graph.results) {
    const to = settle(r.value);
    if (to !== r.value) map.set(r.value, to);
  }
  return map.size === 0 ? graph : b.finish(replaced(graph, b, map));
};
