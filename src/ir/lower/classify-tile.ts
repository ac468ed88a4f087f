/**
 * A tile classified at run time: whether it may have a visible cell, and whether all are (`classify.ts` says of what). Data that the
 * condition reads are looked at for it: of a row once a workgroup, of the stream once a tile, of a table of blocks where the tile meets it.
 */
import { item } from "../../base/must.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import type { Ends } from "../scalar/box-ends.ts";
import { fits, TAME } from "../scalar/integers.ts";
import type { Sharing } from "../schedule/sharing.ts";
import * as T from "../tile/build.ts";
import { type Expr, I32, type Stmt } from "../tile/tile.ts";
import { tensorNamed } from "./address.ts";
import { classOf } from "./classify.ts";
import { type Emitter, NOTHING_FIXED, emit, name } from "./emit.ts";
import { type Grid, natural } from "./grid.ts";
import { type Scope, scope } from "./scope.ts";

/** The workgroup, and what is walked. */
type TileInput = {
  readonly em: Emitter;
  readonly grid: Grid;
  readonly seg: { readonly axes: readonly AxisId[]; readonly sharing: Pick<Sharing, "lanesPerRow"> };
};

/** Classifies one tile; data are scanned for their least and greatest value, rows once a workgroup, the stream once a tile. */
export const classifyAt = (
  input: TileInput,
  some: NodeId | null,
  every: NodeId | null,
  axis: AxisId,
  rowBox: ReadonlyMap<AxisId, Ends>,
  from: Expr,
  to: Expr,
  stmts: Stmt[],
): { readonly may: Expr | null; readonly must: Expr | null } => {
  const { em, grid } = input;
  const tile = scope("tile", [grid.group], stmts);
  const cell = (s: Scope, e: Expr): NodeId => {
    const id = em.b.freshAxis(axis);
    s.axes.set(id, e);
    return em.b.index(id);
  };
  const opaque = (s: Scope, e: Expr): NodeId => {
    const id = em.b.freshAxis(axis);
    em.opaque.add(id);
    s.axes.set(id, e);
    return em.b.index(id);
  };
  const ends: Ends = { lo: cell(tile, from), hi: cell(tile, natural(em, tile, "tile_last", T.sub(to, T.i32(1)))) };
  const box = new Map([...rowBox, [axis, ends] as const]);
  const loaded = (n: Node & { kind: "load" }): Ends | null => {
    const boxed = n.axes.filter((a) => box.has(a));
    const [over, ...more] = boxed;
    if (over === undefined || more.length > 0) return null;
    // Lanes that share a row have few cells of the tile each: looking at all of them first would cost more.
    if (over === axis && input.seg.sharing.lanesPerRow > 1) return null;
    const s = over === axis ? tile : grid.group;
    const key = `ends ${n.id}`;
    const done = s.memo.get(`${key} lo`);
    const high = s.memo.get(`${key} hi`);
    if (done !== undefined && high !== undefined) return { lo: opaque(s, done), hi: opaque(s, high) };
    const bounds = box.get(over);
    if (bounds === undefined) return null;
    const [lo, hi] = scanEnds(
      input,
      n,
      over,
      emit(em, bounds.lo, NOTHING_FIXED, s).e,
      emit(em, bounds.hi, NOTHING_FIXED, s).e,
      s,
    );
    s.memo.set(`${key} lo`, lo);
    s.memo.set(`${key} hi`, hi);
    return { lo: opaque(s, lo), hi: opaque(s, hi) };
  };
  const block = (n: Node & { kind: "load" }, at: readonly Ends[]): { readonly may: NodeId; readonly must: NodeId } => {
    const [some, all] = scanBlocks(input, n, at, tile);
    return { may: opaqueBool(em, axis, tile, some), must: opaqueBool(em, axis, tile, all) };
  };
  const atoms = { b: em.b, box, loaded, block, live: em.live };
  const may = some === null ? null : classOf(atoms, some).may;
  const must = every === null ? null : classOf(atoms, every).must;
  const value = (id: NodeId | null, base: string): Expr | null =>
    id === null ? null : name(em, tile, base, emit(em, id, NOTHING_FIXED, tile).e);
  const all = value(must, "all_visible");
  return { may: value(may, "some_visible"), must: all };
};

/** A loop that finds the least and greatest value of an integer tensor over a range of one of its axes. */
const scanEnds = (
  input: TileInput,
  n: Node & { kind: "load" },
  over: AxisId,
  first: Expr,
  last: Expr,
  s: Scope,
): readonly [Expr, Expr] => {
  const { em } = input;
  const lo = em.fresh(`${n.tensor}_least`);
  const hi = em.fresh(`${n.tensor}_greatest`);
  s.stmts.push(T.varStmt(lo, I32, T.i32(2147483647)), T.varStmt(hi, I32, T.i32(-2147483647)));
  const at = em.fresh("seen");
  em.natural.add(at);
  const body: Stmt[] = [];
  const inside = scope("scan", [s], body);
  inside.axes.set(over, T.ref(at, I32));
  const x = emit(em, n.id, NOTHING_FIXED, inside).e;
  body.push(T.set(lo, T.min(T.ref(lo, I32), x)), T.set(hi, T.max(T.ref(hi, I32), x)));
  s.stmts.push(T.forStmt(at, first, T.add(last, T.i32(1)), T.i32(1), body));
  return [T.ref(lo, I32), T.ref(hi, I32)];
};

/** A node that stands for a boolean of the program: an index compared with zero, bound to a number in the scope. */
const opaqueBool = (em: Emitter, axis: AxisId, s: Scope, value: Expr): NodeId => {
  const id = em.b.freshAxis(axis);
  s.axes.set(id, value);
  return em.b.binary("!=", em.b.index(id), em.b.konst(0, "i32"));
};

/** Loops over the entries of a table of blocks that a tile meets; whether one of them holds (1 or 0), and whether all do. */
const scanBlocks = (
  input: TileInput,
  n: Node & { kind: "load" },
  at: readonly Ends[],
  s: Scope,
): readonly [Expr, Expr] => {
  const { em } = input;
  const some = em.fresh(`${n.tensor}_some`);
  const all = em.fresh(`${n.tensor}_all`);
  s.stmts.push(T.varStmt(some, I32, T.i32(0)), T.varStmt(all, I32, T.i32(1)));
  let inside = s;
  const loops: ((body: readonly Stmt[]) => Stmt)[] = [];
  const dims = tensorNamed(em, n.tensor).dims.flat();
  const indices = at.map((ends, k): NodeId => {
    if (ends.lo === ends.hi) return ends.lo;
    // Entries outside the table are the business of other conditions.
    const top = T.sub(T.sizeToExpr(em.b.axis(item(dims, k)).size), T.i32(1));
    const inTable = (e: NodeId): Expr => {
      const x = emit(em, e, NOTHING_FIXED, s).e;
      return fits(em.integers.value(e), TAME) ? x : T.min(T.max(x, T.i32(0)), top);
    };
    const [first, last] = [inTable(ends.lo), inTable(ends.hi)];
    const v = em.fresh("entry");
    em.natural.add(v);
    loops.push((body) => T.forStmt(v, first, T.add(last, T.i32(1)), T.i32(1), body));
    inside = scope("entry", [inside], []);
    const id = em.b.freshAxis(item(input.seg.axes, 0));
    inside.axes.set(id, T.ref(v, I32));
    return em.b.index(id);
  });
  const x = name(em, inside, n.tensor, emit(em, em.b.load(n.tensor, indices, n.ty), NOTHING_FIXED, inside).e);
  const number = T.select(x, T.i32(1), T.i32(0));
  inside.stmts.push(T.set(some, T.max(T.ref(some, I32), number)), T.set(all, T.min(T.ref(all, I32), number)));
  // From the inside out: a loop is complete when it goes into the one around it.
  for (let level = inside; level !== s;) {
    const [around] = level.parents;
    const loop = loops.pop();
    if (around === undefined || loop === undefined) break;
    around.stmts.push(loop(level.stmts));
    level = around;
  }
  return [T.ref(some, I32), T.ref(all, I32)];
};
