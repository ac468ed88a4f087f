/** What is drawn of a kernel: its mask tile by tile, its workgroup memory, its work beside its traffic. */
import type { Compiled } from "../../src/compiled.ts";
import { flops, kernelCost } from "../../src/explain/cost.ts";
import { cellShare, countDomain, domainsOf, tiledRow, tileShape } from "../../src/explain/domain.ts";
import { namesOf, percent } from "../../src/explain/names.ts";
import { penOf } from "../../src/explain/pen.ts";
import type { Example } from "../../src/explain/sizes.ts";
import type { KernelPlan } from "../../src/ir/derive/plan.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import { maskMap } from "../../src/ir/scalar/tiles.ts";
import type { Schedule } from "../../src/ir/schedule/schedule.ts";
import type { TileKernel } from "../../src/ir/tile/tile.ts";
import type { Cost, Memory, TileMap } from "../protocol.ts";
import { placesOf } from "./panes.ts";

/** Squares along a side of a picture. */
const SIDE = 64;

/** The masks of a kernel: one for each condition of its stream, none where there is no plane of rows and stream. */
export const mapsOf = (
  compiled: Compiled,
  kernel: KernelPlan,
  schedule: Schedule,
  example: Example,
): readonly TileMap[] => {
  const [column, more] = kernel.stream;
  const row = tiledRow(compiled, kernel);
  if (schedule.kind === "elements" || kernel.scans.length > 0) return [];
  if (column === undefined || more !== undefined || row === null) return [];
  const b = penOf(compiled);
  const names = namesOf(compiled);
  const size = [example.extent(row), example.extent(column)] as const;
  const tile = tileShape(schedule);
  const side = (k: 0 | 1): number => tile[k] * Math.max(1, Math.ceil(size[k] / tile[k] / SIDE));
  const square = [side(0), side(1)] as const;
  const env = { size: (n: string) => example.sizes[n] ?? null, scalar: example.scalar };
  const reads = (where: NodeId): boolean =>
    [...b.reach([where])].some((x) => ["load", "reduce"].includes(b.node(x).kind));
  return domainsOf(kernel).flatMap(({ where }): TileMap[] => {
    const counted = countDomain(compiled, kernel, schedule, where, example);
    if (counted === null) return [];
    const drawn = maskMap(b, where, { rows: row, columns: column, tile: square, size }, env);
    const condition = where === null ? null : { text: names.full(where), at: placesOf(b.origins[where] ?? []) };
    const about = counted.cells.exact && counted.grain === 1 ? "" : "about ";
    return [
      {
        axes: [names.axis(row), names.axis(column)],
        size,
        tile,
        square,
        rows: drawn.split("\n"),
        counts: counted.tiles,
        cells: `${about}${percent(cellShare(counted))}`,
        condition,
        data: where !== null && reads(where),
      },
    ];
  });
};

const ELEMENT = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 } as const;

/** What lives in workgroup memory. */
export const memoryOf = (kernel: TileKernel, total: number): Memory => ({
  total,
  parts: kernel.workgroup.map((w) => {
    const element = ELEMENT[w.type.elem] * w.type.width;
    const length = w.length ?? 0;
    const type = w.type.width === 1 ? w.type.elem : `vec${w.type.width} of ${w.type.elem}`;
    return {
      name: w.name,
      bytes: Math.ceil((length * element) / 16) * 16,
      text: `${length} x ${type}`,
      at: placesOf(kernel.origins.get(w.name) ?? []),
    };
  }),
});

export const costOf = (compiled: Compiled, kernel: KernelPlan, schedule: Schedule, example: Example): Cost => {
  const cost = kernelCost(compiled, kernel, schedule, example);
  const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
  return {
    flops: sum(cost.passes.map(flops)),
    products: sum(cost.passes.map((p) => p.products)),
    slow: sum(cost.passes.map((p) => p.transcendental)),
    read: sum(cost.reads.map((r) => r.bytes)),
    written: cost.written,
    least: cost.compulsory,
  };
};
