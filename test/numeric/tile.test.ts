/**
 * Tile programs are valid and mean what the source says: verified, then run by the evaluator (races, bounds and barriers are
 * errors there) in f64, against the interpreter of the checked program. Subgroups of every size that a device may have.
 */
import { isWhole } from "../tier.ts";
import { describe, expect, test } from "vitest";
import type { Compiled } from "../../src/compile.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import { evalSize } from "../../src/base/size.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { compileTiny, target, TINY, titleOf, worst } from "../plan/tiny.ts";
import { inputsOf, type Case } from "./harness.ts";

/** The tier of the compiler takes two of the sizes. */
const SUBGROUPS = isWhole ? [4, 8, 16, 32, 64, 128] : [4, 32];

const TARGETS: readonly (readonly [string, readonly number[]])[] = [
  ["baseline", [4]],
  ["software", [4]],
  ["software-subgroups", [4]],
  ["subgroups", SUBGROUPS],
];

/** Storage buffers by name: inputs as given, the rest full of a number that no result may keep. */
const buffersOf = (compiled: Compiled, c: Case, inputs: Record<string, number[]>): Record<string, ArrayLike<number>> =>
  Object.fromEntries(
    compiled.artifact.tensors.map((t) => {
      const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => c.sizes[s] ?? 0), 1);
      return [t.name, inputs[t.name] ?? new Float64Array(count).fill(t.dtype === "f32" ? 12345 : 7)];
    }),
  );

/** Values of scalar parameters, defaults included: what they mean. */
const scalarsOf = ({ spec }: Compiled, c: Case): Record<string, number> => {
  const inputs = { sizes: c.sizes, statics: c.statics ?? {}, scalars: c.scalars ?? {}, tensors: {} };
  const missing = spec.scalars.filter((s) => !s.isStatic && c.scalars?.[s.name] === undefined && s.init !== null);
  const results = missing.flatMap((s) =>
    s.init === null ? [] : { name: s.name, dtype: s.dtype, dims: [], span: s.span, value: s.init },
  );
  const values = interpret({ ...spec, results }, inputs);
  return { ...c.scalars, ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value[0] ?? 0])) };
};

/** Verifies and runs a kernel's tile program, with a number of parts for the streams that can be cut. */
const holds = (c: Case, name: string, subgroupSizes: readonly number[], parts?: number): void => {
  const compiled = compileTiny(c, name, parts);
  expect(verifyTile(compiled.tile, target(name))).toEqual([]);
  const inputs = inputsOf(compiled, c);
  const scalars = scalarsOf(compiled, c);
  const expected = interpret(compiled.spec, {
    sizes: c.sizes,
    statics: c.statics ?? {},
    scalars: c.scalars ?? {},
    tensors: inputs,
  });
  const usesSubgroups = compiled.artifact.requires.features.includes("subgroups");
  for (const subgroupSize of usesSubgroups ? subgroupSizes : subgroupSizes.slice(0, 1)) {
    const found = evaluateTile(compiled.tile, {
      sizes: c.sizes,
      uniforms: scalars,
      buffers: buffersOf(compiled, c, inputs),
      precision: "f64",
      subgroupSize,
    }).buffers;
    for (const [out, values] of Object.entries(expected))
      expect(worst(found[out] ?? [], values), `${out}, subgroups of ${subgroupSize}`).toBeLessThan(1e-6);
  }
};

describe.each(TARGETS)("%s", (name, subgroupSizes) => {
  test.each(TINY.map((c) => [titleOf(c), c] as const))("%s", (_, c) => holds(c, name, subgroupSizes));
});

const isCut = (c: Case): boolean => compileTiny(c, "baseline", 2).plan.kernels.some((k) => k.part !== null);

describe.each(["baseline", "software-subgroups"])("%s, streams cut", (name) => {
  test.each(TINY.filter(isCut).map((c, n) => [titleOf(c), c, [2, 3, 8, 70][n % 4] ?? 2] as const))(
    "%s",
    (_, c, parts) => holds(c, name, [4], parts),
  );
});
