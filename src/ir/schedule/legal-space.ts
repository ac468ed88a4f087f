/** The legal schedules of a kernel, for tests and for searches: all of a grid of numbers, or some drawn at random. */
import type { Target } from "../../base/target.ts";
import type { GraphView } from "../graph/view.ts";
import type { KernelPlan } from "../derive/plan.ts";
import { legality } from "./legal.ts";
import type { Schedule, Source, StreamSchedule } from "./schedule.ts";

/** Numbers that are tried: small ones, the usual ones, and some that divide nothing. */
const LANES = [64, 16, 32, 128, 256, 8, 4, 1, 2, 24, 5, 3, 100];
const ROWS = [1, 2, 3, 4];
const SHARES = [1, 64, 32, 16, 8, 4, 2, 128, 256];
const CELLS = [4, 1, 2, 8, 3, 16, 5, 7, 12, 32];
const SOURCES = ["direct", "subgroup", "workgroup"] as const;
const TILES = [1, 2, 4, 16];

/** Who walks what of a row. */
type Owner =
  { readonly kind: "rows"; readonly rowsPerLane: number } | { readonly kind: "split"; readonly lanesPerRow: number };

const OWNERS: readonly Owner[] = [
  ...ROWS.map((rowsPerLane) => ({ kind: "rows", rowsPerLane }) as const),
  ...SHARES.map((lanesPerRow) => ({ kind: "split", lanesPerRow }) as const),
];

const lanesOf = (owner: Owner): number => (owner.kind === "split" ? owner.lanesPerRow : 1);

/** A source with its tiles: multiples of what one turn of the loop takes. */
const sourcesOf = (source: Source["source"], owner: Owner, cells: number): readonly Source[] =>
  source === "workgroup" ? TILES.map((n) => ({ source, tile: n * cells * lanesOf(owner) })) : [{ source }];

/** Every legal schedule of the grid above, the plainer ones first. */
export function* legalSchedules(b: GraphView, plan: KernelPlan, target: Target): Iterable<Schedule> {
  const faults = legality(b, plan, target);
  for (const s of plan.stream.length > 0 ? streamGrid() : elementGrid()) if (faults(s).length === 0) yield s;
}

function* elementGrid(): Iterable<Schedule> {
  for (const lanes of LANES) for (const vectorStream of [false, true]) yield { kind: "elements", lanes, vectorStream };
}

function* streamGrid(): Iterable<Schedule> {
  for (const kind of ["rows", "split"] as const)
    for (const lanes of LANES)
      for (const owner of OWNERS.filter((o) => o.kind === kind))
        for (const cells of CELLS)
          for (const edgeCells of new Set([1, cells]))
            for (const from of SOURCES)
              for (const vectorStream of [false, true])
                for (const hold of [false, true])
                  for (const source of sourcesOf(from, owner, cells))
                    yield { ...owner, ...source, lanes, cells, edgeCells, vectorStream, hold };
}

/** A legal schedule drawn by a random source (numbers in [0, 1)); null when many draws found none. */
export const drawSchedule = (b: GraphView, plan: KernelPlan, target: Target, random: () => number): Schedule | null => {
  const faults = legality(b, plan, target);
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const length = plan.stream.reduce((n, a) => n * (Number(b.axis(a).size) || 0), 1);
  const stream = (): StreamSchedule => {
    const kind = one(["rows", "split"] as const);
    const lanesPerRow = kind === "split" ? one(SHARES) : 1;
    const vectorStream = random() < 0.4;
    const hold = random() < 0.3;
    // A row that is held takes at least as many cells as it has, now and then more.
    const held = Math.ceil(length / (lanesPerRow * (vectorStream ? 4 : 1))) + one([0, 0, 1]);
    const cells = hold ? Math.max(1, held) : one(CELLS);
    const lanes = one(LANES);
    const owner: Owner = kind === "split" ? { kind, lanesPerRow } : { kind, rowsPerLane: one(ROWS) };
    const edgeCells = one([1, cells, cells % 2 === 0 ? cells / 2 : 1]);
    const source = one(sourcesOf(one(SOURCES), owner, cells));
    return { ...owner, ...source, lanes, cells, edgeCells, vectorStream, hold };
  };
  const tiles = (): Schedule => {
    const lanesPerRow = one([2, 4, 8, 16]);
    const cells = one([4, 4, 8]);
    return {
      kind: "tiles",
      lanes: lanesPerRow * one([1, 2, 3, 4, 8]),
      lanesPerRow,
      rowsPerLane: one(ROWS),
      cells,
      chunk: one([4, 8, 12, 16]),
      slice: one([4, cells, lanesPerRow * cells]),
      ...(random() < 0.5 ? { columns: 4 * lanesPerRow * one([1, 2]) } : {}),
      prefetch: random() < 0.5,
    };
  };
  const walking = (): Schedule => (random() < 0.3 ? tiles() : stream());
  const elements = (): Schedule => ({ kind: "elements", vectorStream: random() < 0.4, lanes: one(LANES) });
  for (let turn = 0; turn < 400; turn++) {
    const s = plan.stream.length > 0 ? walking() : elements();
    if (faults(s).length === 0) return s;
  }
  return null;
};
