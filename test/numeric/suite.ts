/**
 * The numeric suite of one stack: kernels on real WGSL, each result against the f64 meaning of its spec, allowed twice what
 * naive f32 arithmetic would have lost (`src/cli/accuracy.ts`). A file for each stack, so that two run side by side.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { GPU_TUNING, type Target } from "../../src/base/target.ts";
import { stacks, type StackName } from "../gpu/stacks.ts";
import { LANGUAGE } from "./cases.ts";
import { check, faults, type Case } from "./harness.ts";

/** The kernels of the language reference and of its one-liners. */
export const SOURCE = ["language", "variants"]
  .map((name) => readFileSync(new URL(`../fixtures/${name}.tfx`, import.meta.url), "utf8"))
  .join("\n");

/** Sizes the compiler was not given carry a question mark. */
const title = (c: Case): string => {
  const sizes = Object.entries(c.sizes).map(([n, v]) => `${n}=${v}${c.known.includes(n) ? "" : "?"}`);
  return [c.kernel, ...(c.types === undefined ? [] : ["f16"]), ...sizes].join(" ");
};

/** The same device, planned for as if it had less, or were of another kind. */
export type View = (target: Target) => Target;
export const asIs: View = (target) => target;
export const noSubgroups: View = (target) => ({ ...target, subgroups: null });
/** As a GPU would be seen: other schedules than for a CPU adapter. */
export const asGpu: View = (target) => ({ ...target, tuning: GPU_TUNING });
/** What every WebGPU device has, scheduled as for a GPU. */
export const asBaseline: View = (target) => ({ ...asGpu(target), subgroups: null, workgroupBytes: 16384 });

/** One case of each kernel that has a shape of its own. */
export const FEW: readonly Case[] = [
  "flash_attention",
  "gemma2",
  "persistent_memory",
  "layer_norm_affine",
  "paged_decode",
  "linear_attention",
  "add_rms_norm",
].flatMap((k) => LANGUAGE.find((c) => c.kernel === k) ?? []);

/** Tests `cases` on a stack; with `limit`, an absolute one in place of the rule. What the machine lacks is skipped with the reason. */
export const group = (name: StackName, heading: string, cases: readonly Case[], view: View, limit?: number): void =>
  groupInParts(
    name,
    heading,
    cases.map((c) => [c, undefined]),
    view,
    limit,
  );

/** The same with a number of parts for the streams that can be cut. */
export const groupInParts = (
  name: StackName,
  heading: string,
  cases: readonly (readonly [Case, number | undefined])[],
  view: View,
  limit?: number,
): void => {
  describe(heading, () => {
    const titled = cases.map(
      ([c, parts]) => [`${title(c)}${parts === undefined ? "" : ` in ${parts} parts`}`, c, parts] as const,
    );
    test.for(titled)("%s", async ([, c, parts], context) => {
      const [stack] = await stacks([name]);
      if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
      if (c.types?.["T"] === "f16" && !stack.target.f16) return context.skip(`${name} has no shader-f16`);
      const results = await check(SOURCE, c, stack, undefined, view(stack.target), parts);
      expect(results.length).toBeGreaterThan(0);
      expect(faults(results, limit)).toEqual([]);
    });
  });
};

/** Error that a normalised row may have against f64 of the same f32 inputs, whatever its mean. */
export const FAR_LIMIT = 2e-5;
