/** The verifier of plans: what the planner makes is checked wherever tests compile; each rule refuses a plan that is broken in one place. */
import { describe, expect, test } from "vitest";
import type { Accumulator, KernelPlan, Plan } from "../../src/ir/derive/plan.ts";
import { verifyPlan } from "../../src/ir/derive/verify-plan.ts";
import { compileTiny, TINY } from "./tiny.ts";

const of = (kernel: string, parts?: number): ReturnType<typeof compileTiny> => {
  const c = TINY.find((x) => x.kernel === kernel);
  if (c === undefined) throw new Error(`no case ${kernel}`);
  return compileTiny(c, "baseline", parts);
};

const attention = of("flash_attention");
const twoPasses = of("threshold_relu");
const parts = of("flash_attention", 2);

/** What is said of a plan whose first kernel is changed. */
const broken = (from: typeof attention, change: (k: KernelPlan) => KernelPlan): string => {
  const plan: Plan = { ...from.plan, kernels: from.plan.kernels.map((k, n) => (n === 0 ? change(k) : k)) };
  return verifyPlan(plan).join("\n");
};

const accs =
  (change: (a: Accumulator, n: number) => Accumulator | null) =>
  (k: KernelPlan): KernelPlan => ({ ...k, accumulators: k.accumulators.flatMap((a, n) => change(a, n) ?? []) });

describe("refuses", () => {
  const RULES: readonly (readonly [string, typeof attention, (k: KernelPlan) => KernelPlan, RegExp])[] = [
    [
      "a statistic that nothing carries",
      attention,
      accs((a) => (a.op === "max" ? null : a)),
      /reads max over \(j\), which nothing carries/,
    ],
    [
      "a live sum without its gauge",
      attention,
      accs((a) => ({ ...a, gauge: null })),
      /reads `\w+` of pass 0 in pass 0/,
    ],
    ["a pass beyond the last", attention, (k) => ({ ...k, passes: 0 }), /is of pass 0 of 0/],
    [
      "a store of axes that the tensor lacks",
      attention,
      (k) => ({ ...k, stores: k.stores.map((s) => ({ ...s, axes: s.axes.slice(1) })) }),
      /has the axes/,
    ],
    [
      "a row that is streamed",
      attention,
      (k) => ({ ...k, stream: [...k.stream, ...k.rows.slice(0, 1)] }),
      /an axis is row and stream/,
    ],
    [
      "a statistic that is carried twice",
      attention,
      (k) => ({ ...k, accumulators: [...k.accumulators, ...k.accumulators.slice(0, 1)] }),
      /a statistic is carried twice/,
    ],
    ["a result that nobody stores", attention, (k) => ({ ...k, stores: k.stores.slice(0, -1) }), /no kernel stores/],
    [
      "a result in a pass that does not vary along the stream",
      attention,
      (k) => ({ ...k, stores: k.stores.map((s) => ({ ...s, pass: 0 })) }),
      /is in a pass and does not vary/,
    ],
    [
      "a result along one of two axes of the stream",
      of("row_softmax"),
      (k) => ({
        ...k,
        rows: [],
        stream: [...k.stream, ...k.rows],
        stores: k.stores.map((s) => ({ ...s, axes: s.axes.filter((a) => k.stream.includes(a)) })),
      }),
      /is written by every cell along \(/,
    ],
    ["a row that is not at hand", attention, (k) => ({ ...k, rows: k.rows.slice(1) }), /varies along \(b\)/],
    ["the second pass before the first", twoPasses, accs((a) => ({ ...a, pass: 0 })), /of pass 0 in pass 0/],
  ];
  test.each(RULES)("%s", (_, from, change, why) => expect(broken(from, change)).toMatch(why));

  test("a kernel that reads what is stored later", () => {
    const plan = { ...parts.plan, kernels: [...parts.plan.kernels].reverse() };
    expect(verifyPlan(plan).join("\n")).toMatch(/reads `\w+` before a kernel has stored it/);
  });
});
