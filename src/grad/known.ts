/** Values that are, node for node, what a function of the prelude writes: they are printed by its name, and some have a derivative of their own. */
import type { AxisId, SExpr } from "../check/spec.ts";
import { type Arena, num, op1, op2, over } from "./arena.ts";

export type Known =
  | { readonly fn: "softmax" | "log_softmax" | "logsumexp"; readonly axis: AxisId; readonly arg: SExpr }
  | { readonly fn: "sigmoid" | "softplus" | "relu"; readonly arg: SExpr };

const isOp = <O extends string>(e: SExpr, op: O): e is SExpr & { kind: "binary" } => e.kind === "binary" && e.op === op;
const isFn = (e: SExpr, op: string): e is SExpr & { kind: "unary" } => e.kind === "unary" && e.op === op;

/** exp(x - max[j](x)) with its x and j. */
const shifted = (e: SExpr): { readonly arg: SExpr; readonly axis: AxisId; readonly max: SExpr } | null => {
  if (!isFn(e, "exp") || !isOp(e.arg, "-")) return null;
  const { left, right } = e.arg;
  if (right.kind !== "reduce" || right.op !== "max" || right.arg !== left || right.over.length !== 1) return null;
  return { arg: left, axis: right.over[0] as AxisId, max: right };
};

/** What stands below: sum[j](exp(x - max[j](x))). */
const total = (e: SExpr): ReturnType<typeof shifted> => {
  if (e.kind !== "reduce" || e.op !== "sum" || e.over.length !== 1) return null;
  const s = shifted(e.arg);
  return s !== null && s.axis === e.over[0] ? s : null;
};

/** The function of the prelude that an interned value is a call of, or null. */
export const knownAs = (a: Arena, e: SExpr): Known | null => {
  if (e.type !== "float" || e.kind !== "binary") return null;
  const { left, right } = e;
  if (e.op === "/") {
    const s = shifted(left);
    if (s !== null && right === over(a, "sum", [s.axis], left)) return { fn: "softmax", axis: s.axis, arg: s.arg };
    if (isFn(left, "exp") && isOp(left.arg, "min")) {
      const x = left.arg.left;
      if (e === sigmoid(a, x)) return { fn: "sigmoid", arg: x };
    }
  }
  if (e.op === "+" && isFn(right, "log")) {
    const s = total(right.arg);
    if (s !== null && s.max === left) return { fn: "logsumexp", axis: s.axis, arg: s.arg };
    if (isOp(left, "max") && e === softplus(a, left.left)) return { fn: "softplus", arg: left.left };
  }
  if (e.op === "-" && isFn(right, "log") && isOp(left, "-")) {
    const s = total(right.arg);
    if (s !== null && s.arg === left.left && s.max === left.right)
      return { fn: "log_softmax", axis: s.axis, arg: s.arg };
  }
  if (e.op === "max" && right.kind === "const" && right.value === 0) return { fn: "relu", arg: left };
  return null;
};

const oneOver = (a: Arena, x: SExpr): SExpr => op2(a, "+", num(a, 1), op1(a, "exp", op1(a, "neg", op1(a, "abs", x))));

/** The prelude's logistic function. */
export const sigmoid = (a: Arena, x: SExpr): SExpr =>
  op2(a, "/", op1(a, "exp", op2(a, "min", x, num(a, 0))), oneOver(a, x));

const softplus = (a: Arena, x: SExpr): SExpr => op2(a, "+", op2(a, "max", x, num(a, 0)), op1(a, "log", oneOver(a, x)));
