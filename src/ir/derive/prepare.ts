/** Graph passes before planning: rewrites that keep the meaning and make the derivation or the arithmetic better. */
import type { Graph } from "../graph/graph.ts";
import type { Note } from "./plan.ts";
import { centre } from "./rules/centre.ts";
import { wholeConditions } from "./rules/condition.ts";
import { constantGauge } from "./rules/constant-gauge.ts";
import { restrictSums } from "./rules/restrict-sum.ts";
import { settleConditions } from "./settle.ts";
import { fixedReads, splitReductions, sumsAsScans } from "./scan.ts";

/** Runs all of them, in order. */
export const prepare = (graph: Graph, notes: Note[]): Graph => {
  const centred = centre(wholeConditions(restrictSums(settleConditions(graph))));
  const scanned = fixedReads(splitReductions(sumsAsScans(centred)));
  return constantGauge(scanned, notes);
};
