/** The value of a tile expression that a WGSL front end computes itself: one of literals only. */
import type { Expr, TBinary, TUnary, VType } from "../../ir/tile/tile.ts";

/** A number as a value of the element type: rounded, or wrapped around. */
export const fit = (x: number, t: VType): number => {
  switch (t.elem) {
    case "f32":
      return Math.fround(x);
    case "f16":
      return Math.f16round(x);
    case "i32":
      return Number.isFinite(x) ? Number(BigInt.asIntN(32, BigInt(Math.trunc(x)))) : 0;
    case "u32":
      return Number.isFinite(x) ? Number(BigInt.asUintN(32, BigInt(Math.trunc(x)))) : 0;
    case "bool":
      return x === 0 ? 0 : 1;
  }
};

/** A value of one type as one of another: out of range, a float saturates and an integer wraps around. */
export const converted = (value: number, from: VType, to: VType): number => {
  const x = fit(value, from);
  if ((from.elem !== "f32" && from.elem !== "f16") || (to.elem !== "i32" && to.elem !== "u32")) return fit(x, to);
  const [low, high] = to.elem === "u32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  return Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, low), high));
};

const unary = (op: TUnary, a: number): number | null => {
  switch (op) {
    case "neg":
      return -a;
    case "abs":
      return Math.abs(a);
    case "exp":
      return Math.exp(a);
    case "exp2":
      return 2 ** a;
    case "log":
      return Math.log(a);
    case "log2":
      return Math.log2(a);
    case "sqrt":
      return Math.sqrt(a);
    case "rsqrt":
      return 1 / Math.sqrt(a);
    case "sign":
      return Math.sign(a);
    case "floor":
      return Math.floor(a);
    case "ceil":
      return Math.ceil(a);
    case "round":
      return Math.round(a);
    case "not":
      return a === 0 ? 1 : 0;
    // Helper functions, whose parameters are no constants.
    case "sin":
    case "cos":
    case "tanh":
    case "erf":
      return null;
  }
};

const binary = (op: TBinary, a: number, b: number): number | null => {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "and":
      return a !== 0 && b !== 0 ? 1 : 0;
    case "or":
      return a !== 0 || b !== 0 ? 1 : 0;
    case "==":
      return a === b ? 1 : 0;
    case "!=":
      return a !== b ? 1 : 0;
    case "<":
      return a < b ? 1 : 0;
    case "<=":
      return a <= b ? 1 : 0;
    case ">":
      return a > b ? 1 : 0;
    case ">=":
      return a >= b ? 1 : 0;
    // Helper functions, or the compiler's own arithmetic of bits, which is in range.
    case "floordiv":
    case "floormod":
    case "pow":
    case "bitand":
    case "shr":
    case "shl":
      return null;
  }
};

/** Answers of the module that is being written: `forgetConstants` begins the next one. */
let known = new Map<Expr, number | null>();

/** Lets go of what was remembered about expressions. */
export const forgetConstants = (): void => {
  known = new Map();
};

const MADE_OF_CONSTANTS: ReadonlySet<Expr["kind"]> = new Set<Expr["kind"]>([
  "unary",
  "binary",
  "select",
  "splat",
  "cast",
]);

/** Null where a part of it is no constant, or where nothing can leave its type. Before rounding: compare with `fit`. */
export const constantOf = (e: Expr): number | null => {
  if (!MADE_OF_CONSTANTS.has(e.kind)) return valueOf(e);
  const done = known.get(e);
  if (done !== undefined) return done;
  const value = valueOf(e);
  known.set(e, value);
  return value;
};

const valueOf = (e: Expr): number | null => {
  switch (e.kind) {
    case "lit":
      return e.value;
    case "infinity":
      return e.sign * Infinity;
    case "unary": {
      const a = constantOf(e.a);
      return a === null ? null : unary(e.op, fit(a, e.a.type));
    }
    case "binary": {
      const a = constantOf(e.a);
      const b = a === null ? null : constantOf(e.b);
      return a === null || b === null ? null : binary(e.op, fit(a, e.a.type), fit(b, e.b.type));
    }
    case "splat":
      return constantOf(e.a);
    case "cast": {
      const a = constantOf(e.a);
      return a === null ? null : converted(a, e.a.type, e.type);
    }
    case "select": {
      const [c, a, b] = [constantOf(e.cond), constantOf(e.a), constantOf(e.b)];
      return c === null || a === null || b === null ? null : c !== 0 ? a : b;
    }
    case "ref":
    case "uniform":
    case "builtin":
    case "load":
    case "element":
    case "bitcast":
    case "vector":
    case "component":
    case "dot":
    case "fma":
    case "subgroup":
      return null;
  }
};
