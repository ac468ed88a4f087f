/**
 * What a forward kernel hands to the backward one: results, and statistics no larger than a result. The cells of a softmax become
 * exp(x - lse) of its saved log-sum-exp; a sum of weights times cotangents of values becomes one of the saved result (the delta rule).
 */
import { children } from "../check/sexpr.ts";
import type { AxisId, SExpr } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import { factorsOf, mul, product } from "./algebra.ts";
import { op1, op2, over, type Arena } from "./arena.ts";
import { knownAs } from "./known.ts";
import { rewritten } from "./recurrence.ts";

type Reduce = SExpr & { readonly kind: "reduce" };

/** Σ_j p Σ_e g v = Σ_e g Σ_j p v, where the kernel has Σ_j p v and g does not vary along j; null where it does not apply. */
const deltaOf = (a: Arena, e: Reduce, isKept: (x: SExpr) => boolean): SExpr | null => {
  if (e.op !== "sum" || a.forward.has(e)) return null;
  const all = factorsOf(a, e.arg);
  if (all.below.length > 0 || all.minus) return null;
  for (const inner of all.above) {
    if (inner.kind !== "reduce" || inner.op !== "sum" || a.forward.has(inner)) continue;
    const rest = all.above.filter((x) => x !== inner);
    if (rest.length + 1 < all.above.length || rest.some((x) => x.axes.some((o) => inner.over.includes(o)))) continue;
    const parts = factorsOf(a, inner.arg);
    if (parts.below.length > 0 || parts.minus) continue;
    const varies = (x: SExpr): boolean => x.axes.some((o) => e.over.includes(o));
    const outside = parts.above.filter((x) => !varies(x));
    // The cotangent must exist wherever it is asked: it is read at its own indices.
    if (!outside.every((x) => x.kind === "read" && x.at.every((i) => i.kind === "index"))) continue;
    const [p, v] = [product(a, rest, []), product(a, parts.above.filter(varies), [])];
    const sum = [op2(a, "*", p, v), op2(a, "*", v, p)].map((x) => over(a, "sum", e.over, x)).find(isKept);
    if (sum !== undefined) return over(a, "sum", inner.over, mul(a, product(a, outside, []), sum));
  }
  return null;
};

/** The values of a gradient with softmaxes and deltas in terms of what can be saved: `results` are the kernel's own. */
export const withStatistics = (a: Arena, values: readonly SExpr[], results: readonly SExpr[]): readonly SExpr[] => {
  const isResult = (x: SExpr): boolean => a.forward.has(x) && results.includes(x);
  const step = (e: SExpr): SExpr =>
    rewritten(a, e, (x) => {
      if (results.includes(x)) return x;
      const delta = x.kind === "reduce" ? deltaOf(a, x, isResult) : null;
      if (delta !== null) return step(delta);
      const known = knownAs(a, x);
      if (known?.fn !== "softmax") return null;
      const weights = op1(a, "exp", op2(a, "-", known.arg, logSumExp(a, known.arg, known.axis)));
      const name = a.names.get(x) ?? "p";
      if (!a.names.has(weights)) a.names.set(weights, name);
      return weights;
    });
  return values.map(step);
};

const logSumExp = (a: Arena, x: SExpr, axis: AxisId): SExpr => {
  const max = over(a, "max", [axis], x);
  const sum = over(a, "sum", [axis], op1(a, "exp", op2(a, "-", x, max)));
  const out = op2(a, "+", max, op1(a, "log", sum));
  if (!a.names.has(out)) a.names.set(out, "lse");
  a.forward.add(out);
  return out;
};

/** The values that the backward kernel would compute again and that are no larger than a result of the kernel: the outermost. */
export const worthSaving = (
  a: Arena,
  values: readonly SExpr[],
  results: readonly { readonly value: SExpr; readonly axes: readonly AxisId[] }[],
  isEverywhere: (e: SExpr) => boolean,
): readonly SExpr[] => {
  const out = new Set<SExpr>();
  const reduced = new Set<SExpr>();
  for (const e of postOrder(values)) {
    const below = e.kind === "reduce" ? e.op !== "count" : e.kind !== "read" && children(e).some((c) => reduced.has(c));
    if (below) reduced.add(e);
  }
  const fits = (e: SExpr, room: number): boolean =>
    results.some((r) => e.axes.length + room <= r.axes.length && e.axes.every((x) => r.axes.includes(x)));
  const seen = new Set<SExpr>();
  const look = (e: SExpr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    const isOwn =
      a.forward.has(e) &&
      e.type === "float" &&
      isEverywhere(e) &&
      e.axes.length > 0 &&
      e.axes.every((x) => !a.axes[x]?.parts);
    const isStatistic = e.kind === "reduce" || e.kind === "scan" || knownAs(a, e)?.fn === "logsumexp";
    // A statistic is as large as a result at most; what is made of statistics, smaller.
    if (isOwn && reduced.has(e) && (results.some((r) => r.value === e) || fits(e, isStatistic ? 0 : 1))) {
      out.add(e);
      return;
    }
    // What is restricted is looked into; a recurrence is saved whole or not at all.
    if (e.kind !== "scan") for (const c of children(e)) look(c);
  };
  values.forEach(look);
  return [...out];
};
