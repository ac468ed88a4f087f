/** The derived program means what the source says: both evaluated in f64, kernel by kernel. */
import { describe, expect, test } from "vitest";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { inputsOf } from "../numeric/harness.ts";
import { compileTiny, evaluatePlan, TINY, titleOf, worst } from "./tiny.ts";

describe("the derived graph has the values of the naive one", () => {
  test.each(TINY.map((c) => [titleOf(c), c] as const))("%s", (_, c) => {
    const compiled = compileTiny(c);
    const inputs = { sizes: c.sizes, scalars: c.scalars ?? {}, tensors: inputsOf(compiled, c) };
    const naive = evaluateGraph(compiled.graph, inputs);
    const derived = evaluatePlan(compiled, inputs);
    expect(Object.keys(naive).length).toBeGreaterThan(0);
    for (const [name, expected] of Object.entries(naive))
      expect(worst(derived[name] ?? [], expected), name).toBeLessThan(1e-9);
  });

  test("and a wrong derivation is seen", () => {
    const c = TINY[0];
    if (c === undefined) throw new Error("no case");
    const compiled = compileTiny(c);
    const inputs = { sizes: c.sizes, scalars: c.scalars ?? {}, tensors: inputsOf(compiled, c) };
    const kernels = compiled.plan.kernels.map((k) => ({
      ...k,
      stores: k.stores.map((s) => ({ ...s, value: k.accumulators.find((a) => a.name === "p_v_sum")?.node ?? s.value })),
    }));
    const naive = evaluateGraph(compiled.graph, inputs);
    expect(
      worst(evaluatePlan({ ...compiled, plan: { ...compiled.plan, kernels } }, inputs)["o"] ?? [], naive["o"] ?? []),
    ).toBeGreaterThan(1e-3);
  });
});
