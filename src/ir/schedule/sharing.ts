/**
 * How the lanes of a workgroup share its rows: one value, made once of a plan and a schedule. Legality, memory and lowering read it; none
 * asks the schedule again.
 */
import type { KernelPlan } from "../derive/plan.ts";
import { outerAxes } from "../derive/sharing.ts";
import type { AxisId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import { tilePlan } from "./columns.ts";
import type { WalkingSchedule } from "./schedule.ts";

/** Numbers of lanes and rows. */
export type Lanes = {
  /** Lanes of a workgroup. */
  readonly lanes: number;
  /** Lanes that share a row: 1 (a lane has it alone), some, or all of the workgroup. */
  readonly lanesPerRow: number;
  /** Rows that a lane works on. */
  readonly rowsPerLane: number;
  /** Rows of a workgroup: lanes / lanesPerRow * rowsPerLane. */
  readonly rows: number;
};

/** The numbers with the axes. Every row axis is either `outer` or `inner`. */
export type Sharing = Lanes & {
  /** Row axes that have one point a workgroup. */
  readonly outer: readonly AxisId[];
  /** Row axes that are tiled over the rows of a workgroup. */
  readonly inner: readonly AxisId[];
  /** Row axes that a value must not mention to be shared by the rows of a workgroup. */
  readonly unshared: readonly AxisId[];
};

/** The numbers alone. */
export const lanesOf = (s: WalkingSchedule): Lanes => {
  switch (s.kind) {
    case "rows":
      return { lanes: s.lanes, lanesPerRow: 1, rowsPerLane: s.rowsPerLane, rows: s.lanes * s.rowsPerLane };
    case "split":
      return { lanes: s.lanes, lanesPerRow: s.lanesPerRow, rowsPerLane: 1, rows: s.lanes / s.lanesPerRow };
    case "tiles": {
      const { lanes, lanesPerRow, rowsPerLane } = s;
      return { lanes, lanesPerRow, rowsPerLane, rows: (lanes / lanesPerRow) * rowsPerLane };
    }
  }
};

/** How the rows of a plan are shared under a schedule. */
export const sharingOf = (b: GraphView, given: KernelPlan, s: WalkingSchedule): Sharing => {
  const plan = s.kind === "tiles" ? tilePlan(b, given, s) : given;
  const lanes = lanesOf(s);
  // A row of all lanes is known to the whole workgroup: bounds of its stream are exact.
  if (s.kind === "split" && s.lanesPerRow === s.lanes)
    return { ...lanes, outer: plan.rows, inner: [], unshared: plan.rows };
  // Lanes that share a row and load for themselves may be of any rows.
  const outer = s.kind === "split" && s.source === "direct" ? [] : outerAxes(b, plan);
  const inner = plan.rows.filter((a) => !outer.includes(a));
  return { ...lanes, outer, inner, unshared: inner };
};
