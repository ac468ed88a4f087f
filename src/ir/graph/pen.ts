/** What a pen can write; `build.ts` makes one. */
import type { Origin, Span } from "../../base/span.ts";
import type { SizeExpr } from "../../base/size.ts";
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";
import type { AxisId, Graph, Node, NodeId, ReduceOp, ScanDef, Ty } from "./graph.ts";
import type { GraphView } from "./view.ts";

/** What a graph says beside its nodes and axes. */
export type GraphParts = Omit<Graph, "nodes" | "axes" | "origins">;

/**
 * The pen of one pass. A new node comes from what is said by `from`, an index from its axis; else it has the origin of its first operand
 * that has one. Constants and sizes, which everything shares, have none.
 */
export type GraphBuilder = GraphView & {
  /** New nodes that `make` writes come from there: a place, or what the node given (for which they stand) came from. */
  readonly from: <T>(origin: NodeId | Origin, make: () => T) => T;
  /** An expression of the source that the node (of this pen) is the value of as well. */
  readonly note: (id: NodeId, span: Span) => void;
  /** A new axis of the same size and a new name. */
  readonly freshAxis: (of: AxisId) => AxisId;
  /** A new axis of this size, called `name` or, where that is taken, `name_2` and so on. */
  readonly newAxis: (name: string, size: SizeExpr, span?: Span) => AxisId;
  readonly konst: (value: number, ty: Ty) => NodeId;
  readonly index: (axis: AxisId) => NodeId;
  /** An i32 node for a size: constants, `size` (or i32 `scalar`) nodes and arithmetic. */
  readonly sizeOf: (size: SizeExpr) => NodeId;
  readonly scalar: (name: string, ty: Ty) => NodeId;
  readonly load: (tensor: string, at: readonly NodeId[], ty: Ty) => NodeId;
  /** Throws when the operation does not take the operand's type. */
  readonly unary: (op: UnaryOp, a: NodeId) => NodeId;
  /** Throws when the operands' types differ or the operation does not take them. */
  readonly binary: (op: BinaryOp, a: NodeId, b: NodeId) => NodeId;
  readonly select: (cond: NodeId, a: NodeId, b: NodeId) => NodeId;
  /** `where` null or constantly true: everywhere. `k` (only `kth`) is 0 when not given. */
  readonly reduce: (op: ReduceOp, over: readonly AxisId[], body: NodeId, where?: NodeId | null, k?: number) => NodeId;
  /** A number for a scan that is about to be defined. */
  readonly freshState: () => number;
  /** What the scan `state` carried from the cell before; `at`: the scanned index, then one for each of its dims. */
  readonly carried: (state: number, name: string, at: readonly NodeId[]) => NodeId;
  /** The state of a scan; `at` left out: at its own indices. An equal definition that was made before takes its place. */
  readonly scan: (def: ScanDef, at?: readonly NodeId[]) => NodeId;
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
