/**
 * Interval analysis: bounds of the value of a node at any point of its axes, for any inputs. It decides when a softmax needs
 * no running maximum (cosine scores, soft-capped scores). Bounds are of exact arithmetic, so leave room for rounding.
 */
import type { AxisId, Node, NodeId, Ty } from "../graph/graph.ts";
import { inOrder, nodeAt } from "../graph/walk.ts";
import { unaryFn } from "../graph/arith.ts";
import {
  absI,
  addI,
  ALL,
  andT,
  divI,
  equal,
  floorDivI,
  floorModI,
  hull,
  interval,
  lessEqual,
  maxI,
  meet,
  minI,
  mulI,
  negI,
  notT,
  orT,
  point,
  rising,
  squareI,
  subI,
  type Interval,
  type Truth,
} from "./interval.ts";
import { dotBound } from "./norm.ts";
import type { RangeEnv, Ranges, RangeSource } from "./ranges.ts";
import { evalSize } from "../../base/size.ts";

/** The bounds of one node; `rangeAnalysis` when there are several to ask. */
export const rangeOf = (g: RangeSource, id: NodeId, env: RangeEnv = {}): Interval => rangeAnalysis(g, env)(id);

/** A function that gives the bounds of any node, computing each once. */
export const rangeAnalysis = (g: RangeSource, env: RangeEnv = {}): ((id: NodeId) => Interval) => {
  const known = new Map<NodeId, Interval>();
  const axisCells = (id: AxisId): Interval => {
    const axis = g.axes.find((a) => a.id === id);
    const n = axis === undefined ? NaN : evalSize(axis.size, (name) => pointOf(env.sizeRange?.(name)));
    return Number.isNaN(n) ? interval(0, Infinity) : point(n);
  };
  const cx: Ranges = {
    g,
    range: (id) => {
      // Operands first: a chain of any length is not too deep.
      if (!known.has(id)) for (const node of inOrder(g, [id], known)) known.set(node.id, nodeRange(cx, env, node));
      return known.get(id) as Interval;
    },
    cells: (axes) => axes.map(axisCells).reduce(mulI, point(1)),
  };
  return cx.range;
};

const pointOf = (r: Interval | null | undefined): number => (r != null && r.lo === r.hi ? r.lo : NaN);

const nodeRange = (cx: Ranges, env: RangeEnv, node: Node): Interval => {
  switch (node.kind) {
    case "const":
      return Number.isNaN(node.value) ? ALL : point(node.value);
    case "index": {
      const given = env.axisRange?.(node.axis);
      return given ?? interval(0, Math.max(0, cx.cells([node.axis]).hi - 1));
    }
    case "size":
      return env.sizeRange?.(node.name) ?? interval(0, Infinity);
    case "scalar":
      return env.scalarRange?.(node.name) ?? everything(node.ty);
    case "load":
      return env.loadRange?.(node.tensor) ?? everything(node.ty);
    case "unary":
      return unaryRange(node.op, cx.range(node.a));
    case "binary":
      return binaryRange(cx, node);
    case "select": {
      const cond = cx.range(node.cond);
      if (cond.lo === cond.hi) return cx.range(cond.lo !== 0 ? node.a : node.b);
      return hull(cx.range(node.a), cx.range(node.b));
    }
    case "reduce":
      return reduceRange(cx, node);
    case "carried":
    case "scan":
      return everything(node.ty);
  }
};

const everything = (ty: Ty): Interval => (ty === "bool" ? interval(0, 1) : ALL);

const unaryRange = (op: Extract<Node, { kind: "unary" }>["op"], a: Interval): Interval => {
  const f = unaryFn(op);
  switch (op) {
    case "neg":
      return negI(a);
    case "abs":
      return absI(a);
    case "not":
      return interval(a.hi === 0 ? 1 : 0, a.lo === 1 ? 0 : 1);
    case "sin":
    case "cos":
      return interval(-1, 1);
    case "sqrt":
    case "log":
    case "log2":
      return rising(f, maxI(a, point(0)));
    case "rsqrt":
      return { lo: a.hi <= 0 ? 0 : f(a.hi), hi: a.lo <= 0 ? Infinity : f(a.lo) };
    case "exp":
    case "exp2":
    case "tanh":
    case "erf":
    case "sign":
    case "floor":
    case "ceil":
    case "round":
    case "float":
    case "int":
      return rising(f, a);
  }
};

const binaryRange = (cx: Ranges, node: Extract<Node, { kind: "binary" }>): Interval => {
  const [a, b] = [cx.range(node.a), cx.range(node.b)];
  const int = node.ty === "i32";
  switch (node.op) {
    case "+":
      return addI(a, b);
    case "-":
      return minusMaximum(cx, node) ?? subI(a, b);
    case "*":
      return node.a === node.b ? squareI(a) : mulI(a, b);
    case "/":
      return int ? floorDivI(a, b) : divI(a, b);
    case "%":
      return int ? floorModI(a, b) : ALL;
    case "pow":
      // Rising in both from (1, 0) on.
      return a.lo >= 1 && b.lo >= 0
        ? interval(a.lo ** b.lo, a.hi ** b.hi)
        : interval(a.lo >= 0 ? 0 : -Infinity, Infinity);
    case "min":
      return minI(a, b);
    case "max":
      return maxI(a, b);
    case "==":
      return truth(equal(a, b));
    case "!=":
      return truth(notT(equal(a, b)));
    case "<=":
      return truth(lessEqual(a, b));
    case ">=":
      return truth(lessEqual(b, a));
    case "<":
      return truth(notT(lessEqual(b, a)));
    case ">":
      return truth(notT(lessEqual(a, b)));
    case "and":
      return truth(andT(truthOf(a), truthOf(b)));
    case "or":
      return truth(orT(truthOf(a), truthOf(b)));
  }
};

const truth = (t: Truth): Interval => (t === "?" ? interval(0, 1) : point(t));
const truthOf = (a: Interval): Truth => (a.lo > 0 ? 1 : a.hi < 1 ? 0 : "?");

/** `x - max[j](x)` is at most 0. Only when the maximum is over all cells: outside its domain the difference may be positive. */
const minusMaximum = (cx: Ranges, node: Extract<Node, { kind: "binary" }>): Interval | null => {
  const m = nodeAt(cx.g, node.b);
  const covers = m.kind === "reduce" && m.op === "max" && m.where === null && m.body === node.a;
  return covers ? minI(subI(cx.range(node.a), cx.range(node.b)), point(0)) : null;
};

const reduceRange = (cx: Ranges, node: Extract<Node, { kind: "reduce" }>): Interval => {
  const all = cx.cells(node.over);
  const maybeEmpty = node.where !== null || all.lo === 0;
  const cells = node.where === null && node.op !== "cumsum" ? all : interval(0, all.hi);
  const x = cx.range(node.body);
  const withEmpty = (r: Interval, identity: number): Interval => (maybeEmpty ? hull(r, point(identity)) : r);
  switch (node.op) {
    case "sum": {
      const bound = dotBound(cx, node.body, node.over, node.where);
      return meet(mulI(x, cells), interval(-bound, bound));
    }
    case "cumsum":
      return mulI(x, cells);
    case "prod":
      if (x.lo >= 0 && x.hi <= 1) return withEmpty(interval(0, 1), 1);
      if (x.lo >= -1 && x.hi <= 1) return interval(-1, 1);
      return interval(x.lo >= 0 ? 0 : -Infinity, Infinity);
    case "max":
      return withEmpty(x, -Infinity);
    case "min":
      return withEmpty(x, Infinity);
    case "var": {
      // Popoviciu: the variance of values in an interval is at most a quarter of its squared width.
      const width = x.hi - x.lo;
      return interval(0, (width * width) / 4);
    }
    case "argmax":
    case "argmin":
      return interval(0, Math.max(0, all.hi - 1));
    case "kth":
      return withEmpty(x, -Infinity);
  }
};
