/** Tests of a list of cases: all on SwiftShader, a part also elsewhere and in half floats, and what the headers promise. */
import { expect, test } from "vitest";
import { BASELINE } from "../../../src/base/target.ts";
import { stacks, type Stack } from "../../gpu/stacks.ts";
import { caseName, compileStd, runStd, type StdCase } from "./run.ts";

const [swiftshader, lavapipe, deno] = (await stacks(["swiftshader", "lavapipe", "deno"])) as [Stack, Stack, Stack];
for (const s of [swiftshader, lavapipe, deno]) if (!s.available) console.log(`${s.name} is left out: ${s.reason}`);

const passes = async (c: StdCase, stack: Stack): Promise<void> => {
  const results = await runStd(c, stack);
  expect(results.length).toBeGreaterThan(0);
  for (const a of results)
    expect(a, `${a.output}: error ${a.error}, naive f32 ${a.naive}, allowed ${a.allowed}`).toMatchObject({ ok: true });
};

/** `Class …, 2 passes`, `1 pass` or `elementwise` of a kernel's header. */
const promised = (doc: string): string | null => /Class .*?(\d+ pass|elementwise)/s.exec(doc)?.[1] ?? null;
const planned = (c: StdCase): { readonly doc: string; readonly plan: string } => {
  const { plan, spec } = compileStd(c, BASELINE);
  const most = Math.max(...plan.kernels.map((k) => (k.stream.length === 0 ? 0 : k.passes)));
  return { doc: spec.doc, plan: most === 0 ? "elementwise" : `${most} pass` };
};

const named = (cases: readonly StdCase[]): [string, StdCase][] => cases.map((c) => [caseName(c), c]);

/**
 * Kernels in `everywhere` run on lavapipe and Deno as well, and in half floats where a stack has them; all kernels do with
 * TFX_ALL_STACKS=1 (lavapipe takes seconds to compile a kernel).
 */
export const suite = (cases: readonly StdCase[], everywhere: readonly string[]): void => {
  const first = cases.filter((c, n) => cases.findIndex((d) => d.kernel === c.kernel) === n);
  const wide = first.filter((c) => process.env["TFX_ALL_STACKS"] === "1" || everywhere.includes(c.kernel));
  test.skipIf(!swiftshader.available).each(named(cases))("%s", (_, c) => passes(c, swiftshader));
  test.skipIf(!lavapipe.available).each(named(wide))("lavapipe: %s", (_, c) => passes(c, lavapipe));
  test.skipIf(!deno.available).each(named(wide))("deno: %s", (_, c) => passes(c, deno));
  const halves = wide.map((c) => ({ ...c, types: { T: "f16" } }));
  const f16 = [lavapipe, swiftshader].find((s) => s.available && s.target.f16);
  if (f16 === undefined) console.log("f16 is left out: no stack has it");
  test.skipIf(f16 === undefined).each(named(halves))("f16: %s", (_, c) => passes(c, f16!));
  test.each(first.map((c) => [c.kernel, c] as const))("the header of %s tells its plan", (_, c) => {
    const { doc, plan } = planned(c);
    expect(promised(doc)).toBe(plan);
  });
};
