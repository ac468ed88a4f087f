/** What each scalar operation means on numbers, in f64: shared by constant folding, the evaluator and interval analysis. */
import type { Ty } from "./graph.ts";
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";

const bit = (x: boolean): number => (x ? 1 : 0);

/** Half to even, as in WGSL. */
export const roundEven = (x: number): number => {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
};

/**
 * The error function: erf x = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!! (DLMF 7.6.2). All terms have one sign, so
 * nothing cancels; from |x| = 6 on the result is 1 in f64.
 */
export const erf = (x: number): number => {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
};

/** The function of a unary operation. Booleans are 0 and 1. */
export const unaryFn = (op: UnaryOp): ((a: number) => number) => {
  switch (op) {
    case "neg":
      return (a) => -a;
    case "not":
      return (a) => bit(a === 0);
    case "abs":
      return Math.abs;
    case "sign":
      return Math.sign;
    case "exp":
      return Math.exp;
    case "log":
      return Math.log;
    case "exp2":
      return (a) => 2 ** a;
    case "log2":
      return Math.log2;
    case "sqrt":
      return Math.sqrt;
    case "rsqrt":
      return (a) => 1 / Math.sqrt(a);
    case "tanh":
      return Math.tanh;
    case "sin":
      return Math.sin;
    case "cos":
      return Math.cos;
    case "floor":
      return Math.floor;
    case "ceil":
      return Math.ceil;
    case "round":
      return roundEven;
    case "erf":
      return erf;
    case "float":
      return (a) => a + 0; // an integer has no -0
    case "int":
      return Math.trunc;
  }
};

/** The function of a binary operation; `ty` is the type of the operands (it decides what `/` and `%` are). */
export const binaryFn = (op: BinaryOp, ty: Ty): ((a: number, b: number) => number) => {
  switch (op) {
    case "+":
      return (a, b) => a + b;
    case "-":
      return (a, b) => a - b;
    case "*":
      return (a, b) => a * b;
    case "/":
      return ty === "i32" ? (a, b) => Math.floor(a / b) : (a, b) => a / b;
    case "%":
      return ty === "i32" ? (a, b) => a - b * Math.floor(a / b) : (a, b) => a % b;
    case "pow":
      return Math.pow;
    case "min":
      return Math.min;
    case "max":
      return Math.max;
    case "==":
      return (a, b) => bit(a === b);
    case "!=":
      return (a, b) => bit(a !== b);
    case "<":
      return (a, b) => bit(a < b);
    case "<=":
      return (a, b) => bit(a <= b);
    case ">":
      return (a, b) => bit(a > b);
    case ">=":
      return (a, b) => bit(a >= b);
    case "and":
      return (a, b) => bit(a !== 0 && b !== 0);
    case "or":
      return (a, b) => bit(a !== 0 || b !== 0);
  }
};

/** Whether the result of a binary operation is a bool. */
export const isPredicate = (op: BinaryOp): boolean =>
  op === "==" || op === "!=" || op === "<" || op === "<=" || op === ">" || op === ">=" || op === "and" || op === "or";

/** Operations whose operands may be swapped exactly. `and` and `or` are not: their left operand guards the right one. */
export const isCommutative = (op: BinaryOp): boolean =>
  op === "+" || op === "*" || op === "min" || op === "max" || op === "==" || op === "!=";

/** The result type of a unary operation on a `ty`, or null when it takes no such operand. */
export const unaryTy = (op: UnaryOp, ty: Ty): Ty | null => {
  switch (op) {
    case "not":
      return ty === "bool" ? "bool" : null;
    case "neg":
    case "abs":
    case "sign":
      return ty === "bool" ? null : ty;
    case "float":
      return "f32";
    case "int":
      return "i32";
    case "exp":
    case "log":
    case "exp2":
    case "log2":
    case "sqrt":
    case "rsqrt":
    case "tanh":
    case "sin":
    case "cos":
    case "floor":
    case "ceil":
    case "round":
    case "erf":
      return ty === "f32" ? "f32" : null;
  }
};

/** The result type of a binary operation on two values of type `ty`, or null when it takes no such operands. */
export const binaryTy = (op: BinaryOp, ty: Ty): Ty | null => {
  switch (op) {
    case "and":
    case "or":
      return ty === "bool" ? "bool" : null;
    case "==":
    case "!=":
      return "bool";
    case "<":
    case "<=":
    case ">":
    case ">=":
      return ty === "bool" ? null : "bool";
    case "pow":
      return ty === "f32" ? "f32" : null;
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "min":
    case "max":
      return ty === "bool" ? null : ty;
  }
};
