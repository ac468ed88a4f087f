/** The legal schedules of a kernel, for tests and for searches: all of a grid of numbers, or some drawn at random. */
import type { Target } from "../../base/target.ts";
import type { GraphView } from "../graph/view.ts";
import type { KernelPlan } from "../derive/plan.ts";
import { legality } from "./legal.ts";
import type { Schedule } from "./schedule.ts";

/** Numbers that are tried: small ones, the usual ones, and some that divide nothing. */
const LANES = [64, 16, 32, 128, 256, 8, 4, 1, 2, 24, 5, 3, 100];
const ROWS = [1, 2, 3, 4];
const SHARES = [1, 64, 32, 16, 8, 4, 2, 128, 256];
const CELLS = [4, 1, 2, 8, 3, 16, 5, 7, 12, 32];
const KINDS = ["rows", "split", "elements"] as const;
const SOURCES = ["direct", "subgroup", "workgroup"] as const;
const TILES = [1, 2, 4, 16];

/** Blocks in a tile, as multiples of what one turn of the loop takes. */
const tilesOf = (s: Schedule): readonly number[] =>
  s.source !== "workgroup" ? [0] : TILES.map((n) => n * s.cells * (s.kind === "split" ? s.lanesPerRow : 1));

/** Every legal schedule of the grid above, the plainer ones first. */
export function* legalSchedules(b: GraphView, plan: KernelPlan, target: Target): Iterable<Schedule> {
  const faults = legality(b, plan, target);
  const streams = plan.stream.length > 0;
  for (const kind of streams ? (["rows", "split"] as const) : (["elements"] as const))
    for (const lanes of LANES)
      for (const rowsPerLane of kind === "rows" ? ROWS : [1])
        for (const lanesPerRow of kind === "split" ? SHARES : [1])
          for (const cells of streams ? CELLS : [4])
            for (const edgeCells of new Set(streams ? [1, cells] : [1]))
              for (const source of streams ? SOURCES : (["direct"] as const))
                for (const vectorStream of [false, true])
                  for (const hold of streams ? [false, true] : [false]) {
                    const base: Schedule = {
                      kind,
                      lanes,
                      rowsPerLane,
                      lanesPerRow,
                      cells,
                      edgeCells,
                      source,
                      tile: 0,
                      vectorStream,
                      hold,
                    };
                    for (const tile of tilesOf(base))
                      if (faults({ ...base, tile }).length === 0) yield { ...base, tile };
                  }
}

/** A legal schedule drawn by a random source (numbers in [0, 1)); null when many draws found none. */
export const drawSchedule = (b: GraphView, plan: KernelPlan, target: Target, random: () => number): Schedule | null => {
  const faults = legality(b, plan, target);
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const streams = plan.stream.length > 0;
  const length = plan.stream.reduce((n, a) => n * (Number(b.axis(a).size) || 0), 1);
  for (let turn = 0; turn < 400; turn++) {
    const kind = streams ? one(KINDS.slice(0, 2)) : "elements";
    const lanesPerRow = kind === "split" ? one(SHARES) : 1;
    const vectorStream = random() < 0.4;
    const hold = streams && random() < 0.3;
    // A row that is held takes at least as many cells as it has, now and then more.
    const held = Math.ceil(length / (lanesPerRow * (vectorStream ? 4 : 1))) + one([0, 0, 1]);
    const cells = hold ? Math.max(1, held) : one(CELLS);
    const base: Schedule = {
      kind,
      lanesPerRow,
      cells,
      vectorStream,
      hold,
      lanes: one(LANES),
      rowsPerLane: kind === "rows" ? one(ROWS) : 1,
      edgeCells: one([1, cells, cells % 2 === 0 ? cells / 2 : 1]),
      source: streams ? one(SOURCES) : "direct",
      tile: 0,
    };
    const s = { ...base, tile: one(tilesOf(base)) };
    if (faults(s).length === 0) return s;
  }
  return null;
};
