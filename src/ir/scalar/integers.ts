/**
 * What integers may be at run time, as intervals of exact integers: it decides where 32 bits do not suffice for a sum, so that the
 * lowering writes it differently there (`lower/integers.ts`).
 */
import { first } from "../../base/must.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import { inOrder } from "../graph/walk.ts";
import {
  absI,
  addI,
  hull,
  interval,
  maxI,
  meet,
  minI,
  mulI,
  negI,
  point,
  rising,
  subI,
  type Interval,
} from "./interval.ts";
import { evalSize, type SizeExpr } from "../../base/size.ts";

export const LEAST_I32 = -2147483648;
export const GREATEST_I32 = 2147483647;
const I32: Interval = interval(LEAST_I32, GREATEST_I32);

/** Largest size that index arithmetic reckons with: as many f32 as a binding of 2 GiB holds. */
const MAX_SIZE = 2 ** 29;

/** Ranges of what is loaded, by tensor, and axes whose index is no index (data that stand for one). */
export type IntegerEnv = {
  readonly loaded: (tensor: string) => Interval;
  readonly opaque: ReadonlySet<AxisId>;
  /** The axes of each tensor. */
  readonly tensors: readonly (readonly AxisId[])[];
};

/** Bounds that steps, members and tiles can be added to. */
export const TAME: Interval = interval(-(2 ** 30), 2 ** 30);

export const fits = (r: Interval, within: Interval = I32): boolean => r.lo >= within.lo && r.hi <= within.hi;

/** The range that a stored element type gives. */
export const rangeOfStorage = (dtype: string): Interval => {
  switch (dtype) {
    case "i8":
      return interval(-128, 127);
    case "u8":
      return interval(0, 255);
    case "i4":
      return interval(-8, 7);
    case "u4":
      return interval(0, 15);
    case "u32":
      return interval(0, GREATEST_I32);
    default:
      return I32;
  }
};

/** Ranges of i32 nodes: of the exact value, and of what stands in 32 bits when it saturates there. */
export type Integers = { readonly exact: (id: NodeId) => Interval; readonly value: (id: NodeId) => Interval };

/**
 * The ranges of a graph's integers. What a sum (`+`, `-`, negation, multiples by constants) is made of counts exactly, also beyond
 * 32 bits; anything else works on values of 32 bits.
 */
export const integerRanges = (b: GraphView, env: IntegerEnv): Integers => {
  const memo = new Map<NodeId, Interval>();
  const value = (id: NodeId): Interval => clampTo(exact(id));
  const exact = (id: NodeId): Interval => {
    // Operands first: a chain of any length is not too deep.
    if (!memo.has(id)) for (const n of inOrder(b, [id], memo)) memo.set(n.id, rangeOf(n));
    return memo.get(id) as Interval;
  };
  const rangeOf = (n: Node): Interval => {
    switch (n.kind) {
      case "const":
        return point(n.value);
      case "index":
        return env.opaque.has(n.axis) ? I32 : interval(0, Math.max(0, extent(n.axis) - 1));
      case "size":
        return interval(0, MAX_SIZE);
      case "load":
        return n.ty === "bool" ? interval(0, 1) : env.loaded(n.tensor);
      case "select":
        return hull(value(n.a), value(n.b));
      case "unary":
        return n.op === "neg"
          ? negI(exact(n.a))
          : n.op === "abs"
            ? absI(value(n.a))
            : n.op === "sign"
              ? interval(-1, 1)
              : I32;
      case "binary":
        return binaryOf(n);
      case "reduce":
        return n.op === "argmax" || n.op === "argmin"
          ? interval(0, Math.max(0, extent(first(n.over)) - 1))
          : counted(n);
      case "scalar":
      case "carried":
      case "scan":
        return I32;
    }
  };
  const shapes = [...env.tensors, ...b.axes.map((a) => [a.id])].flatMap(
    (axes) => axes.map((a) => productOf(b.axis(a).size)).reduce(times, ONE) ?? [],
  );
  /** Sizes, and indices below sizes, that are dims of one tensor or axis side by side: the product is at most the number of its cells. */
  const togetherIn = (n: Node): boolean => {
    const product = productOfNode(b, n, env.opaque);
    return product !== null && shapes.some((shape) => product.k <= shape.k && contains(shape.symbols, product.symbols));
  };
  const extent = (axis: AxisId): number => {
    const n = evalSize(b.axis(axis).size, () => NaN);
    return Number.isNaN(n) ? MAX_SIZE : n;
  };
  /** A sum over cells: nothing that exists has more cells than a size may have. Anything else is an integer. */
  const counted = (n: Node & { kind: "reduce" }): Interval =>
    n.op === "sum" || n.op === "cumsum"
      ? mulI(
          value(n.body),
          interval(
            0,
            Math.min(
              MAX_SIZE,
              n.over.reduce((k, a) => k * extent(a), 1),
            ),
          ),
        )
      : I32;
  const binaryOf = (n: Node & { kind: "binary" }): Interval => {
    const of = isSum(b, n) ? exact : value;
    const [x, y] = [of(n.a), of(n.b)];
    switch (n.op) {
      case "+":
        return addI(x, y);
      case "-":
        return subI(x, y);
      case "*":
        return togetherIn(n) ? interval(0, MAX_SIZE) : mulI(x, y);
      case "min":
        return minI(x, y);
      case "max":
        return maxI(x, y);
      case "/":
        return y.lo < 0 ? I32 : quotient(x, Math.max(1, y.lo), Math.max(1, y.hi));
      case "%":
        return y.lo < 0 ? I32 : interval(0, Math.max(0, y.hi - 1));
      default:
        return interval(0, 1);
    }
  };
  return { exact, value };
};

/** Symbols of the longest product that is looked at: no tensor has as many axes. */
const MAX_SYMBOLS = 16;

/** A product of size symbols and a number. */
type Product = { readonly symbols: readonly string[]; readonly k: number };
const ONE: Product | null = { symbols: [], k: 1 };
const times = (x: Product | null, y: Product | null): Product | null =>
  x === null || y === null || x.symbols.length + y.symbols.length > MAX_SYMBOLS
    ? null
    : { symbols: [...x.symbols, ...y.symbols], k: x.k * y.k };

/** A size as a product; null: it is none. */
const productOf = (e: SizeExpr): Product | null => {
  if (typeof e === "string") return { symbols: [e], k: 1 };
  if (typeof e === "number") return { symbols: [], k: e };
  return e[0] === "*" ? times(productOf(e[1]), productOf(e[2])) : null;
};

/** What a product of sizes and indices is at most. */
const productOfNode = (b: GraphView, n: Node, opaque: ReadonlySet<AxisId>): Product | null => {
  if (n.kind === "size") return productOf(n.name);
  if (n.kind === "index") return opaque.has(n.axis) ? null : productOf(b.axis(n.axis).size);
  if (n.kind === "const") return n.value >= 0 ? productOf(n.value) : null;
  if (n.kind !== "binary" || n.op !== "*") return null;
  const left = productOfNode(b, b.node(n.a), opaque);
  return left === null ? null : times(left, productOfNode(b, b.node(n.b), opaque));
};

/** Whether a list holds all of another, each as often. */
const contains = (list: readonly string[], part: readonly string[]): boolean => {
  const left = [...list];
  return part.every((x) => {
    const at = left.indexOf(x);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
};

/** Floor of x / d for divisors from `least` to `most`, both above zero. */
const quotient = (x: Interval, least: number, most: number): Interval =>
  hull(
    rising(Math.floor, interval(x.lo / least, x.hi / least)),
    rising(Math.floor, interval(x.lo / most, x.hi / most)),
  );

const clampTo = (r: Interval): Interval =>
  r.lo > GREATEST_I32 ? point(GREATEST_I32) : r.hi < LEAST_I32 ? point(LEAST_I32) : meet(r, I32);

/** Whether a node is part of a linear form (`affine.ts`): its operands' exact values matter, not their 32 bits. */
export const isSum = (b: GraphView, n: Node): boolean => {
  if (n.ty !== "i32") return false;
  if (n.kind === "unary") return n.op === "neg";
  if (n.kind !== "binary") return false;
  return n.op === "+" || n.op === "-" || (n.op === "*" && [n.a, n.b].some((id) => isConstant(b, id)));
};

const isConstant = (b: GraphView, id: NodeId): boolean => b.node(id).kind === "const";
