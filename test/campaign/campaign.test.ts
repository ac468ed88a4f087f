/**
 * A short campaign, and every program that one ever found, again. The long one: `npm run fuzz -- --programs 10000`.
 * `TFX_FUZZ=1000` makes this one longer, `TFX_SEED=7` another one.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { stacks } from "../gpu/stacks.ts";
import { campaign, kept, shrunk, verdictOn } from "./campaign.ts";
import { generate } from "./generate.ts";
import { meantBy, type Verdict } from "./levels.ts";
import type { Program } from "./program.ts";

const PROGRAMS = Number(process.env["TFX_FUZZ"] ?? 60);
const SEED = Number(process.env["TFX_SEED"] ?? 1);
const CORPUS = fileURLToPath(new URL("corpus", import.meta.url));

const story = ({ program, verdict }: { readonly program: Program; readonly verdict: Verdict }): string =>
  `${"what" in verdict ? `${verdict.kind}, ${verdict.where}: ${verdict.what}` : verdict.kind}\n${program.source}${JSON.stringify({ ...program, source: "" })}`;

describe("what campaigns found", () => {
  test.each(kept(CORPUS))("%s", async (_, program) => {
    const verdict = await verdictOn(program);
    expect(["right", "refused"], story({ program, verdict })).toContain(verdict.kind);
  });
});

test("random programs mean what the interpreter says, at every level", { timeout: 600_000 }, async () => {
  const { failures, invalid, right } = await campaign({ programs: PROGRAMS, seed: SEED, stacks: [] });
  expect(failures.map(story)).toEqual([]);
  expect(invalid).toBe(0);
  // A refusal is an answer, but not the usual one.
  expect(right).toBeGreaterThan(0.9 * PROGRAMS);
});

test("and on SwiftShader", { timeout: 600_000 }, async (context) => {
  const [stack] = await stacks(["swiftshader"]);
  if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
  const { failures } = await campaign({ programs: Math.ceil(PROGRAMS / 4), seed: SEED + 10_000, stacks: [stack] });
  expect(failures.map(story)).toEqual([]);
});

test("a program comes from its seed alone", () => {
  expect(generate(5)).toEqual(generate(5));
  expect(generate(5).source).not.toBe(generate(6).source);
});

test("generated programs are well typed", () => {
  const verdicts = Array.from({ length: 200 }, (_, n) => meantBy(generate(70_000 + n))).filter(
    (m): m is Verdict => "kind" in m,
  );
  expect(verdicts).toEqual([]);
});

test("a failure is made short", { timeout: 600_000 }, async () => {
  // An ill-typed line in a long program stands for a fault.
  const program = { ...generate(6), sizes: { N: 4, D: 1 } };
  const faulty = { ...program, source: program.source.replace("{\n", "{\n  let fault = unknown_name + 1\n") };
  const verdict = await verdictOn(faulty);
  expect(verdict.kind).toBe("invalid");
  const { program: short } = await shrunk({ program: faulty, verdict }, [], 20_000);
  expect(short.source.split("\n").length).toBeLessThanOrEqual(5);
});
