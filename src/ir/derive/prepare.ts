/** Graph passes before planning: rewrites that keep the meaning and make the derivation or the arithmetic better. */
import type { GraphBuilder } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import type { Note } from "./plan.ts";
import { centre } from "./rules/centre.ts";
import { wholeConditions } from "./rules/condition.ts";
import { constantGauge } from "./rules/constant-gauge.ts";
import { restrictSums } from "./rules/restrict-sum.ts";
import { fixedReads, splitReductions, sumsAsScans } from "./scan.ts";

/** Runs all of them, in order. */
export const prepare = (graph: Graph, b: GraphBuilder, notes: Note[]): Graph => {
  const restricted = wholeConditions(restrictSums(graph, b), b);
  const centred = centre(restricted, b);
  const scanned = fixedReads(splitReductions(sumsAsScans(centred, b), b), b);
  return constantGauge(scanned, b, notes);
};
