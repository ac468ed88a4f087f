/**
 * Sums over features for every (row, cell) of a tile: chunks of the features of both sides lie in workgroup memory, a lane reads one vec4
 * for each of its rows and cells and has the products of all pairs.
 */
import type { NodeId } from "../../graph/graph.ts";
import { operandRoom } from "../../schedule/tiles.ts";
import type { Contraction } from "../../schedule/tile-form.ts";
import type { Expr, Stmt } from "../../tile/tile.ts";
import { F32, I32 } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import type { Fixed } from "../emit.ts";
import { NOTHING_FIXED, bind, emit, name, withinNode } from "../emit.ts";
import { decodeAxes, natural } from "../grid.ts";
import { dotTerm } from "../reduce.ts";
import { scope, type Scope } from "../scope.ts";
import { called, cellIn, chunksOf, rowTimes, SHARED, type Tile, type TileCx } from "./context.ts";
import { stager, type Stager } from "./stage.ts";

/** Appends a contraction and binds its value in the cells' scopes. `ahead`: appends loads for what comes behind it. */
export const contract = (tile: Tile, c: Contraction, ahead: (into: Stmt[]) => void): void =>
  withinNode(tile.cx.em, c.node.id, () => contractWithin(tile, c, ahead));

const contractWithin = (tile: Tile, c: Contraction, ahead: (into: Stmt[]) => void): void => {
  const { cx, stmts } = tile;
  const { em, schedule, shape } = cx;
  cx.room.shared = Math.max(cx.room.shared, operandRoom(schedule, c));
  const { all, width, stride } = chunksOf(cx, em.b.axis(c.axis));
  const operand = (node: NodeId, base: number, items: number): Stager =>
    stager(cx, { node, axis: c.axis, buffer: SHARED, base, items, width, stride }, stmts);
  const cellBase = c.ofRows.length * shape.rows * stride;
  const rows = c.ofRows.map((id, n) => operand(id, n * shape.rows * stride, shape.rows));
  const cells = c.ofCells.map((id, n) => operand(id, cellBase + n * shape.cells * stride, shape.cells));
  const places = { rows: rowPlaces(cx), cells: cellPlaces(tile, stmts) };
  const load = (first: Expr, into: Stmt[]): void => {
    rows.forEach((s) => s.load(places.rows, first, into));
    cells.forEach((s) => s.load(places.cells, first, into));
  };
  const sums = cx.grid.rows.map(() =>
    tile.keys.map(() => {
      const id = em.fresh(called(em, c.node.id, "dot"));
      stmts.push(T.varStmt(id, F32, T.f32(0)));
      return T.ref(id, F32);
    }),
  );
  const step = (first: Expr, into: Stmt[], next: () => void): void => {
    if (!schedule.prefetch) load(first, into);
    into.push(T.barrier);
    [...rows, ...cells].forEach((s) => s.store(into));
    into.push(T.barrier);
    next();
    const left = all % width === 0 ? T.i32(width) : T.min(T.i32(width), T.sub(T.i32(all), first));
    multiply(tile, c, { first, left, stride, cellBase }, sums, into);
  };
  if (schedule.prefetch) load(T.i32(0), stmts);
  if (all <= width) step(T.i32(0), stmts, () => ahead(stmts));
  else {
    const id = em.fresh(`${em.b.axis(c.axis).name}_chunk`);
    em.natural.add(id);
    const first = T.ref(id, I32);
    const body: Stmt[] = [];
    step(first, body, () => {
      const [more, last]: [Stmt[], Stmt[]] = [[], []];
      if (schedule.prefetch) load(T.add(first, T.i32(width)), more);
      ahead(last);
      if (more.length + last.length > 0) body.push(T.ifStmt(T.lt(T.add(first, T.i32(width)), T.i32(all)), more, last));
    });
    stmts.push(T.forStmt(id, T.i32(0), T.i32(all), T.i32(width), body));
  }
  tile.busy = true;
  tile.met = true;
  tile.cells.forEach((mine, r) =>
    mine.forEach((at, k) => bind(em, at, c.node.id, NOTHING_FIXED, sums[r]?.[k] as Expr)),
  );
};

/** The scopes of the rows that a lane loads. */
const rowPlaces = (cx: TileCx): ((item: Expr, n: number) => Scope) => {
  const made = new Map<string, Scope>();
  return (item) => {
    const { em, grid, sharing } = cx;
    const key = JSON.stringify(item);
    const found = made.get(key);
    if (found !== undefined) return found;
    const s = scope("staged row", [grid.group], em.root.stmts);
    decodeAxes(em, s, sharing.inner, natural(em, s, "row_in", T.min(T.add(grid.first, item), grid.last)));
    made.set(key, s);
    return s;
  };
};

/** The same of the cells of the tile. */
const cellPlaces = (tile: Tile, into: Stmt[]): ((item: Expr, n: number) => Scope) => {
  const made = new Map<string, Scope>();
  return (item) => {
    const { em } = tile.cx;
    const key = JSON.stringify(item);
    const found = made.get(key);
    if (found !== undefined) return found;
    const s = scope("staged cell", [tile.scope], into);
    s.axes.set(tile.axis, natural(em, s, "cell", cellIn(tile, T.add(tile.from, item))));
    made.set(key, s);
    return s;
  };
};

type Chunk = { readonly first: Expr; readonly left: Expr; readonly stride: number; readonly cellBase: number };

/** The products of one chunk. */
const multiply = (
  tile: Tile,
  c: Contraction,
  { first, left, stride, cellBase }: Chunk,
  sums: readonly (readonly Expr[])[],
  into: Stmt[],
): void => {
  const { cx } = tile;
  const { em, shape } = cx;
  const axis = em.b.axis(c.axis);
  const id = em.fresh(`${axis.name}_part`);
  em.natural.add(id);
  const at = T.ref(id, I32);
  const body: Stmt[] = [];
  const loop = scope("features", [tile.scope], body);
  const chunk = natural(em, loop, axis.name, T.add(first, at));
  loop.axes.set(c.axis, chunk);
  const fixed: Fixed = new Map([[c.axis, { chunk }]]);
  const rows = tile.rows.map((s, r) => scope(`row ${r} features`, [s, loop], body));
  const keys = tile.keys.map((k, n) => scope(`cell ${n} features`, [k.scope, loop], body));
  em.overrides.set(loop, (node, fix, within) => {
    const own = fix.get(c.axis);
    if (own === undefined || !("chunk" in own) || own.chunk !== chunk) return null;
    const row = c.ofRows.indexOf(node);
    const cell = c.ofCells.indexOf(node);
    const [list, nth] = row >= 0 ? [rows, row] : [keys, cell];
    if (nth < 0) return null;
    const n = list.findIndex((s) => within.above.has(s));
    const s = list[n];
    if (s === undefined) return null;
    const place =
      row >= 0
        ? T.add(rowTimes(cx, n, stride), T.i32(row * shape.rows * stride))
        : T.add(cellTimes(cx, n, stride), T.i32(cellBase + cell * shape.cells * stride));
    return { e: name(em, s, called(em, node, "staged"), T.load(SHARED, T.add(place, at))), s };
  });
  for (const s of keys) for (const node of c.ofCells) emit(em, node, fixed, s);
  sums.forEach((mine, r) =>
    mine.forEach((sum, k) => {
      const both = scope("product", [rows[r] as Scope, keys[k] as Scope, tile.cells[r]?.[k] as Scope], body);
      if (sum.kind === "ref") body.push(T.set(sum.name, plusTerm(tile, c, fixed, both, sum)));
    }),
  );
  em.overrides.delete(loop);
  into.push(T.forStmt(id, T.i32(0), left, T.i32(1), body));
};

/** A cell of the lane among those of the tile: lanes side by side have neighbouring ones. */
const cellTimes = (cx: TileCx, k: number, stride: number): Expr => {
  const { em, schedule } = cx;
  const key = `tile cell ${k} ${stride}`;
  const cell = T.add(cx.side, T.i32(k * schedule.lanesPerRow));
  const found = em.root.memo.get(key) ?? natural(em, em.root, "cell_at", T.mul(cell, T.i32(stride)));
  em.root.memo.set(key, found);
  return found;
};

/** The sum with one more chunk: of a product four multiply-adds in turn. */
const plusTerm = (tile: Tile, c: Contraction, fixed: Fixed, at: Scope, sum: Expr): Expr => {
  const { em } = tile.cx;
  const body = em.b.node(c.node.body);
  if (body.kind !== "binary" || body.op !== "*") return T.add(sum, dotTerm(em, body, fixed, at).e);
  const [x, y] = [body.a, body.b].map((id) => name(em, at, "x", T.splat(emit(em, id, fixed, at).e, 4))) as [Expr, Expr];
  return [3, 2, 1, 0].reduce((to, n) => T.fma(T.component(x, n), T.component(y, n), to), sum);
};
