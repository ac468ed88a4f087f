/** Small programs in tiles of rows and cells, in f64 by the tile evaluator (races are errors there): which have them, and their numbers. */
import { isWhole, some } from "../../tier.ts";
import { describe, expect, test } from "vitest";
import { TARGETS } from "../../../src/base/target.ts";
import { viewOf } from "../../../src/ir/graph/view.ts";
import { planFaults } from "../../../src/ir/schedule/tiles.ts";
import type { Program } from "../../campaign/program.ts";
import { compileCase } from "../../numeric/harness.ts";
import { meantBy, onSchedule } from "../../campaign/levels.ts";
import { LOWERED } from "./programs.ts";
import { attention, REFUSED, SHAPES, TILED } from "./tile-programs.ts";

const on = TARGETS["32k"]!;

/** Of the programs for the lowering those that have tiles. */
const SOME = LOWERED.filter(([title]) => /^where|^features \d, \d: y: f32\[i, f\] . (y|let o)/.test(title));

const holds = (p: Program, n: number): void => {
  const meant = meantBy(p);
  if ("kind" in meant) throw new Error(JSON.stringify(meant));
  expect(onSchedule(meant, on, SHAPES[n % SHAPES.length]!)).toBe(null);
};

test.each(
  some(
    SOME.map(([title, p], n) => [title, p, n] as const),
    5,
  ),
)("%s", (_, p, n) => holds(p, n));

// The tiers below the whole take each program in two of the shapes.
describe.each(SHAPES.map((_, k) => k).filter((k) => isWhole || k % 2 === 0))("shape %i", (k) => {
  test.each(
    some(
      TILED.map(([title, p], n) => [title, p, n + k] as const),
      5,
    ),
  )("%s", (_, p, n) => holds(p, n));
});

test.each(REFUSED)("has no tiles: %s", (text, D, E, reasons) => {
  const c = { kernel: "k", sizes: { N: 5, M: 9, D, E }, known: ["D", "E"] };
  const { plan } = compileCase(`kernel k(${attention}) -> ${text}`, c, on);
  expect(plan.kernels.map((k) => planFaults(viewOf(plan.graph), k))).toEqual([reasons]);
});
