/** Formulas of an artifact as JavaScript over an object `v` that holds sizes and scalars by name. */
import type { ScalarExpr } from "../codegen/artifact.ts";
import type { SizeExpr } from "../base/size.ts";

const INFIX: Readonly<Record<string, string>> = {
  "+": "+",
  "-": "-",
  "*": "*",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  "==": "===",
  "!=": "!==",
};

const binary = (op: string, a: string, b: string, divide: (a: string, b: string) => string): string => {
  const infix = INFIX[op];
  if (infix !== undefined) return /[<=>]/.test(op) ? `Number(${a} ${infix} ${b})` : `(${a} ${infix} ${b})`;
  switch (op) {
    case "/":
      return divide(a, b);
    case "floordiv":
      return `Math.floor(${a} / ${b})`;
    case "ceil/":
      return `Math.ceil(${a} / ${b})`;
    case "%":
      return `(${a} - ${b} * Math.floor(${a} / ${b}))`;
    case "min":
    case "max":
      return `Math.${op}(${a}, ${b})`;
    case "pow":
      return `${a} ** ${b}`;
    case "and":
      return `Number(${a} !== 0 && ${b} !== 0)`;
    case "or":
      return `Number(${a} !== 0 || ${b} !== 0)`;
    default:
      throw new Error(`no formula for ${op}`);
  }
};

const unary = (op: string, a: string): string => {
  switch (op) {
    case "neg":
      return `(-${a})`;
    case "not":
      return `Number(${a} === 0)`;
    case "rsqrt":
      return `(1 / Math.sqrt(${a}))`;
    case "exp2":
      return `2 ** ${a}`;
    case "int":
      return `Math.trunc(${a})`;
    case "float":
      return a;
    case "round":
      return `((x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)))(${a})`;
    default:
      return `Math.${op}(${a})`;
  }
};

const formula = (e: ScalarExpr | SizeExpr, divide: (a: string, b: string) => string): string => {
  if (typeof e === "number") return e < 0 || Object.is(e, -0) ? `(${Object.is(e, -0) ? "-0" : e})` : String(e);
  if (typeof e === "string") return `v.${e}`;
  const [op, x, y] = e;
  const a = formula(x, divide);
  return y === undefined ? unary(op, a) : binary(op, a, formula(y, divide), divide);
};

/** A size: quotients are rounded down. */
export const sizeFormula = (e: SizeExpr): string => formula(e, (a, b) => `Math.floor(${a} / ${b})`);
/** A default value of a scalar, in f64. */
export const scalarFormula = (e: ScalarExpr): string => formula(e, (a, b) => `(${a} / ${b})`);

/** The names in a formula. */
export const namesIn = (e: ScalarExpr): readonly string[] => {
  if (typeof e === "number") return [];
  if (typeof e === "string") return [e];
  return [...namesIn(e[1]), ...(e[2] === undefined ? [] : namesIn(e[2]))];
};
