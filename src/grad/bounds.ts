/** Integers as sums of indices, sizes and other values: what is known of them at every cell, and which comparisons are the same. */
import type { SizeExpr } from "../base/size.ts";
import { printSize } from "../base/size.ts";
import type { AxisId, SExpr, SpecAxis } from "../check/spec.ts";

/** Σ coefficient · symbol; the empty symbol is 1. Indices are `@axis`, sizes `#name`. */
type Linear = ReadonlyMap<string, number>;

const plus = (x: Linear, y: Linear, k: number): Linear => {
  const out = new Map(x);
  for (const [s, c] of y) out.set(s, (out.get(s) ?? 0) + k * c);
  for (const [s, c] of out) if (c === 0) out.delete(s);
  return out;
};
const single = (symbol: string, k = 1): Linear => new Map(k === 0 ? [] : [[symbol, k]]);

const ofSize = (s: SizeExpr): Linear => {
  if (typeof s === "number") return single("", s);
  if (typeof s === "string") return single(`#${s}`);
  const [op, x, y] = s;
  if (op === "+" || op === "-") return plus(ofSize(x), ofSize(y), op === "+" ? 1 : -1);
  return single(`#${printSize(s)}`);
};

const ids = new WeakMap<SExpr, number>();
let next = 0;
/** Interned values are the same symbol when they are the same object. */
const other = (e: SExpr): Linear => {
  let id = ids.get(e);
  if (id === undefined) ids.set(e, (id = next++));
  return single(`:${id}`);
};

const linear = (e: SExpr): Linear => {
  switch (e.kind) {
    case "const":
      return single("", e.value);
    case "index":
      return single(`@${e.axis}`);
    case "size":
      return ofSize(e.size);
    case "unary":
      return e.op === "neg" ? plus(new Map(), linear(e.arg), -1) : other(e);
    case "binary":
      if (e.op === "+" || e.op === "-") return plus(linear(e.left), linear(e.right), e.op === "+" ? 1 : -1);
      return other(e);
    case "scalar":
    case "read":
    case "at":
    case "select":
    case "reduce":
    case "where":
    case "concat":
    case "prev":
    case "scan":
    case "in":
      return other(e);
  }
};

/** Whether a sum is 0 or more at every cell: indices from 0 to their size - 1, sizes from 0. */
const isNonNegative = (axes: readonly SpecAxis[], x: Linear): boolean => {
  let low: Linear = new Map();
  for (const [s, c] of x) {
    if (!s.startsWith("@")) low = plus(low, single(s), c);
    else if (c < 0) low = plus(low, plus(ofSize(axes[Number(s.slice(1))]?.size ?? 0), single("", 1), -1), c);
  }
  return [...low].every(([s, c]) => c >= 0 && (s === "" || s.startsWith("#")) && !s.includes(" "));
};

/** Whether an index expression is known to be a cell of an axis on its low side, and on its high side. */
export const knownInRange = (
  axes: readonly SpecAxis[],
  to: SExpr,
  axis: AxisId,
): { readonly low: boolean; readonly high: boolean } => {
  const x = linear(to);
  const room = plus(plus(ofSize(axes[axis]?.size ?? 0), single("", 1), -1), x, -1);
  return { low: isNonNegative(axes, x), high: isNonNegative(axes, room) };
};

const keys = new WeakMap<SExpr, string>();

/** Comparisons of integers that say the same have the same key: what is 0 or more. Other conditions have keys of their own. */
export const keyOf = (c: SExpr): string => {
  let key = keys.get(c);
  if (key === undefined) keys.set(c, (key = compute(c)));
  return key;
};

const compute = (c: SExpr): string => {
  const own = `:${[...other(c).keys()].join()}`;
  if (c.kind !== "binary" || c.left.type !== "int" || c.right.type !== "int") return own;
  const [x, y] = [linear(c.left), linear(c.right)];
  const one = single("", 1);
  const sum =
    c.op === "<="
      ? plus(y, x, -1)
      : c.op === ">="
        ? plus(x, y, -1)
        : c.op === "<"
          ? plus(plus(y, x, -1), one, -1)
          : null;
  const found = c.op === ">" ? plus(plus(x, y, -1), one, -1) : sum;
  return found === null
    ? own
    : [...found]
        .toSorted(([s], [t]) => (s < t ? -1 : 1))
        .map(([s, k]) => `${k}${s}`)
        .join("+");
};
