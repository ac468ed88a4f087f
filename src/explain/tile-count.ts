/** Counting tiles and cells of a domain by halving boxes: whole blocks are settled at once, only edges are looked into. */
import type { AxisId, NodeId } from "../ir/graph/graph.ts";
import { classifier, type DomainEnv } from "../ir/scalar/domain.ts";
import type { RangeSource } from "../ir/scalar/ranges.ts";

export type Counted = {
  readonly empty: number;
  readonly partial: number;
  readonly full: number;
  /** False when counting was given up and what was left is called partial. */
  readonly exact: boolean;
};

export type CountGrid = {
  readonly rows: AxisId;
  readonly columns: AxisId;
  readonly size: readonly [number, number];
  /** Cells of a tile along each axis. */
  readonly tile: readonly [number, number];
};

/** Boxes looked at before giving up. */
const BUDGET = 60_000;

/** How many tiles of a grid are empty, partial and full. */
export const countGrid = (g: RangeSource, where: NodeId | null, grid: CountGrid, env: DomainEnv): Counted => {
  const of = classifier(g, where, env);
  const [down, across] = [Math.ceil(grid.size[0] / grid.tile[0]), Math.ceil(grid.size[1] / grid.tile[1])];
  const total = { empty: 0, partial: 0, full: 0 };
  let [left, exact] = [BUDGET, true];
  const ends = (from: number, to: number, k: 0 | 1): { lo: number; hi: number } => ({
    lo: from * grid.tile[k],
    hi: Math.min(grid.size[k], to * grid.tile[k]) - 1,
  });
  const visit = (i0: number, i1: number, j0: number, j1: number): void => {
    const tiles = (i1 - i0) * (j1 - j0);
    if (tiles === 0) return;
    if (left-- <= 0) {
      exact = false;
      total.partial += tiles;
      return;
    }
    const c = of(
      new Map([
        [grid.rows, ends(i0, i1, 0)],
        [grid.columns, ends(j0, j1, 1)],
      ]),
    );
    if (c !== "partial" || tiles === 1) {
      total[c] += tiles;
      return;
    }
    const [im, jm] = [i1 - i0 > 1 ? (i0 + i1) >> 1 : i1, j1 - j0 > 1 ? (j0 + j1) >> 1 : j1];
    visit(i0, im, j0, jm);
    visit(i0, im, jm, j1);
    visit(im, i1, j0, jm);
    visit(im, i1, jm, j1);
  };
  visit(0, down, 0, across);
  return { ...total, exact };
};
