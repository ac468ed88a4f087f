/**
 * A checked kernel: names resolved, functions inlined, every expression typed and with its free axes known. Independent of
 * sizes, element types and targets: those are chosen when the spec is lowered to a graph.
 */
import type { BinaryOp, UnaryOp } from "../base/operators.ts";
import type { Span } from "../base/span.ts";
import type { SizeExpr } from "../base/size.ts";
import type { StorageType } from "../base/storage-type.ts";

/** Index into `Spec.axes`. */
export type AxisId = number;

/** An axis: one index name of the source with its size. A reduction over a range (`sum[u: 0..W]`) has an axis of its own. */
export type SpecAxis = {
  readonly id: AxisId;
  readonly name: string;
  readonly size: SizeExpr;
  /** The parts of a tagged union (`axis j = m | s`), in order; null for a plain axis. */
  readonly parts: readonly AxisId[] | null;
  readonly span: Span;
};

/** One dimension of a stored tensor: one axis, or several for a product axis; row-major, the last axis is the fastest. */
export type SpecDim = { readonly axes: readonly AxisId[] };

export type SpecTensor = {
  readonly name: string;
  /** A storage type or the name of a type variable. */
  readonly dtype: string;
  readonly dims: readonly SpecDim[];
  readonly span: Span;
};

export type SpecScalar = {
  readonly name: string;
  readonly dtype: "f32" | "i32" | "u32" | "bool";
  readonly isStatic: boolean;
  /** An expression without axes, over sizes and earlier scalars; null: the caller must give a value. */
  readonly init: SExpr | null;
  readonly span: Span;
};

export type SpecResult = SpecTensor & { readonly value: SExpr };

export type Spec = {
  readonly name: string;
  readonly doc: string;
  readonly file: string;
  readonly axes: readonly SpecAxis[];
  /** Names of all sizes, in order of first appearance in the signature. */
  readonly sizes: readonly string[];
  readonly typeVars: readonly { readonly name: string; readonly options: readonly StorageType[] }[];
  readonly tensors: readonly SpecTensor[];
  readonly scalars: readonly SpecScalar[];
  readonly results: readonly SpecResult[];
  readonly span: Span;
  readonly nameSpan: Span;
};

export type SType = "float" | "int" | "bool";

export type SUnaryOp = UnaryOp;
/** As the language writes them: a power is `**`. */
export type SBinaryOp = Exclude<BinaryOp, "pow"> | "**";
export type SReduceOp =
  | "sum"
  | "max"
  | "min"
  | "prod"
  | "mean"
  | "var"
  | "any"
  | "all"
  | "count"
  | "argmax"
  | "argmin"
  | "kth_largest"
  | "cumsum";

/**
 * A checked expression. The same object may be reached by several paths (a `let` used twice, an argument of an inlined
 * function): it is a DAG, and lowering memoises by identity. `axes` are the free axes, ascending.
 * `/` and `%` on two ints floor; an int operand beside a float one is wrapped in `float`.
 */
export type SExpr = {
  readonly type: SType;
  readonly axes: readonly AxisId[];
  readonly span: Span;
  /** The `let` or result this is the value of, for names in the generated code; null for a part of one. */
  readonly name: string | null;
} & (
  | { readonly kind: "const"; readonly value: number }
  /** The index of an axis, an int. */
  | { readonly kind: "index"; readonly axis: AxisId }
  | { readonly kind: "size"; readonly size: SizeExpr }
  | { readonly kind: "scalar"; readonly scalar: string }
  /** A stored tensor at one int expression for each axis of its dims, flattened (a product dim `(g, r)` takes two). */
  | { readonly kind: "read"; readonly tensor: string; readonly at: readonly SExpr[] }
  /** `arg` with the index of each listed axis replaced by an int expression, all at once; none: `stop_gradient(arg)`. */
  | {
      readonly kind: "at";
      readonly arg: SExpr;
      readonly subst: readonly { readonly axis: AxisId; readonly to: SExpr }[];
    }
  | { readonly kind: "unary"; readonly op: SUnaryOp; readonly arg: SExpr }
  | { readonly kind: "binary"; readonly op: SBinaryOp; readonly left: SExpr; readonly right: SExpr }
  | { readonly kind: "select"; readonly cond: SExpr; readonly then: SExpr; readonly else: SExpr }
  /** `k` only for `kth_largest`. `cumsum` keeps its axis free: the value at j sums the cells 0..j. */
  | {
      readonly kind: "reduce";
      readonly op: SReduceOp;
      readonly over: readonly AxisId[];
      readonly arg: SExpr;
      readonly k: SExpr | null;
    }
  /** `arg` restricted to the cells where `cond` holds. */
  | { readonly kind: "where"; readonly arg: SExpr; readonly cond: SExpr }
  /** One expression for each part of the union axis; the part's own axis is free in it. */
  | { readonly kind: "concat"; readonly axis: AxisId; readonly parts: readonly SExpr[] }
  /** Inside the step of the scan `state`: its value one index of `axis` before, `init` before the first. Free: all axes of the scan. */
  | {
      readonly kind: "prev";
      readonly state: number;
      readonly axis: AxisId;
      readonly init: SExpr;
    }
  /** A `let` that runs along `axis`: its value is `step`, which reads the one before as `prev`. `dims`: its other axes, in order. */
  | {
      readonly kind: "scan";
      readonly state: number;
      readonly axis: AxisId;
      readonly dims: readonly AxisId[];
      readonly step: SExpr;
    }
  /** `j in m`: `part` is the position of `m` in the union. */
  | { readonly kind: "in"; readonly axis: AxisId; readonly part: number }
);
