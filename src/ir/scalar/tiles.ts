/** The tiles of a condition over two axes: a text map and counts, for `tfx explain` and for cost estimates. */
import type { AxisId, NodeId } from "../graph/graph.ts";
import { classifier, type Box, type DomainEnv, type TileClass } from "./domain.ts";
import type { Interval } from "./interval.ts";
import type { RangeSource } from "./ranges.ts";

/** A grid of tiles: `rows` and `columns` are the axes, `tile` the indices of one tile along each, `size` of the axes. */
export type TileGrid = {
  readonly rows: AxisId;
  readonly columns: AxisId;
  readonly tile: readonly [number, number];
  readonly size: readonly [number, number];
  /** Fixed indices of other axes (a batch entry, a head); the others run over their whole size. */
  readonly at?: Box;
};

/** The class of each tile, row by row. */
export const tileClasses = (g: RangeSource, where: NodeId | null, grid: TileGrid, env: DomainEnv): TileClass[][] => {
  const of = classifier(g, where, env);
  const columns = cuts(grid.size[1], grid.tile[1]);
  return cuts(grid.size[0], grid.tile[0]).map((i) =>
    columns.map((j) => of(new Map([...(grid.at ?? []), [grid.rows, i], [grid.columns, j]]))),
  );
};

const cuts = (size: number, tile: number): Interval[] =>
  Array.from({ length: Math.ceil(size / tile) }, (_, t) => ({ lo: t * tile, hi: Math.min(size, (t + 1) * tile) - 1 }));

const SIGN: Record<TileClass, string> = { empty: ".", partial: "/", full: "#" };

/** One line for each row of tiles: `.` empty (skipped), `/` partial (masked), `#` full. */
export const maskMap = (g: RangeSource, where: NodeId | null, grid: TileGrid, env: DomainEnv): string =>
  tileClasses(g, where, grid, env)
    .map((row) => row.map((c) => SIGN[c]).join(""))
    .join("\n");

/** How many tiles are of each class. */
export const countTiles = (
  g: RangeSource,
  where: NodeId | null,
  grid: TileGrid,
  env: DomainEnv,
): Record<TileClass, number> => {
  const out = { empty: 0, partial: 0, full: 0 };
  for (const c of tileClasses(g, where, grid, env).flat()) out[c]++;
  return out;
};
