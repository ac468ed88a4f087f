/**
 * The ONNX project's own operator cases through `tfx-lang/onnx`. TFX_ONNX_CASES names another folder of cases;
 * `node scripts/onnx-table.ts` writes docs/onnx.md from the same runs.
 */
import { expect, test } from "vitest";
import { stacks, type Stack } from "../gpu/stacks.ts";
import { readCases } from "./onnx-cases.ts";
import { hasHalves, runCase } from "./onnx-run.ts";

const FOLDER = process.env["TFX_ONNX_CASES"] ?? new URL("../fixtures/onnx", import.meta.url).pathname;
const cases = readCases(FOLDER);
const [swiftshader, lavapipe] = (await stacks(["swiftshader", "lavapipe"])) as [Stack, Stack];

test("there are cases", () => expect(cases.length).toBeGreaterThan(0));

test.for(cases.map((c) => [c.name, c] as const))("%s", async ([, c], context) => {
  const half = hasHalves(c);
  const wanted = half ? [lavapipe, swiftshader].find((s) => s.target.f16) : swiftshader;
  if (wanted === undefined) return context.skip("no stack has f16");
  if (!wanted.available) return context.skip(wanted.reason);
  const outcomes = await runCase(c, wanted);
  expect(outcomes.map((o) => o.output)).toEqual(Object.keys(c.outputs));
  for (const o of outcomes) {
    expect(o, `${o.output}: error ${o.error}`).toMatchObject({ ok: true });
    // Tighter than the backend tests where the reference itself is in f32.
    if (!half) expect(o.error).toBeLessThanOrEqual(2e-5 * Math.max(o.scale, 1));
  }
});
