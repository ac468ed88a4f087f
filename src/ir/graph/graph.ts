/**
 * Graph IR: **what** is computed. A hash-consed DAG of scalar expressions over named axes; a node stands for one value at
 * each point of its free axes and is never a buffer. Nodes sit in one array in dependency order, so walking is a for-loop.
 * Nothing here knows about tiles, passes or hardware, and nothing assumes one result or one streamed axis.
 */
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";
import type { Origin, Span } from "../../base/span.ts";
import type { StorageType } from "../../base/storage-type.ts";
import type { SizeExpr } from "../../base/size.ts";

export type NodeId = number;
export type AxisId = number;

/** Arithmetic types: all floating-point arithmetic is f32, whatever the storage. */
export type Ty = "f32" | "i32" | "bool";

/** An axis with its size: known sizes are numbers already. `parts`: the axes of a tagged union, in order, or null. */
export type Axis = {
  readonly id: AxisId;
  readonly name: string;
  readonly size: SizeExpr;
  readonly parts: readonly AxisId[] | null;
  readonly span: Span;
};

/** A stored tensor, row-major over its flattened axes; a dim with several axes is a product axis of the user's shape. */
export type Tensor = {
  readonly name: string;
  readonly dtype: StorageType;
  readonly dims: readonly (readonly AxisId[])[];
  readonly role: "input" | "output" | "scratch";
  readonly span: Span;
};

/** A runtime scalar parameter. `init`: its default, over sizes and other scalars only; null: must be given. */
export type Scalar = { readonly name: string; readonly ty: Ty; readonly init: NodeId | null; readonly span: Span };

/**
 * `sum` and `max`/`min` work on f32 and i32. `var` is the biased variance over the existing cells. `argmax`/`argmin` give the
 * first index (i32, of the single reduced axis) that attains it. `kth` is the k-th largest value, counting repeats; with fewer
 * than k cells it is the smallest one (-inf when there is none).
 * `cumsum` keeps its axis free: its value at j is the sum over the existing cells 0..j.
 * Identities (no cell): sum 0, prod 1, max -inf, min +inf (of i32 its least and greatest value), var 0, kth -inf, argmax/argmin 0.
 */
export type ReduceOp = "sum" | "prod" | "max" | "min" | "var" | "argmax" | "argmin" | "kth" | "cumsum";

export type Op =
  | { readonly kind: "const"; readonly value: number }
  /** The index of an axis (i32). */
  | { readonly kind: "index"; readonly axis: AxisId }
  /** A size symbol that is not known at compile time (i32). */
  | { readonly kind: "size"; readonly name: string }
  | { readonly kind: "scalar"; readonly name: string }
  /** A stored tensor at one i32 index for each flattened axis. What is read out of range is never used: a `where` or a choice leaves it out. */
  | { readonly kind: "load"; readonly tensor: string; readonly at: readonly NodeId[] }
  | { readonly kind: "unary"; readonly op: UnaryOp; readonly a: NodeId }
  | { readonly kind: "binary"; readonly op: BinaryOp; readonly a: NodeId; readonly b: NodeId }
  | { readonly kind: "select"; readonly cond: NodeId; readonly a: NodeId; readonly b: NodeId }
  /** Over the cells of `over` where `where` (bool, null = everywhere) holds. `k`: only for `kth`. */
  | {
      readonly kind: "reduce";
      readonly op: ReduceOp;
      readonly over: readonly AxisId[];
      readonly body: NodeId;
      readonly where: NodeId | null;
      readonly k: number;
    }
  /** Only inside the step of the scan `state`: its state one cell before, at one i32 index for each axis, the scanned one first. */
  | { readonly kind: "carried"; readonly state: number; readonly name: string; readonly at: readonly NodeId[] }
  /** The state of an ordered scan, read like a tensor over `[over, ...dims]`. In range by construction. */
  | ({ readonly kind: "scan"; readonly at: readonly NodeId[] } & ScanDef);

/**
 * An ordered scan: S(-1, dims) = init and S(t, dims) = step, which reads S(t - 1) at any dims as `carried`. `over` and `dims`
 * are bound: `init` mentions no axis but `dims`, `step` none but `over` and `dims`. `state` is a number of the definition's own
 * (equal definitions share one), `name` the user's name of it.
 */
export type ScanDef = {
  readonly state: number;
  readonly name: string;
  readonly over: AxisId;
  readonly dims: readonly AxisId[];
  readonly init: NodeId;
  readonly step: NodeId;
};

/** `axes`: the free axes, ascending. A union axis and its parts are different axes. */
export type Node = { readonly id: NodeId; readonly ty: Ty; readonly axes: readonly AxisId[] } & Op;

export type GraphResult = {
  readonly tensor: string;
  readonly value: NodeId;
  /** The expression that the source gives it. */
  readonly span: Span;
};

/** Finished data: nothing is ever added to a graph. The next one is written with a pen over it (`build.ts`). */
export type Graph = {
  readonly name: string;
  readonly doc: string;
  /** Where the kernel is declared, and its name in there. */
  readonly span: Span;
  readonly nameSpan: Span;
  readonly axes: readonly Axis[];
  readonly tensors: readonly Tensor[];
  readonly scalars: readonly Scalar[];
  /** Size symbols whose values come at run time. */
  readonly sizes: readonly string[];
  readonly nodes: readonly Node[];
  /** Of each node the expressions of the source that it was made of. A node that several expressions share has all of them (four at most). */
  readonly origins: readonly Origin[];
  readonly results: readonly GraphResult[];
  /** The user's names of values (`let`s and results), for printing and for the names in WGSL. */
  readonly names: ReadonlyMap<NodeId, string>;
};

/** The direct operands of a node, in order. */
export const operands = (n: Op): readonly NodeId[] => {
  switch (n.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
      return [];
    case "load":
      return n.at;
    case "unary":
      return [n.a];
    case "binary":
      return [n.a, n.b];
    case "select":
      return [n.cond, n.a, n.b];
    case "reduce":
      return n.where === null ? [n.body] : [n.body, n.where];
    case "carried":
      return n.at;
    case "scan":
      return [...n.at, n.init, n.step];
  }
};
