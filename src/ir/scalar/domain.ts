/**
 * Does a condition hold nowhere, everywhere or somewhere in a box of indices? Integer expressions are evaluated in interval
 * arithmetic over collected linear forms, conditions in Kleene's three-valued logic. "empty" and "full" are certain; a
 * "partial" may be either: correct, only slower.
 */
import { evalSize } from "../../base/size.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { nodeAt } from "../graph/walk.ts";
import { type AffineContext, type Linear, keyOfLinear, linAdd, linearOf } from "./affine.ts";
import { type Part, contradicts } from "./contradiction.ts";
import {
  ALL,
  type Interval,
  type Truth,
  absI,
  addI,
  andT,
  equal,
  floorDivI,
  floorModI,
  hull,
  interval,
  lessEqual,
  maxI,
  minI,
  mulI,
  notT,
  orT,
  point,
  rising,
  squareI,
} from "./interval.ts";
import { rangeAnalysis } from "./range.ts";
import type { RangeSource } from "./ranges.ts";

export type TileClass = "empty" | "full" | "partial";

/** Ranges of the indices of some axes, both ends included. The other axes run over their whole size. */
export type Box = ReadonlyMap<AxisId, Interval>;

/** What is known about the parameters; null: unknown. `load`: the range of a tensor's values over ranges of its indices. */
export type DomainEnv = {
  readonly size: (name: string) => number | null;
  readonly scalar: (name: string) => number | null;
  readonly load?: (tensor: string, at: readonly Interval[]) => Interval | null;
};

/** The class of a condition over a box. `where` null holds everywhere. */
export const classify = (g: RangeSource, where: NodeId | null, box: Box, env: DomainEnv): TileClass =>
  classifier(g, where, env)(box);

/** `classify` for many boxes: what does not depend on the box is done once. */
export const classifier = (g: RangeSource, where: NodeId | null, env: DomainEnv): ((box: Box) => TileClass) => {
  if (where === null) return () => "full";
  const forms = formsOf(g);
  return (box) => {
    const holds = truth(evaluation(g, forms, box, env), where, false);
    return holds === 1 ? "full" : holds === 0 ? "empty" : "partial";
  };
};

/** The range of an i32 node over a box. */
export const intRange = (g: RangeSource, id: NodeId, box: Box, env: DomainEnv): Interval =>
  evaluation(g, formsOf(g), box, env).int(id);

type Forms = (id: NodeId) => Linear;

const formsOf = (g: RangeSource): Forms => {
  const cx = affineContext(g);
  const known = new Map<NodeId, Linear>();
  return (id) => {
    const form = known.get(id) ?? linearOf(cx, id);
    known.set(id, form);
    return form;
  };
};

/** Linear forms look up nodes and axes here. */
const affineContext = (g: RangeSource): AffineContext => ({
  nodes: g.nodes,
  node: (id) => nodeAt(g, id),
  axis: (id) => {
    const axis = g.axes.find((a) => a.id === id);
    if (axis === undefined) throw new Error(`no axis ${id}`);
    return axis as ReturnType<AffineContext["axis"]>;
  },
});

/** One box: ranges of integer nodes, linear forms and floats in it. */
type Evaluation = {
  readonly g: RangeSource;
  readonly forms: Forms;
  readonly int: (id: NodeId) => Interval;
  readonly linear: (form: Linear) => Interval;
  readonly float: (id: NodeId) => Interval;
  readonly load: (node: Extract<Node, { kind: "load" }>) => Interval;
  readonly scalar: (name: string) => Interval;
  /** Truths found so far, by node and negation. */
  readonly truths: Map<string, Truth>;
};

const evaluation = (g: RangeSource, forms: Forms, box: Box, env: DomainEnv): Evaluation => {
  const known = (value: number | null): Interval => (value === null ? ALL : point(value));
  const size = (name: string): Interval => {
    const value = env.size(name) ?? env.scalar(name);
    return value === null ? interval(0, Infinity) : point(value);
  };
  const axis = (id: AxisId): Interval => {
    const given = box.get(id);
    if (given !== undefined) return given;
    const declared = g.axes.find((a) => a.id === id)?.size ?? NaN;
    const n = evalSize(declared, (name) => size(name).hi);
    return interval(0, Number.isFinite(n) ? Math.max(0, n - 1) : Infinity);
  };
  const scalar = (name: string): Interval => known(env.scalar(name));
  const atom = (id: NodeId | string): Interval =>
    typeof id === "string" ? size(id.slice(1)) : atomRange(cx, nodeAt(g, id), axis);
  const memo = new Map<NodeId | string, Interval>();
  const atomOnce = (id: NodeId | string): Interval => {
    const range = memo.get(id) ?? atom(id);
    memo.set(id, range);
    return range;
  };
  const linear = (form: Linear): Interval =>
    [...form.terms].reduce((sum, [id, c]) => addI(sum, mulI(point(c), atomOnce(id))), point(form.constant));
  const floats = rangeAnalysis(g, {
    axisRange: axis,
    sizeRange: size,
    scalarRange: (name) => (env.scalar(name) === null ? null : scalar(name)),
  });
  const cx: Evaluation = {
    g,
    forms,
    int: (id) => linear(forms(id)),
    linear,
    float: floats,
    load: (node) =>
      env.load?.(
        node.tensor,
        node.at.map((id) => cx.int(id)),
      ) ?? (node.ty === "bool" ? interval(0, 1) : ALL),
    scalar,
    truths: new Map(),
  };
  return cx;
};

/** The range of an integer node that is not a sum or a multiple of others. */
const atomRange = (cx: Evaluation, node: Node, axis: (id: AxisId) => Interval): Interval => {
  switch (node.kind) {
    case "const":
      return point(node.value);
    case "index":
      return axis(node.axis);
    case "size":
    case "scalar":
      return cx.scalar(node.name);
    case "load":
      return cx.load(node);
    case "unary":
      if (node.op === "abs") return absI(cx.int(node.a));
      if (node.op === "sign") return rising(Math.sign, cx.int(node.a));
      return cx.float(node.id);
    case "binary":
      return atomBinary(cx, node);
    case "select": {
      const cond = truth(cx, node.cond, false);
      if (cond !== "?") return cx.int(cond === 1 ? node.a : node.b);
      return hull(cx.int(node.a), cx.int(node.b));
    }
    case "reduce":
    case "carried":
    case "scan":
      return cx.float(node.id);
  }
};

const atomBinary = (cx: Evaluation, node: Extract<Node, { kind: "binary" }>): Interval => {
  const [a, b] = [cx.int(node.a), cx.int(node.b)];
  if (node.op === "min") return minI(a, b);
  if (node.op === "max") return maxI(a, b);
  if (node.op === "/") return floorDivI(a, b);
  if (node.op === "%") return floorModI(a, b);
  if (node.op !== "*") return cx.float(node.id);
  return keyOfLinear(cx.forms(node.a)) === keyOfLinear(cx.forms(node.b)) ? squareI(a) : mulI(a, b);
};

/** Kleene value of a condition, or of its negation. */
const truth = (cx: Evaluation, id: NodeId, negated: boolean): Truth => {
  const key = `${id} ${negated}`;
  const found = cx.truths.get(key) ?? newTruth(cx, id, negated);
  cx.truths.set(key, found);
  return found;
};

const newTruth = (cx: Evaluation, id: NodeId, negated: boolean): Truth => {
  const node = nodeAt(cx.g, id);
  if (node.kind === "unary" && node.op === "not") return truth(cx, node.a, !negated);
  if (node.kind === "binary" && (node.op === "and" || node.op === "or")) return junction(cx, id, node.op, negated);
  const t = plainTruth(cx, node);
  return negated ? notT(t) : t;
};

/** `and` is a conjunction; `or` is the negation of the conjunction of its negated parts. */
const junction = (cx: Evaluation, id: NodeId, op: "and" | "or", negated: boolean): Truth => {
  const parts = flatten(cx, id, op, op === "or");
  const all = parts.reduce<Truth>((t, p) => andT(t, truth(cx, p.id, p.negated)), 1);
  const t = all === "?" && contradicts(cx, parts) ? 0 : all;
  return (op === "or") === negated ? t : notT(t);
};

/** The parts of a chain of `op`, each negated or not; `not` of the other junction goes on the same chain. */
const flatten = (cx: Evaluation, root: NodeId, outer: "and" | "or", negated: boolean): Part[] => {
  const out: Part[] = [];
  const seen = new Set<string>();
  const open = [{ id: root, op: outer, negated }];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const { id, op, negated: not } = part;
    const key = `${id} ${not}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const node = nodeAt(cx.g, id);
    if (node.kind === "binary" && node.op === op) open.push({ ...part, id: node.b }, { ...part, id: node.a });
    else if (node.kind === "unary" && node.op === "not")
      open.push({ id: node.a, op: op === "and" ? "or" : "and", negated: !not });
    else out.push({ id, negated: not });
  }
  return out;
};

const plainTruth = (cx: Evaluation, node: Node): Truth => {
  if (node.kind === "select") {
    const cond = truth(cx, node.cond, false);
    const [a, b] = [truth(cx, node.a, false), truth(cx, node.b, false)];
    return cond === 1 ? a : cond === 0 ? b : a === b ? a : "?";
  }
  if (node.kind === "load") return known(cx.load(node));
  if (node.kind === "scalar") return known(cx.scalar(node.name));
  if (node.kind !== "binary") return known(cx.float(node.id));
  const ty = nodeAt(cx.g, node.a).ty;
  if (ty === "bool") return sameTruth(node.op === "!=", truth(cx, node.a, false), truth(cx, node.b, false));
  const [a, b] =
    ty === "i32"
      ? [cx.linear(linAdd(cx.forms(node.a), cx.forms(node.b), -1)), point(0)]
      : [cx.float(node.a), cx.float(node.b)];
  return compare(node.op, a, b);
};

const known = (r: Interval): Truth => (r.lo > 0 ? 1 : r.hi < 1 ? 0 : "?");

const sameTruth = (differ: boolean, a: Truth, b: Truth): Truth => {
  const same = orT(andT(a, b), andT(notT(a), notT(b)));
  return differ ? notT(same) : same;
};

const compare = (op: Extract<Node, { kind: "binary" }>["op"], a: Interval, b: Interval): Truth => {
  if (op === "==") return equal(a, b);
  if (op === "!=") return notT(equal(a, b));
  if (op === "<=") return lessEqual(a, b);
  if (op === ">=") return lessEqual(b, a);
  if (op === "<") return notT(lessEqual(b, a));
  if (op === ">") return notT(lessEqual(a, b));
  return "?";
};
