/** Tests of a list of cases: all on SwiftShader, the first of each kernel also elsewhere, and what the headers promise. */
import { expect, test } from "vitest";
import { BASELINE } from "../../../src/codegen/target.ts";
import { stacks, type Stack } from "../../gpu/stacks.ts";
import { caseName, compileStd, runStd, type StdCase } from "./run.ts";

const [swiftshader, lavapipe, deno] = (await stacks(["swiftshader", "lavapipe", "deno"])) as [Stack, Stack, Stack];

/** Prints why a stack is missing, once. */
for (const s of [swiftshader, lavapipe, deno]) if (!s.available) console.log(`${s.name} is left out: ${s.reason}`);

const passes = async (c: StdCase, stack: Stack): Promise<void> => {
  const results = await runStd(c, stack);
  expect(results.length).toBeGreaterThan(0);
  for (const a of results) expect(a, `${a.output}: error ${a.error}, naive f32 ${a.naive}, allowed ${a.allowed}`).toMatchObject({ ok: true });
};

/** `Class …, 2 passes`, `1 pass` or `elementwise` of a kernel's header. */
const promised = (doc: string): string | null => /Class .*?(\d+ pass|elementwise)/s.exec(doc)?.[1] ?? null;
const planned = (c: StdCase): { readonly doc: string; readonly plan: string } => {
  const { plan, spec } = compileStd(c, BASELINE);
  const most = Math.max(...plan.kernels.map((k) => (k.stream.length === 0 ? 0 : k.passes)));
  return { doc: spec.doc, plan: most === 0 ? "elementwise" : `${most} pass` };
};

export const suite = (cases: readonly StdCase[]): void => {
  const first = cases.filter((c, n) => cases.findIndex((d) => d.kernel === c.kernel) === n);
  test.skipIf(!swiftshader.available).each(cases.map((c) => [caseName(c), c] as const))("%s", (_, c) => passes(c, swiftshader));
  test.skipIf(!lavapipe.available).each(first.map((c) => [caseName(c), c] as const))("lavapipe: %s", (_, c) => passes(c, lavapipe));
  test.skipIf(!deno.available).each(first.map((c) => [caseName(c), c] as const))("deno: %s", (_, c) => passes(c, deno));
  const halves = first.map((c) => ({ ...c, types: { T: "f16" } }));
  const f16 = [lavapipe, swiftshader].find((s) => s.available && s.target.f16);
  if (f16 === undefined) console.log("f16 is left out: no stack has it");
  test.skipIf(f16 === undefined).each(halves.map((c) => [caseName(c), c] as const))("f16: %s", (_, c) => passes(c, f16!));
  test.each(first.map((c) => [c.kernel, c] as const))("the header of %s tells its plan", (_, c) => {
    const { doc, plan } = planned(c);
    expect(promised(doc)).toBe(plan);
  });
};
