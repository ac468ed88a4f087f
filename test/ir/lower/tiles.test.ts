/** Small programs in tiles of rows and cells, in f64 by the tile evaluator (races are errors there): which have them, and their numbers. */
import { describe, expect, test } from "vitest";
import { TARGETS } from "../../../src/base/target.ts";
import type { TilesSchedule } from "../../../src/ir/schedule/schedule.ts";
import type { Program } from "../../campaign/program.ts";
import { meantBy, onSchedule } from "../../campaign/levels.ts";
import { LOWERED } from "./programs.ts";
import { TILED } from "./tile-programs.ts";

const tiles = (
  lanes: number,
  lanesPerRow: number,
  rowsPerLane: number,
  cells: number,
  chunk: number,
  slice: number,
  prefetch: boolean,
): TilesSchedule => ({ kind: "tiles", lanes, lanesPerRow, rowsPerLane, cells, chunk, slice, prefetch });

const SHAPES = [
  tiles(4, 2, 1, 4, 4, 4, true),
  tiles(6, 2, 2, 4, 8, 8, false),
  tiles(8, 4, 1, 4, 4, 16, true),
  tiles(2, 2, 3, 8, 4, 4, false),
];

const on = TARGETS["32k"]!;

/** Of the programs for the lowering those that have tiles. */
const SOME = LOWERED.filter(([title]) => /^where|^features \d, \d: y: f32\[i, f\] . (y|let o)/.test(title));

const holds = (p: Program, n: number): void => {
  const meant = meantBy(p);
  if ("kind" in meant) throw new Error(JSON.stringify(meant));
  expect(onSchedule(meant, on, SHAPES[n % SHAPES.length]!)).toBe(null);
};

test.each(SOME.map(([title, p], n) => [title, p, n] as const))("%s", (_, p, n) => holds(p, n));

// The fast tier takes each program in two of the shapes.
describe.each(SHAPES.map((_, k) => k).filter((k) => process.env["TFX_FAST"] !== "1" || k % 2 === 0))(
  "shape %i",
  (k) => {
    test.each(TILED.map(([title, p], n) => [title, p, n + k] as const))("%s", (_, p, n) => holds(p, n));
  },
);
