/** The specs of the demo say what the model computes: their f64 meaning against the model's own tensors. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cases } from "../../examples/ocr/cases.ts";
import { checkProgram } from "../../src/check/check.ts";
import { createSources } from "../../src/cli/sources.ts";
import { largestDistance } from "../../src/cli/accuracy.ts";
import { lowerToGraph } from "../../src/ir/lower-to-graph.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { parseProgram } from "../../src/parser/parse.ts";

const FILE = "examples/ocr/recogniser.tfx";
const text = readFileSync(FILE, "utf8");
const { program, diagnostics } = parseProgram(text, FILE);
const checked = checkProgram(program, FILE, { resolveImport: createSources().resolveImport, text });

test("the file has no diagnostics", () => {
  expect([...diagnostics, ...checked.diagnostics]).toEqual([]);
});

test.each(cases().map((c) => [`${c.kernel}, ${c.where}`, c] as const))(
  "%s",
  (_name, { kernel, inputs, scalars, model }) => {
    const spec = checked.specs.find((s) => s.name === kernel);
    if (spec === undefined) throw new Error(`no kernel ${kernel}`);
    const { graph } = lowerToGraph(spec, { dims: {}, statics: {}, types: {} });
    const [b = 0, h = 0, n = 0, d = 0] = inputs["q"]?.shape ?? [];
    const [B = b, N = n, D = d] = inputs["x"]?.shape ?? [];
    const tensors = Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));
    const results = evaluateGraph(graph, { sizes: { B, H: h, N, M: N, D }, tensors, scalars });
    for (const [name, { data }] of Object.entries(model)) {
      const scale = data.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
      // The model computed in f32; its own error is below 1.4e-6 of the largest value of every tensor.
      expect(largestDistance(results[name] ?? [], data) / scale).toBeLessThan(1.5e-6);
    }
  },
);
