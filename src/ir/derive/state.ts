/** How much a kernel carries for one row of its result. */
import type { GraphView } from "../graph/view.ts";
import type { AxisId } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import type { Accumulator, ScanState } from "./plan.ts";

const points = (b: GraphView, local: readonly AxisId[]): number =>
  local.reduce((n, x) => n * (Number(b.axis(x).size) || 1), 1);

/** 32-bit numbers that an accumulator keeps for one row. */
export const registersOf = (b: GraphView, a: Accumulator): number =>
  REDUCTIONS[a.op].registers(a.k) * points(b, a.local);

/** 32-bit numbers that the state of a scan is for one row. */
export const valuesOf = (b: GraphView, s: ScanState): number => points(b, s.local);
