/**
 * Gauges while streaming: by what a sum is corrected when the maxima that stabilise it have grown (docs/theory.md 2.1, equation ★), within a
 * block and between partial streams.
 */
import type { Accumulator } from "../derive/plan.ts";
import type { NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { isExtremum, REDUCTIONS, startingValue } from "../graph/reduction.ts";
import type { Expr } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Segment } from "./segment.ts";
import type { Emitter, Fixed } from "./emit.ts";
import { emit, keyOf, name, withinNode } from "./emit.ts";
import type { Scope } from "./scope.ts";

/** Of a segment, what a correction asks: the accumulators beside it and which axes are rows. */
type Gauged = Pick<Segment, "em" | "parts" | "rowAxes">;

/** γ(after) - γ(before), in the gauge's own base. */
const growthOf = (em: Emitter, gauge: NodeId, fixed: Fixed, before: Scope, after: Scope): Expr => {
  const g = em.b.node(gauge);
  const negated = g.kind === "unary" && g.op === "neg";
  const [old, now] = [before, after].map((s) => emit(em, negated ? g.a : gauge, fixed, s).e) as [Expr, Expr];
  return negated ? T.sub(old, now) : T.sub(now, old);
};

/** e^δ (2^δ in base 2), what is carried being worth so much under the gauge of `after`. */
const factorOf = (em: Emitter, acc: Accumulator, gauge: NodeId, fixed: Fixed, before: Scope, after: Scope): Expr =>
  T.unary(acc.base2 === true ? "exp2" : "exp", growthOf(em, gauge, fixed, before, after));

/** δ in natural units. */
export const naturalGrowth = (
  em: Emitter,
  acc: Accumulator,
  gauge: NodeId,
  fixed: Fixed,
  before: Scope,
  after: Scope,
): Expr => {
  const growth = growthOf(em, gauge, fixed, before, after);
  return acc.base2 === true ? T.mul(growth, T.lit(Math.LN2, growth.type)) : growth;
};

/** A value kept in a scope, once for each point of the gauge's own axes. */
export const oncePerGauge = (
  em: Emitter,
  at: Scope,
  base: string,
  gauge: NodeId,
  fixed: Fixed,
  make: () => Expr,
): Expr => {
  const key = `${base} ${keyOf(em.b.node(gauge), fixed)}`;
  const e = at.memo.get(key) ?? withinNode(em, gauge, () => name(em, at, base, make()));
  at.memo.set(key, e);
  return e;
};

/** What is carried is multiplied by this when a block has moved the gauge; null without one. */
export const correctionOf = (cx: Gauged, acc: Accumulator, fixed: Fixed, old: Scope, at: Scope): Expr | null => {
  const { gauge } = acc;
  if (gauge === null) return null;
  return oncePerGauge(cx.em, at, "correction", gauge, fixed, () => {
    const factor = factorOf(cx.em, acc, gauge, fixed, old, at);
    return vanishesAtStart(cx.em, gauge) ? factor : ifStarted(cx, gauge, fixed, old, factor);
  });
};

/** By how much a sum that drifts with its gauge (`Drift`) moves; before the first cell there is nothing to move. */
export const shiftOf = (cx: Gauged, acc: Accumulator, fixed: Fixed, old: Scope, at: Scope): Expr => {
  const { gauge } = acc;
  if (gauge === null) throw new Error(`${acc.name} drifts without a gauge`);
  return oncePerGauge(cx.em, at, "shift", gauge, fixed, () =>
    ifStarted(cx, gauge, fixed, old, naturalGrowth(cx.em, acc, gauge, fixed, old, at)),
  );
};

/** The value where all maxima of this pass that a gauge is made of have seen a cell, else 0. */
const ifStarted = (cx: Gauged, gauge: NodeId, fixed: Fixed, old: Scope, value: Expr): Expr =>
  ifAllStarted(
    cx.em,
    cx.parts.map((p) => p.acc).filter((a) => cx.em.b.node(a.node).axes.every((x) => cx.rowAxes.includes(x))),
    gauge,
    fixed,
    old,
    value,
  );

const ifAllStarted = (
  em: Emitter,
  accs: readonly Accumulator[],
  gauge: NodeId,
  fixed: Fixed,
  old: Scope,
  value: Expr,
): Expr => {
  const reached = em.b.reach([gauge]);
  const started = accs
    .filter((a) => reached.has(a.node))
    .map((a) => {
      const carried = emit(em, a.node, fixed, old).e;
      const start = T.lit(startingValue(a.op, carried.type.elem === "i32" ? "i32" : "f32"), carried.type);
      return T.splat(T.binary(REDUCTIONS[a.op].best ?? ">", carried, start), value.type.width);
    });
  return started.length === 0
    ? value
    : T.select(
        started.reduce((x, y) => T.and(x, y)),
        value,
        T.zero(value.type),
      );
};

/** `factorOf` for lanes that come together: one that has seen no cell has nothing to add. `accs`: what the lanes carry. */
export const mergingFactor = (
  em: Emitter,
  accs: readonly Accumulator[],
  acc: Accumulator,
  gauge: NodeId,
  fixed: Fixed,
  before: Scope,
  after: Scope,
): Expr => {
  const factor = factorOf(em, acc, gauge, fixed, before, after);
  const { axes } = em.b.node(gauge);
  const own = accs.filter((a) => isExtremum(a.op) && em.b.node(a.node).axes.every((x) => axes.includes(x)));
  return vanishesAtStart(em, gauge) ? factor : ifAllStarted(em, own, gauge, fixed, before, factor);
};

/**
 * Whether a correction from the starting values of the maxima is 0, which leaves the nothing that is carried: a gauge falls from there to
 * minus infinity or is not moved. With other signs, or with arithmetic, it may overflow. `sign`: of the value in the gauge.
 */
const vanishesAtStart = (em: Emitter, id: NodeId, sign: 1 | -1 = 1): boolean => {
  const n = em.b.node(id);
  if (em.accumulators.has(id)) return n.kind === "reduce" && n.op === (sign < 0 ? "max" : "min");
  if (n.kind === "unary" && n.op === "neg") return vanishesAtStart(em, n.a, sign < 0 ? 1 : -1);
  if (n.kind === "binary" && (n.op === "max" || n.op === "min"))
    return vanishesAtStart(em, n.a, sign) && vanishesAtStart(em, n.b, sign);
  return ![...em.b.reach(operands(n))].some((x) => em.accumulators.has(x));
};
