/**
 * A factor `x + γ` beside e^γ stays in one piece (`(s - m) exp(s - m)` of an entropy): taken apart it would cancel where the scores are
 * large. When γ grows by δ,
 *
 *     Σ (x + γ + δ) e^(γ + δ) g = e^δ (Σ (x + γ) e^γ g + δ Σ e^γ g)
 *
 * so the sum moves with the sum without that factor, its companion. Condition: the live addends of the factor are just the exponents of
 * the gauge.
 */
import type { GraphBuilder } from "../../graph/build.ts";
import type { NodeId } from "../../graph/graph.ts";
import type { Rule } from "./rule.ts";
import { addends, sumOf, type Live, type Separation } from "./terms.ts";

export const DRIFT: Rule = {
  name: "sum that drifts with its gauge",
  equation: "Σ (x + γ + δ) e^(γ+δ) g = e^δ (Σ (x + γ) e^γ g + δ Σ e^γ g)",
  condition: "one factor is x + γ, its live addends being just the exponents of the gauge γ",
};

/** Whether a factor is `x + γ`, γ being just the gauge of its term. */
export const driftsWith = (b: GraphBuilder, factor: NodeId, gauges: readonly NodeId[], live: Live): boolean => {
  const own = addends(b, factor).filter((x) => live.depends(x));
  return gauges.length > 0 && own.length === gauges.length && own.every((x) => gauges.includes(x));
};

/** Addends that stream beside maxima that do not: a difference to the gauge. */
export const isShifted = (cx: Live, list: readonly NodeId[]): boolean =>
  list.some((x) => cx.streams(x) && !cx.depends(x)) && list.some((x) => cx.extremal(x) && !cx.streams(x));

/** The addends with what streams and the maxima among them as one. */
export const together = (cx: Separation, list: readonly NodeId[]): readonly NodeId[] => {
  const joins = (x: NodeId): boolean => !cx.depends(x) || (cx.extremal(x) && !cx.streams(x));
  return [sumOf(cx.b, list.filter(joins)), ...list.filter((x) => !joins(x))];
};
