/**
 * Which signs a value can have: the analysis that the side conditions of the rewriting rules ask. Finer than an interval where it
 * matters (`exp` is positive, not only at least zero), and met with the interval. About exact arithmetic on finite inputs; what is
 * not a number there has no sign, so "positive" reads: positive wherever it is a number.
 */
import type { Node, NodeId } from "../graph/graph.ts";
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";
import { inOrder, nodeAt } from "../graph/walk.ts";
import { rangeAnalysis } from "./range.ts";
import type { RangeSource } from "./ranges.ts";

/** A set of signs, as bits. */
export type Signs = number;
export const NEGATIVE: Signs = 1;
export const ZERO: Signs = 2;
export const POSITIVE: Signs = 4;
const ANY: Signs = 7;

type Reduce = Extract<Node, { kind: "reduce" }>;

export type SignOptions = {
  /** Reductions that are known to have a cell: what is asked for only matters where they do. */
  readonly nonEmpty?: (r: Reduce) => boolean;
};

/** A function that gives the possible signs of any node, looking at each node once. */
export const signAnalysis = (g: RangeSource, options: SignOptions = {}): ((id: NodeId) => Signs) => {
  const known = new Map<NodeId, Signs>();
  const range = rangeAnalysis(g);
  const hasCell = (r: Reduce): boolean =>
    options.nonEmpty?.(r) === true ||
    (r.where === null && r.over.every((a) => Number(g.axes.find((x) => x.id === a)?.size) >= 1));
  const byRule = (n: Node): Signs => {
    const of = (id: NodeId): Signs => known.get(id) ?? ANY;
    switch (n.kind) {
      case "const":
        return signOf(n.value);
      case "index":
      case "size":
        return ZERO | POSITIVE;
      case "scalar":
      case "load":
      case "carried":
      case "scan":
        return ANY;
      case "unary":
        return unarySigns(n.op, of(n.a));
      case "binary":
        return binarySigns(g, n, of(n.a), of(n.b));
      case "select":
        return of(n.a) | of(n.b);
      case "reduce":
        return reduceSigns(n, of(n.body), hasCell(n));
    }
  };
  return (root) => {
    const found = known.get(root);
    if (found !== undefined) return found;
    for (const n of inOrder(g, [root], known)) {
      const { lo, hi } = range(n.id);
      const byRange = (lo < 0 ? NEGATIVE : 0) | (lo <= 0 && hi >= 0 ? ZERO : 0) | (hi > 0 ? POSITIVE : 0);
      known.set(n.id, byRule(n) & byRange);
    }
    return known.get(root) ?? ANY;
  };
};

/** Whether only these signs are possible. */
export const isOnly = (signs: Signs, allowed: Signs): boolean => (signs & ~allowed) === 0;

const signOf = (x: number): Signs => (Number.isNaN(x) ? ANY : x < 0 ? NEGATIVE : x > 0 ? POSITIVE : ZERO);

const swapped = (s: Signs): Signs => (s & NEGATIVE ? POSITIVE : 0) | (s & ZERO) | (s & POSITIVE ? NEGATIVE : 0);

const unarySigns = (op: UnaryOp, a: Signs): Signs => {
  switch (op) {
    case "neg":
      return swapped(a);
    case "abs":
      return (a & (ZERO | POSITIVE)) | swapped(a & NEGATIVE);
    case "exp":
    case "exp2":
    case "rsqrt":
      return POSITIVE;
    case "sqrt":
      return a & (ZERO | POSITIVE);
    case "tanh":
    case "erf":
    case "sign":
    case "float":
      return a;
    case "floor":
      return a | (a & POSITIVE ? ZERO : 0);
    case "ceil":
      return a | (a & NEGATIVE ? ZERO : 0);
    case "round":
    case "int":
      return a | ZERO;
    case "log":
    case "log2":
    case "sin":
    case "cos":
    case "not":
      return ANY;
  }
};

/** Every pair of a sign of the one and a sign of the other. */
const pairs = (a: Signs, b: Signs, of: (x: -1 | 0 | 1, y: -1 | 0 | 1) => Signs): Signs => {
  const list = (s: Signs): (-1 | 0 | 1)[] => ([-1, 0, 1] as const).filter((x) => s & signOf(x));
  return list(a).reduce<Signs>((all, x) => list(b).reduce<Signs>((some, y) => some | of(x, y), all), 0);
};

const binarySigns = (g: RangeSource, n: Extract<Node, { kind: "binary" }>, a: Signs, b: Signs): Signs => {
  const of = (op: BinaryOp): Signs => {
    switch (op) {
      case "+":
        return pairs(a, b, (x, y) => (x * y < 0 ? ANY : signOf(x + y)));
      case "-":
        return pairs(a, b, (x, y) => (x * y > 0 ? ANY : signOf(x - y)));
      case "*":
        return n.a === n.b
          ? (a & ZERO) | (a & (NEGATIVE | POSITIVE) ? POSITIVE : 0)
          : pairs(a, b, (x, y) => signOf(x * y));
      case "/":
        // An integer quotient floors: it may be zero where the real one is positive.
        return pairs(a, b, (x, y) =>
          y === 0 ? ANY : n.ty === "i32" ? (x * y < 0 ? NEGATIVE : signOf(x * y) | ZERO) : signOf(x * y),
        );
      case "min":
        return pairs(a, b, (x, y) => signOf(Math.min(x, y)));
      case "max":
        return pairs(a, b, (x, y) => signOf(Math.max(x, y)));
      case "pow":
        return powerSigns(nodeAt(g, n.b), a);
      case "%":
      case "==":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=":
      case "and":
      case "or":
        return ANY;
    }
  };
  return of(n.op);
};

const powerSigns = (exponent: Node, base: Signs): Signs => {
  if (isOnly(base, POSITIVE)) return POSITIVE;
  const even = exponent.kind === "const" && Number.isInteger(exponent.value) && exponent.value % 2 === 0;
  return even || isOnly(base, ZERO | POSITIVE) ? ZERO | POSITIVE : ANY;
};

const reduceSigns = (n: Reduce, body: Signs, hasCell: boolean): Signs => {
  switch (n.op) {
    case "sum":
    case "cumsum": {
      const mixed = (body & NEGATIVE) !== 0 && (body & POSITIVE) !== 0;
      return mixed ? ANY : body | (hasCell && n.op === "sum" ? 0 : ZERO);
    }
    case "prod":
      return isOnly(body, POSITIVE) ? POSITIVE : isOnly(body, ZERO | POSITIVE) ? ZERO | POSITIVE : ANY;
    case "max":
    case "kth":
      return body | (hasCell ? 0 : NEGATIVE);
    case "min":
      return body | (hasCell ? 0 : POSITIVE);
    case "var":
    case "argmax":
    case "argmin":
      return ZERO | POSITIVE;
  }
};
