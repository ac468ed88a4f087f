/** The typing rules of Tile IR expressions. */
import { isComparison, isFloat, isInt, sameType, vtype } from "./build.ts";
import { printExpr, printType } from "./print.ts";
import type { Buffer, Expr, TBinary, TUnary, VType } from "./tile.ts";
import { operands } from "./walk.ts";

/** What is visible at an expression. */
export type Visible = {
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly uniforms: ReadonlyMap<string, VType>;
  /** Variables; `length` null for those that are no arrays. `mutable`: may be set. */
  readonly names: ReadonlyMap<
    string,
    { readonly type: VType; readonly length: number | null; readonly mutable: boolean }
  >;
};

const RANGES = { i32: [-2147483648, 2147483647], u32: [0, 4294967295], bool: [0, 1] } as const;

const literal = (value: number, t: VType): string | null => {
  // A constant made of sizes is whatever it is; what no literal can say is made from bits.
  if (t.elem === "f32" || t.elem === "f16") return null;
  const [low, high] = RANGES[t.elem];
  return Number.isInteger(value) && value >= low && value <= high ? null : `${value} is no ${t.elem}`;
};

const same = (e: Expr, ...types: readonly VType[]): string | null => {
  const odd = types.find((t) => !sameType(t, e.type));
  return odd === undefined ? null : `${printType(odd)} where ${printType(e.type)} is the type`;
};

const unaryRule = (op: TUnary, t: VType): boolean => {
  switch (op) {
    case "not":
      return t.elem === "bool";
    case "neg":
    case "abs":
    case "sign":
      return isFloat(t) || t.elem === "i32";
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
      return isFloat(t);
  }
};

const binaryRule = (op: TBinary, t: VType): boolean => {
  switch (op) {
    case "and":
    case "or":
      return t.elem === "bool";
    case "bitand":
    case "shr":
    case "shl":
      return isInt(t);
    case "pow":
      return isFloat(t);
    case "==":
    case "!=":
      return true;
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "floordiv":
    case "floormod":
    case "min":
    case "max":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return t.elem !== "bool";
  }
};

const binary = (e: Expr & { readonly kind: "binary" }): string | null => {
  const [a, b] = [e.a.type, e.b.type];
  const isShift = e.op === "shr" || e.op === "shl";
  if (isShift ? !isInt(b) || a.width !== b.width : !sameType(a, b)) return `${printType(a)} ${e.op} ${printType(b)}`;
  if (!binaryRule(e.op, a)) return `no ${e.op} on ${printType(a)}`;
  return same(e, isComparison(e.op) ? vtype("bool", a.width) : a);
};

const index = (e: Expr, length: number | null): string | null => {
  if (!isInt(e.type) || e.type.width !== 1) return `an index of type ${printType(e.type)}`;
  if (e.kind !== "lit" || (e.value >= 0 && (length === null || e.value < length))) return null;
  return `index ${e.value} is out of ${length ?? "bounds"}`;
};

/** A load, element, store or setElement: what is wrong with the index. */
export const indexRule = index;

const subgroup = (e: Expr & { readonly kind: "subgroup" }): string | null => {
  const needsLane = e.op === "shuffle" || e.op === "broadcast" || e.op === "shuffleXor";
  if (needsLane !== (e.lane !== null)) return needsLane ? `${e.op} without a lane` : `${e.op} with a lane`;
  if (e.lane !== null && (!isInt(e.lane.type) || e.lane.type.width !== 1))
    return `a lane of type ${printType(e.lane.type)}`;
  if (e.op === "broadcast" && e.lane?.kind !== "lit") return "broadcast from a lane that is no literal";
  return e.a.type.elem === "bool" ? `no ${e.op} on bool` : same(e, e.a.type);
};

const rule = (e: Expr, v: Visible): string | null => {
  switch (e.kind) {
    case "lit":
      return literal(e.value, e.type);
    case "infinity":
      return isFloat(e.type) ? null : `infinity of type ${printType(e.type)}`;
    case "ref": {
      const found = v.names.get(e.name);
      if (found === undefined) return `${e.name} is not defined here`;
      return found.length === null ? same(e, found.type) : `${e.name} is an array`;
    }
    case "uniform": {
      const found = v.uniforms.get(e.name);
      return found === undefined ? `no uniform ${e.name}` : same(e, found);
    }
    case "builtin":
      return same(e, vtype("i32"));
    case "load": {
      const found = v.buffers.get(e.buffer);
      return found === undefined ? `no buffer ${e.buffer}` : (index(e.index, found.length) ?? same(e, found.type));
    }
    case "element": {
      const found = v.names.get(e.array);
      if (found === undefined || found.length === null) return `${e.array} is no array here`;
      return index(e.index, found.length) ?? same(e, found.type);
    }
    case "unary":
      return unaryRule(e.op, e.a.type) ? same(e, e.a.type) : `no ${e.op} on ${printType(e.a.type)}`;
    case "binary":
      return binary(e);
    case "select": {
      const { type: c } = e.cond;
      if (c.elem !== "bool" || (c.width !== 1 && c.width !== e.type.width))
        return `a condition of type ${printType(c)}`;
      return same(e, e.a.type, e.b.type);
    }
    case "cast":
      return e.a.type.width === e.type.width ? null : `${printType(e.a.type)} cast to ${printType(e.type)}`;
    case "bitcast": {
      const ok =
        [e.a.type, e.type].every((t) => t.elem !== "bool" && t.elem !== "f16") && e.a.type.width === e.type.width;
      return ok ? null : `the bits of ${printType(e.a.type)} as ${printType(e.type)}`;
    }
    case "splat":
      return e.type.width > 1 ? same({ ...e, type: vtype(e.type.elem) }, e.a.type) : "a splat to a scalar";
    case "vector": {
      const scalar = { ...e, type: vtype(e.type.elem) };
      return e.parts.length === e.type.width
        ? same(scalar, ...e.parts.map((p) => p.type))
        : `${e.parts.length} parts for ${printType(e.type)}`;
    }
    case "component":
      return e.at >= 0 && e.at < e.a.type.width && e.a.type.width > 1
        ? same(e, vtype(e.a.type.elem))
        : `component ${e.at} of ${printType(e.a.type)}`;
    case "dot":
      return e.a.type.width > 1 && sameType(e.a.type, e.b.type) && e.a.type.elem !== "bool"
        ? same(e, vtype(e.a.type.elem))
        : `dot of ${printType(e.a.type)} and ${printType(e.b.type)}`;
    case "fma":
      return isFloat(e.type) ? same(e, e.a.type, e.b.type, e.c.type) : `fma of type ${printType(e.type)}`;
    case "subgroup":
      return subgroup(e);
  }
};

/** Everything wrong with an expression and its operands, innermost first. */
export const checkExpr = (e: Expr, v: Visible): readonly string[] => {
  const own = rule(e, v);
  return [...operands(e).flatMap((x) => checkExpr(x, v)), ...(own === null ? [] : [`${own}, in ${printExpr(e)}`])];
};
