/**
 * The verifier of plans, rule by rule: a plan that is broken in one place is told just that, a plan that is right nothing.
 */
import { describe, expect, test } from "vitest";
import { BASELINE } from "../../../src/base/target.ts";
import type { Accumulator, KernelPlan, Plan, Store } from "../../../src/ir/derive/plan.ts";
import { verifyPlan } from "../../../src/ir/derive/verify-plan.ts";
import type { Tensor } from "../../../src/ir/graph/graph.ts";
import { viewOf } from "../../../src/ir/graph/view.ts";
import { compileCase } from "../../numeric/harness.ts";
import { compileTiny, TINY, titleOf } from "../../plan/tiny.ts";

const planOf = (text: string, parts?: number): Plan =>
  compileCase(`kernel k(${text}`, { kernel: "k", sizes: { D: 4 }, known: ["D"] }, BASELINE, undefined, parts).plan;

const ATTENTION = planOf(
  "q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, e: 3]) -> o: f32[i, e] { o = sum[j](softmax[j](sum[d](q * k)) * v) }",
);
const CUT = planOf(
  "q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, e: 3]) -> o: f32[i, e] { o = sum[j](softmax[j](sum[d](q * k)) * v) }",
  2,
);
const NORM = planOf("x: f32[n: N, d: D]) -> y: f32[n, d] { y = x / (1 + sum[d](x * x)) }");
const TWICE = planOf("x: f32[n: N, d: M]) -> y: f32[n] { let m = sum[d](x)\n y = sum[d](if x > m then x else 0) }");
const SOME = planOf("x: f32[n: N, d: M]) -> y: f32[n] { let s = x where x > 0\n y = sum[d](s) }");
const LARGEST = planOf("x: f32[n: N, d: M]) -> y: f32[n] { y = kth_largest[d](x, 2) }");
const EACH = planOf("x: f32[n: N, d: M]) -> y: f32[n, d] { y = x + 1 }");
const SCAN = planOf(
  "x: f32[n: N, t: M]) -> (y: f32[n], z: f32[n, t]) { let s[n, t] = 0.5 * prev[t](s, 0) + x\n z = s\n y = sum[t](s) }",
);
const PAIR = planOf("x: f32[n: N, d: M]) -> (y: f32[n], z: f32) { y = sum[d](x)\n z = sum[d](x[n = 0]) }");

const first = (plan: Plan, change: (k: KernelPlan) => Partial<KernelPlan>): Plan => ({
  ...plan,
  kernels: plan.kernels.map((k, n) => (n === 0 ? { ...k, ...change(k) } : k)),
});
const accs = (plan: Plan, change: (a: Accumulator, all: readonly Accumulator[]) => Partial<Accumulator>): Plan =>
  first(plan, (k) => ({ accumulators: k.accumulators.map((a) => ({ ...a, ...change(a, k.accumulators) })) }));
const stores = (plan: Plan, change: (s: Store, k: KernelPlan) => Partial<Store>): Plan =>
  first(plan, (k) => ({ stores: k.stores.map((s) => ({ ...s, ...change(s, k) })) }));
const tensors = (plan: Plan, change: (t: Tensor) => Tensor): Plan => ({
  ...plan,
  graph: { ...plan.graph, tensors: plan.graph.tensors.map(change) },
});
const k0 = (plan: Plan): KernelPlan => plan.kernels[0]!;
/** A node of some kind that a kernel reads. */
const nodeOf = (plan: Plan, is: (kind: string, axes: readonly number[], ty: string) => boolean): number => {
  const found = viewOf(plan.graph).nodes.find((n) => is(n.kind, n.axes, n.ty));
  if (found === undefined) throw new Error("no such node");
  return found.id;
};
/** The sum of the states taken for their last one. */
const lastIn = (pass: number): Plan =>
  first(SCAN, (k) => ({ scans: k.scans.map((s) => ({ ...s, last: [{ node: k.accumulators[0]!.node, pass }] })) }));
const [stream = -1] = k0(ATTENTION).stream;

describe("what is right", () => {
  test.each([ATTENTION, CUT, NORM, TWICE, SOME, LARGEST, EACH, SCAN, PAIR].map((p, n) => [n, p] as const))(
    "plan %i",
    (_, p) => expect(verifyPlan(p)).toEqual([]),
  );
  test.each(TINY.filter((_, n) => n % 6 === 0).map((c) => [titleOf(c), c] as const))("%s", (_, c) => {
    expect(verifyPlan(compileTiny(c, "baseline").plan)).toEqual([]);
    expect(verifyPlan(compileTiny(c, "baseline", 2).folded)).toEqual([]);
  });
});

const load = nodeOf(ATTENTION, (kind, axes) => kind === "load" && axes.includes(stream));

test.each<readonly [string, Plan, readonly string[]]>([
  [
    "two tensors of a name",
    tensors(EACH, (t) => ({ ...t, name: "y" })),
    ["two tensors have one name", "k: reads `x`, which no one declares"],
  ],
  [
    "two kernels of a name",
    { ...CUT, kernels: CUT.kernels.map((k) => ({ ...k, name: "same" })) },
    ["two kernels have one name"],
  ],
  [
    "a tensor that nobody declares",
    tensors(EACH, (t) => (t.name === "x" ? { ...t, name: "w" } : t)),
    ["k: reads `x`, which no one declares"],
  ],
  [
    "a result that is read",
    tensors(EACH, (t) => ({ ...t, role: "output" as const })),
    ["k: reads `x` before a kernel has stored it", "no kernel stores `x`"],
  ],
  ["a result twice", first(EACH, (k) => ({ stores: [...k.stores, ...k.stores] })), ["k: `y` is stored twice"]],
  ["nothing", first(EACH, () => ({ stores: [] })), ["k: it stores nothing", "no kernel stores `y`"]],
  [
    "an axis twice",
    first(EACH, (k) => ({ rows: [...k.rows, ...k.rows.slice(0, 1)] })),
    ["k: an axis is row and stream, or twice one of them"],
  ],
  [
    "a row that streams",
    first(TWICE, (k) => ({ rows: [...k.rows, ...k.stream] })),
    ["k: an axis is row and stream, or twice one of them", "k: the store of `y` is written by every row along (d)"],
  ],
  ["a part of nothing", first(EACH, () => ({ part: 99 })), ["k: its part is neither row nor stream"]],
  ["a part that streams", first(TWICE, (k) => ({ part: k.stream[0]! })), []],
  ["a part that is a row", first(TWICE, (k) => ({ part: k.rows[0]! })), []],
  [
    "a statistic along no stream",
    first(TWICE, () => ({ stream: [] })),
    [
      "k: it carries something along no stream",
      "k: `m` its body varies along (d), which is not at hand",
      "k: `y` its body varies along (d), which is not at hand",
    ],
  ],
  [
    "a state along no stream",
    first(SCAN, () => ({ stream: [], accumulators: [] })),
    ["k: it carries something along no stream"],
  ],
  [
    "a statistic twice",
    first(TWICE, (k) => ({ accumulators: [...k.accumulators, k.accumulators[0]!] })),
    ["k: a statistic is carried twice"],
  ],
  [
    "what is no reduction",
    accs(SOME, () => ({ node: nodeOf(SOME, (kind) => kind === "load") })),
    ["k: `y` stands for a load, no reduction", "k: the store of `y` reads sum over (d), which nothing carries"],
  ],
  ["half a pass", accs(SOME, () => ({ pass: 0.5 })), ["k: `y` is of pass 0.5 of 1"]],
  ["a pass before the first", accs(SOME, () => ({ pass: -1 })), ["k: `y` is of pass -1 of 1"]],
  ["a pass after the last", accs(SOME, () => ({ pass: 1 })), ["k: `y` is of pass 1 of 1"]],
  ["none of k", accs(LARGEST, (a) => (a.op === "kth" ? { k: 0 } : {})), ["k: `y` keeps 0 values"]],
  ["one of k", accs(LARGEST, (a) => (a.op === "kth" ? { k: 1 } : {})), []],
  [
    "a row of its own",
    accs(SOME, () => ({ local: k0(SOME).rows })),
    ["k: `y` has a row or the stream among its own axes"],
  ],
  [
    "the stream of its own",
    accs(SOME, () => ({ local: k0(SOME).stream })),
    ["k: `y` has a row or the stream among its own axes"],
  ],
  [
    "an axis that is nobody's",
    accs(ATTENTION, (a) => (a.local.length > 0 ? { local: [] } : {})),
    [
      "k: `p_v_sum` varies along (e), neither a row nor its own",
      "k: `p_v_sum` its body varies along (e), which is not at hand",
    ],
  ],
  ["a body of another axis", accs(NORM, () => ({ body: nodeOf(NORM, (kind) => kind === "load") })), []],
  [
    "a body of no row",
    first(SOME, () => ({ rows: [] })),
    [
      "k: `y` varies along (n), neither a row nor its own",
      "k: `y` its body varies along (n), which is not at hand",
      "k: `y` its domain varies along (n), which is not at hand",
    ],
  ],
  ["a domain that is none", accs(SOME, (a) => ({ where: a.body })), ["k: `y` its domain is no condition"]],
  [
    "a gauge that streams",
    accs(ATTENTION, (a) => (a.gauge === null ? {} : { gauge: load })),
    [
      "k: `p_sum` its gauge varies along (d), which is not at hand",
      "k: `p_sum` its gauge varies along the stream",
      "k: `p_sum` reads `m` of pass 0 in pass 0",
      "k: `p_v_sum` its gauge varies along (d), which is not at hand",
      "k: `p_v_sum` its gauge varies along the stream",
      "k: `p_v_sum` reads `m` of pass 0 in pass 0",
    ],
  ],
  [
    "a gauge of a later pass",
    first(
      accs(ATTENTION, (a) => (a.gauge === null ? { pass: 1 } : {})),
      () => ({ passes: 2 }),
    ),
    ["k: `p_sum` is gauged by `m` of a later pass", "k: `p_v_sum` is gauged by `m` of a later pass"],
  ],
  [
    "a gauge that sums",
    accs(ATTENTION, (a, all) =>
      a.local.length === 0 ? {} : { gauge: all.find((x) => x.op === "sum" && x !== a)!.node },
    ),
    ["k: `p_v_sum` is gauged by `p_sum`, a live sum", "k: `p_v_sum` reads `m` of pass 0 in pass 0"],
  ],
  ["a sum of a live one", accs(TWICE, () => ({ pass: 0 })), ["k: `y` reads `m` of pass 0 in pass 0"]],
  ["a sum of a later one", accs(TWICE, (a) => ({ pass: 1 - a.pass })), ["k: `y` reads `m` of pass 1 in pass 0"]],
  [
    "a sum that nothing carries",
    first(TWICE, (k) => ({ accumulators: k.accumulators.slice(1) })),
    ["k: `y` reads sum over (d), which nothing carries"],
  ],
  [
    "a drift beside nothing",
    accs(ATTENTION, (a) => (a.gauge === null ? {} : { drift: { companion: load } as never })),
    ["k: `p_sum` drifts with a sum that is not beside it", "k: `p_v_sum` drifts with a sum that is not beside it"],
  ],
  [
    "a drift without a gauge",
    accs(ATTENTION, (a, all) => (a.op === "max" ? { drift: { companion: all.at(-1)!.node } as never } : {})),
    ["k: `m` drifts with a sum that is not beside it"],
  ],
  [
    "a drift of another pass",
    first(
      accs(ATTENTION, (a, all) => (a.local.length > 0 ? { pass: 1, drift: { companion: all[0]!.node } as never } : {})),
      () => ({ passes: 2 }),
    ),
    ["k: `p_v_sum` drifts with a sum that is not beside it"],
  ],
  [
    "a drift",
    accs(ATTENTION, (a, all) => (a.local.length > 0 ? { drift: { companion: all[0]!.node } as never } : {})),
    [],
  ],
  [
    "a store to nothing",
    stores(EACH, () => ({ tensor: "w" })),
    ["k: the store of `w` goes to no tensor", "no kernel stores `y`"],
  ],
  [
    "a store to an input",
    stores(EACH, () => ({ tensor: "x" })),
    ["k: the store of `x` goes to an input", "no kernel stores `y`"],
  ],
  [
    "other axes",
    stores(EACH, (s) => ({ axes: s.axes.toReversed() })),
    ["k: the store of `y` has the axes (d, n), the tensor (n, d)"],
  ],
  [
    "the stream in no pass",
    stores(NORM, () => ({ pass: null })),
    ["k: the store of `y` varies along the stream and is in no pass"],
  ],
  [
    "a pass without the stream",
    stores(SOME, () => ({ pass: 0 })),
    [
      "k: the store of `y` is in a pass and does not vary along the stream",
      "k: the store of `y` in pass 0 reads `y` of pass 0",
    ],
  ],
  ["a pass without any stream", stores(EACH, () => ({ pass: 0 })), ["k: the store of `y` is in pass 0 of 0"]],
  [
    "a store before the first pass",
    stores(NORM, () => ({ pass: -1 })),
    ["k: the store of `y` is in pass -1 of 2", "k: the store of `y` in pass -1 reads `x_sum` of pass 0"],
  ],
  [
    "a store in the first pass",
    stores(NORM, () => ({ pass: 0 })),
    ["k: the store of `y` in pass 0 reads `x_sum` of pass 0"],
  ],
  [
    "a store after the last pass",
    stores(NORM, (_, k) => ({ pass: k.passes })),
    ["k: the store of `y` is in pass 2 of 2"],
  ],
  [
    "a value of more axes",
    stores(ATTENTION, () => ({ value: nodeOf(ATTENTION, (kind, axes) => kind === "load" && !axes.includes(stream)) })),
    ["k: the store of `o` varies along (d)"],
  ],
  [
    "once along a row that it has",
    stores(SOME, (_, k) => ({ once: k.rows })),
    ["k: the store of `y` is written by every row along ()"],
  ],
  [
    "by every row",
    first(SOME, (k) => ({ stores: k.stores.map((s) => ({ ...s, axes: [] })) })),
    [
      "k: the store of `y` has the axes (), the tensor (n)",
      "k: the store of `y` varies along (n)",
      "k: the store of `y` is written by every row along (n)",
    ],
  ],
  ["the last state", lastIn(0), []],
  ["the last state of no pass", lastIn(1), ["k: the last state of `s` is given in pass 1 of 1"]],
  ["the last state before the first pass", lastIn(-1), ["k: the last state of `s` is given in pass -1 of 1"]],
  [
    "the last state of no reduction",
    first(SCAN, (k) => ({ scans: k.scans.map((s) => ({ ...s, last: [{ node: s.step, pass: 0 }] })) })),
    ["k: the last state of `s` is given in pass 0 of 1"],
  ],
  [
    "kernels the other way round",
    { ...CUT, kernels: CUT.kernels.toReversed() },
    [
      "k_merge: reads `stats_part` before a kernel has stored it",
      "k_merge: reads `p_v_sum_part` before a kernel has stored it",
    ],
  ],
])("%s", (_, plan, said) => expect(verifyPlan(plan)).toEqual(said));
