/** What a tile does to numbers that are carried a row: maxima first, brought together over the lanes of a row, then sums, a part in each lane. */
import type { NodeId } from "../../graph/graph.ts";
import { startingValue } from "../../graph/reduction.ts";
import type { Expr, Stmt } from "../../tile/tile.ts";
import { I32 } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import type { Part } from "../segment.ts";
import { NOTHING_FIXED, bind, emit, name, withinNode } from "../emit.ts";
import { correctionOf, shiftOf } from "../gauge.ts";
import { combine } from "../operators.ts";
import type { Scope } from "../scope.ts";
import type { Slot } from "../state.ts";
import { accumulate } from "../state.ts";
import { MAXIMA, rowTimes, type Tile, type TileCx } from "./context.ts";

/** Whether cell k exists for row r under a condition. */
export type Seen = (where: NodeId | null, r: number, k: number) => Expr;

/** Appends what decides which cells exist. */
export const visibility = (tile: Tile): Seen => {
  const { em } = tile.cx;
  if (tile.end === null) return () => T.bool(true);
  const made = new Map<string, Expr>();
  for (const where of new Set(tile.parts.map((p) => p.where)))
    withinNode(em, where, () =>
      tile.cells.forEach((mine, r) =>
        mine.forEach((at, k) => {
          const exists = tile.keys[k]?.exists ?? T.bool(false);
          const e = where === null ? exists : T.and(exists, emit(em, where, NOTHING_FIXED, at).e);
          made.set(`${where} ${r} ${k}`, name(em, at, "visible", e));
        }),
      ),
    );
  return (where, r, k) => {
    const e = made.get(`${where} ${r} ${k}`);
    if (e === undefined) throw new Error("a condition that nobody asked about");
    return e;
  };
};

/** The rows before the tile, for what is corrected. */
export type Before = readonly Scope[];

/** Raises the maxima that gauges read; all lanes of a row have the same afterwards. Returns the assignments that end the tile. */
export const raiseMaxima = (tile: Tile, maxima: readonly Part[], before: Before, seen: Seen): readonly Stmt[] => {
  const { cx, stmts } = tile;
  const { em, schedule, shape } = cx;
  if (maxima.length === 0) return [];
  const stride = schedule.lanesPerRow + 1;
  cx.room.maxima = Math.max(cx.room.maxima, maxima.length * shape.rows * stride);
  const own = maxima
    .map((p, n) =>
      withinNode(em, p.acc.node, () =>
        tile.rows.map((_, r) => {
          const slot = p.slots[r]?.[0];
          if (slot === undefined) throw new Error("a maximum without a register");
          const low = T.lit(startingValue(p.acc.op, slot.ty), slot.type);
          const values = tile.keys.map((_k, k) =>
            T.select(seen(p.where, r, k), emit(em, p.body, NOTHING_FIXED, tile.cells[r]?.[k] as Scope).e, low),
          );
          const best = name(
            em,
            tile.scope,
            `${p.acc.name}_own`,
            values.reduce((x, y) => combine(p.acc.op, x, y)),
          );
          return { p, r, slot, best, base: n * shape.rows * stride };
        }),
      ),
    )
    .flat();
  if (!tile.met) stmts.push(T.barrier);
  for (const { r, best, base } of own)
    stmts.push(T.store(MAXIMA, T.add(T.add(rowTimes(cx, r, stride), T.i32(base)), cx.side), best));
  stmts.push(T.barrier);
  tile.busy = false;
  return own.map(({ p, r, slot, base }) =>
    withinNode(em, p.acc.node, () => {
      const [carried] = slot.vars;
      if (carried?.kind !== "ref") throw new Error("a maximum is a variable");
      const [id, nth] = [em.fresh(`${p.acc.name}_new`), em.fresh("other")];
      const fresh = T.ref(id, slot.type);
      const other = T.load(MAXIMA, T.add(T.add(rowTimes(cx, r, stride), T.i32(base)), T.ref(nth, I32)));
      stmts.push(
        T.varStmt(id, slot.type, carried),
        T.forStmt(nth, T.i32(0), T.i32(schedule.lanesPerRow), T.i32(1), [T.set(id, combine(p.acc.op, fresh, other))]),
      );
      bind(em, tile.rows[r] as Scope, p.acc.node, NOTHING_FIXED, fresh);
      bind(em, before[r] as Scope, p.acc.node, NOTHING_FIXED, carried);
      return T.set(carried.name, fresh);
    }),
  );
};

/** Adds a tile to what else is carried in single numbers. */
export const addNumbers = (tile: Tile, numbers: readonly Part[], before: Before, seen: Seen): void => {
  const { cx, stmts } = tile;
  const { em } = cx;
  const gauged = { em, parts: tile.parts, rowAxes: cx.plan.rows };
  const take = (p: Part): void =>
    tile.rows.forEach((row, r) => {
      const [slot] = p.slots[r] ?? [];
      if (slot === undefined) throw new Error("a number without a register");
      const old = before[r] as Scope;
      const companion = tile.parts.find((x) => x.acc.node === p.acc.drift?.companion)?.slots[r]?.[0];
      const [sum, other] = [slot.vars[0], companion?.vars[0]];
      if (other !== undefined && sum?.kind === "ref")
        stmts.push(T.set(sum.name, T.add(sum, T.mul(other, shiftOf(gauged, p.acc, NOTHING_FIXED, old, row)))));
      const cells = tile.keys.map((key, k) => ({
        value: emit(em, p.body, NOTHING_FIXED, tile.cells[r]?.[k] as Scope).e,
        visible: seen(p.where, r, k),
        index: key.index,
      }));
      stmts.push(...accumulate(em, slot, cells, correctionOf(gauged, p.acc, NOTHING_FIXED, old, row)));
    });
  // What drifts with a sum reads it as it was before the tile.
  for (const drifts of [true, false])
    for (const p of numbers.filter((x) => (x.acc.drift !== undefined) === drifts))
      withinNode(em, p.acc.node, () => take(p));
};

/** Brings numbers together of which every lane of a row has a part, all of them between two barriers, and binds them. */
export const sumLanes = (
  cx: TileCx,
  numbers: readonly (readonly (readonly Slot[])[])[],
  next: readonly Scope[],
): void => {
  const { em, schedule, shape } = cx;
  if (numbers.length === 0) return;
  const { stmts } = em.root;
  const stride = schedule.lanesPerRow + 1;
  cx.room.maxima = Math.max(cx.room.maxima, numbers.length * shape.rows * stride);
  const all = numbers.flatMap((rows, n) =>
    rows.flatMap(([slot], r) => {
      const [value] = slot?.vars ?? [];
      return slot === undefined || value === undefined ? [] : [{ slot, r, value, base: n * shape.rows * stride }];
    }),
  );
  stmts.push(T.barrier);
  for (const { r, value, base } of all)
    stmts.push(T.store(MAXIMA, T.add(T.add(rowTimes(cx, r, stride), T.i32(base)), cx.side), value));
  stmts.push(T.barrier);
  for (const { slot, r, base } of all)
    withinNode(em, slot.acc.node, () => {
      const [id, nth] = [em.fresh(slot.acc.name), em.fresh("other")];
      const first = T.add(rowTimes(cx, r, stride), T.i32(base));
      const take = combine(slot.acc.op, T.ref(id, slot.type), T.load(MAXIMA, T.add(first, T.ref(nth, I32))));
      stmts.push(
        T.varStmt(id, slot.type, T.load(MAXIMA, first)),
        T.forStmt(nth, T.i32(1), T.i32(schedule.lanesPerRow), T.i32(1), [T.set(id, take)]),
      );
      bind(em, next[r] as Scope, slot.acc.node, NOTHING_FIXED, T.ref(id, slot.type));
    });
};
