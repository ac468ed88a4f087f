/** What a pass knows, and what it knows about one segment of its stream. */
import type { Accumulator, KernelPlan, Store } from "../derive/plan.ts";
import type { AxisId, NodeId } from "../graph/graph.ts";
import type { StreamSchedule } from "../schedule/schedule.ts";
import type { Sharing } from "../schedule/sharing.ts";
import type { Buffer, Expr } from "../tile/tile.ts";
import type { Emitter } from "./emit.ts";
import type { Grid, Row } from "./grid.ts";
import type { State } from "./scan.ts";
import type { Scope } from "./scope.ts";
import type { Slot } from "./state.ts";

/** An accumulator as this segment of the stream sees it. */
export type Part = {
  readonly acc: Accumulator;
  readonly body: NodeId;
  readonly where: NodeId | null;
  readonly slots: readonly (readonly Slot[])[];
};

/** A running sum along the stream (`cumsum`) that bodies of this pass read: one register a row. */
export type RunningSum = {
  readonly node: NodeId;
  readonly body: NodeId;
  readonly where: NodeId | null;
  readonly carry: readonly Expr[];
};

/** One segment of one pass. */
export type Segment = {
  readonly em: Emitter;
  readonly schedule: StreamSchedule;
  readonly sharing: Sharing;
  readonly rows: readonly Row[];
  /** What the workgroup knows. */
  readonly group: Scope;
  /** What each row knows in this pass (statistics of earlier passes). */
  readonly known: readonly Scope[];
  readonly parts: readonly Part[];
  readonly running: readonly RunningSum[];
  readonly states: readonly State[];
  readonly stores: readonly Store[];
  readonly rowAxes: readonly AxisId[];
  /** The union axis that this segment is a part of, or null. */
  readonly union: AxisId | null;
  /** The streamed axes of this segment; several are walked flattened. */
  readonly axes: readonly AxisId[];
  /** Number of cells of the segment. */
  readonly length: Expr;
  /** Position of the segment's first cell in the whole stream (unions). */
  readonly offset: Expr;
  /** Values that depend on the stream only. */
  readonly streamOnly: ReadonlySet<NodeId>;
  /** Cells kept from pass to pass when the row is held in registers. */
  readonly held: Map<string, Scope> | null;
  /** Put below the block's scope: tiles in workgroup memory. */
  readonly tile: ((block: Scope, keys: ReadonlyMap<Scope, Expr>) => void) | null;
};

/** One pass. */
export type PassContext = {
  readonly em: Emitter;
  readonly plan: KernelPlan;
  readonly schedule: StreamSchedule;
  readonly sharing: Sharing;
  readonly grid: Grid;
  readonly workgroup: Buffer[];
  readonly held: Map<string, Scope> | null;
  /** The registers of the passes so far. */
  readonly carried: Map<NodeId, readonly (readonly Slot[])[]>;
};
