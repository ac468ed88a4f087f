/**
 * Bounds of Euclidean norms: a vector divided by its own length has norm at most 1, so by Cauchy-Schwarz a product of two of
 * them summed over their axis is at most 1 in magnitude. Everything here bounds sqrt(sum over some axes of node^2).
 */
import { first, item } from "../../base/must.ts";
import { sizeKey } from "../../base/size.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { dependsOn, nodeAt } from "../graph/walk.ts";
import { magnitude } from "./interval.ts";
import type { Ranges } from "./ranges.ts";
import { sameUpToAxes } from "./same.ts";

type Reduce = Extract<Node, { kind: "reduce" }>;

/** The axes summed over and the condition on them. */
type Over = {
  readonly axes: readonly AxisId[];
  readonly where: NodeId | null;
  /** Norms found so far. */
  readonly norms: Map<NodeId, number>;
};

const free = (cx: Ranges, id: NodeId, over: Over): boolean => !over.axes.some((axis) => dependsOn(cx.g, id, axis));

/** An upper bound of |sum over the axes of body|; Infinity when there is none. */
export const dotBound = (cx: Ranges, body: NodeId, axes: readonly AxisId[], where: NodeId | null): number => {
  const over: Over = { axes, where, norms: new Map() };
  const outer = split(cx, body, over);
  const node = outer.core === null ? null : nodeAt(cx.g, outer.core);
  if (node?.kind !== "binary" || node.op !== "*") return Infinity;
  const separate = times(normOf(cx, node.a, over), normOf(cx, node.b, over));
  const scale = outer.frees.reduce((p, f) => times(p, magnitudeOf(cx, f)), 1);
  return Math.min(times(scale, separate), pooled(cx, node.a, node.b, outer.frees, over));
};

/** The bound when any factor of the product may normalise either vector: `q * rq * k * rk` in whatever order. */
const pooled = (cx: Ranges, a: NodeId, b: NodeId, outer: readonly Free[], over: Over): number => {
  const [x, y] = [split(cx, a, over), split(cx, b, over)];
  if (x.core === null || y.core === null) return Infinity;
  const frees = [...outer, ...x.frees, ...y.frees];
  const choices = (core: NodeId): { at: number; norm: number }[] => [
    { at: -1, norm: coreNorm(cx, core, over) },
    ...frees.map((f, at) => ({ at, norm: normalised(cx, core, f, over) })),
  ];
  let least = Infinity;
  for (const p of choices(x.core)) {
    for (const q of choices(y.core)) {
      if (p.at === q.at && p.at !== -1) continue;
      const rest = frees.reduce((m, f, at) => (at === p.at || at === q.at ? m : times(m, magnitudeOf(cx, f))), 1);
      least = Math.min(least, times(rest, times(p.norm, q.norm)));
    }
  }
  return least;
};

const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

/** An upper bound of the norm of a node over the axes; Infinity when there is none. */
const normOf = (cx: Ranges, id: NodeId, over: Over): number => {
  const known = over.norms.get(id);
  // Each node is looked into once, and no further than so many.
  if (known !== undefined || over.norms.size >= MAX_NORMS) return known ?? Infinity;
  over.norms.set(id, Infinity);
  const found = normNew(cx, id, over);
  over.norms.set(id, found);
  return found;
};

/** Nodes of one sum whose norms are asked for: a proof that needs more is not looked for. */
const MAX_NORMS = 64;

const normNew = (cx: Ranges, id: NodeId, over: Over): number => {
  const { core, frees } = split(cx, id, over);
  const bySize = magnitude(cx.range(id)) * Math.sqrt(cx.cells(over.axes).hi);
  const plain = Number.isNaN(bySize) ? Infinity : bySize;
  if (core === null) return plain;
  const magnitudes = frees.map((f) => magnitudeOf(cx, f));
  const product = (skip: number): number => magnitudes.reduce((p, m, i) => (i === skip ? p : times(p, m)), 1);
  const bounds = frees.map((f, i) => times(normalised(cx, core, f, over), product(i)));
  return Math.min(plain, times(coreNorm(cx, core, over), product(-1)), ...bounds);
};

const coreNorm = (cx: Ranges, id: NodeId, over: Over): number => {
  const node = nodeAt(cx.g, id);
  if (node.kind === "unary" && (node.op === "neg" || node.op === "abs")) return normOf(cx, node.a, over);
  if (node.kind === "binary" && (node.op === "+" || node.op === "-"))
    return normOf(cx, node.a, over) + normOf(cx, node.b, over);
  if (node.kind === "select") return Math.hypot(normOf(cx, node.a, over), normOf(cx, node.b, over));
  if (node.kind !== "binary" || node.op !== "*") return Infinity;
  const [a, b] = [magnitude(cx.range(node.a)), magnitude(cx.range(node.b))];
  return Math.min(times(a, normOf(cx, node.b, over)), times(b, normOf(cx, node.a, over)));
};

/** A factor that is the same along the axes: multiplied with, or divided by. */
type Free = { readonly id: NodeId; readonly divides: boolean };

const magnitudeOf = (cx: Ranges, f: Free): number => {
  const r = cx.range(f.id);
  if (!f.divides) return magnitude(r);
  const least = r.lo > 0 ? r.lo : r.hi < 0 ? -r.hi : 0;
  return 1 / least;
};

/** Factors of a product that are looked at one by one. */
const MAX_FACTORS = 64;

/** Takes the factors that do not depend on the axes off a product; `core` null when nothing else is left. */
const split = (cx: Ranges, id: NodeId, over: Over): { core: NodeId | null; frees: Free[] } => {
  const frees: Free[] = [];
  let steps = 0;
  const go = (at: NodeId, divides: boolean): NodeId | null => {
    if (++steps > MAX_FACTORS) return null;
    const node = nodeAt(cx.g, at);
    const isFree = free(cx, at, over);
    const product = node.kind === "binary" && node.ty === "f32" && (node.op === "*" || node.op === "/");
    if (product && (isFree || free(cx, node.a, over) || free(cx, node.b, over))) {
      const left = go(node.a, divides);
      const right = go(node.b, divides !== (node.op === "/"));
      return left ?? right;
    }
    if (!isFree) return at;
    frees.push({ id: at, divides });
    return null;
  };
  if (dividesByDependent(cx, id, over)) return { core: id, frees: [] };
  const core = go(id, false);
  return steps > MAX_FACTORS ? { core: id, frees: [] } : { core, frees };
};

/** Whether something that varies along the axes stands under a division on the way that `split` takes. */
const dividesByDependent = (cx: Ranges, id: NodeId, over: Over): boolean => {
  const seen = new Set([id]);
  for (const at of seen) {
    const node = nodeAt(cx.g, at);
    if (node.kind !== "binary" || node.ty !== "f32" || (node.op !== "*" && node.op !== "/")) continue;
    if (node.op === "/" && !free(cx, node.b, over)) return true;
    seen.add(node.a).add(node.b);
  }
  return false;
};

/** The norm of core * f when f is one over the length (or root mean square, or standard deviation) of core itself. */
const normalised = (cx: Ranges, core: NodeId, f: Free, over: Over): number => {
  const node = nodeAt(cx.g, f.id);
  if (!f.divides)
    return node.kind === "unary" && node.op === "rsqrt" ? Math.sqrt(ratio(cx, core, node.a, over)) : Infinity;
  if (node.kind === "unary" && node.op === "sqrt") return Math.sqrt(ratio(cx, core, node.a, over));
  // x / max(length, eps)
  if (node.kind !== "binary" || node.op !== "max") return Infinity;
  return Math.min(
    normalised(cx, core, { id: node.a, divides: true }, over),
    normalised(cx, core, { id: node.b, divides: true }, over),
  );
};

/** Operations between a length and the sum that it is made of. */
const MAX_RATIO = 8;

/** The least known r with norm(core)^2 <= r * value; Infinity when none is known. */
const ratio = (cx: Ranges, core: NodeId, value: NodeId, over: Over, depth = 0): number => {
  const node = nodeAt(cx.g, value);
  if (depth > MAX_RATIO) return Infinity;
  if (node.kind === "reduce") return reduceRatio(cx, core, node, over);
  if (node.kind !== "binary") return Infinity;
  const [a, b] = [cx.range(node.a), cx.range(node.b)];
  const [ra, rb] = [
    (): number => ratio(cx, core, node.a, over, depth + 1),
    (): number => ratio(cx, core, node.b, over, depth + 1),
  ];
  if (node.op === "max") return Math.min(ra(), rb());
  if (node.op === "+") return Math.min(b.lo >= 0 ? ra() : Infinity, a.lo >= 0 ? rb() : Infinity);
  if (node.op === "*") return Math.min(b.lo > 0 ? ra() / b.lo : Infinity, a.lo > 0 ? rb() / a.lo : Infinity);
  if (node.op === "/") return b.lo > 0 ? times(ra(), b.hi) : Infinity;
  return Infinity;
};

/** sum(y * y) with y the same as core: 1. var(y) with core = y - mean(y): the number of cells. */
const reduceRatio = (cx: Ranges, core: NodeId, node: Reduce, over: Over): number => {
  if (!covers(cx, node, over)) return Infinity;
  const same = (mine: NodeId, theirs: NodeId): boolean => sameUpToAxes(cx.g, mine, theirs, pairs(over.axes, node.over));
  const body = nodeAt(cx.g, node.body);
  if (node.op === "sum" && body.kind === "binary" && body.op === "*" && body.a === body.b)
    return same(core, body.a) ? 1 : Infinity;
  const c = nodeAt(cx.g, core);
  if (node.op !== "var" || c.kind !== "binary" || c.op !== "-") return Infinity;
  return same(c.a, node.body) && isMean(cx, c.b, c.a, over) ? cx.cells(over.axes).hi : Infinity;
};

/** Whether the reduction is over the same cells as the sum, or over more. */
const covers = (cx: Ranges, node: Reduce, over: Over): boolean => {
  if (node.over.length !== over.axes.length) return false;
  const size = (id: AxisId): string => sizeKey(first(cx.g.axes.filter((a) => a.id === id)).size);
  const sizes = node.over.every((axis, i) => size(axis) === size(item(over.axes, i)));
  return sizes && (node.where === null || (node.where === over.where && node.over.join() === over.axes.join()));
};

const pairs = (a: readonly AxisId[], b: readonly AxisId[]): ReadonlyMap<AxisId, AxisId> =>
  new Map(a.map((axis, i) => [axis, b[i] as AxisId]));

/** Whether `id` is sum(x) / n or sum(x) * (1 / n) over all cells. */
const isMean = (cx: Ranges, id: NodeId, x: NodeId, over: Over): boolean => {
  const node = nodeAt(cx.g, id);
  const n = cx.cells(over.axes);
  if (node.kind !== "binary" || n.lo !== n.hi) return false;
  const isSum = (s: NodeId): boolean => {
    const sum = nodeAt(cx.g, s);
    if (sum.kind !== "reduce" || sum.op !== "sum" || sum.where !== null || !covers(cx, sum, over)) return false;
    return sameUpToAxes(cx.g, x, sum.body, pairs(over.axes, sum.over));
  };
  const is = (c: NodeId, value: number): boolean => cx.range(c).lo === value && cx.range(c).hi === value;
  if (node.op === "/") return isSum(node.a) && is(node.b, n.lo);
  return node.op === "*" && ((isSum(node.a) && is(node.b, 1 / n.lo)) || (isSum(node.b) && is(node.a, 1 / n.lo)));
};
