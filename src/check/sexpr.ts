/** Constructors of checked expressions: they compute the free axes, fold sizes, and check nothing. */
import { size, type SizeExpr, type SizeOp } from "../base/size.ts";
import type { Span } from "../base/span.ts";
import type { AxisId, SBinaryOp, SExpr, SReduceOp, SType, SUnaryOp } from "./spec.ts";

/** One replacement of an `at`. */
export type Subst = { readonly axis: AxisId; readonly to: SExpr };

/** The union of sets of axes, ascending. */
export const unionAxes = (...sets: readonly (readonly AxisId[])[]): readonly AxisId[] =>
  [...new Set(sets.flat())].sort((a, b) => a - b);

/** `a` without the axes of `b`. */
export const withoutAxes = (a: readonly AxisId[], b: readonly AxisId[]): readonly AxisId[] =>
  a.filter((x) => !b.includes(x));

const base = (type: SType, axes: readonly AxisId[], span: Span) => ({ type, axes, span, name: null });

/** A literal; a bool is 0 or 1. */
export const constant = (value: number, type: SType, span: Span): SExpr => ({
  ...base(type, [], span),
  kind: "const",
  value,
});

export const indexOf = (axis: AxisId, span: Span): SExpr => ({ ...base("int", [axis], span), kind: "index", axis });

export const sizeOf = (s: SizeExpr, span: Span): SExpr =>
  typeof s === "number" ? constant(s, "int", span) : { ...base("int", [], span), kind: "size", size: s };

export const scalar = (name: string, type: SType, span: Span): SExpr => ({
  ...base(type, [], span),
  kind: "scalar",
  scalar: name,
});

export const read = (tensor: string, type: SType, at: readonly SExpr[], span: Span): SExpr => ({
  ...base(type, unionAxes(...at.map((a) => a.axes)), span),
  kind: "read",
  tensor,
  at,
});

/** Whether an expression is index arithmetic: nothing is read or reduced in it. */
const isIndexArithmetic = (e: SExpr): boolean => {
  switch (e.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
      return true;
    case "unary":
    case "binary":
    case "select":
      return e.type !== "float" && children(e).every(isIndexArithmetic);
    case "read":
    case "at":
    case "reduce":
    case "where":
    case "concat":
    case "prev":
    case "scan":
    case "in":
      return false;
  }
};

/** Index arithmetic with indices replaced, written out. */
const substitute = (e: SExpr, subst: readonly Subst[]): SExpr => {
  const inside = (x: SExpr): SExpr => substitute(x, subst);
  switch (e.kind) {
    case "index":
      return subst.find((s) => s.axis === e.axis)?.to ?? e;
    case "unary":
      return unary(e.op, e.type, inside(e.arg), e.span);
    case "binary":
      return binary(e.op, e.type, inside(e.left), inside(e.right), e.span);
    case "select":
      return select(inside(e.cond), inside(e.then), inside(e.else), e.span);
    case "const":
    case "size":
    case "scalar":
    case "read":
    case "at":
    case "reduce":
    case "where":
    case "concat":
    case "prev":
    case "scan":
    case "in":
      return e;
  }
};

/** How many nodes `substitute` writes out at most; beyond, an `at` is left for the lowering. */
const MAX_WRITTEN_OUT = 64;
const treeSize = (e: SExpr, limit: number): number => {
  let size = 1;
  for (const c of children(e)) if (size < limit) size += treeSize(c, limit - size);
  return size;
};

/** `arg` with indices replaced; replacements of axes that are not free in `arg`, and of an index by itself, are dropped. */
export const at = (arg: SExpr, all: readonly Subst[], span: Span): SExpr => {
  const subst = all.filter(({ axis, to }) => arg.axes.includes(axis) && !(to.kind === "index" && to.axis === axis));
  if (subst.length === 0) return arg;
  const short = (e: SExpr): boolean => treeSize(e, MAX_WRITTEN_OUT) < MAX_WRITTEN_OUT && isIndexArithmetic(e);
  if (short(arg)) return substitute(arg, subst);
  if (arg.kind === "read" && arg.at.every(short)) {
    return read(
      arg.tensor,
      arg.type,
      arg.at.map((a) => substitute(a, subst)),
      span,
    );
  }
  const axes = unionAxes(
    withoutAxes(
      arg.axes,
      subst.map((s) => s.axis),
    ),
    ...subst.map((s) => s.to.axes),
  );
  return { ...base(arg.type, axes, span), kind: "at", arg, subst };
};

/** `arg`, which a gradient takes for a constant: an `at` that replaces nothing. */
export const stopped = (arg: SExpr, span: Span): SExpr => ({
  ...base(arg.type, arg.axes, span),
  kind: "at",
  arg,
  subst: [],
});

/** An int literal or size as a float, without an operation where it is a literal. */
export const toFloat = (e: SExpr, span: Span = e.span): SExpr => {
  if (e.type === "float") return e;
  return e.kind === "const" ? constant(e.value, "float", span) : unary("float", "float", e, span);
};

export const unary = (op: SUnaryOp, type: SType, arg: SExpr, span: Span): SExpr => {
  if (op === "neg" && arg.kind === "const") return constant(-arg.value, type, span);
  return { ...base(type, arg.axes, span), kind: "unary", op, arg };
};

const FOLDED: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "min", "max"]);
const sizeValue = (e: SExpr): SizeExpr | null =>
  e.kind === "size" ? e.size : e.kind === "const" && e.type === "int" ? e.value : null;

/** Symbols of the largest size that is folded. */
const MAX_SIZE_SYMBOLS = 32;

const symbolsIn = (e: SizeExpr): number =>
  typeof e === "object" ? symbolsIn(e[1]) + symbolsIn(e[2]) : typeof e === "string" ? 1 : 0;

/** A binary operation; one on sizes and integer literals is folded into a size. */
export const binary = (op: SBinaryOp, type: SType, left: SExpr, right: SExpr, span: Span): SExpr => {
  const [a, b] = [sizeValue(left), sizeValue(right)];
  const dividesByZero = (op === "/" || op === "%") && b === 0;
  const folds = type === "int" && a !== null && b !== null && FOLDED.has(op) && !dividesByZero;
  // Sizes are trees: one that is made of itself again and again would be written out.
  if (folds && symbolsIn(a) + symbolsIn(b) <= MAX_SIZE_SYMBOLS) return sizeOf(size(op as SizeOp, a, b), span);
  if (type === "int" && (op === "+" || op === "-") && b === 0) return left;
  return { ...base(type, unionAxes(left.axes, right.axes), span), kind: "binary", op, left, right };
};

export const select = (cond: SExpr, then: SExpr, otherwise: SExpr, span: Span): SExpr => ({
  ...base(then.type, unionAxes(cond.axes, then.axes, otherwise.axes), span),
  kind: "select",
  cond,
  then,
  else: otherwise,
});

/** `over` is sorted; `cumsum` keeps its axis. */
export const reduce = (
  op: SReduceOp,
  type: SType,
  over: readonly AxisId[],
  arg: SExpr,
  k: SExpr | null,
  span: Span,
): SExpr => ({
  ...base(type, unionAxes(op === "cumsum" ? arg.axes : withoutAxes(arg.axes, over), k?.axes ?? []), span),
  kind: "reduce",
  op,
  over: unionAxes(over),
  arg,
  k,
});

export const where = (arg: SExpr, cond: SExpr, span: Span): SExpr => ({
  ...base(arg.type, unionAxes(arg.axes, cond.axes), span),
  kind: "where",
  arg,
  cond,
});

/** `partAxes[n]` is the axis that part n runs over. */
export const concat = (axis: AxisId, parts: readonly SExpr[], partAxes: readonly AxisId[], span: Span): SExpr => ({
  ...base(
    parts[0]?.type ?? "float",
    unionAxes([axis], ...parts.map((p, n) => withoutAxes(p.axes, partAxes.slice(n, n + 1)))),
    span,
  ),
  kind: "concat",
  axis,
  parts,
});

/** `axes`: all indices of the `let`. */
export const prev = (state: number, axis: AxisId, axes: readonly AxisId[], init: SExpr, span: Span): SExpr => ({
  ...base("float", unionAxes(axes), span),
  kind: "prev",
  state,
  axis,
  init,
});

export const scan = (state: number, axis: AxisId, dims: readonly AxisId[], step: SExpr, span: Span): SExpr => ({
  ...base("float", unionAxes([axis], dims), span),
  kind: "scan",
  state,
  axis,
  dims,
  step,
});

export const inPart = (axis: AxisId, part: number, span: Span): SExpr => ({
  ...base("bool", [axis], span),
  kind: "in",
  axis,
  part,
});

/** The same value under the name of a `let`; a value that has a name already keeps its identity. */
export const named = (e: SExpr, name: string): SExpr => (e.name === null ? { ...e, name } : e);

/** A size, when the expression is one: literals, sizes, and the scalars that `isSizeScalar` admits; null otherwise. */
export const toSize = (e: SExpr, isSizeScalar: (name: string) => boolean): SizeExpr | null => {
  const s = sizeValue(e);
  if (s !== null) return s;
  if (e.kind === "scalar") return isSizeScalar(e.scalar) ? e.scalar : null;
  if (e.kind === "unary" && e.op === "neg") {
    const a = toSize(e.arg, isSizeScalar);
    return a === null ? null : size("-", 0, a);
  }
  if (e.kind !== "binary" || e.type !== "int" || !FOLDED.has(e.op)) return null;
  const a = toSize(e.left, isSizeScalar);
  const b = a === null || symbolsIn(a) > MAX_SIZE_SYMBOLS ? null : toSize(e.right, isSizeScalar);
  if (a === null || b === null || ((e.op === "/" || e.op === "%") && b === 0)) return null;
  return size(e.op as SizeOp, a, b);
};

/** The expressions directly below, in source order. */
export const children = (e: SExpr): readonly SExpr[] => {
  switch (e.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "in":
      return [];
    case "read":
      return e.at;
    case "at":
      return [e.arg, ...e.subst.map((s) => s.to)];
    case "unary":
      return [e.arg];
    case "binary":
      return [e.left, e.right];
    case "select":
      return [e.cond, e.then, e.else];
    case "reduce":
      return e.k === null ? [e.arg] : [e.arg, e.k];
    case "where":
      return [e.arg, e.cond];
    case "concat":
      return e.parts;
    case "prev":
      return [e.init];
    case "scan":
      return [e.step];
  }
};
