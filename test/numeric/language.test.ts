/**
 * Every kernel of the language reference, its one-liners as whole kernels and their edge cases, on real WGSL: each result
 * against the f64 meaning of its spec, allowed twice what naive f32 arithmetic would have lost (`src/cli/accuracy.ts`).
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Accuracy } from "../../src/cli/accuracy.ts";
import type { Target } from "../../src/codegen/target.ts";
import { stacks, type StackName } from "../gpu/stacks.ts";
import { EDGES, EXTREME, FAR_MEANS, HALF, LANGUAGE, VARIANTS } from "./cases.ts";
import { check, type Case } from "./harness.ts";

const SOURCE = ["language", "variants"]
  .map((name) => readFileSync(new URL(`../fixtures/${name}.tfx`, import.meta.url), "utf8"))
  .join("\n");

const NAMES: readonly StackName[] = ["swiftshader", "lavapipe", "deno"];

/** Sizes the compiler was not given carry a question mark. */
const title = (c: Case): string => {
  const sizes = Object.entries(c.sizes).map(([n, v]) => `${n}=${v}${c.known.includes(n) ? "" : "?"}`);
  return [c.kernel, ...(c.types === undefined ? [] : ["f16"]), ...sizes].join(" ");
};

/** What is wrong with each result: its error, what was allowed, and what naive f32 would have lost. */
const faults = (results: readonly Accuracy[], limit?: number): readonly string[] =>
  results
    .filter((a) => (limit === undefined ? !a.ok : !(a.error <= limit)))
    .map((a) => {
      const [error, allowed, naive] = [a.error, limit ?? a.allowed, a.naive].map((x) => x.toExponential(2));
      return `${a.output}: error ${error}, allowed ${allowed}, naive f32 ${naive}`;
    });

type View = (target: Target) => Target;
const asIs: View = (target) => target;
const noSubgroups: View = (target) => ({ ...target, subgroups: null });
/** As a GPU would be seen: other schedules than for a CPU adapter. */
const asGpu: View = (target) => ({ ...target, software: false });
const baseline: View = (target) => ({ ...target, software: false, subgroups: null, workgroupBytes: 16384 });

const some = (cases: readonly Case[], kernels: readonly string[]): readonly Case[] =>
  kernels.flatMap((k) => cases.find((c) => c.kernel === k) ?? []);

const FEW = ["flash_attention", "gemma2", "persistent_memory", "layer_norm_affine", "paged_decode", "linear_attention", "add_rms_norm"];

describe.each(NAMES)("%s", (name) => {
  const group = (heading: string, cases: readonly Case[], view: View, limit?: number): void =>
    describe(heading, () => {
      test.for(cases.map((c) => [title(c), c] as const))("%s", async ([, c], context) => {
        const [stack] = await stacks([name]);
        if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
        if (c.types?.["T"] === "f16" && !stack.target.f16) return context.skip(`${name} has no shader-f16`);
        const results = await check(SOURCE, c, stack, undefined, view(stack.target));
        expect(results.length).toBeGreaterThan(0);
        expect(faults(results, limit)).toEqual([]);
      });
    });

  group("the language reference", LANGUAGE, asIs);
  group("its one-liners", VARIANTS, asIs);
  group("without subgroups", name === "swiftshader" ? [...LANGUAGE, ...VARIANTS] : some(LANGUAGE, FEW), noSubgroups);
  group("scheduled as for a GPU", name === "lavapipe" ? [...LANGUAGE, ...VARIANTS] : some(LANGUAGE, FEW), asGpu);
  group("scheduled for the baseline", name === "deno" ? [...LANGUAGE, ...VARIANTS] : some(LANGUAGE, FEW), baseline);
  group("edges", EDGES, asIs);
  if (name === "swiftshader") group("edges for the baseline", EDGES, baseline);
  group("half-float storage", HALF, asIs);
  group("half-float storage for a GPU", HALF, asGpu);
  group("large scores", EXTREME, asIs);
  group("rows far from zero", FAR_MEANS, asIs, 2e-5);
  group("rows far from zero for the baseline", FAR_MEANS, baseline, 2e-5);
});
