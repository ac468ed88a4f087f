/**
 * Every kernel of the language reference, its one-liners as whole kernels and their edge cases, on real WGSL: each result
 * against the f64 meaning of its spec, allowed twice what naive f32 arithmetic would have lost (`src/cli/accuracy.ts`).
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Accuracy } from "../../src/cli/accuracy.ts";
import { largestDistance } from "../../src/cli/accuracy.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { stacks, type Stack, type StackName } from "../gpu/stacks.ts";
import { EDGES, EXTREME, FAR_MEANS, HALF, LANGUAGE, VARIANTS } from "./cases.ts";
import { check, compileCase, inputsOf, runCase, type Case } from "./harness.ts";

const SOURCE = ["language", "variants"]
  .map((name) => readFileSync(new URL(`../fixtures/${name}.tfx`, import.meta.url), "utf8"))
  .join("\n");

const NAMES: readonly StackName[] = ["swiftshader", "lavapipe", "deno"];

/** The case in one line, for the test's title. */
const title = (c: Case): string =>
  `${c.kernel} ${Object.entries(c.sizes).map(([n, v]) => `${n}=${v}${c.known.includes(n) ? "" : "?"}`).join(" ")}${c.types === undefined ? "" : " f16"}`;

/** Fails with both numbers of each result: the error and what was allowed (with the naive f32 error beside them). */
const expectAccurate = (results: readonly Accuracy[]): void => {
  expect(results.length).toBeGreaterThan(0);
  const bad = results
    .filter((a) => !a.ok)
    .map((a) => `${a.output}: error ${a.error.toExponential(2)}, allowed ${a.allowed.toExponential(2)} (naive f32 ${a.naive.toExponential(2)})`);
  expect(bad).toEqual([]);
};

const withoutSubgroups = (stack: Stack): Stack["target"] => ({ ...stack.target, name: `${stack.target.name}, no subgroups`, subgroups: null });

/** As a device of a GPU is seen: the planner takes other schedules than for a CPU adapter. */
const asHardware = (stack: Stack): Stack["target"] => ({ ...stack.target, name: `${stack.target.name} as hardware`, software: false });

describe.each(NAMES)("%s", (name) => {
  const on = (title_: string, cases: readonly Case[], target: (stack: Stack) => Stack["target"] = (s) => s.target): void => {
    describe(title_, () => {
      test.each(cases.map((c) => [title(c), c] as const))("%s", async (_, c) => {
        const stack = await open();
        if (typeof stack === "string") return skip(stack);
        if (c.types?.["T"] === "f16" && !stack.target.f16) return skip(`${name} has no shader-f16`);
        expectAccurate(await check(SOURCE, c, stack, undefined, target(stack)));
      });
    });
  };
  void on;
});
