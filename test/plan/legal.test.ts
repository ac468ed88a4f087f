/**
 * Schedules that are given: what is not legal is refused with its reason, what is legal gives the numbers of the naive meaning
 * (tile evaluator, f64). Each rule has a schedule on both of its sides.
 */
import { isWhole, some } from "../tier.ts";
import { describe, expect, test } from "vitest";
import { BASELINE, type Target } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import {
  printSchedule,
  type Schedule,
  type StreamSchedule,
  type TilesSchedule,
} from "../../src/ir/schedule/schedule.ts";
import { evalSize } from "../../src/base/size.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { compileCase, inputsOf, randomFrom, resolveImport, type Case } from "../numeric/harness.ts";
import { drawn } from "../property/schedules.ts";
import { SOURCE, target, TINY, titleOf, worst } from "./tiny.ts";

const PLAIN = {
  kind: "rows",
  lanes: 8,
  rowsPerLane: 1,
  cells: 4,
  edgeCells: 1,
  source: "direct",
  vectorStream: false,
  hold: false,
} satisfies Schedule;

/** Fields of any kind, as somebody would give them who spreads what was chosen. */
type Field = keyof StreamSchedule | keyof TilesSchedule | "tile";
type Change = Partial<Record<Field, string | number | boolean>>;

const KERNELS = `
kernel attention(q: f32[i: N, d: 4], k: f32[j: M, d], v: f32[j, e: 3]) -> o: f32[i, e] { o = sum[j](softmax[j](sum[d](q * k)) * v) }
kernel masked(x: f32[n: N, d: 8]) -> y: f32[n] {
  let s = x where x > 0.0
  y = sum[d](s)
}
kernel plain(x: f32[n: N, d: 8]) -> y: f32[n] { y = sum[d](x) }
kernel broad(q: f32[i: N, d: 4], k: f32[j: M, d], v: f32[j, e: 256]) -> o: f32[i, e] { o = sum[j](softmax[j](sum[d](q * k)) * v) }
kernel ragged(x: f32[n: N, d: D]) -> y: f32[n] { y = sum[d](x) }
kernel largest(x: f32[n: N, d: 8]) -> y: i32[n] { y = argmax[d](x) }
kernel running(x: f32[n: N, d: 8]) -> y: f32[n, d] { y = cumsum[d](x) }
kernel each(x: f32[n: N, d: 8]) -> y: f32[n, d] { y = x + 1.0 }
kernel odd(x: f32[n: N, d: 7]) -> y: f32[n, d] { y = x + 1.0 }
`;

/** The reasons against a schedule, "" when there are none. */
const reasons = (kernel: string, change: Change, on: Target = BASELINE): string => {
  const { diagnostics } = compile(KERNELS, {
    file: "a.tfx",
    kernel,
    target: on,
    resolveImport,
    schedule: () => ({ ...PLAIN, ...change }) as Schedule,
  });
  expect(diagnostics.filter((d) => d.code !== "TFX4007")).toEqual([]);
  return diagnostics.map((d) => d.message).join("\n");
};

const split = { kind: "split", lanesPerRow: 4 } as const;
const subgroup = { source: "subgroup", lanes: 64 } as const;
const tiled = { kind: "tiles", lanes: 8, lanesPerRow: 2, rowsPerLane: 2, cells: 4, chunk: 4, slice: 4 } as const;
const wide = { vectorStream: true, cells: 2 } as const;

/** A kernel, a schedule that is refused, what is said, and the nearest one that is taken. */
const RULES: readonly (readonly [string, string, Change, RegExp, Change])[] = [
  ["lanes of the target", "plain", { lanes: 512 }, /512 lanes, `baseline` has 256/, { lanes: 256 }],
  ["whole numbers", "plain", { lanes: 2.5 }, /lanes is 2.5, it must be an integer/, { lanes: 5 }],
  ["at least one cell", "plain", { cells: 0 }, /cells is 0/, { cells: 1 }],
  [
    "code in proportion",
    "attention",
    { cells: 32, rowsPerLane: 3 },
    /32 cells of 3 rows written out, at most 64/,
    { cells: 16, rowsPerLane: 3 },
  ],
  [
    "edges divide a step",
    "attention",
    { cells: 6, edgeCells: 4 },
    /edgeCells is 4, which does not divide the 6 cells/,
    { cells: 6, edgeCells: 3 },
  ],
  [
    "lanes of a row merge in pairs",
    "plain",
    { ...split, lanes: 12, lanesPerRow: 3 },
    /3 lanes a row cannot merge in pairs/,
    { ...split, lanes: 12 },
  ],
  [
    "whole rows in a workgroup",
    "plain",
    { ...split, lanes: 6 },
    /6 lanes are no whole number of rows of 4/,
    { ...split, lanes: 8 },
  ],
  ["one row a lane under split", "plain", { ...split, rowsPerLane: 2 }, /rowsPerLane is 2, not 1/, split],
  ["a row alone under rows", "plain", { lanesPerRow: 2 }, /lanesPerRow is 2, not 1/, { lanesPerRow: 1 }],
  ["a kind that exists", "plain", { kind: "columns" }, /there is no kind "columns"/, {}],
  ["a source that exists", "plain", { source: "disk" }, /there is no source "disk"/, {}],
  ["a tile where one is staged", "attention", { source: "workgroup" }, /tile is undefined/, {}],
  ["true or false", "plain", { hold: 3 }, /hold is 3, it must be true or false/, { hold: false }],
  [
    "a tile's lanes merge in pairs",
    "attention",
    { ...tiled, lanes: 9, lanesPerRow: 3 },
    /3 lanes a row cannot merge/,
    tiled,
  ],
  ["whole rows of lanes in a tile", "attention", { ...tiled, lanes: 7 }, /7 lanes are no whole number of rows/, tiled],
  ["cells of a tile in fours", "attention", { ...tiled, cells: 6 }, /cells is 6, no multiple of 4/, tiled],
  ["features in fours", "attention", { ...tiled, chunk: 10 }, /chunk is 10, no multiple of 4/, { ...tiled, chunk: 12 }],
  ["slices divide a tile", "attention", { ...tiled, slice: 12 }, /slices of 12 cells do not divide a tile of 8/, tiled],
  [
    "code of a tile in proportion",
    "attention",
    { ...tiled, rowsPerLane: 17 },
    /4 cells of 17 rows/,
    { ...tiled, rowsPerLane: 16 },
  ],
  [
    "a row of a tile has lanes",
    "attention",
    { ...tiled, lanesPerRow: 1 },
    /1 lanes a row cannot merge in pairs/,
    tiled,
  ],
  [
    "features of a tile in proportion",
    "broad",
    { ...tiled, rowsPerLane: 3 },
    /32 vectors of features of 3 rows in a lane, at most 64/,
    { ...tiled, rowsPerLane: 2 },
  ],
  ["a tile with features", "plain", tiled, /nothing is contracted over features/, {}],
  ["a tile that is stored", "running", tiled, /varies along the stream/, {}],
  ["a tile whose lanes merge", "largest", tiled, /`argmax` cannot be merged over lanes/, {}],
  ["a tile of a stream", "each", tiled, /`tiles` lays out a stream/, { kind: "elements" }],
  ["true or false of a tile", "attention", { ...tiled, prefetch: 1 }, /prefetch is 1, it must be true or false/, tiled],
  ["what cannot be merged", "largest", split, /partial results of `argmax` cannot be merged/, {}],
  ["what runs in order", "running", split, /a running sum walks its stream in order/, {}],
  ["a stream to lay out", "each", {}, /this kernel has none/, { kind: "elements" }],
  ["no stream for elements", "plain", { kind: "elements" }, /this one streams over d/, {}],
  [
    "four cells of a result",
    "odd",
    { kind: "elements", vectorStream: true },
    /size of `d` that is known and a multiple of 4/,
    { kind: "elements" },
  ],
  [
    "whole blocks in a tile",
    "attention",
    { source: "workgroup", tile: 6 },
    /a tile of 6 cells is no whole number of blocks of 4/,
    { source: "workgroup", tile: 8 },
  ],
  ["subgroups of the target", "attention", subgroup, /`baseline` has no subgroup operations/, {}],
  ["four at a time of a known size", "ragged", wide, /vectorStream needs a size of `d`/, {}],
  ["four at a time without a mask", "masked", wide, /no condition may hide a cell/, { cells: 2 }],
  ["four at a time of single numbers", "attention", wide, /vectorStream/, { cells: 2 }],
  ["four at a time, not one by one", "largest", wide, /`argmax` takes one cell at a time/, { cells: 2 }],
  ["a row that is held is known", "ragged", { hold: true, cells: 8 }, /whose length must be known/, { cells: 8 }],
  [
    "a row that is held fits",
    "plain",
    { hold: true, cells: 7 },
    /a row of 8 cells does not fit: the lanes of a row hold 7/,
    { hold: true, cells: 8, edgeCells: 8 },
  ],
  [
    "a row that is held is walked in one step",
    "plain",
    { hold: true, cells: 8, edgeCells: 4 },
    /edgeCells must be the same as cells/,
    { hold: true, cells: 8, edgeCells: 8 },
  ],
  [
    "a row that is held is not staged",
    "plain",
    { hold: true, cells: 8, source: "workgroup", tile: 8 },
    /read with each lane's own loads/,
    { hold: true, cells: 8, edgeCells: 8 },
  ],
];

test.each(RULES)("%s", (_, kernel, wrong, why, right) => {
  expect(reasons(kernel, wrong)).toMatch(why);
  expect(reasons(kernel, right)).toBe("");
});

test("a broadcast has a lane for each cell in every subgroup", () => {
  const on = target("subgroups");
  expect(reasons("attention", { ...subgroup, cells: 4 }, on)).toBe("");
  expect(reasons("attention", { ...subgroup, cells: 8 }, on)).toMatch(
    /8 cells a step need as many lanes in each subgroup: of 64 lanes, one may have 4/,
  );
  // The last subgroup of 18 lanes has two of them.
  expect(reasons("attention", { ...subgroup, lanes: 18, cells: 4 }, on)).toMatch(/of 18 lanes, one may have 2/);
  expect(reasons("attention", { ...subgroup, lanes: 18, cells: 2, edgeCells: 2 }, on)).toBe("");
  expect(reasons("attention", { ...subgroup, ...split, cells: 2 }, on)).toMatch(/nothing can be broadcast/);
});

/** Values of scalar parameters, defaults included: the graph evaluator's own rule. */
const scalarsOf = (compiled: ReturnType<typeof compileCase>, c: Case): Record<string, number> => {
  const { graph } = compiled;
  const missing = graph.scalars.filter((s) => c.scalars?.[s.name] === undefined && s.init !== null);
  const tensors = missing.map((s) => ({
    name: `scalar ${s.name}`,
    dtype: "f32" as const,
    dims: [],
    role: "output" as const,
    span: s.span,
  }));
  const results = missing.map((s) => ({ tensor: `scalar ${s.name}`, value: s.init ?? 0, span: s.span }));
  const values = evaluateGraph(
    { ...graph, results, tensors },
    { sizes: c.sizes, tensors: {}, scalars: c.scalars ?? {} },
  );
  return { ...c.scalars, ...Object.fromEntries(missing.map((s) => [s.name, values[`scalar ${s.name}`]?.[0] ?? 0])) };
};

/** Runs a case under schedules drawn from the legal space and compares with the naive meaning. */
const holds = (c: Case, on: Target, random: () => number, parts: number | undefined): void => {
  const first = compileCase(SOURCE, c, on, undefined, parts);
  const schedule = drawn(first, on, random);
  const compiled = compileCase(SOURCE, c, on, schedule, parts);
  const used = compiled.schedules.map(printSchedule).join("; ");
  expect(verifyTile(compiled.tile, on), used).toEqual([]);
  const inputs = inputsOf(compiled, c);
  const expected = evaluateGraph(compiled.graph, { sizes: c.sizes, scalars: c.scalars ?? {}, tensors: inputs });
  const buffers = Object.fromEntries(
    compiled.artifact.tensors.map((t) => {
      const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => c.sizes[s] ?? 0), 1);
      return [t.name, inputs[t.name] ?? new Float64Array(count).fill(t.dtype === "f32" ? 12345 : 7)];
    }),
  );
  const subgroupSize =
    on.subgroups === null
      ? 4
      : on.subgroups.min * 2 ** Math.floor(random() * (1 + Math.log2(on.subgroups.max / on.subgroups.min)));
  const found = evaluateTile(compiled.tile, {
    sizes: c.sizes,
    uniforms: scalarsOf(compiled, c),
    buffers,
    precision: "f64",
    subgroupSize,
  }).buffers;
  for (const [out, values] of Object.entries(expected))
    expect(worst(found[out] ?? [], values), `${out} under ${used}, subgroups of ${subgroupSize}`).toBeLessThan(1e-9);
};

const NAMES = ["baseline", "subgroups", "software-subgroups"];

// The tiers below the whole take each program on one of the targets.
describe.each(NAMES.map((name, k) => [name, k] as const))("%s, schedules drawn at random", (name, k) => {
  const here = TINY.map((c, n) => [titleOf(c), c, n] as const).filter(([, , n]) => isWhole || n % 3 === k);
  test.each(some(here, 3))("%s", (_, c, n) => {
    const random = randomFrom(1000 + n);
    holds(c, target(name), random, n % 3 === 0 ? [2, 3, 8][n % 9 === 0 ? 0 : 1] : undefined);
  });
});
