/** Derivatives of the scalar operations. */
import type { SExpr } from "../check/spec.ts";
import { choose, num, op1, op2, type Arena } from "./arena.ts";
import { div, mul, neg, sub } from "./algebra.ts";
import { float } from "./adjoint.ts";
import { knownAs, sigmoid } from "./known.ts";

/** One part of a value: what the cotangent is multiplied with there, and the conditions under which it gets any. */
export type Flow = { readonly to: SExpr; readonly expr: SExpr; readonly only: readonly SExpr[] };

const flow = (to: SExpr, expr: SExpr, ...only: readonly SExpr[]): Flow => ({ to, expr, only });

/** The parts of a scalar operation with their shares of the cotangent `g`; a part without a share is left out. */
export const flows = (a: Arena, e: SExpr & { kind: "unary" | "binary" }, g: SExpr): readonly Flow[] => {
  const known = knownAs(a, e);
  // At 0 the formulas of these two have a kink that the functions do not have.
  if (known?.fn === "sigmoid") return [flow(known.arg, mul(a, g, mul(a, e, sub(a, num(a, 1), e))))];
  if (known?.fn === "softplus") return [flow(known.arg, mul(a, g, sigmoid(a, known.arg)))];
  return e.kind === "unary" ? ofUnary(a, e, g) : ofBinary(a, e, g);
};

const ofUnary = (a: Arena, e: SExpr & { kind: "unary" }, g: SExpr): readonly Flow[] => {
  const x = e.arg;
  const times = (d: SExpr): readonly Flow[] => [flow(x, mul(a, g, d))];
  switch (e.op) {
    case "neg":
      return [flow(x, neg(a, g))];
    case "abs":
      return times(op1(a, "sign", x));
    case "exp":
      return [flow(x, mul(a, e, g))];
    case "exp2":
      return [flow(x, mul(a, num(a, Math.LN2), mul(a, e, g)))];
    case "log":
      return [flow(x, div(a, g, x))];
    case "log2":
      return [flow(x, div(a, mul(a, num(a, Math.LOG2E), g), x))];
    case "sqrt":
      return [flow(x, div(a, mul(a, num(a, 0.5), g), e))];
    case "rsqrt":
      return [flow(x, mul(a, num(a, -0.5), mul(a, g, op2(a, "**", e, num(a, 3)))))];
    case "tanh":
      return times(sub(a, num(a, 1), op2(a, "*", e, e)));
    case "sin":
      return times(op1(a, "cos", x));
    case "cos":
      return [flow(x, neg(a, mul(a, g, op1(a, "sin", x))))];
    case "erf":
      return times(mul(a, num(a, 2 / Math.sqrt(Math.PI)), op1(a, "exp", neg(a, op2(a, "*", x, x)))));
    case "sign":
    case "floor":
    case "ceil":
    case "round":
    case "float":
    case "int":
    case "not":
      return [];
  }
};

const ofBinary = (a: Arena, e: SExpr & { kind: "binary" }, g: SExpr): readonly Flow[] => {
  const { left: x, right: y } = e;
  switch (e.op) {
    case "+":
      return [flow(x, g), flow(y, g)];
    case "-":
      return [flow(x, g), flow(y, neg(a, g))];
    case "*":
      if (x === y) return [flow(x, mul(a, num(a, 2), mul(a, g, x)))];
      return [flow(x, mul(a, g, y)), flow(y, mul(a, g, x))];
    case "/":
      return [flow(x, div(a, g, y)), flow(y, neg(a, div(a, mul(a, g, e), y)))];
    case "%":
      return [flow(x, g), flow(y, neg(a, mul(a, g, float(a, op1(a, "int", op2(a, "/", x, y))))))];
    case "min":
      return [flow(x, g, op2(a, "<=", x, y)), flow(y, g, op2(a, ">", x, y))];
    case "max":
      return [flow(x, g, op2(a, ">=", x, y)), flow(y, g, op2(a, "<", x, y))];
    case "**":
      return power(a, e, g);
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "and":
    case "or":
      return [];
  }
};

const power = (a: Arena, e: SExpr & { kind: "binary" }, g: SExpr): readonly Flow[] => {
  const { left: x, right: y } = e;
  // 0 to the power of -1 must not meet the exponent 0.
  const slope = (): SExpr => mul(a, y, op2(a, "**", x, sub(a, y, num(a, 1))));
  const isVariable = y.kind !== "const";
  const byBase = !isVariable
    ? y.value === 0
      ? num(a, 0)
      : y.value === 1
        ? num(a, 1)
        : y.value === 2
          ? mul(a, num(a, 2), x)
          : slope()
    : choose(a, op2(a, "==", y, num(a, 0)), num(a, 0), slope());
  const byPower = choose(a, op2(a, ">", x, num(a, 0)), mul(a, e, op1(a, "log", x)), num(a, 0));
  return [flow(x, mul(a, g, byBase)), flow(y, mul(a, g, byPower))];
};
