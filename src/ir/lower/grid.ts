/** The grid: which row a lane owns. Rows split into outer axes (one point a workgroup) and inner axes (tiled over lanes). */
import { item } from "../../base/must.ts";
import { originAt } from "../../base/span.ts";
import type { AxisId } from "../graph/graph.ts";
import type { SizeExpr } from "../../base/size.ts";
import { size } from "../../base/size.ts";
import type { Expr } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Emitter } from "./emit.ts";
import { name, within } from "./emit.ts";
import type { Lanes, Sharing } from "../schedule/sharing.ts";
import { scope } from "./scope.ts";
import type { Scope } from "./scope.ts";

export type Row = { readonly scope: Scope; readonly valid: Expr };
export type Grid = {
  readonly groups: SizeExpr;
  /** What is known a workgroup: the outer axes. */
  readonly group: Scope;
  readonly rows: readonly Row[];
  /** First and last (clamped) flat inner row of the workgroup's tile, and the number of inner rows. */
  readonly first: Expr;
  readonly last: Expr;
};

const product = (em: Emitter, axes: readonly AxisId[]): SizeExpr =>
  axes.reduce<SizeExpr>((n, a) => size("*", n, em.b.axis(a).size), 1);

/** Names an index that is never negative. */
export const natural = (em: Emitter, s: Scope, base: string, e: Expr): Expr => {
  const r = name(em, s, base, e);
  if (r.kind === "ref") em.natural.add(r.name);
  return r;
};

/** Sets the axes from a flat index, the last axis the fastest. */
export const decodeAxes = (em: Emitter, s: Scope, axes: readonly AxisId[], flat: Expr): void => {
  let rest = flat;
  for (let k = axes.length - 1; k >= 0; k--) {
    const axis = em.b.axis(item(axes, k));
    within(em, originAt(axis.span), () => {
      const n = T.sizeToExpr(axis.size);
      s.axes.set(axis.id, natural(em, s, axis.name, k === 0 ? rest : T.mod(rest, n)));
      if (k > 0) rest = natural(em, s, "rest", T.div(rest, n));
    });
  }
};

/** Which of the lanes that share a row this one is. */
export const memberOf = ({ lanes, lanesPerRow }: Lanes): Expr =>
  lanesPerRow === 1 ? T.i32(0) : lanesPerRow === lanes ? T.lane : T.mod(T.lane, T.i32(lanesPerRow));

/** Which row of those of the workgroup this lane works on, the first one where it has several. */
export const rowOfLane = ({ lanes, lanesPerRow }: Lanes): Expr =>
  lanesPerRow === 1 ? T.lane : lanesPerRow === lanes ? T.i32(0) : T.div(T.lane, T.i32(lanesPerRow));

/** The rows of a workgroup and of its lanes, as code. */
export const gridOf = (em: Emitter, sharing: Sharing): Grid => {
  const axis = sharing.inner.at(-1) ?? sharing.outer.at(-1);
  const origin = axis === undefined ? [] : originAt(em.b.axis(axis).span);
  return within(em, origin, () => gridWithin(em, sharing));
};

const gridWithin = (em: Emitter, sharing: Sharing): Grid => {
  const { outer, inner, rows: perTile } = sharing;
  const innerSize = product(em, inner);
  const tiles = size("ceil/", innerSize, perTile);
  const group = scope("group", [em.root], em.root.stmts);
  const g = T.group;
  let tile: Expr = g;
  if (tiles === 1) {
    tile = T.i32(0);
    decodeAxes(em, group, outer, g);
  } else if (outer.length > 0) {
    const n = T.sizeToExpr(tiles);
    tile = natural(em, group, "tile", T.mod(g, n));
    decodeAxes(em, group, outer, natural(em, group, "outer", T.div(g, n)));
  }
  const base = natural(em, group, "row0", T.mul(tile, T.i32(perTile)));
  const total = T.sizeToExpr(innerSize);
  const last = T.min(T.add(base, T.i32(perTile - 1)), T.sub(total, T.i32(1)));
  const laneRow = rowOfLane(sharing);
  const rows = Array.from({ length: sharing.rowsPerLane }, (_, r): Row => {
    const s = scope(`row ${r}`, [group], em.root.stmts);
    if (inner.length === 0)
      return { scope: s, valid: perTile === 1 ? T.bool(true) : T.lt(T.add(base, laneRow), T.i32(1)) };
    const rho = natural(em, s, "row", T.add(T.add(base, T.i32((r * sharing.lanes) / sharing.lanesPerRow)), laneRow));
    const exact = perTile === 1 || (typeof innerSize === "number" && innerSize % perTile === 0);
    const valid = exact ? T.bool(true) : name(em, s, "valid", T.lt(rho, total));
    const clamped = exact ? rho : natural(em, s, "row_in", T.min(rho, T.sub(total, T.i32(1))));
    decodeAxes(em, s, inner, clamped);
    return { scope: s, valid };
  });
  return { groups: size("*", product(em, outer), tiles), group, rows, first: base, last };
};
