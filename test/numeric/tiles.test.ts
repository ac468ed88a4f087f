/**
 * Tiles: lanes in two dimensions, first over (row, cell), then over (row, feature). Which kernels have them, and their numbers: in f64 by the
 * tile evaluator (races and reads out of bounds are errors there), in f32 on real WGSL.
 */
import { describe, expect, test } from "vitest";
import { TARGETS } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compile.ts";
import { evalSize } from "../../src/base/size.ts";
import { planFaults } from "../../src/ir/schedule/tiles.ts";
import type { TilesSchedule } from "../../src/ir/schedule/schedule.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { viewOf } from "../../src/ir/graph/view.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import { stacks } from "../gpu/stacks.ts";
import { SOURCE, TINY, titleOf, worst } from "../plan/tiny.ts";
import { tiles, wherever } from "../property/schedules.ts";
import { LANGUAGE, VARIANTS } from "./cases.ts";
import { check, compileCase, faults, inputsOf, targetOn, type Case } from "./harness.ts";

/** Small tiles, of which there are many; one that holds all cells; more lanes along a row than features; lanes that are no whole subgroup. */
const SHAPES: readonly TilesSchedule[] = [
  tiles(8, 2, 2, 4, 4, 4, true),
  tiles(16, 4, 1, 4, 8, 8, false),
  tiles(64, 8, 3, 8, 16, 32, true),
  tiles(12, 4, 1, 4, 12, 16, true),
];

/** The same with columns: fewer than the product has, and more. */
const PRODUCTS: readonly TilesSchedule[] = [
  { ...tiles(8, 2, 2, 4, 4, 4, true), columns: 8 },
  { ...tiles(16, 4, 3, 8, 4, 16, false), columns: 32 },
];

/** The cases of the language, and some where whole tiles, masked ones and ragged ends all occur. */
const SIZES = { B: 1, H: 2, N: 21, M: 45, D: 20, E: 12 };
const CASES: readonly Case[] = [
  ...TINY,
  ...["flash_attention", "sink_attention", "shaw_attention", "entropy_attention", "column_mass"].map((kernel) => ({
    kernel,
    sizes: SIZES,
    known: ["D", "E"],
  })),
  { kernel: "flash_attention", sizes: { ...SIZES, M: 32, D: 66, E: 70 }, known: ["D", "E", "M"] },
  { kernel: "sink_window", sizes: { ...SIZES, N: 45 }, known: ["D", "E"], scalars: { w: 17 } },
  { kernel: "gemma2", sizes: { B: 1, G: 2, R: 2, N: 29, M: 41, D: 15 }, known: ["D", "G", "R"], scalars: { w: 30 } },
  { kernel: "persistent_memory", sizes: { B: 1, H: 2, N: 9, M: 26, D: 12, P: 11 }, known: ["D", "P"] },
  { kernel: "matmul_bias", sizes: { N: 19, D: 33, F: 22 }, known: ["D", "F"] },
  { kernel: "flash_attention", sizes: { ...SIZES, N: 3, M: 0 }, known: ["D", "E"] },
];

const on = TARGETS["32k"] ?? TARGETS["baseline"]!;

const scalarsOf = ({ spec }: Compiled, c: Case): Record<string, number> => {
  const inputs = { sizes: c.sizes, statics: c.statics ?? {}, scalars: c.scalars ?? {}, tensors: {} };
  const results = spec.scalars
    .filter((s) => !s.isStatic && c.scalars?.[s.name] === undefined)
    .flatMap((s) => (s.init === null ? [] : [{ name: s.name, dtype: s.dtype, dims: [], span: s.span, value: s.init }]));
  const values = interpret({ ...spec, results }, inputs);
  return { ...c.scalars, ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value[0] ?? 0])) };
};

/** The largest error of a case under a schedule, by the tile evaluator; null where no kernel takes it. */
const errorUnder = (c: Case, shape: TilesSchedule, source = SOURCE): number | null => {
  const { schedule, kernels } = wherever(compileCase(source, c, on), on, shape);
  if (kernels === 0) return null;
  const compiled = compileCase(source, c, on, schedule);
  expect(verifyTile(compiled.tile, on)).toEqual([]);
  const tensors = inputsOf(compiled, c);
  const given = { sizes: c.sizes, statics: c.statics ?? {}, scalars: c.scalars ?? {}, tensors };
  const buffers = Object.fromEntries(
    compiled.artifact.tensors.map((t) => {
      const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => c.sizes[s] ?? 0), 1);
      return [t.name, tensors[t.name] ?? new Float64Array(count).fill(t.dtype === "f32" ? 12345 : 7)];
    }),
  );
  const uniforms = scalarsOf(compiled, c);
  const found = evaluateTile(compiled.tile, { sizes: c.sizes, uniforms, buffers, precision: "f64" }).buffers;
  const expected = Object.entries(interpret(compiled.spec, given));
  return Math.max(...expected.map(([out, values]) => worst(found[out] ?? [], values)));
};

/** Kernels that have no tiles, and what is said. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  weights_returned: /varies along the stream/,
  sub_norm_attention: /reduces over features that lanes hold apart/,
  output_absmax: /reduces over features that lanes hold apart/,
  hard_attention: /`argmax` cannot be merged/,
  talking_heads: /gauge that varies along `x`/,
  topk_attention: /`kth` cannot be merged/,
  masked_values: /a condition of `o` varies along `e`/,
  add_rms_norm: /nothing is contracted/,
  layer_norm_affine: /nothing is contracted/,
  row_softmax: /nothing is contracted/,
  group_norm: /the stream is \(c, p\)/,
  gated_delta_rule: /a recurrence walks its stream in order/,
  shared_retention: /a recurrence walks its stream in order/,
  stabilised_memory: /a recurrence walks its stream in order/,
  normed_retention: /a recurrence walks its stream in order/,
  scan_statistics: /a recurrence walks its stream in order/,
  flipping_state: /a recurrence walks its stream in order/,
};

test.each(Object.entries(REFUSED))("%s has no tiles, and is told why", (kernel, why) => {
  const c = TINY.find((x) => x.kernel === kernel);
  if (c === undefined) throw new Error(`no case of ${kernel}`);
  const { plan } = compileCase(SOURCE, c, on);
  expect(plan.kernels.flatMap((k) => planFaults(viewOf(plan.graph), k)).join("\n")).toMatch(why);
});

describe("in f64", () => {
  test.each(CASES.filter((c) => !(c.kernel in REFUSED)).map((c) => [titleOf(c), c] as const))("%s", (_, c) => {
    const errors = SHAPES.map((shape) => errorUnder(c, shape));
    expect(errors.filter((e) => e !== null).length).toBeGreaterThanOrEqual(2);
    for (const e of errors) expect(e ?? 0).toBeLessThan(1e-9);
  });
});

describe("columns, in f64", () => {
  const products: readonly Case[] = [
    { kernel: "matmul_bias", sizes: { N: 19, D: 33, F: 22 }, known: [] },
    { kernel: "matmul_bias", sizes: { N: 19, D: 32, F: 70 }, known: ["F"] },
    { kernel: "matmul_bias", sizes: { N: 19, D: 8, F: 96 }, known: ["D", "F"] },
    { kernel: "matmul_bias", sizes: { N: 1, D: 5, F: 1 }, known: [] },
  ];
  test.each(products.map((c) => [titleOf(c), c] as const))("%s", (_, c) => {
    const errors = PRODUCTS.map((shape) => errorUnder(c, shape));
    for (const e of errors) {
      expect(e).not.toBeNull();
      expect(e ?? 1).toBeLessThan(1e-9);
    }
  });

  test("what is no product has none", () => {
    const { plan } = compileCase(SOURCE, CASES[0] as Case, on);
    const [kernel] = plan.kernels;
    if (kernel === undefined) throw new Error("no kernel");
    expect(planFaults(viewOf(plan.graph), kernel, true).join("\n")).toMatch(/columns are those of a matrix product/);
  });
});

/** A first pass that stages nothing, whose maxima every lane of a row reads before the next tile may change them. */
const NARROW = `kernel k(q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, e: E]) -> o: f32[i, e] {
  let p = softmax[j](sum[d](q * k))
  o = sum[j](max(p - 0.05, 0.0) * v)
}
`;

test("a pass that stages nothing keeps its tiles apart", () => {
  const c = { kernel: "k", sizes: { N: 9, M: 21, D: 3, E: 4 }, known: ["D", "E"] };
  const error = errorUnder(c, tiles(8, 2, 2, 4, 4, 4, true), NARROW);
  expect(error).not.toBeNull();
  expect(error ?? 1).toBeLessThan(1e-9);
});

/** Heads that decode from the same cells, as GPU targets lay them out: fewer rows than the tile has, a ragged last tile. */
const GROUPED = `kernel k(q: f32[g: G, r: R, d: D], k: f32[g, j: M, d], v: f32[g, j, e: E], n: i32) -> o: f32[g, r, e] {
  let s = sum[d](q * k) where j < n
  o = sum[j](softmax[j](s) * v)
}
`;

test.each([2, 4, 7])("%i heads that decode together", (R) => {
  const c = { kernel: "k", sizes: { G: 2, R, M: 150, D: 32, E: 36 }, known: ["R", "D", "E"], scalars: { n: 141 } };
  const [chosen] = compileCase(GROUPED, c, on).schedules;
  if (chosen?.kind !== "tiles") throw new Error("no tiles");
  expect(chosen.lanes / chosen.lanesPerRow).toBe(R > 4 ? 8 : 4);
  expect(errorUnder(c, chosen, GROUPED) ?? 1).toBeLessThan(1e-9);
});

/**
 * What real compilers and adapters make of them: kernels with shapes of their own. SwiftShader needs minutes for one pipeline of `gemma2` or
 * `persistent_memory` with sixteen scores a lane, lavapipe half a minute for most that score, so that it (and Deno over it) gets a product: each gets what it is quick with.
 */
const SMALL = tiles(64, 8, 2, 4, 16, 16, true);
const LARGE = tiles(128, 16, 4, 4, 16, 32, true);
const WIDE = tiles(64, 4, 2, 8, 8, 8, false);
const FEW: Readonly<Record<"swiftshader" | "lavapipe" | "deno", Readonly<Record<string, TilesSchedule>>>> = {
  swiftshader: {
    flash_attention: LARGE,
    gemma2: SMALL,
    persistent_memory: SMALL,
    packed_documents: SMALL,
    entropy_attention: WIDE,
    linear_attention: LARGE,
    matmul_bias: WIDE,
  },
  lavapipe: { matmul_bias: SMALL },
  deno: { matmul_bias: WIDE },
};

describe.each(Object.keys(FEW) as (keyof typeof FEW)[])("on %s", (stackName) => {
  for (const [kernel, shape] of Object.entries(FEW[stackName])) {
    const c = [...LANGUAGE, ...VARIANTS].find((x) => x.kernel === kernel);
    if (c === undefined) throw new Error(`no case of ${kernel}`);
    test(titleOf(c), { timeout: 120_000 }, async (context) => {
      const [stack] = await stacks([stackName]);
      if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
      const target = { ...targetOn("32k", stack), subgroups: null };
      const { schedule, kernels } = wherever(compileCase(SOURCE, c, target), target, shape);
      expect(kernels).toBeGreaterThan(0);
      expect(faults(await check(SOURCE, c, stack, schedule, target))).toEqual([]);
    });
  }
});

/**
 * A product whose rows, columns and cells end within a tile: on SwiftShader as GPU targets lay it out, by naga in small tiles.
 */
const COLUMNS = { ...tiles(16, 4, 1, 4, 4, 4, true), columns: 16 };
const PRODUCT: Case = { kernel: "matmul_bias", sizes: { N: 70, D: 44, F: 100 }, known: ["D", "F"] };

describe("a product", () => {
  test.for(["swiftshader", "deno"] as const)("on %s", { timeout: 120_000 }, async (stackName, context) => {
    const [stack] = await stacks([stackName]);
    if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
    const target = { ...targetOn("baseline", stack), subgroups: null };
    const chosen = compileCase(SOURCE, PRODUCT, target);
    expect(chosen.schedules.map((s) => s.kind === "tiles" && s.columns)).toEqual([64]);
    const schedule = stackName === "swiftshader" ? undefined : wherever(chosen, target, COLUMNS).schedule;
    expect(faults(await check(SOURCE, PRODUCT, stack, schedule, target))).toEqual([]);
  });
});
