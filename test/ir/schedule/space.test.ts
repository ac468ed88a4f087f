/** The legal schedules of a kernel: the grid of them and the draws from it hold what they should and nothing that is not legal. */
import { describe, expect, test } from "vitest";
import { BASELINE, TARGETS, type Target } from "../../../src/base/target.ts";
import type { KernelPlan } from "../../../src/ir/derive/plan.ts";
import { viewOf, type GraphView } from "../../../src/ir/graph/view.ts";
import { drawSchedule, legalSchedules } from "../../../src/ir/schedule/legal-space.ts";
import { legal, legality } from "../../../src/ir/schedule/legal.ts";
import type { Schedule, StreamSchedule } from "../../../src/ir/schedule/schedule.ts";
import { compileCase, randomFrom } from "../../numeric/harness.ts";

const SUBGROUPS = TARGETS["subgroups"]!;

const planOf = (
  text: string,
  known: Readonly<Record<string, number>>,
  on: Target = BASELINE,
): [GraphView, KernelPlan] => {
  const { folded } = compileCase(`kernel k(${text}`, { kernel: "k", sizes: known, known: Object.keys(known) }, on);
  return [viewOf(folded.graph), folded.kernels[0]!];
};
const PLAIN = planOf("x: f32[n: N, d: 8]) -> y: f32[n] { y = sum[d](x) }", {});
const EACH = planOf("x: f32[n: N, d: 8]) -> y: f32[n, d] { y = x + 1 }", {});
const ATTENTION = planOf(
  "q: f32[i: N, d: 4], k: f32[j: M, d], v: f32[j, e: 3]) -> o: f32[i, e] { o = sum[j](softmax[j](sum[d](q * k)) * v) }",
  {},
);

const keyOf = (s: Schedule): string => JSON.stringify(Object.entries(s).toSorted(([a], [b]) => (a < b ? -1 : 1)));
const values = (all: readonly Schedule[], field: string): readonly unknown[] =>
  [...new Set(all.map((s) => (s as unknown as Record<string, unknown>)[field]))].toSorted((a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1,
  );

describe("all of them", () => {
  const all = [...legalSchedules(...PLAIN, BASELINE)] as StreamSchedule[];

  test("are legal, and each is there once", () => {
    expect(all.filter((s) => legal(...PLAIN, s, BASELINE).length > 0)).toEqual([]);
    expect(new Set(all.map(keyOf)).size).toBe(all.length);
  });

  test("the plainest comes first", () =>
    expect(all[0]).toEqual({
      kind: "rows",
      lanes: 64,
      rowsPerLane: 1,
      cells: 4,
      edgeCells: 1,
      source: "direct",
      vectorStream: false,
      hold: false,
    }));

  test("every number that is legal is among them", () => {
    expect(values(all, "lanes")).toEqual([1, 2, 3, 4, 5, 8, 16, 24, 32, 64, 100, 128, 256]);
    const [rows, split] = [all.filter((s) => s.kind === "rows"), all.filter((s) => s.kind === "split")];
    expect(values(rows, "rowsPerLane")).toEqual([1, 2, 3, 4]);
    expect(values(split, "lanesPerRow")).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
    expect(values(rows, "cells")).toEqual([1, 2, 3, 4, 5, 7, 8, 12, 16, 32]);
    expect(values(rows, "source")).toEqual(["direct", "workgroup"]);
    expect(values(rows, "hold")).toEqual([false, true]);
    expect(values(rows, "vectorStream")).toEqual([false, true]);
    const staged = split.filter((s) => s.source === "workgroup" && s.lanesPerRow === 4 && s.cells === 2);
    expect(values(staged, "tile")).toEqual([8, 16, 32, 128]);
    expect(
      values(
        rows.filter((s) => s.cells === 4),
        "edgeCells",
      ),
    ).toEqual([1, 4]);
    expect(rows.findIndex((s) => s.kind !== "rows")).toBe(-1);
    expect(all.findLastIndex((s) => s.kind === "rows")).toBeLessThan(all.findIndex((s) => s.kind === "split"));
  });

  test("of a kernel without a stream", () => {
    const found = [...legalSchedules(...EACH, BASELINE)];
    expect(found.length).toBe(26);
    expect(found[0]).toEqual({ kind: "elements", lanes: 64, vectorStream: false });
    expect([...legalSchedules(...EACH, { ...BASELINE, invocations: 64 })].length).toBe(20);
  });
});

describe("draws", () => {
  const draws = ([b, plan]: readonly [GraphView, KernelPlan], on: Target, count: number): readonly Schedule[] => {
    const random = randomFrom(5);
    return Array.from({ length: count }, () => drawSchedule(b, plan, on, random)!);
  };

  test("are legal and reach every side", () => {
    const all = draws(PLAIN, SUBGROUPS, 400) as StreamSchedule[];
    const faults = legality(...PLAIN, SUBGROUPS);
    expect(all.filter((s) => faults(s).length > 0)).toEqual([]);
    expect(values(all, "kind")).toEqual(["rows", "split"]);
    expect(values(all, "source")).toEqual(["direct", "subgroup", "workgroup"]);
    expect(values(all, "vectorStream")).toEqual([false, true]);
    const held = all.filter((s) => s.hold && s.kind === "rows");
    // A row of eight cells as it is, and with a cell to spare.
    expect(
      values(
        held.filter((s) => !s.vectorStream),
        "cells",
      ),
    ).toEqual([8, 9]);
    expect(
      values(
        held.filter((s) => s.vectorStream),
        "cells",
      ),
    ).toEqual([2, 3]);
    const spare = all.flatMap((s) =>
      s.hold && s.kind === "split" ? [s.cells - Math.ceil(8 / s.lanesPerRow / (s.vectorStream ? 4 : 1))] : [],
    );
    expect([...new Set(spare)].toSorted()).toEqual([0, 1]);
    expect(
      values(
        all.filter((s) => s.cells === 4 && !s.hold),
        "edgeCells",
      ),
    ).toEqual([1, 2, 4]);
    expect(
      values(
        all.filter((s) => s.cells === 5 && !s.hold),
        "edgeCells",
      ),
    ).toEqual([1, 5]);
    // About as often as they are asked for: what is legal more seldom falls below, what is drawn always would be above.
    const share = (of: (s: StreamSchedule) => boolean): number => all.filter(of).length / all.length;
    expect(share((s) => s.vectorStream)).toBeLessThan(0.4);
    expect(share((s) => s.hold)).toBeGreaterThan(0.1);
    expect(share((s) => s.hold)).toBeLessThan(0.5);
  });

  test("of a kernel without a stream", () => {
    const all = draws(EACH, BASELINE, 60);
    expect(values(all, "kind")).toEqual(["elements"]);
    expect(values(all, "vectorStream")).toEqual([false, true]);
    expect(values(all, "lanes").length).toBeGreaterThan(9);
  });

  test("an unknown length is not held", () => {
    const walked = draws(ATTENTION, BASELINE, 50).filter((s) => s.kind !== "tiles");
    expect(values(walked, "hold")).toEqual([false]);
  });

  test("tiles of what has them", () => {
    const all = draws(ATTENTION, BASELINE, 100).filter((s) => s.kind === "tiles");
    expect(all.length).toBeGreaterThan(10);
    expect(values(all, "prefetch")).toEqual([false, true]);
    expect(values(all, "lanesPerRow").length).toBeGreaterThan(2);
  });

  test("none where nothing is legal", () =>
    expect(drawSchedule(...PLAIN, { ...BASELINE, invocations: 0 }, randomFrom(1))).toBe(null));

  test("the same numbers draw the same", () => expect(draws(PLAIN, BASELINE, 20)).toEqual(draws(PLAIN, BASELINE, 20)));
});

/** What is said about one schedule, against a schedule next to it that is legal. */
describe("the edges of what is legal", () => {
  const base = {
    kind: "rows",
    lanes: 64,
    rowsPerLane: 1,
    cells: 4,
    edgeCells: 1,
    source: "direct",
    vectorStream: false,
    hold: false,
  } as const;
  const { rowsPerLane: _, ...shared } = base;
  const split = { ...shared, kind: "split", lanesPerRow: 4 } as const;
  const elements = { kind: "elements", lanes: 64, vectorStream: true } as const;
  const plan = (text: string, known: Readonly<Record<string, number>> = {}): [GraphView, KernelPlan] =>
    planOf(text, known);
  const scan = plan("x: f32[n: N, t: 8]) -> y: f32[n, t] { let s[n, t] = 0.5 * prev[t](s, 0) + x\n y = s }");
  const running = plan("x: f32[n: N, d: 8]) -> y: f32[n, d] { y = cumsum[d](x) }");
  const masked = plan("x: f32[n: N, d: 8]) -> y: f32[n] { let s = x where x > 0\n y = sum[d](s) }");
  const runningMasked = plan("x: f32[n: N, d: 8]) -> y: f32[n, d] { let s = x where d > 2\n y = cumsum[d](s) }");
  const largest = plan("x: f32[n: N, d: 8]) -> y: i32[n] { y = argmax[d](x) }");
  const flat = plan("x: f32[n: N, d: 4, e: 2]) -> y: f32[n] { y = sum[d, e](x) }");
  const union = plan(
    "x: f32[n: N, c: 4], z: f32[n, e: 4]) -> y: f32[n] { axis d = c | e\n y = sum[d](concat[d](x, z)) }",
  );
  const scalar = plan("a: f32) -> y: f32 { y = a + 1 }");
  const lasting = (size: string): [GraphView, KernelPlan] =>
    plan(`x: f32[n: N, d: ${size}]) -> y: f32[n, d] { y = x + 1 }`);
  const streamed = (size: string): [GraphView, KernelPlan] =>
    plan(`x: f32[n: N, d: ${size}]) -> y: f32[n] { y = sum[d](x) }`);
  const four = { ...base, vectorStream: true };
  const held = { ...base, cells: 8, edgeCells: 8, hold: true };
  const group = (lanes: number, cells: number): Schedule => ({ ...base, source: "subgroup", lanes, cells });
  const staged = (tile: number): Schedule => ({ ...base, source: "workgroup", tile });
  const stagedSplit = (tile: number): Schedule => ({ ...split, source: "workgroup", tile });
  const sub = (min: number, max: number): Target => ({ ...SUBGROUPS, subgroups: { min, max } });

  test.each<readonly [string, readonly [GraphView, KernelPlan], Schedule, Target, RegExp | null]>([
    ["lanes", PLAIN, { ...base, lanes: 256 }, BASELINE, null],
    ["a lane too many", PLAIN, { ...base, lanes: 257 }, BASELINE, /257 lanes/],
    ["64 blocks", PLAIN, { ...base, cells: 32, rowsPerLane: 2 }, BASELINE, null],
    ["65 blocks", PLAIN, { ...base, cells: 65 }, BASELINE, /65 cells of 1 rows written out, at most 64/],
    ["elements by four", EACH, elements, BASELINE, null],
    ["of six", lasting("6"), elements, BASELINE, /a size of `d` that is known and a multiple of 4/],
    ["of six, one by one", lasting("6"), { ...elements, vectorStream: false }, BASELINE, null],
    ["of four", lasting("4"), elements, BASELINE, null],
    ["of none", lasting("0"), elements, BASELINE, /a size of `d` that is known and a multiple of 4/],
    ["of unknown size", lasting("D"), elements, BASELINE, /that is known/],
    ["of no axis", scalar, elements, BASELINE, /the result has none/],
    ["of no axis, one by one", scalar, { ...elements, vectorStream: false }, BASELINE, null],
    ["a lane a row", PLAIN, { ...split, lanesPerRow: 1 }, BASELINE, null],
    ["three lanes a row", PLAIN, { ...split, lanes: 63, lanesPerRow: 3 }, BASELINE, /3 lanes a row cannot merge/],
    ["six lanes a row", PLAIN, { ...split, lanes: 60, lanesPerRow: 6 }, BASELINE, /6 lanes a row cannot merge/],
    ["half a row", PLAIN, { ...split, lanes: 62 }, BASELINE, /62 lanes are no whole number of rows of 4 lanes/],
    ["a scan alone", scan, { ...base, cells: 1 }, BASELINE, null],
    ["a scan by lanes", scan, { ...split, cells: 1 }, BASELINE, /a recurrence walks its stream in order/],
    ["a scan that shares", scan, staged(4), BASELINE, /a recurrence reads with each lane's own loads/],
    ["a scan by four", scan, four, BASELINE, /nothing may be made cell after cell/],
    ["a scan held", scan, held, BASELINE, /a recurrence walks its row, it is not held/],
    ["a running sum by lanes", running, split, BASELINE, /a running sum walks its stream in order/],
    ["a running sum by four", running, four, BASELINE, /nothing may be made cell after cell/],
    ["a running sum of some by four", runningMasked, four, BASELINE, /no condition may hide a cell/],
    ["the largest by lanes", largest, split, BASELINE, /partial results of `argmax` cannot be merged/],
    ["the largest by four", largest, four, BASELINE, /`argmax` takes one cell at a time/],
    ["the largest", largest, base, BASELINE, null],
    ["a flat stream", flat, base, BASELINE, null],
    ["a flat stream shared", flat, staged(4), BASELINE, /the flattened stream \(d, e\) are not shared/],
    ["a flat stream by four", flat, four, BASELINE, /one plain axis, the stream is \(d, e\)/],
    ["a flat stream held: eight cells", flat, held, BASELINE, null],
    [
      "seven of eight",
      flat,
      { ...held, cells: 7, edgeCells: 7 },
      BASELINE,
      /a row of 8 cells does not fit: the lanes of a row hold 7/,
    ],
    ["a union", union, staged(4), BASELINE, null],
    ["a union by four", union, four, BASELINE, /one plain axis, the stream is a union/],
    ["a union held", union, held, BASELINE, /a row of several parts is not held/],
    ["by four", streamed("8"), four, BASELINE, null],
    ["by four of none", streamed("0"), four, BASELINE, /a size of `d` that is known and a multiple of 4/],
    ["by four of seven", streamed("7"), four, BASELINE, /a size of `d` that is known and a multiple of 4/],
    ["by four of unknown", streamed("D"), four, BASELINE, /a size of `d` that is known/],
    ["by four, masked", masked, four, BASELINE, /no condition may hide a cell/],
    ["masked", masked, base, BASELINE, null],
    [
      "by four, shared",
      PLAIN,
      { ...four, source: "workgroup", tile: 4 },
      BASELINE,
      /vectorStream reads with each lane's own loads/,
    ],
    ["by four, wide", ATTENTION, four, BASELINE, /an accumulator has axes of its own/],
    ["held", PLAIN, held, BASELINE, null],
    ["held by four lanes", PLAIN, { ...split, cells: 2, edgeCells: 2, hold: true }, BASELINE, null],
    ["one cell too few", PLAIN, { ...split, cells: 1, hold: true }, BASELINE, /the lanes of a row hold 4/],
    ["held by four", PLAIN, { ...four, cells: 2, hold: true }, BASELINE, null],
    ["one vector too few", PLAIN, { ...four, cells: 1, hold: true }, BASELINE, /the lanes of a row hold 4/],
    ["held, other edges", PLAIN, { ...held, edgeCells: 4 }, BASELINE, /edgeCells must be the same as cells/],
    ["held of unknown length", ATTENTION, held, BASELINE, /whose length must be known: give the size of j/],
    [
      "held and shared",
      PLAIN,
      { ...held, source: "workgroup", tile: 8 },
      BASELINE,
      /a row held in registers is read with each lane's own loads/,
    ],
    ["a tile of one block", ATTENTION, staged(4), BASELINE, null],
    [
      "a tile of a block and a half",
      ATTENTION,
      staged(6),
      BASELINE,
      /a tile of 6 cells is no whole number of blocks of 4/,
    ],
    ["a tile of none", ATTENTION, staged(0), BASELINE, /a tile of 0 cells/],
    ["a tile of a row of lanes", ATTENTION, stagedSplit(16), BASELINE, null],
    ["half of it", ATTENTION, stagedSplit(8), BASELINE, /a tile of 8 cells is no whole number of blocks of 16/],
    ["subgroups", ATTENTION, group(64, 4), SUBGROUPS, null],
    ["subgroups of two lanes", ATTENTION, group(64, 4), sub(2, 4), /of 64 lanes, one may have 2/],
    ["a whole last subgroup", ATTENTION, group(24, 8), sub(8, 8), null],
    [
      "a short last subgroup",
      ATTENTION,
      group(20, 8),
      sub(8, 8),
      /8 cells a step need as many lanes in each subgroup: of 20 lanes, one may have 4/,
    ],
    ["a short last one of the largest", ATTENTION, group(24, 16), sub(16, 16), /of 24 lanes, one may have 8/],
    ["the largest subgroup counts", ATTENTION, group(36, 8), sub(4, 32), /one may have 4/],
    [
      "subgroups and lanes of a row",
      ATTENTION,
      { ...split, source: "subgroup" },
      SUBGROUPS,
      /nothing can be broadcast/,
    ],
    ["no subgroups", ATTENTION, group(64, 4), BASELINE, /`baseline` has no subgroup operations/],
    ["no stream", EACH, base, BASELINE, /`rows` lays out a stream, this kernel has none/],
    ["a stream", PLAIN, elements, BASELINE, /this one streams over d/],
  ])("%s", (_, [b, k], s, on, why) => {
    const faults = legal(b, k, s, on);
    if (why === null) expect(faults).toEqual([]);
    else expect(faults.join("\n")).toMatch(why);
  });

  test("the memory that is there, to the byte", () => {
    // k[j, d: 4] and v[j, e: 3] in tiles of 64 cells: 64 * 16 and 64 * 3 * 4 bytes.
    const room = (workgroupBytes: number): readonly string[] =>
      legal(...ATTENTION, staged(64), { ...BASELINE, workgroupBytes });
    expect(room(1792)).toEqual([]);
    expect(room(1791)).toEqual(["about 1792 bytes of workgroup memory, `baseline` has 1791"]);
  });
});
