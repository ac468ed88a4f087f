/** Arithmetic on expressions of a gradient: what is simplified while it is written. */
import type { SExpr } from "../check/spec.ts";
import { type Arena, num, op1, op2 } from "./arena.ts";

const isNumber = (e: SExpr, value: number): boolean => e.kind === "const" && e.value === value;

export const isZero = (e: SExpr): boolean => isNumber(e, 0);

const isNeg = (e: SExpr): e is SExpr & { kind: "unary" } => e.kind === "unary" && e.op === "neg";

/** A quotient or product that may be taken apart. */
const isMade = (a: Arena, e: SExpr, op: "*" | "/"): e is SExpr & { kind: "binary" } =>
  e.kind === "binary" && e.op === op && e.type === "float" && !a.forward.has(e) && !a.whole.has(e);

export const neg = (a: Arena, x: SExpr): SExpr =>
  isNeg(x)
    ? x.arg
    : isMade(a, x, "*") && x.left.kind === "const"
      ? mul(a, num(a, -x.left.value), x.right)
      : op1(a, "neg", x);

export const add = (a: Arena, x: SExpr, y: SExpr): SExpr => {
  if (isZero(x)) return y;
  if (isZero(y)) return x;
  if (x.kind === "const" && y.kind === "const") return num(a, x.value + y.value);
  const [sx, sy] = [signed(x), signed(y)];
  if (isMade(a, sx.e, "/") && isMade(a, sy.e, "/") && sx.e.right === sy.e.right) {
    const [p, q] = [sx.minus ? neg(a, sx.e.left) : sx.e.left, sy.minus ? neg(a, sy.e.left) : sy.e.left];
    return div(a, add(a, p, q), sx.e.right);
  }
  if (sy.minus) return sx.minus ? neg(a, op2(a, "+", sx.e, sy.e)) : op2(a, "-", x, sy.e);
  return sx.minus ? op2(a, "-", y, sx.e) : op2(a, "+", x, y);
};

const signed = (e: SExpr): { readonly e: SExpr; readonly minus: boolean } =>
  isNeg(e) ? { e: e.arg, minus: true } : { e, minus: false };

export const sub = (a: Arena, x: SExpr, y: SExpr): SExpr => add(a, x, neg(a, y));

export const mul = (a: Arena, x: SExpr, y: SExpr): SExpr => {
  if (isNumber(x, 1)) return y;
  if (isNumber(y, 1)) return x;
  if (isZero(x) || isZero(y)) return num(a, 0);
  if (x.kind === "const" && y.kind === "const") return num(a, x.value * y.value);
  if (x.kind === "const" && isMade(a, y, "*") && y.left.kind === "const")
    return mul(a, num(a, x.value * y.left.value), y.right);
  if (isNumber(x, -1)) return neg(a, y);
  if (isNumber(y, -1)) return neg(a, x);
  if (y.kind === "const") return mul(a, y, x);
  if (isNeg(x)) return neg(a, mul(a, x.arg, y));
  if (isNeg(y)) return neg(a, mul(a, x, y.arg));
  // a · (X / l) is (a / l) · X, where the kernel itself has a / l.
  for (const [p, q] of [
    [x, y],
    [y, x],
  ] as const) {
    if (!isMade(a, q, "/")) continue;
    const quotient = op2(a, "/", p, q.right);
    if (a.forward.has(quotient)) return mul(a, quotient, q.left);
  }
  // Numbers come first.
  for (const [p, q] of x.kind === "const"
    ? []
    : ([
        [x, y],
        [y, x],
      ] as const)) {
    if (isMade(a, q, "*") && q.left.kind === "const") return mul(a, q.left, mul(a, p, q.right));
    if (isMade(a, q, "/") && isMade(a, q.left, "*") && q.left.left.kind === "const")
      return mul(a, q.left.left, mul(a, p, div(a, q.left.right, q.right)));
  }
  return op2(a, "*", x, y);
};

export const div = (a: Arena, x: SExpr, y: SExpr): SExpr => {
  if (isZero(x) || isNumber(y, 1)) return x;
  if (isNeg(x)) return neg(a, div(a, x.arg, y));
  return op2(a, "/", x, y);
};

/** The factors of a value that may be taken apart: sign · Π above / Π below. */
export const factorsOf = (
  a: Arena,
  e: SExpr,
): { readonly minus: boolean; readonly above: readonly SExpr[]; readonly below: readonly SExpr[] } => {
  if (isNeg(e) && !a.whole.has(e)) {
    const f = factorsOf(a, e.arg);
    return { ...f, minus: !f.minus };
  }
  if (isMade(a, e, "*")) {
    const [f, g] = [factorsOf(a, e.left), factorsOf(a, e.right)];
    return { minus: f.minus !== g.minus, above: [...f.above, ...g.above], below: [...f.below, ...g.below] };
  }
  if (isMade(a, e, "/")) {
    const f = factorsOf(a, e.left);
    return { ...f, below: [...f.below, e.right] };
  }
  return { minus: false, above: [e], below: [] };
};

/** The product of factors. */
export const product = (a: Arena, above: readonly SExpr[], below: readonly SExpr[]): SExpr =>
  below.reduce(
    (x, y) => div(a, x, y),
    above.reduce((x, y) => mul(a, x, y), num(a, 1)),
  );
