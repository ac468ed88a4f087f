/** What the analysis of ranges is asked about, and what its rules ask of one another. */
import type { SizeExpr } from "../../base/size.ts";
import type { AxisId, NodeId } from "../graph/graph.ts";
import type { HasNodes } from "../graph/walk.ts";
import type { Interval } from "./interval.ts";

/** A graph or a builder. */
export type RangeSource = HasNodes & { readonly axes: readonly { readonly id: AxisId; readonly size: SizeExpr }[] };

/** What is known from outside; what is left out is unknown. Sizes are at least 0, axes run over their whole size. */
export type RangeEnv = {
  readonly axisRange?: (axis: AxisId) => Interval | null;
  readonly sizeRange?: (name: string) => Interval | null;
  readonly scalarRange?: (name: string) => Interval | null;
  readonly loadRange?: (tensor: string) => Interval | null;
};

/** What the rules ask of one another: ranges of nodes, and the number of cells of an axis. */
export type Ranges = {
  readonly g: RangeSource;
  readonly range: (id: NodeId) => Interval;
  readonly cells: (axes: readonly AxisId[]) => Interval;
};
