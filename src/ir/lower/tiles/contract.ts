/**
 * Sums over features for every (row, cell) of a tile: chunks of the features of both sides lie in workgroup memory, a lane reads one vec4
 * for each of its rows and cells and has the products of all pairs.
 */
import type { NodeId } from "../../graph/graph.ts";
import { operandRoom } from "../../schedule/tiles.ts";
import type { Contraction } from "../../schedule/tile-form.ts";
import type { Expr, Stmt } from "../../tile/tile.ts";
import { F32, I32, VEC4 } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import type { Emitter, Fixed } from "../emit.ts";
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
  // Of a product of both sides four cells are one vec4: a quarter of the statements.
  const each = isOfBoth(em, c) ? 4 : 1;
  const sums = cx.grid.rows.map(() =>
    Array.from({ length: schedule.cells / each }, () => {
      const id = em.fresh(called(em, c.node.id, "dot"));
      const type = each === 4 ? VEC4 : F32;
      stmts.push(T.varStmt(id, type, T.zero(type)));
      return T.ref(id, type);
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
    mine.forEach((at, k) => {
      const sum = sums[r]?.[Math.floor(k / each)] as Expr;
      bind(em, at, c.node.id, NOTHING_FIXED, each === 4 ? T.component(sum, k % 4) : sum);
    }),
  );
};

/** The product of what is staged of a row and what is staged of a cell. */
const isOfBoth = (em: Emitter, c: Contraction): boolean => {
  const body = em.b.node(c.node.body);
  if (body.kind !== "binary" || body.op !== "*") return false;
  const ofBoth = (row: NodeId, cell: NodeId): boolean => c.ofRows.includes(row) && c.ofCells.includes(cell);
  return ofBoth(body.a, body.b) || ofBoth(body.b, body.a);
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
  if (isOfBoth(em, c)) body.push(...products(tile, c, fixed, rows, keys, sums));
  else
    sums.forEach((mine, r) =>
      mine.forEach((sum, k) => {
        const both = scope("product", [rows[r] as Scope, keys[k] as Scope, tile.cells[r]?.[k] as Scope], body);
        if (sum.kind === "ref") body.push(T.set(sum.name, plusTerm(tile, c, fixed, both, sum)));
      }),
    );
  em.overrides.delete(loop);
  into.push(T.forStmt(id, T.i32(0), left, T.i32(1), body));
};

/** Products of four cells at once: of each feature the four cells are one vec4, put together once for all rows. */
const products = (
  tile: Tile,
  c: Contraction,
  fixed: Fixed,
  rows: readonly Scope[],
  keys: readonly Scope[],
  sums: readonly (readonly Expr[])[],
): readonly Stmt[] => {
  const { em } = tile.cx;
  const { ofRows, ofCells } = c;
  const [[row], [cell]] = [ofRows, ofCells];
  if (row === undefined || cell === undefined) throw new Error("a product without a side");
  const places = (list: readonly Scope[], node: NodeId): readonly Expr[] => list.map((s) => emit(em, node, fixed, s).e);
  const ofCell = places(keys, cell);
  const base = `${called(em, cell, "staged")}_four`;
  const within = keys[0] as Scope;
  const byFeature = sums[0]?.map((_, w) =>
    [0, 1, 2, 3].map((n) =>
      name(em, within, base, T.vector(ofCell.slice(4 * w, 4 * w + 4).map((e) => T.component(e, n)))),
    ),
  );
  const ofRow = places(rows, row);
  return sums.flatMap((mine, r) =>
    mine.map((sum, w) => {
      if (sum.kind !== "ref") throw new Error("a sum is a variable");
      const factors = [0, 1, 2, 3].map((n) => T.splat(T.component(ofRow[r] as Expr, n), 4));
      const at = byFeature?.[w] ?? [];
      return T.set(
        sum.name,
        [3, 2, 1, 0].reduce<Expr>((to, n) => T.fma(factors[n] as Expr, at[n] as Expr, to), sum),
      );
    }),
  );
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
