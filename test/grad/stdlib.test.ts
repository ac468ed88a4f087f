/** The gradient of every kernel of the standard library, its text checked and evaluated, against differences of the kernel. */
import { expect, test } from "vitest";
import type { Spec } from "../../src/check/spec.ts";
import { postOrder } from "../../src/check/walk-spec.ts";
import { formatProgram } from "../../src/format/format.ts";
import { gradient } from "../../src/grad/gradient.ts";
import { checked, compareWithDifferences } from "./differences.ts";
import { entries, floatResults, waysOf } from "./library.ts";

/** What is said about a kernel that has no gradient yet; null: it has one. */
const refusal = (spec: Spec): string | null =>
  postOrder(spec.results.map((r) => r.value)).some((x) => x.kind === "scan")
    ? "the gradient of a recurrence is not derived yet"
    : null;

test.each(entries.map((e) => [e.kernel, e] as const))("%s", async (_, e) => {
  const of = floatResults(e.spec);
  const made = await gradient(e.spec);
  const refused = refusal(e.spec);
  if (refused !== null) return void expect(made.ok ? "a gradient" : made.diagnostics[0]?.message).toBe(refused);
  if (!made.ok) throw new Error(made.diagnostics[0]?.message);
  const again = await formatProgram(made.text);
  expect(again.ok && again.text).toBe(made.text);
  const derived = checked(made.text);
  expect(derived.name).toBe(`${e.kernel}_grad`);
  expect(compareWithDifferences(e.spec, derived, of, waysOf(e), 1)).toEqual([]);
  const isMasked = ["N", "M"].every((s) => e.spec.sizes.includes(s));
  if (isMasked) expect(compareWithDifferences(e.spec, derived, of, waysOf(e, true), 2)).toEqual([]);
});
