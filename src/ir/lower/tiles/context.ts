/** What the parts of a tile lowering share. */
import type { KernelPlan } from "../../derive/plan.ts";
import type { Axis, AxisId, NodeId } from "../../graph/graph.ts";
import { chunkOf, tileShape } from "../../schedule/tiles.ts";
import type { Sharing } from "../../schedule/sharing.ts";
import type { TilesSchedule } from "../../schedule/schedule.ts";
import type { Buffer, Expr, Stmt } from "../../tile/tile.ts";
import { F32, VEC4 } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import type { Part } from "../segment.ts";
import type { Emitter, Fix } from "../emit.ts";
import { knownSize, name } from "../emit.ts";
import { size } from "../../../base/size.ts";
import { vectorCount } from "../../schedule/columns.ts";
import type { Grid } from "../grid.ts";
import { natural } from "../grid.ts";
import type { Scope } from "../scope.ts";

/** Workgroup memory as it is asked for; the arrays are made when all is known. */
export type Room = { shared: number; slices: number; maxima: number };

/** A workgroup buffer as long as it turns out to be. */
const buffer = (name: string, wide: boolean, length: number): Buffer => ({
  name,
  space: "workgroup",
  access: "read_write",
  type: wide ? VEC4 : F32,
  length,
});

/** Operands of contractions, then what is exchanged; slices of cells by features; maxima of lanes. */
export const SHARED = buffer("operands", true, 0);
export const SLICES = buffer("slices", true, 0);
export const MAXIMA = buffer("maxima", false, 0);

/** The arrays that are used. */
export const buffersOf = (room: Room): readonly Buffer[] =>
  [
    { ...SHARED, length: room.shared },
    { ...SLICES, length: room.slices },
    { ...MAXIMA, length: room.maxima },
  ].filter((b) => b.length > 0);

/** Four features of a lane. `exists`: the vector is one of the axis. */
export type Vector = {
  readonly fix: Fix & { readonly chunk: Expr };
  readonly exists: Expr;
  /** Which of those of the workgroup it is. */
  readonly place: Expr;
};

export type TileCx = {
  readonly em: Emitter;
  readonly plan: KernelPlan;
  readonly schedule: TilesSchedule;
  readonly grid: Grid;
  readonly sharing: Sharing;
  readonly room: Room;
  /** Where the lane stands: along the rows, and along a row. */
  readonly high: Expr;
  readonly side: Expr;
  readonly shape: ReturnType<typeof tileShape>;
  readonly vectors: Map<AxisId, readonly Vector[]>;
  /** The features that the workgroup has a part of, and the first vec4 of it. */
  readonly columns: { readonly axis: AxisId; readonly first: Expr } | null;
};

/** The vectors of an axis that the lane has: lanes side by side have neighbouring ones. */
export const vectorsOf = (cx: TileCx, axis: AxisId): readonly Vector[] => {
  const found = cx.vectors.get(axis);
  if (found !== undefined) return found;
  const { em, schedule } = cx;
  const a = em.b.axis(axis);
  const { width, first, whole: fills } = featuresOf(cx, axis);
  const all = T.sizeToExpr(size("ceil/", a.size, 4));
  const made = Array.from({ length: Math.ceil(width / schedule.lanesPerRow) }, (_, u): Vector => {
    const place = T.add(cx.side, T.i32(u * schedule.lanesPerRow));
    const own = T.add(first, place);
    const whole = fills && schedule.lanesPerRow * (u + 1) <= width;
    const inside = whole ? own : T.min(own, T.sub(all, T.i32(1)));
    // A name of its own: it is the point at which values are kept.
    const id = em.fresh(`${a.name}_at`);
    em.natural.add(id);
    em.root.stmts.push(T.letStmt(id, inside));
    const chunk = T.ref(id, inside.type);
    em.root.axes.set(em.b.freshAxis(axis), chunk);
    return {
      fix: { chunk },
      place: cx.columns?.axis === axis ? place : chunk,
      exists: whole ? T.bool(true) : name(em, em.root, "exists", T.lt(own, all)),
    };
  });
  cx.vectors.set(axis, made);
  return made;
};

/** Vec4s of an axis that the workgroup has, the first of them, and whether it has as many everywhere. */
export const featuresOf = (
  cx: TileCx,
  axis: AxisId,
): { readonly width: number; readonly first: Expr; readonly whole: boolean } => {
  const { size: n } = cx.em.b.axis(axis);
  const width = vectorCount(cx.em.b, cx.schedule, axis);
  if (cx.columns?.axis !== axis) return { width, first: T.i32(0), whole: true };
  return { width, first: cx.columns.first, whole: typeof n === "number" && Math.ceil(n / 4) % width === 0 };
};

/** The place of the lane's row `r` among the rows of the tile. */
const rowAt = (cx: TileCx, r: number): Expr => T.add(cx.high, T.i32(r * cx.shape.high));

/** The same times a stride, named once. */
export const rowTimes = (cx: TileCx, r: number, stride: number): Expr => {
  const { em } = cx;
  const key = `tile row ${r} ${stride}`;
  const found = em.root.memo.get(key) ?? natural(em, em.root, "row_at", T.mul(rowAt(cx, r), T.i32(stride)));
  em.root.memo.set(key, found);
  return found;
};

/** One tile of a segment that is being written. */
export type Tile = {
  readonly cx: TileCx;
  readonly stmts: Stmt[];
  readonly scope: Scope;
  /** The streamed axis, and how many cells it has. */
  readonly axis: AxisId;
  readonly length: Expr;
  /** First cell; from `end` on no cell is visible. Null: all cells of the tile are there, and visible to all rows. */
  readonly from: Expr;
  readonly end: Expr | null;
  readonly parts: readonly Part[];
  /** The row in this tile, each cell of the lane, and each of its (row, cell). */
  readonly rows: readonly Scope[];
  readonly keys: readonly Key[];
  readonly cells: readonly (readonly Scope[])[];
  /** Lanes may still read what is shared: a barrier goes before the next store to it. */
  busy: boolean;
  /** All lanes have met in this tile: what they read of the one before is behind them. */
  met: boolean;
};

export type Key = { readonly scope: Scope; readonly index: Expr; readonly exists: Expr };

/** A barrier where lanes may still read. */
export const settle = (tile: Tile): void => {
  if (tile.busy) tile.stmts.push(T.barrier);
  tile.busy = false;
};

/** The cell at a place of the stream, brought into it where the tile may reach beyond. */
export const cellIn = (tile: Pick<Tile, "end" | "length">, raw: Expr): Expr =>
  tile.end === null ? raw : T.min(raw, T.sub(tile.length, T.i32(1)));

/** How the features of an axis are staged. */
export const chunksOf = (
  cx: TileCx,
  axis: Axis,
): { readonly all: number; readonly width: number; readonly stride: number } => ({
  all: Math.ceil(knownSize(axis) / 4),
  ...chunkOf(cx.schedule, knownSize(axis)),
});

/** A node's name in the program, or a stand-in. */
export const called = (em: Emitter, id: NodeId, base: string): string => em.names.get(id) ?? base;
