/**
 * Base-2 folding (docs/theory.md 5.6): `exp(x) = exp2(log2(e) x)`, and where the exponent is made of products with something
 * that does not vary along the stream (a scale, a slope, a softcap), log2(e) goes into that factor, once a row instead of once
 * a cell. The maxima that gauge these exponents are then carried in base 2 too, and whoever else reads one gets it times ln 2.
 * Plain algebra over the planned bodies: a log-sum-exp stays a natural logarithm. What no such factor multiplies (a row of stored
 * values) is left alone: its differences to the maximum are exact, and a product would round each value first.
 */
import { edit, type GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import type { Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { REDUCTIONS, identity, isExtremum, startingValue } from "../graph/reduction.ts";
import { replacer } from "../graph/rewrite.ts";
import { readBelow, readOperands, scansBelow } from "../graph/scan.ts";
import { inOrder, reach } from "../graph/walk.ts";
import type { Accumulator, KernelPlan, Plan } from "./plan.ts";

/** Folds the exponentials of every kernel where that is free. */
export const foldBase2 = (plan: Plan): Plan => {
  const b = edit(plan.graph);
  const names = new Map(plan.names);
  const nameOf = (id: NodeId): string | undefined => plan.names.get(id) ?? plan.graph.names.get(id);
  const kernels = plan.kernels.map((k) => foldKernel(b, k, nameOf, names));
  return { ...plan, graph: b.finish(plan.graph), kernels, names };
};

type Fold = {
  readonly b: GraphBuilder;
  readonly streams: (id: NodeId) => boolean;
  readonly isGauge: (id: NodeId) => boolean;
  /** log2(e) times a node; how many multiplications a cell that takes. */
  readonly scaled: Map<NodeId, { readonly id: NodeId; readonly cost: number }>;
};

const foldKernel = (
  b: GraphBuilder,
  plan: KernelPlan,
  nameOf: (id: NodeId) => string | undefined,
  names: Map<NodeId, string>,
): KernelPlan => {
  // The step of a recurrence stays as it is, and so does a statistic that it is made of.
  const steps = b.reach(plan.scans.flatMap((s) => [s.init, s.step]));
  if (plan.accumulators.some((a) => steps.has(a.node))) return plan;
  const gauged = plan.accumulators.filter((a) => a.gauge !== null);
  const stats = new Map(plan.accumulators.map((a) => [a.node, a]));
  const gauges = [...b.reach(gauged.map((a) => a.gauge as NodeId))]
    .map((id) => stats.get(id))
    .filter((a): a is Accumulator => a !== undefined && isExtremum(a.op) && b.node(a.node).ty === "f32");
  const isGauge = (id: NodeId): boolean => gauges.some((g) => g.node === id);
  const streams = (id: NodeId): boolean => b.node(id).axes.some((a) => plan.stream.includes(a));
  const fold: Fold = { b, streams, isGauge, scaled: new Map() };
  const exps = exponentials(b, plan, streams, (id) => stats.has(id));
  // Exponentials that share a maximum change their base together; any other one where that is free.
  const gauging = exps.filter((n) => [...b.reach([n.a])].some(isGauge));
  const cost = [...gauging.map((n) => n.a), ...gauges.map((g) => g.body)].reduce(
    (sum, id) => sum + costOf(fold, id),
    0,
  );
  const together = gauging.length > 0 && cost === 0 && !isCompared(b, plan, isGauge);
  const alone = exps.filter((n) => !gauging.includes(n) && scale(fold, n.a).cost === 0);
  const chosen = [...(together ? gauging : []), ...alone].sort((x, y) => x.id - y.id);
  return chosen.length === 0 ? plan : rewritten(fold, plan, together ? gauges : [], chosen, nameOf, names);
};

type Exp = Node & { readonly kind: "unary" };

/** The exponentials that each cell takes. */
const exponentials = (
  b: GraphView,
  plan: KernelPlan,
  streams: (id: NodeId) => boolean,
  isStat: (id: NodeId) => boolean,
): readonly Exp[] => {
  const roots = [
    ...plan.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
    ...plan.stores.map((s) => s.value),
  ];
  const seen = reach(b, roots.toReversed(), (n) => (isStat(n.id) ? [] : readOperands(n).toReversed()));
  return [...seen]
    .map((id) => b.node(id))
    .filter((n): n is Exp => n.kind === "unary" && n.op === "exp" && !isStat(n.id) && streams(n.id));
};

/**
 * Whether a gauge is compared with anything but the infinities, or rounded. In base 2 it is a rounded multiple of the maximum, no longer
 * equal to one of the values that it was taken of: `s == max[j](s)` would not hold anywhere.
 */
const isCompared = (b: GraphView, plan: KernelPlan, isGauge: (id: NodeId) => boolean): boolean => {
  const roots = [
    ...plan.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
    ...plan.stores.map((s) => s.value),
  ];
  const reads = new Map<NodeId, boolean>();
  const infinite = (id: NodeId): boolean => {
    const n = b.node(id);
    return n.kind === "const" && !Number.isFinite(n.value);
  };
  let found = false;
  for (const n of inOrder(b, roots)) {
    const below = !isGauge(n.id) && operands(n).some((o) => reads.get(o) === true);
    // What an exponential makes of it is a weight: no value of the row is equal to it on purpose.
    reads.set(n.id, isGauge(n.id) || (below && !(n.kind === "unary" && n.op === "exp")));
    if (!below) continue;
    const compares =
      n.kind === "binary" && ["==", "!=", "<", "<=", ">", ">="].includes(n.op) && !infinite(n.a) && !infinite(n.b);
    const rounds = n.kind === "unary" && ["floor", "ceil", "round", "int", "sign"].includes(n.op);
    const picks = n.kind === "reduce" && REDUCTIONS[n.op].gives === "place";
    found ||= compares || rounds || picks;
  }
  return found;
};

/** Multiplications a cell of `scale`, without those already counted. */
const costOf = (fold: Fold, id: NodeId): number => {
  const known = fold.scaled.get(id);
  return known !== undefined ? 0 : scale(fold, id).cost;
};

const scale = (fold: Fold, id: NodeId): { readonly id: NodeId; readonly cost: number } => {
  const known = fold.scaled.get(id);
  if (known !== undefined) return known;
  const made = fold.b.from(id, () => scaleNew(fold, id));
  fold.scaled.set(id, made);
  return made;
};

const scaleNew = (fold: Fold, id: NodeId): { readonly id: NodeId; readonly cost: number } => {
  const { b } = fold;
  const n = b.node(id);
  // Stands for the maximum in base 2 until that exists (`readersOf`).
  if (fold.isGauge(id)) return { id: b.binary("*", id, b.konst(Math.LOG2E, "f32")), cost: 0 };
  const plain = (cost: number): { readonly id: NodeId; readonly cost: number } => ({
    id: b.binary("*", n.ty === "f32" ? id : b.unary("float", id), b.konst(Math.LOG2E, "f32")),
    cost,
  });
  const both = (
    x: NodeId,
    y: NodeId,
    make: (p: NodeId, q: NodeId) => NodeId,
  ): { readonly id: NodeId; readonly cost: number } => {
    const [p, q] = [scale(fold, x), scale(fold, y)];
    return { id: make(p.id, q.id), cost: p.cost + q.cost };
  };
  if (n.kind === "const") return { id: b.konst(n.value * Math.LOG2E, "f32"), cost: 0 };
  if (n.kind === "unary" && n.op === "neg") {
    const a = scale(fold, n.a);
    return { id: b.unary("neg", a.id), cost: a.cost };
  }
  if (n.kind === "binary" && n.ty === "f32") {
    if (n.op === "+" || n.op === "-" || n.op === "max" || n.op === "min")
      return both(n.a, n.b, (p, q) => b.binary(n.op, p, q));
    if (!fold.streams(id)) return plain(0);
    if (n.op === "*") {
      // The factor that does not vary takes it; else the one that can take it for nothing.
      const [inner, other] = !fold.streams(n.b)
        ? [n.b, n.a]
        : !fold.streams(n.a)
          ? [n.a, n.b]
          : cheaper(fold, n.a, n.b);
      const s = scale(fold, inner);
      return { id: inner === n.a ? b.binary("*", s.id, other) : b.binary("*", other, s.id), cost: s.cost };
    }
    if (n.op === "/" && !fold.streams(n.b)) {
      const by = b.node(n.b);
      const factor =
        by.kind === "const" ? b.konst(Math.LOG2E / by.value, "f32") : b.binary("/", b.konst(Math.LOG2E, "f32"), n.b);
      return { id: b.binary("*", n.a, factor), cost: 0 };
    }
  }
  if (n.kind === "select") {
    const s = both(n.a, n.b, (p, q) => b.select(n.cond, p, q));
    return fold.streams(id) ? s : { ...s, cost: 0 };
  }
  return plain(fold.streams(id) ? 1 : 0);
};

const cheaper = (fold: Fold, x: NodeId, y: NodeId): readonly [NodeId, NodeId] =>
  scale(fold, y).cost <= scale(fold, x).cost ? [y, x] : [x, y];

const rewritten = (
  fold: Fold,
  plan: KernelPlan,
  gauges: readonly Accumulator[],
  exps: readonly Exp[],
  nameOf: (id: NodeId) => string | undefined,
  names: Map<NodeId, string>,
): KernelPlan => {
  const { b } = fold;
  // A statistic stands for itself: what it is made of is rewritten with it, once.
  // So does a state: its step is the plan's.
  const bodies = [
    ...plan.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
    ...plan.stores.map((s) => s.value),
  ];
  const states = scansBelow(b, bodies).length === 0 ? [] : readBelow(b, bodies).filter((n) => n.kind === "scan");
  const exponentials2 = new Map<NodeId, NodeId>(
    [...plan.accumulators.map((a) => a.node), ...states.map((n) => n.id)].map((id) => [id, id]),
  );
  for (const n of exps)
    exponentials2.set(
      n.id,
      b.from(n.id, () => b.unary("exp2", b.replaceNodes(scale(fold, n.a).id, exponentials2))),
    );
  // A factor `x + γ` stays exact where both are large: it is taken from the difference in base 2.
  for (const a of plan.accumulators) {
    if (gauges.length > 0 && a.drift !== undefined) {
      const base2 = b.replaceNodes(scale(fold, a.drift.shifted).id, exponentials2);
      exponentials2.set(
        a.drift.shifted,
        b.from(a.drift.shifted, () => b.binary("*", base2, b.konst(Math.LN2, "f32"))),
      );
    }
  }
  const moved = new Map<NodeId, NodeId>();
  const settle = (id: NodeId): NodeId => b.replaceNodes(b.replaceNodes(id, exponentials2), moved);
  const accumulators = plan.accumulators
    .map((a): Accumulator => {
      const isMaximum = gauges.includes(a);
      const body = settle(isMaximum ? scale(fold, a.body).id : a.body);
      const where = a.where === null ? null : settle(a.where);
      const n = b.node(a.node);
      const node = n.kind === "reduce" ? b.from(a.node, () => b.reduce(n.op, n.over, body, where, n.k)) : a.node;
      const scaled = gauges.length > 0 && a.gauge !== null;
      const gauge = a.gauge === null ? null : settle(scaled ? scale(fold, a.gauge).id : a.gauge);
      if (isMaximum) for (const [from, to] of b.from(a.node, () => readersOf(b, a.node, node))) moved.set(from, to);
      else if (node !== a.node) moved.set(a.node, node);
      const name = isMaximum ? `${a.name}_log2` : a.name;
      names.set(node, name);
      return { ...a, node, name, body, where, gauge, base2: scaled };
    })
    .map((a, _, all) => {
      // A companion may come behind what drifts with it.
      const companion = plan.accumulators.findIndex((x) => x.node === a.drift?.companion);
      return a.drift === undefined
        ? a
        : { ...a, drift: { ...a.drift, companion: all[companion]?.node ?? a.drift.companion } };
    });
  // What merges parts of a stream tells parts without a cell by the starting value of their maximum.
  const stored = new Map(
    plan.part === null
      ? []
      : gauges.map((g) => {
          const natural = settle(g.node);
          return [
            natural,
            b.select(
              settle(b.binary(REDUCTIONS[g.op].best ?? ">", g.node, b.konst(identity(g.op, "f32"), "f32"))),
              natural,
              b.konst(startingValue(g.op, "f32"), "f32"),
            ),
          ] as const;
        }),
  );
  const stores = plan.stores.map((s) => ({ ...s, value: b.replaceNodes(settle(s.value), stored) }));
  const keepName = (old: NodeId, suffix: string, id: NodeId): void => {
    const name = nameOf(old);
    if (name !== undefined && id !== old && !names.has(id)) names.set(id, `${name}${suffix}`);
  };
  const [toBase2, toMoved] = [replacer(b, exponentials2), replacer(b, moved)];
  for (const [id, s] of fold.scaled) if (b.node(id).kind !== "const") keepName(id, "_log2", toMoved(toBase2(s.id)));
  for (const id of b.reach([...plan.accumulators.map((a) => a.body), ...plan.stores.map((s) => s.value)]))
    keepName(id, "", toMoved(toBase2(id)));
  return { ...plan, accumulators, stores };
};

/** What replaces the uses of a maximum that is carried in base 2. Whether it has seen a cell is asked of the carried number. */
const readersOf = (b: GraphBuilder, old: NodeId, base2: NodeId): readonly (readonly [NodeId, NodeId])[] => {
  const ends = [-Infinity, Infinity].map((x) => b.konst(x, "f32"));
  const comparisons = (["<", "<=", ">", ">=", "==", "!="] as const).flatMap((op) =>
    ends.map((end) => [b.binary(op, old, end), b.binary(op, base2, end)] as const),
  );
  return [
    ...comparisons,
    [b.binary("*", old, b.konst(Math.LOG2E, "f32")), base2],
    [old, b.binary("*", base2, b.konst(Math.LN2, "f32"))],
  ];
};
