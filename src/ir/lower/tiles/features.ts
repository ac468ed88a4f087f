/**
 * What is carried a feature each: a lane has its rows and a share of the features, walks all cells of the tile, and has of the other lanes
 * of a row what they made of (row, cell).
 */
import type { AxisId, NodeId } from "../../graph/graph.ts";
import { exchangeStride } from "../../schedule/tiles.ts";
import type { Terms } from "../../schedule/tile-form.ts";
import type { Expr, Stmt } from "../../tile/tile.ts";
import { I32 } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import type { Part } from "../segment.ts";
import type { Fixed } from "../emit.ts";
import { NOTHING_FIXED, bind, emit, name, withinNode } from "../emit.ts";
import { correctionOf, shiftOf } from "../gauge.ts";
import { natural } from "../grid.ts";
import { scope, type Scope } from "../scope.ts";
import { SHARED, SLICES, called, cellIn, featuresOf, rowTimes, settle, vectorsOf, type Tile } from "./context.ts";
import { stager, type Stager } from "./stage.ts";
import type { Before } from "./update.ts";

/** An accumulator with features: a register for each row and vector of the lane. */
export type Wide = {
  readonly part: Part;
  readonly axis: AxisId;
  readonly terms: Terms;
  readonly registers: readonly (readonly Expr[])[];
};

/** All sums along one axis of features: their cells are walked together. */
export type Group = {
  readonly axis: AxisId;
  readonly sums: readonly Wide[];
  readonly stagers: readonly Stager[];
  readonly staged: readonly NodeId[];
};

export const groupsOf = (tile: Tile, sums: readonly Wide[]): readonly Group[] =>
  [...new Set(sums.map((s) => s.axis))].map((axis) => {
    const { cx, stmts } = tile;
    const mine = sums.filter((s) => s.axis === axis);
    const staged = [...new Set(mine.flatMap((s) => s.terms.staged))];
    const all = featuresOf(cx, axis).width;
    const { slice } = cx.schedule;
    cx.room.slices = Math.max(cx.room.slices, staged.length * slice * all);
    const stagers = staged.map((node, n) =>
      stager(cx, { node, axis, buffer: SLICES, base: n * slice * all, items: slice, width: all, stride: all }, stmts),
    );
    return { axis, sums: mine, stagers, staged };
  });

/** Loads the slice whose first column is `first`. */
export const loadSlice = (tile: Tile, { stagers, axis }: Group, first: Expr, into: Stmt[]): void => {
  const { em } = tile.cx;
  const made = new Map<string, Scope>();
  const place = (item: Expr): Scope => {
    const key = JSON.stringify(item);
    const s = made.get(key) ?? scope("staged cell", [tile.scope], into);
    if (!made.has(key))
      s.axes.set(tile.axis, natural(em, s, "cell", cellIn(tile, T.add(tile.from, cellOf(tile, T.add(first, item))))));
    made.set(key, s);
    return s;
  };
  for (const s of stagers) s.load(place, featuresOf(tile.cx, axis).first, into);
};

/** Which cell of the tile a column of the exchanged values is: the lanes write theirs side by side. */
const cellOf = ({ cx }: Tile, column: Expr): Expr => {
  const { cells, lanesPerRow } = cx.schedule;
  return T.add(T.div(column, T.i32(cells)), T.mul(T.mod(column, T.i32(cells)), T.i32(lanesPerRow)));
};

/** Corrects what is carried to the maxima of the tile, once for all its cells. */
export const correct = (tile: Tile, sums: readonly Wide[], before: Before): void => {
  const { cx, stmts } = tile;
  const gauged = { em: cx.em, parts: tile.parts, rowAxes: cx.plan.rows };
  const one = ({ part, registers }: Wide): void =>
    tile.rows.forEach((row, r) => {
      const old = before[r] as Scope;
      const { acc } = part;
      const other = sums.find((s) => s.part.acc.node === acc.drift?.companion)?.registers[r];
      const shift = other === undefined ? null : shiftOf(gauged, acc, NOTHING_FIXED, old, row);
      const factor = correctionOf(gauged, acc, NOTHING_FIXED, old, row);
      registers[r]?.forEach((o, u) => {
        const by = other?.[u];
        if (o.kind !== "ref") return;
        if (shift !== null && by !== undefined) stmts.push(T.set(o.name, T.fma(by, T.splat(shift, 4), o)));
        if (factor !== null) stmts.push(T.set(o.name, T.mul(o, T.splat(factor, 4))));
      });
    });
  for (const drifts of [true, false])
    for (const s of sums.filter((x) => (x.part.acc.drift !== undefined) === drifts))
      withinNode(cx.em, s.part.acc.node, () => one(s));
};

/** Puts the values of the lane's cells where the other lanes of a row read them. */
export const exchange = (tile: Tile, sums: readonly Wide[]): readonly NodeId[] => {
  const { cx, stmts } = tile;
  const { em, schedule, shape } = cx;
  const nodes = [...new Set(sums.flatMap((s) => s.terms.exchanged))];
  const stride = exchangeStride(schedule);
  cx.room.shared = Math.max(cx.room.shared, nodes.length * shape.rows * stride);
  const made = nodes.map((id) =>
    tile.rows.map((_, r) => tile.keys.map((_k, k) => emit(em, id, NOTHING_FIXED, tile.cells[r]?.[k] as Scope).e)),
  );
  if (nodes.length > 0) settle(tile);
  const wide = schedule.cells / 4;
  made.forEach((rows, n) =>
    rows.forEach((values, r) => {
      for (let w = 0; w < wide; w++) {
        const at = T.add(
          T.add(rowTimes(cx, r, stride), T.i32(n * shape.rows * stride + w)),
          T.mul(cx.side, T.i32(wide)),
        );
        stmts.push(T.store(SHARED, at, T.vector(values.slice(4 * w, 4 * w + 4))));
      }
    }),
  );
  return nodes;
};

/** Walks the cells of the tile for the sums along one axis. `first`: its first slice is loaded already. */
export const addFeatures = (tile: Tile, group: Group, exchanged: readonly NodeId[], loaded: boolean): void => {
  const { cx, stmts } = tile;
  const { em, schedule, shape } = cx;
  const ahead = schedule.prefetch;
  if (ahead && !loaded) loadSlice(tile, group, T.i32(0), stmts);
  const step = (first: Expr, into: Stmt[], next: () => void): void => {
    if (!ahead) loadSlice(tile, group, first, into);
    into.push(T.barrier);
    group.stagers.forEach((s) => s.store(into));
    if (group.stagers.length > 0) into.push(T.barrier);
    next();
    walk(tile, group, exchanged, first, into);
  };
  if (schedule.slice === shape.cells) step(T.i32(0), stmts, () => {});
  else {
    const id = em.fresh("slice");
    em.natural.add(id);
    const first = T.ref(id, I32);
    const body: Stmt[] = [];
    step(first, body, () => {
      const more: Stmt[] = [];
      if (!ahead) return;
      const behind = T.add(first, T.i32(schedule.slice));
      loadSlice(tile, group, behind, more);
      body.push(T.ifStmt(T.lt(behind, T.i32(shape.cells)), more));
    });
    stmts.push(T.forStmt(id, T.i32(0), T.i32(shape.cells), T.i32(schedule.slice), body));
  }
  tile.busy = true;
};

/** The cells of one slice, four in a turn. */
const walk = (tile: Tile, group: Group, exchanged: readonly NodeId[], first: Expr, into: Stmt[]): void => {
  const { cx } = tile;
  const { em, schedule, shape } = cx;
  const stride = exchangeStride(schedule);
  const id = em.fresh("four");
  em.natural.add(id);
  const four = T.ref(id, I32);
  const body: Stmt[] = [];
  const loop = scope("cells", [tile.scope], body);
  const rows = tile.rows.map((s, r) => scope(`row ${r} cells`, [s, loop], body));
  const read = new Set(group.sums.flatMap((s) => s.terms.exchanged));
  const values = rows.map((s, r) =>
    exchanged.map((node, n) => {
      if (!read.has(node)) return null;
      const at = T.add(
        T.add(rowTimes(cx, r, stride), T.i32(n * shape.rows * stride)),
        T.add(T.div(first, T.i32(4)), four),
      );
      return name(em, s, called(em, node, "value"), T.load(SHARED, at));
    }),
  );
  const keys = [0, 1, 2, 3].map((t) => {
    const s = scope(`cell ${t}`, [loop], body);
    const column = T.add(T.add(first, T.mul(four, T.i32(4))), T.i32(t));
    const raw = natural(em, s, em.b.axis(tile.axis).name, T.add(tile.from, cellOf(tile, column)));
    s.axes.set(tile.axis, natural(em, s, "cell", cellIn(tile, raw)));
    return { s, exists: tile.end === null ? T.bool(true) : T.lt(raw, tile.end) };
  });
  const all = featuresOf(cx, group.axis).width;
  em.overrides.set(loop, (node, fixed, within) => {
    const nth = group.staged.indexOf(node);
    const fix = fixed.get(group.axis);
    const t = keys.findIndex((k) => within.above.has(k.s));
    const s = keys[t]?.s;
    if (nth < 0 || s === undefined || fix === undefined || !("chunk" in fix) || fixed.has(tile.axis)) return null;
    const slot = T.add(T.mul(four, T.i32(4 * all)), T.i32(t * all + nth * schedule.slice * all));
    const place = vectorsOf(cx, group.axis).find((x) => x.fix.chunk === fix.chunk)?.place;
    if (place === undefined) return null;
    return { e: name(em, s, called(em, node, "staged"), T.load(SLICES, T.add(slot, place))), s };
  });
  keys.forEach(({ s: key, exists }, t) => {
    const cells = rows.map((row, r) => {
      const at = scope(`row ${r} cell ${t}`, [row, key], body);
      exchanged.forEach((node, n) => {
        const e = values[r]?.[n];
        if (e != null) bind(em, at, node, NOTHING_FIXED, T.component(e, t));
      });
      return at;
    });
    const seen = tile.end === null ? null : seenBy(tile, group, cells, exists);
    vectorsOf(cx, group.axis).forEach(({ fix }, u) => {
      const fixed: Fixed = new Map([[group.axis, fix]]);
      for (const sum of group.sums)
        withinNode(em, sum.part.acc.node, () => {
          for (const node of sum.terms.staged) emit(em, node, fixed, key);
          cells.forEach((at, r) => {
            const o = sum.registers[r]?.[u];
            if (o?.kind !== "ref") return;
            const term = T.splat(emit(em, sum.part.body, fixed, at).e, 4);
            const visible = seen?.(sum.part.where, r) ?? null;
            body.push(
              T.set(
                o.name,
                visible === null ? plus(o, term) : T.add(o, T.select(T.splat(visible, 4), term, T.zero(term.type))),
              ),
            );
          });
        });
    });
  });
  em.overrides.delete(loop);
  into.push(T.forStmt(id, T.i32(0), T.i32(schedule.slice / 4), T.i32(1), body));
};

/** A product goes in by a multiply-add. */
const plus = (to: Expr, term: Expr): Expr =>
  term.kind === "binary" && term.op === "*" ? T.fma(term.a, term.b, to) : T.add(to, term);

/** Whether the cell exists for the rows, under each condition of the sums. */
const seenBy = (
  tile: Tile,
  group: Group,
  cells: readonly Scope[],
  exists: Expr,
): ((where: NodeId | null, r: number) => Expr) => {
  const { em } = tile.cx;
  const made = new Map<string, Expr>();
  for (const where of new Set(group.sums.map((s) => s.part.where)))
    cells.forEach((at, r) => {
      const e = where === null ? exists : T.and(exists, emit(em, where, NOTHING_FIXED, at).e);
      made.set(`${where} ${r}`, name(em, at, "visible", e));
    });
  return (where, r) => made.get(`${where} ${r}`) ?? T.bool(false);
};
