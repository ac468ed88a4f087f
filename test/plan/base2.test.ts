/** Exponentials to base 2: the same values, and no multiplication a cell more than it saves. */
import { describe, expect, test } from "vitest";
import { TARGETS } from "../../src/base/target.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { createSources } from "../../src/cli/sources.ts";
import { printPlan } from "../../src/explain/print-plan.ts";
import type { Plan } from "../../src/ir/derive/plan.ts";
import { operands, type AxisId, type NodeId } from "../../src/ir/graph/graph.ts";
import { inputsOf } from "../numeric/harness.ts";
import { compileTiny, evaluatePlan, TINY, titleOf, worst } from "./tiny.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

describe("the folded plan has the values of the naive graph", () => {
  test.each(TINY.map((c) => [titleOf(c), c] as const))("%s", (_, c) => {
    const compiled = compileTiny(c);
    const inputs = { sizes: c.sizes, scalars: c.scalars ?? {}, tensors: inputsOf(compiled, c) };
    const naive = evaluateGraph(compiled.graph, inputs);
    const folded = evaluatePlan({ ...compiled, plan: compiled.folded }, inputs);
    for (const [name, expected] of Object.entries(naive))
      expect(worst(folded[name] ?? [], expected), name).toBeLessThan(1e-9);
  });
});

const compileScores = (score: string, results = "o: f32[b, h, i, d]", more = ""): Compiled => {
  const text = `kernel k(
  q: f32[b: B, h: H, i: N, d: D], k: f32[b, h, j: M, d], v: f32[b, h, j, d],
  a: f32[b, i, j], c: f32[i, j], slope: f32[h],
) -> (${results}) {
  let s = ${score}
  o = sum[j](softmax[j](s) * v)
  ${more}
}`;
  const { compiled, diagnostics } = compile(text, {
    file: "k.tfx",
    dims: { D: 4 },
    target: TARGETS["software"] as never,
    resolveImport: createSources().resolveImport,
  });
  const [one] = compiled;
  if (one === undefined) throw new Error(diagnostics.map((d) => d.message).join("\n"));
  return one;
};

const folded = (c: Compiled): string => printPlan({ ...c, plan: c.folded });

/** Multiplications and divisions that each cell of the stream takes, those inside of contractions left out. */
const perCell = (plan: Plan): number => {
  const b = viewOf(plan.graph);
  const seen = new Set<NodeId>();
  const visit = (id: NodeId, stream: readonly AxisId[]): number => {
    const n = b.node(id);
    if (seen.has(id) || n.kind === "reduce" || !n.axes.some((a) => stream.includes(a))) return 0;
    seen.add(id);
    const own = n.ty === "f32" && n.kind === "binary" && (n.op === "*" || n.op === "/") ? 1 : 0;
    return operands(n).reduce((sum, o) => sum + visit(o, stream), own);
  };
  return plan.kernels.flatMap((k) => k.accumulators.map((a) => visit(a.body, k.stream))).reduce((x, y) => x + y, 0);
};

describe("where log2(e) goes", () => {
  test.each([
    ["a constant scale", "sum[d](q * k) / sqrt(D)"],
    ["a scale and a slope", "sum[d](q * k) * 0.5 - slope * (i - j)"],
    ["a softcap", "softcap(sum[d](q * k), 30 * slope)"],
  ])("%s", (_, score) => {
    const c = compileScores(score);
    expect(folded(c)).toContain("exp2(");
    expect(folded(c)).not.toMatch(/\bexp\(/);
    expect(folded(c)).toContain("m_log2");
    expect(perCell(c.folded)).toBe(perCell(c.plan));
  });

  test.each([
    ["a bias", "sum[d](q * k) * 0.5 + a"],
    ["no scale", "sum[d](q * k)"],
    ["stored scores", "a + 0 * q[d = 0]"],
  ])("%s: left alone", (_, score) => {
    expect(folded(compileScores(score))).not.toContain("exp2(");
  });

  test("a maximum that is a result is read times ln 2", () => {
    const c = compileScores("sum[d](q * k) * 0.5", "o: f32[b, h, i, d], top: f32[b, h, i]", "top = max[j](s)");
    expect(c.artifact.wgsl).toMatch(/let top\w* = top_log2 \* 0\.6931472;/);
  });
});
