/**
 * Every kernel of the fixtures and of the standard library, compiled for every target, is accepted by Tint without a message on a
 * device with exactly the target's features and limits (Dawn's null backend: nothing runs), and satisfies the Tile IR's verifier.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BASELINE, TARGETS, type Target } from "../../src/base/target.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { compileFor } from "../gpu/stacks.ts";
import { EDGES, HALF, HEADS, LANGUAGE, VARIANTS } from "../numeric/cases.ts";
import { compileCase, type Case } from "../numeric/harness.ts";

const SOURCE = ["language", "variants"]
  .map((name) => readFileSync(new URL(`../fixtures/${name}.tfx`, import.meta.url), "utf8"))
  .join("\n");

const NAMES = ["baseline", "subgroups", "f16", "subgroups-f16", "32k", "software", "software-subgroups"] as const;

/** Cases whose code would be equal: what the compiler was told is the same. */
const told = (c: Case): string =>
  [
    c.kernel,
    ...c.known.map((n) => `${n}=${c.sizes[n]}`),
    ...Object.entries({ ...c.types, ...c.statics }).map(([n, v]) => `${n}=${v}`),
  ].join(" ");

const CASES = [...new Map([...LANGUAGE, ...VARIANTS, ...EDGES, ...HEADS, ...HALF].map((c) => [told(c), c])).entries()];

/** Verified, and accepted by Tint on a device with exactly the target's features and limits. */
const accepted = async (c: Case, target: Target, parts?: number): Promise<void> => {
  const compiled = compileCase(SOURCE, c, target, undefined, parts);
  expect(verifyTile(compiled.tile, target)).toEqual([]);
  const { artifact } = compiled;
  // The null backend ends at the baseline's limits and is fast: the larger device is asked only where it matters.
  const bytes = Math.max(...artifact.dispatches.map((d) => d.workgroupBytes));
  const device = bytes <= BASELINE.workgroupBytes ? { ...target, workgroupBytes: BASELINE.workgroupBytes } : target;
  expect(await compileFor(device, artifact)).toEqual([]);
  for (const d of artifact.dispatches) {
    expect(d.workgroupBytes).toBeLessThanOrEqual(target.workgroupBytes);
    expect(d.workgroupSize).toBeLessThanOrEqual(target.invocations);
  }
  expect(artifact.wgsl.includes("enable f16;")).toBe(c.types?.["T"] === "f16");
  if (target.subgroups === null) expect(artifact.wgsl).not.toMatch(/subgroup/i);
};

const isCut = (c: Case): boolean =>
  compileCase(SOURCE, c, BASELINE, undefined, 2).plan.kernels.some((k) => k.part !== null);
const CUT = new Set(
  CASES.filter(([, c]) => c.types === undefined && [...LANGUAGE, ...VARIANTS].includes(c) && isCut(c)).map(
    ([name]) => name,
  ),
);

describe.each(NAMES)("%s", (name) => {
  const target = TARGETS[name] ?? BASELINE;
  // A kernel that stores no half floats has the same code with and without them (below): on those targets it is not asked again.
  const able = CASES.filter(([, c]) => (c.types?.["T"] === "f16") === target.f16);
  test.for(able)("%s", ([, c]) => accepted(c, target));
  test.for(able.filter(([told]) => CUT.has(told)))("in parts: %s", ([, c]) => accepted(c, target, 3));
});

test.for([
  ["baseline", "f16"],
  ["subgroups", "subgroups-f16"],
] as const)("what stores no half floats is on %s what it is on %s", ([without, having]) => {
  for (const [name, c] of CASES.filter(([, c], n) => c.types?.["T"] !== "f16" && n % 6 === 0)) {
    const [a, b] = [without, having].map((on) => compileCase(SOURCE, c, TARGETS[on] ?? BASELINE).artifact);
    expect(b?.wgsl === a?.wgsl, name).toBe(true);
    expect(b?.dispatches, name).toEqual(a?.dispatches);
  }
});

test("a kernel that stores half floats says that it needs shader-f16", () => {
  for (const c of HALF) {
    const { artifact } = compileCase(SOURCE, c, TARGETS["f16"] ?? BASELINE);
    expect(artifact.requires.features).toContain("shader-f16");
  }
});
