/**
 * Separability: can a reduction that depends on statistics of the same pass be streamed beside them? (docs/theory.md 3: RedFuser,
 * Neptune; the rank-R form is ours.) The structural normal form gives the code: each step is a rule of `rules/` with its condition.
 *
 * For `sum` a body F(x, d), x varying along the stream and d made of live statistics, is written as
 * `Σ_r H_r(d) · e^{γ_r(d)} · G_r(x)`; for `max`/`min` as `G(x) + H(d)`. γ collects the exponents that mention a live maximum:
 * they stabilise and stay in the loop (the gauge); H is hoisted behind it.
 */
import { PLANNING } from "../../base/costs.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { isExtremum } from "../graph/reduction.ts";
import { folded } from "../graph/walk.ts";
import { follows, isDefined } from "../scalar/defined.ts";
import { signAnalysis } from "../scalar/sign.ts";
import { choice } from "./rules/choice.ts";
import { cancels } from "./rules/difference.ts";
import { driftsWith, isShifted, together } from "./rules/drift.ts";
import { exponentsOf } from "./rules/exponential.ts";
import { isBounded } from "./rules/gauge.ts";
import { logarithm } from "./rules/logarithm.ts";
import { power } from "./rules/power.ts";
import { inverse } from "./rules/quotient.ts";
import {
  MAX_PARTS,
  addends,
  atom,
  guarded,
  negated,
  productOf,
  sumOf,
  times,
  type Live,
  type Separation,
  type Term,
} from "./rules/terms.ts";
import { same } from "./planning.ts";

export type { Live } from "./rules/terms.ts";

/**
 * One accumulator: `body` is what is summed (gauge included), `gauge` the log γ of the gauge factor, `hoist` the rest.
 *
 * `drift`: the body has one factor `x + γ` beside e^γ (`(s - m) exp(s - m)` of an entropy), kept whole, because taken apart it
 * would cancel where the scores are large. When γ grows by δ, the sum becomes e^δ (sum + δ · companion): `companion` is the
 * body without that factor, `shifted` the factor.
 */
export type Summand = {
  readonly body: NodeId;
  readonly gauge: NodeId | null;
  readonly hoist: NodeId | null;
  readonly drift?: { readonly companion: NodeId; readonly shifted: NodeId };
};

/** `because`: the smallest expression that mixes the stream with a live statistic; `why`: the rule that was not proved, if one was. */
export type Separated =
  | { readonly summands: readonly Summand[] }
  | { readonly summands: null; readonly because: NodeId; readonly why: string | null };

/** Splits the body of a sum. */
export const separateSum = (b: GraphBuilder, body: NodeId, live: Live): Separated => {
  if (!live.depends(body)) return { summands: [{ body, gauge: null, hoist: null }] };
  const whole = splitTerms(b, body, live, true);
  if (whole.summands !== null) return whole;
  const apart = splitTerms(b, body, live, false);
  return apart.summands !== null ? apart : { ...apart, why: apart.why ?? whole.why };
};

/** The rules at work on one body. `whole`: factors `x + γ` are kept in one piece. */
const separation = (b: GraphBuilder, live: Live, whole: boolean, refuse: Separation["refuse"]): Separation => {
  const nonEmpty = (r: Node & { kind: "reduce" }): boolean =>
    same(r.over, live.cells.over) && follows(b, r.where, live.cells.where);
  const signs = signAnalysis(b, { nonEmpty });
  const memoised = (cx: () => Separation): ((id: NodeId) => readonly Term[]) => {
    const known = new Map<NodeId, readonly Term[]>();
    return (id) => {
      const made = known.get(id) ?? few(id, termsOf(cx(), id));
      known.set(id, made);
      return made;
    };
  };
  const exponentTerms = memoised(() => inner);
  const inner: Separation = {
    ...live,
    b,
    refuse,
    signs,
    whole: false,
    isExponent: true,
    terms: exponentTerms,
    exponentTerms,
  };
  const outer: Separation = { ...inner, whole, isExponent: false, terms: memoised(() => outer) };
  return outer;
};

const splitTerms = (b: GraphBuilder, body: NodeId, live: Live, whole: boolean): Separated => {
  let why: string | null = null;
  const cx = separation(b, live, whole, (_, reason) => (why ??= reason));
  const terms = cx.terms(body);
  if (terms.length > PLANNING.terms) return { summands: null, because: body, why };
  const summands: Summand[] = [];
  for (const t of terms) {
    const part = partOf(cx, t);
    if ("because" in part) return { summands: null, because: part.because, why: part.why ?? why };
    summands.push(part);
  }
  return { summands: mergeEqual(b, summands) };
};

/** Operations that have no value everywhere. */
const PARTIAL: readonly string[] = ["log", "log2", "sqrt", "rsqrt", "/", "%", "pow"];

/** Whether a gauge is a number whatever cells its maxima have seen so far: a correction by what is none stays in the sum. */
const isRunning = ({ b, depends, cells }: Separation, gauge: NodeId): boolean =>
  [...b.reach([gauge])]
    .map((id) => b.node(id))
    .every(
      (n) =>
        (n.kind !== "unary" && n.kind !== "binary") ||
        !PARTIAL.includes(n.op) ||
        !depends(n.id) ||
        isDefined(b, n.id, cells),
    );

/** A term as an accumulator, or what stands in the way. */
const partOf = (cx: Separation, t: Term): Summand | { readonly because: NodeId; readonly why: string | null } => {
  const { b } = cx;
  const gauges = t.exponents.filter((x) => cx.depends(x) && cx.extremal(x));
  // A gauge is corrected when its maxima grow; a sum in it would have to be known to the end.
  const tangled = gauges.find((x) => cx.summed(x));
  if (tangled !== undefined)
    return { because: tangled, why: "the exponent mixes a maximum with a sum of the same pass" };
  const shifted = t.factors.filter((f) => cx.depends(f) && cx.streams(f));
  const drifts = shifted.length === 1 && driftsWith(b, shifted[0] as NodeId, gauges, cx);
  const mixed = [...(drifts ? [] : shifted), ...t.exponents].find((f) => cx.depends(f) && cx.streams(f));
  if (mixed !== undefined) return { because: mixed, why: null };
  const loose = t.exponents.filter((x) => cx.depends(x) && !cx.extremal(x));
  const inside = t.exponents.filter((x) => !cx.depends(x));
  const exponent = [...inside, ...gauges];
  const [reason] = [...gauges, ...loose];
  if (reason !== undefined && !isBounded(b, exponent, cx, b.and(cx.cells.where, ...t.guards)))
    return {
      because: reason,
      why: "nothing proves that the exponent stays bounded while the statistic is not finished",
    };
  const broken = gauges.find((x) => !isRunning(cx, x));
  if (broken !== undefined)
    return { because: broken, why: "the exponent may be no number while the statistic is not finished" };
  const gauge = gauges.length === 0 ? null : sumOf(b, gauges);
  const kept = t.factors.filter((f) => !cx.depends(f));
  const product = [...(exponent.length === 0 ? [] : [b.unary("exp", sumOf(b, exponent))]), ...kept];
  const outer = [...t.factors.filter((f) => cx.depends(f) && !cx.streams(f)), ...loose.map((x) => b.unary("exp", x))];
  const companion = guarded(b, t.guards, product.length === 0 ? b.konst(1, "f32") : productOf(b, product));
  const [factor] = shifted;
  return {
    body: factor === undefined ? companion : b.binary("*", companion, factor),
    gauge,
    hoist: outer.length === 0 ? null : productOf(b, outer),
    ...(factor === undefined ? {} : { drift: { companion, shifted: factor } }),
  };
};

/** Splits the body of a maximum or minimum: `G(x) + H(d)`, true of all numbers; `hoist` is the addend. */
export const separateExtremum = (b: GraphBuilder, body: NodeId, live: Live): Separated => {
  if (!live.depends(body)) return { summands: [{ body, gauge: null, hoist: null }] };
  const list = addends(b, body);
  const mixed = list.find((a) => live.depends(a) && live.streams(a));
  if (mixed !== undefined) return { summands: null, because: mixed, why: null };
  const inside = list.filter((a) => !live.depends(a));
  const outside = list.filter((a) => live.depends(a));
  return {
    summands: [
      { body: inside.length === 0 ? b.konst(0, "f32") : sumOf(b, inside), gauge: null, hoist: sumOf(b, outside) },
    ],
  };
};

/** Accumulators of the same body and gauge are one; their hoisted factors add. */
const mergeEqual = (b: GraphBuilder, summands: readonly Summand[]): readonly Summand[] => {
  const out: Summand[] = [];
  const one = b.konst(1, "f32");
  for (const p of summands) {
    const at = out.findIndex((q) => q.body === p.body && q.gauge === p.gauge && q.drift?.shifted === p.drift?.shifted);
    const old = out[at];
    if (old === undefined) out.push(p);
    else out[at] = { ...old, hoist: b.binary("+", old.hoist ?? one, p.hoist ?? one) };
  }
  return out;
};

/** Terms, unless they are so many that the value is better left whole. */
const few = (id: NodeId, terms: readonly Term[]): readonly Term[] =>
  terms.length > MAX_PARTS || terms.some((t) => t.factors.length + t.exponents.length + t.guards.length > MAX_PARTS)
    ? atom(id)
    : terms;

/** The normal form of a node that depends on live statistics. */
const termsOf = (cx: Separation, id: NodeId): readonly Term[] => {
  const { b } = cx;
  if (!cx.depends(id)) return atom(id);
  const n = b.node(id);
  const go = cx.terms;
  if (n.kind === "binary" && n.ty === "f32") {
    if (n.op === "+" || n.op === "-") {
      if (cx.whole && isShifted(cx, addends(b, id)))
        return together(cx, addends(b, id)).flatMap((x) => (x === id || cancels(cx, x) ? atom(x) : go(x)));
      if (cancels(cx, id)) return atom(id);
      return n.op === "+" ? [...go(n.a), ...go(n.b)] : [...go(n.a), ...negated(b, go(n.b))];
    }
    if (n.op === "*") return times(go(n.a), go(n.b));
    if (n.op === "/") return times(go(n.a), inverse(cx, n.b));
    if (n.op === "pow") return power(cx, n);
  }
  if (n.kind === "unary" && n.op === "neg") return negated(b, go(n.a));
  if (n.kind === "unary" && n.op === "exp") return [{ factors: [], exponents: exponentsOf(cx, n.a), guards: [] }];
  if (n.kind === "unary" && n.op === "log") return logarithm(cx, n.a);
  if (n.kind === "unary" && n.op === "abs") {
    const [only, ...more] = go(n.a);
    if (only !== undefined && more.length === 0)
      return [{ ...only, factors: only.factors.map((f) => b.unary("abs", f)) }];
  }
  if (n.kind === "select" && n.ty === "f32") return choice(cx, n);
  return atom(id);
};

const isBound = (n: Node): boolean => n.kind === "reduce" && isExtremum(n.op);

/** Predicates over the live statistics `stats` for a stream over `axes`, memoised. */
export const liveOver = (
  b: GraphView,
  stats: ReadonlySet<NodeId>,
  axes: readonly AxisId[],
  where: NodeId | null = null,
): Live => {
  // A statistic hides what it is made of: the sum of exp(s - m) is no maximum.
  const reaches = (hit: (n: Node) => boolean): ((id: NodeId) => boolean) =>
    folded<boolean>(
      b,
      (n, of) => (stats.has(n.id) ? hit(n) : of.includes(true)),
      (n) => (stats.has(n.id) ? [] : operands(n)),
    );
  return {
    depends: reaches((n) => stats.has(n.id)),
    extremal: reaches((n) => stats.has(n.id) && isBound(n)),
    summed: reaches((n) => stats.has(n.id) && !isBound(n)),
    cells: { over: axes, where },
    streams: (id) => b.node(id).axes.some((a) => axes.includes(a)),
  };
};
