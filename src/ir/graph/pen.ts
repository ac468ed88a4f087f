/** What a pen can write; `build.ts` makes one. */
import type { Span } from "../../base/span.ts";
import type { SizeExpr } from "../../base/size.ts";
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";
import type { AxisId, Graph, Node, NodeId, ReduceOp, ScanDef, Ty } from "./graph.ts";
import type { GraphView } from "./view.ts";

/** What a graph says beside its nodes and axes. */
export type GraphParts = Omit<Graph, "nodes" | "axes">;

/** The pen of one pass. The optional `span` of each maker is kept only by the first node of its structure. */
export type GraphBuilder = GraphView & {
  /** A new axis of the same size and a new name. */
  readonly freshAxis: (of: AxisId) => AxisId;
  /** A new axis of this size, called `name` or, where that is taken, `name_2` and so on. */
  readonly newAxis: (name: string, size: SizeExpr, span?: Span) => AxisId;
  readonly konst: (value: number, ty: Ty, span?: Span) => NodeId;
  readonly index: (axis: AxisId, span?: Span) => NodeId;
  /** An i32 node for a size: constants, `size` (or i32 `scalar`) nodes and arithmetic. */
  readonly sizeOf: (size: SizeExpr, span?: Span) => NodeId;
  readonly scalar: (name: string, ty: Ty, span?: Span) => NodeId;
  readonly load: (tensor: string, at: readonly NodeId[], ty: Ty, span?: Span) => NodeId;
  /** Throws when the operation does not take the operand's type. */
  readonly unary: (op: UnaryOp, a: NodeId, span?: Span) => NodeId;
  /** Throws when the operands' types differ or the operation does not take them. */
  readonly binary: (op: BinaryOp, a: NodeId, b: NodeId, span?: Span) => NodeId;
  readonly select: (cond: NodeId, a: NodeId, b: NodeId, span?: Span) => NodeId;
  /** `where` null or constantly true: everywhere. `k` (only `kth`) is 0 when not given. */
  readonly reduce: (
    op: ReduceOp,
    over: readonly AxisId[],
    body: NodeId,
    where?: NodeId | null,
    k?: number,
    span?: Span,
  ) => NodeId;
  /** A number for a scan that is about to be defined. */
  readonly freshState: () => number;
  /** What the scan `state` carried from the cell before; `at`: the scanned index, then one for each of its dims. */
  readonly carried: (state: number, name: string, at: readonly NodeId[], span?: Span) => NodeId;
  /** The state of a scan; `at` left out: at its own indices. An equal definition that was made before takes its place. */
  readonly scan: (def: ScanDef, at?: readonly NodeId[], span?: Span) => NodeId;
  /** The conjunction of conditions; null stands for true. Gives null when nothing is left to ask. */
  readonly and: (...conditions: readonly (NodeId | null)[]) => NodeId | null;
  /** The node again over other operands (in the order of `operands`). */
  readonly rebuild: (node: Node, over: readonly NodeId[]) => NodeId;
  /** See `rewrite.ts`. */
  readonly substitute: (root: NodeId, map: ReadonlyMap<AxisId, NodeId>) => NodeId;
  readonly replaceNodes: (root: NodeId, map: ReadonlyMap<NodeId, NodeId>) => NodeId;
  /** The graph of all that was written, and of `parts`. The pen writes nothing after it. */
  readonly finish: (parts: GraphParts) => Graph;
};
