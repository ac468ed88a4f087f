/** What each scalar operation of the language means on numbers. Booleans are 0 and 1. */
import type { SBinaryOp, SType, SUnaryOp } from "../check/spec.ts";

const bit = (x: boolean): number => (x ? 1 : 0);

/** To the nearest integer; halves go to the even one. */
const toNearest = (x: number): number => {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
};

/** erf x = 2/sqrt(pi) exp(-x^2) (x + 2x^3/3 + 4x^5/15 + 8x^7/105 + ...): all terms have one sign. 1 in f64 from 6 on. */
export const erf = (x: number): number => {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let [term, sum, odd] = [x, 0, 1];
  while (sum + term !== sum) {
    sum += term;
    odd += 2;
    term *= (2 * x * x) / odd;
  }
  return sum * Math.exp(-x * x) * Math.sqrt(4 / Math.PI);
};

/** The function of a unary operation. */
export const unaryMeaning = (op: SUnaryOp): ((x: number) => number) => {
  switch (op) {
    case "neg":
      return (x) => -x;
    case "not":
      return (x) => 1 - x;
    case "abs":
      return Math.abs;
    case "sign":
      return Math.sign;
    case "exp":
      return Math.exp;
    case "log":
      return Math.log;
    case "exp2":
      return (x) => Math.pow(2, x);
    case "log2":
      return Math.log2;
    case "sqrt":
      return Math.sqrt;
    case "rsqrt":
      return (x) => 1 / Math.sqrt(x);
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
      return toNearest;
    case "erf":
      return erf;
    // An integer has no -0.
    case "float":
      return (x) => x + 0;
    case "int":
      return Math.trunc;
  }
};

/** The function of a binary operation on operands of `type`: on ints `/` and `%` floor. */
export const binaryMeaning = (op: SBinaryOp, type: SType): ((x: number, y: number) => number) => {
  switch (op) {
    case "+":
      return (x, y) => x + y;
    case "-":
      return (x, y) => x - y;
    case "*":
      return (x, y) => x * y;
    case "/":
      return type === "int" ? (x, y) => Math.floor(x / y) : (x, y) => x / y;
    case "%":
      return type === "int" ? (x, y) => x - y * Math.floor(x / y) : (x, y) => x % y;
    case "**":
      return (x, y) => x ** y;
    case "min":
      return (x, y) => Math.min(x, y);
    case "max":
      return (x, y) => Math.max(x, y);
    case "==":
      return (x, y) => bit(x === y);
    case "!=":
      return (x, y) => bit(x !== y);
    case "<":
      return (x, y) => bit(x < y);
    case "<=":
      return (x, y) => bit(x <= y);
    case ">":
      return (x, y) => bit(x > y);
    case ">=":
      return (x, y) => bit(x >= y);
    case "and":
      return (x, y) => x * y;
    case "or":
      return (x, y) => Math.max(x, y);
  }
};
