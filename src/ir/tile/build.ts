/**
 * Constructors for Tile IR that give each expression its type and fold the constants that index arithmetic leaves behind
 * (`i * 1`, `i + 0`, `2 * 3`), so that lowerings can be written plainly and the generated code stays readable.
 */
import type { SizeExpr } from "../../base/size.ts";
import {
  BOOL,
  F32,
  I32,
  U32,
  type Buffer,
  type Elem,
  type Expr,
  type Stmt,
  type TBinary,
  type TUnary,
  type VType,
} from "./tile.ts";

const SCALARS: Readonly<Record<Elem, VType>> = {
  f32: F32,
  f16: { elem: "f16", width: 1 },
  i32: I32,
  u32: U32,
  bool: BOOL,
};

/** The vector (or scalar, width 1) type with these elements. */
export const vtype = (elem: Elem, width: 1 | 2 | 4 = 1): VType => (width === 1 ? SCALARS[elem] : { elem, width });
export const sameType = (a: VType, b: VType): boolean => a.elem === b.elem && a.width === b.width;
export const isInt = (t: VType): boolean => t.elem === "i32" || t.elem === "u32";
export const isFloat = (t: VType): boolean => t.elem === "f32" || t.elem === "f16";

/** A literal; of a vector type: the same value in every component. `true` is 1, `false` 0. */
export const lit = (value: number | boolean, type: VType): Expr => ({ kind: "lit", value: Number(value), type });
export const f32 = (value: number): Expr => lit(value, F32);
export const i32 = (value: number): Expr => lit(value, I32);
export const u32 = (value: number): Expr => lit(value, U32);
export const bool = (value: boolean): Expr => lit(value, BOOL);
export const zero = (type: VType): Expr => lit(0, type);
export const infinity = (sign: 1 | -1): Expr => ({ kind: "infinity", sign, type: F32 });

export const ref = (name: string, type: VType): Expr => ({ kind: "ref", name, type });
export const uniform = (name: string, type: VType = I32): Expr => ({ kind: "uniform", name, type });
export const lane: Expr = { kind: "builtin", name: "lane", type: I32 };
export const group: Expr = { kind: "builtin", name: "group", type: I32 };
export const subgroupLane: Expr = { kind: "builtin", name: "subgroup_lane", type: I32 };
export const subgroupSize: Expr = { kind: "builtin", name: "subgroup_size", type: I32 };

export const load = (buffer: Buffer, index: Expr): Expr => ({
  kind: "load",
  buffer: buffer.name,
  index,
  type: buffer.type,
});
export const element = (array: string, type: VType, index: Expr): Expr => ({ kind: "element", array, index, type });
export const unary = (op: TUnary, a: Expr): Expr => ({ kind: "unary", op, a, type: a.type });

const COMPARISONS: ReadonlySet<TBinary> = new Set<TBinary>(["==", "!=", "<", "<=", ">", ">="]);
export const isComparison = (op: TBinary): boolean => COMPARISONS.has(op);

const DIVISIONS: ReadonlySet<TBinary> = new Set<TBinary>(["/", "%", "floordiv", "floormod"]);

const foldInts = (op: TBinary, a: number, b: number): number | boolean | null => {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? null : Math.trunc(a / b);
    case "%":
      return b === 0 ? null : a % b;
    case "floordiv":
      return b === 0 ? null : Math.floor(a / b);
    case "floormod":
      return b === 0 ? null : a - b * Math.floor(a / b);
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "pow":
    case "and":
    case "or":
    case "bitand":
    case "shr":
    case "shl":
      return null;
  }
};

const isLit = (e: Expr, value: number): boolean => e.kind === "lit" && e.value === value;

/** The folded form of an integer or boolean operation, or null when nothing is known. Floats are left alone. */
const fold = (op: TBinary, a: Expr, b: Expr, type: VType): Expr | null => {
  if (a.type.elem === "bool" && a.type.width === 1) {
    if (op === "and") return isLit(a, 1) ? b : isLit(b, 1) ? a : isLit(a, 0) || isLit(b, 0) ? bool(false) : null;
    if (op === "or") return isLit(a, 0) ? b : isLit(b, 0) ? a : isLit(a, 1) || isLit(b, 1) ? bool(true) : null;
    return null;
  }
  if (!isInt(a.type)) return null;
  // WGSL refuses a literal zero as divisor; only cells along an axis of size 0, which do not exist, ask for one.
  if (DIVISIONS.has(op) && isLit(b, 0)) return lit(0, type);
  if (a.kind === "lit" && b.kind === "lit") {
    const value = foldInts(op, a.value, b.value);
    const low = a.type.elem === "i32" ? -2147483648 : 0;
    const high = a.type.elem === "i32" ? 2147483647 : 4294967295;
    return value === null || Number(value) < low || Number(value) > high ? null : lit(value, type);
  }
  if (op === "+" && isLit(a, 0)) return b;
  if ((op === "+" || op === "-") && isLit(b, 0)) return a;
  if (op === "*" && (isLit(a, 0) || isLit(b, 0))) return zero(type);
  if (op === "*" && isLit(a, 1)) return b;
  if ((op === "*" || op === "/" || op === "floordiv") && isLit(b, 1)) return a;
  if ((op === "%" || op === "floormod") && isLit(b, 1)) return zero(type);
  // (x + c) + d: keeps unrolled index arithmetic short.
  if (op === "+" && b.kind === "lit" && a.kind === "binary" && a.op === "+" && a.b.kind === "lit") {
    const sum = a.b.value + b.value;
    return Math.abs(sum) > 2147483647 || sum < 0 ? null : binary("+", a.a, lit(sum, type));
  }
  return null;
};

/** A binary operation; comparisons are bool. Integer constants and units fold. */
export const binary = (op: TBinary, a: Expr, b: Expr): Expr => {
  const type = isComparison(op) ? vtype("bool", a.type.width) : a.type;
  return fold(op, a, b, type) ?? { kind: "binary", op, a, b, type };
};
export const add = (a: Expr, b: Expr): Expr => binary("+", a, b);
export const sub = (a: Expr, b: Expr): Expr => binary("-", a, b);
export const mul = (a: Expr, b: Expr): Expr => binary("*", a, b);
export const div = (a: Expr, b: Expr): Expr => binary("/", a, b);
export const mod = (a: Expr, b: Expr): Expr => binary("%", a, b);
export const min = (a: Expr, b: Expr): Expr => binary("min", a, b);
export const max = (a: Expr, b: Expr): Expr => binary("max", a, b);
export const eq = (a: Expr, b: Expr): Expr => binary("==", a, b);
export const lt = (a: Expr, b: Expr): Expr => binary("<", a, b);
export const le = (a: Expr, b: Expr): Expr => binary("<=", a, b);
export const gt = (a: Expr, b: Expr): Expr => binary(">", a, b);
export const ge = (a: Expr, b: Expr): Expr => binary(">=", a, b);
export const and = (a: Expr, b: Expr): Expr => binary("and", a, b);
export const or = (a: Expr, b: Expr): Expr => binary("or", a, b);
export const not = (a: Expr): Expr => (a.kind === "lit" ? lit(1 - a.value, a.type) : unary("not", a));

/** `cond ? a : b`. */
export const select = (cond: Expr, a: Expr, b: Expr): Expr =>
  isLit(cond, 1) ? a : isLit(cond, 0) ? b : { kind: "select", cond, a, b, type: a.type };
export const cast = (a: Expr, elem: Elem): Expr =>
  a.type.elem === elem ? a : { kind: "cast", a, type: vtype(elem, a.type.width) };
export const bitcast = (a: Expr, elem: Elem): Expr =>
  a.type.elem === elem ? a : { kind: "bitcast", a, type: vtype(elem, a.type.width) };
export const splat = (a: Expr, width: 1 | 2 | 4): Expr =>
  width === a.type.width
    ? a
    : a.kind === "lit"
      ? lit(a.value, vtype(a.type.elem, width))
      : { kind: "splat", a, type: vtype(a.type.elem, width) };
export const vector = (parts: readonly Expr[]): Expr => {
  const first = parts[0];
  if (first === undefined) throw new Error("a vector needs parts");
  return { kind: "vector", parts, type: vtype(first.type.elem, parts.length === 2 ? 2 : 4) };
};
export const component = (a: Expr, at: number): Expr =>
  a.type.width === 1 ? a : { kind: "component", a, at, type: vtype(a.type.elem) };
export const dot = (a: Expr, b: Expr): Expr => ({ kind: "dot", a, b, type: vtype(a.type.elem) });
export const fma = (a: Expr, b: Expr, c: Expr): Expr => ({ kind: "fma", a, b, c, type: a.type });
export const subgroup = (
  op: "shuffle" | "broadcast" | "shuffleXor" | "add" | "max" | "min",
  a: Expr,
  at: Expr | null = null,
): Expr => ({
  kind: "subgroup",
  op,
  a,
  lane: at,
  type: a.type,
});

/** A size as an i32 expression; each symbol by `lookup` (default: the uniform of that name). Sizes are >= 0. */
export const sizeToExpr = (e: SizeExpr, lookup: (name: string) => Expr = (name) => uniform(name)): Expr => {
  if (typeof e === "number") return i32(e);
  if (typeof e === "string") return lookup(e);
  const a = sizeToExpr(e[1], lookup);
  const b = sizeToExpr(e[2], lookup);
  if (e[0] !== "ceil/") return binary(e[0], a, b);
  return b.kind === "lit" && b.value === 1
    ? a
    : div(b.kind === "lit" ? add(a, i32(b.value - 1)) : sub(add(a, b), i32(1)), b);
};

export const letStmt = (name: string, value: Expr): Stmt => ({ kind: "let", name, value });
export const varStmt = (name: string, type: VType, init: Expr | null = null): Stmt => ({
  kind: "var",
  name,
  type,
  init,
});
export const arrayStmt = (name: string, type: VType, length: number, init: Expr | null = null): Stmt => ({
  kind: "array",
  name,
  type,
  length,
  init,
});
export const set = (name: string, value: Expr): Stmt => ({ kind: "set", name, value });
export const setElement = (array: string, index: Expr, value: Expr): Stmt => ({
  kind: "setElement",
  array,
  index,
  value,
});
export const store = (buffer: Buffer, index: Expr, value: Expr): Stmt => ({
  kind: "store",
  buffer: buffer.name,
  index,
  value,
});
export const ifStmt = (cond: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt => ({
  kind: "if",
  cond,
  then,
  else: otherwise,
});
export const forStmt = (name: string, from: Expr, to: Expr, step: Expr, body: readonly Stmt[]): Stmt => ({
  kind: "for",
  name,
  from,
  to,
  step,
  body,
});
export const barrier: Stmt = { kind: "barrier" };
export const comment = (text: string): Stmt => ({ kind: "comment", text });
