/** The meaning of each scalar operation on the CPU, on JavaScript numbers (bools are 0 and 1). */
import type { Elem, TBinary, TUnary } from "./tile.ts";

/** How floats are rounded after each operation: as their type says, or not at all. */
export type Precision = "f32" | "f64";

export type Op1 = (a: number) => number;
export type Op2 = (a: number, b: number) => number;

/** Brings a result into its type. */
export const rounder = (elem: Elem, precision: Precision): Op1 => {
  switch (elem) {
    case "f32":
      return precision === "f32" ? Math.fround : (x) => x;
    case "f16":
      return precision === "f32" ? Math.f16round : (x) => x;
    case "i32":
      return (x) => x | 0;
    case "u32":
      return (x) => x >>> 0;
    case "bool":
      return (x) => x;
  }
};

/** The error function to about 1e-15: the Taylor series near zero, Lentz-free continued fraction of erfc far from it. */
export const erf = (x: number): number => {
  const a = Math.abs(x);
  if (!(a < 6)) return Number.isNaN(x) ? NaN : Math.sign(x);
  if (a < 2.5) {
    let sum = 0;
    for (let n = 0, term = a; Math.abs(term) > 1e-18 && n < 100; n++, term *= (-a * a) / n) sum += term / (2 * n + 1);
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let tail = 0;
  for (let k = 60; k >= 1; k--) tail = k / 2 / (a + tail);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + tail)));
};

/** Rounds half to even, as WGSL does. */
export const roundEven = (x: number): number => {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
};

export const unaryOp = (op: TUnary): Op1 => {
  switch (op) {
    case "neg":
      return (a) => -a;
    case "not":
      return (a) => 1 - a;
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
  }
};

const isInt = (elem: Elem): boolean => elem === "i32" || elem === "u32";

/** The unrounded result; integer division by zero gives what WGSL gives. */
export const binaryOp = (op: TBinary, elem: Elem): Op2 => {
  const int = isInt(elem);
  switch (op) {
    case "+":
      return (a, b) => a + b;
    case "-":
      return (a, b) => a - b;
    case "*":
      return int ? Math.imul : (a, b) => a * b;
    case "/":
      return int ? (a, b) => (b === 0 ? a : Math.trunc(a / b)) : (a, b) => a / b;
    case "%":
      return int ? (a, b) => (b === 0 ? 0 : a % b) : (a, b) => a - b * Math.trunc(a / b);
    case "floordiv":
      return int ? (a, b) => (b === 0 ? a : Math.floor(a / b)) : (a, b) => Math.floor(a / b);
    case "floormod":
      return int ? (a, b) => (b === 0 ? 0 : a - b * Math.floor(a / b)) : (a, b) => a - b * Math.floor(a / b);
    case "pow":
      return Math.pow;
    case "min":
      return Math.min;
    case "max":
      return Math.max;
    case "==":
      return (a, b) => (a === b ? 1 : 0);
    case "!=":
      return (a, b) => (a !== b ? 1 : 0);
    case "<":
      return (a, b) => (a < b ? 1 : 0);
    case "<=":
      return (a, b) => (a <= b ? 1 : 0);
    case ">":
      return (a, b) => (a > b ? 1 : 0);
    case ">=":
      return (a, b) => (a >= b ? 1 : 0);
    case "and":
      return (a, b) => a & b;
    case "or":
      return (a, b) => a | b;
    case "bitand":
      return (a, b) => a & b;
    case "shr":
      return elem === "u32" ? (a, b) => a >>> b : (a, b) => a >> b;
    case "shl":
      return (a, b) => a << b;
  }
};

/** Conversion by value, before rounding: floats to integers truncate and saturate. */
export const castOp = (from: Elem, to: Elem): Op1 => {
  if (to === "bool") return (a) => (a === 0 ? 0 : 1);
  if (!isInt(to) || isInt(from) || from === "bool") return (a) => a;
  const [low, high] = to === "i32" ? [-2147483648, 2147483647] : [0, 4294967295];
  return (a) => (Number.isNaN(a) ? 0 : Math.min(high, Math.max(low, Math.trunc(a))));
};

const bits = new DataView(new ArrayBuffer(4));
const write: Readonly<Record<Elem, (x: number) => void>> = {
  f32: (x) => bits.setFloat32(0, x),
  i32: (x) => bits.setInt32(0, x),
  u32: (x) => bits.setUint32(0, x),
  f16: (x) => bits.setFloat32(0, x),
  bool: (x) => bits.setUint32(0, x),
};
const read: Readonly<Record<Elem, () => number>> = {
  f32: () => bits.getFloat32(0),
  i32: () => bits.getInt32(0),
  u32: () => bits.getUint32(0),
  f16: () => bits.getFloat32(0),
  bool: () => bits.getUint32(0),
};

/** The same 32 bits as another type. */
export const bitcastOp =
  (from: Elem, to: Elem): Op1 =>
  (a) => {
    write[from](a);
    return read[to]();
  };
