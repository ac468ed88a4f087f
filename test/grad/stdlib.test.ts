/** The gradient of every kernel of the standard library, its text checked and evaluated, against differences of the kernel. */
import { expect, test } from "vitest";
import { formatProgram } from "../../src/format/format.ts";
import { gradient } from "../../src/grad/gradient.ts";
import { checked, compareWithDifferences } from "./differences.ts";
import { sameAsPair } from "./pair.ts";
import { entries, floatResults, waysOf } from "./library.ts";

test.each(entries.map((e) => [e.kernel, e] as const))("%s", async (_, e) => {
  const of = floatResults(e.spec);
  const made = await gradient(e.spec);
  if (!made.ok) throw new Error(made.diagnostics[0]?.message);
  const again = await formatProgram(made.text);
  expect(again.ok && again.text).toBe(made.text);
  const derived = checked(made.text);
  expect(derived.name).toBe(`${e.kernel}_grad`);
  expect(compareWithDifferences(e.spec, derived, of, waysOf(e), 1)).toEqual([]);
  expect(sameAsPair(e.spec, made.text, await gradient(e.spec, { save: "auto" }), waysOf(e))).toEqual([]);
  const isMasked = ["N", "M"].every((s) => e.spec.sizes.includes(s));
  if (isMasked) expect(compareWithDifferences(e.spec, derived, of, waysOf(e, true), 2)).toEqual([]);
});
