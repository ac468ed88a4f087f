/**
 * A kernel as tiles: a workgroup owns rows and walks the stream in tiles of cells; its lanes stand in two dimensions, first over (row,
 * cell), then over (row, feature).
 */
import type { Accumulator, KernelPlan } from "../../derive/plan.ts";
import type { AxisId, NodeId } from "../../graph/graph.ts";
import { columnAxis, tilePlan } from "../../schedule/columns.ts";
import { sharingOf } from "../../schedule/sharing.ts";
import { gauging, isPlainNumber, tileShape } from "../../schedule/tiles.ts";
import { contractionsBelow, termsOf, tileView } from "../../schedule/tile-form.ts";
import type { TilesSchedule } from "../../schedule/schedule.ts";
import { size as sizeOf, type SizeExpr } from "../../../base/size.ts";
import type { Buffer, Expr, Stmt } from "../../tile/tile.ts";
import { I32, VEC4 } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import type { Part } from "../segment.ts";
import type { Emitter } from "../emit.ts";
import { NOTHING_FIXED, bind, name, withinNode } from "../emit.ts";
import { gridOf, memberOf, natural, rowOfLane, type Grid } from "../grid.ts";
import { mergeLanes } from "../merge.ts";
import { visitedCells, type Visited } from "../visited.ts";
import { scope, type Scope } from "../scope.ts";
import { keepNames, segmentsOf, specialise, type Piece } from "../union.ts";
import { declare } from "../state.ts";
import { buffersOf, cellIn, vectorsOf, type Key, type Tile, type TileCx } from "./context.ts";
import { contract } from "./contract.ts";
import { addFeatures, correct, exchange, groupsOf, loadSlice, type Wide } from "./features.ts";
import { writeTiles } from "./results.ts";
import { addNumbers, raiseMaxima, sumLanes, visibility } from "./update.ts";

export const lowerTiles = (em: Emitter, given: KernelPlan, schedule: TilesSchedule, workgroup: Buffer[]): SizeExpr => {
  const plan = tilePlan(em.b, given, schedule);
  const columns = columnsOf(em, given, schedule);
  const rows = sharingOf(em.b, given, schedule);
  const sharing = columns === null ? rows : { ...rows, outer: [...rows.outer, columns.tiles] };
  const grid = gridOf(em, sharing);
  const cx: TileCx = {
    em,
    plan,
    schedule,
    sharing,
    grid,
    columns: columns === null ? null : { axis: columns.axis, first: columnBase(em, grid, columns.tiles, schedule) },
    room: { shared: 0, slices: 0, maxima: 0 },
    high: natural(em, em.root, "high", rowOfLane(sharing)),
    side: natural(em, em.root, "side", memberOf(sharing)),
    shape: tileShape(schedule),
    vectors: new Map(),
  };
  let known: readonly Scope[] = cx.grid.rows.map((r) => scope("pass 0", [r.scope], em.root.stmts));
  for (let pass = 0; pass < plan.passes; pass++) {
    const accs = plan.accumulators.filter((a) => a.pass === pass);
    if (accs.length > 0) known = lowerPass(cx, accs, known, pass, workgroup);
  }
  workgroup.push(...buffersOf(cx.room));
  writeTiles(cx, known);
  return cx.grid.groups;
};

/** The columns of a product, and an axis of the tiles of them. */
const columnsOf = (
  em: Emitter,
  plan: KernelPlan,
  { columns }: TilesSchedule,
): { readonly axis: AxisId; readonly tiles: AxisId } | null => {
  const axis = columns === undefined ? null : columnAxis(em.b, plan);
  if (columns === undefined || axis === null) return null;
  const { name, size, span } = em.b.axis(axis);
  return { axis, tiles: em.b.newAxis(`${name}_tile`, sizeOf("ceil/", size, columns), span) };
};

/** The first vec4 of the workgroup's columns. */
const columnBase = (em: Emitter, grid: Grid, tiles: AxisId, { columns = 0 }: TilesSchedule): Expr =>
  natural(em, grid.group, "column0", T.mul(grid.group.axes.get(tiles) ?? T.i32(0), T.i32(columns / 4)));

/** One pass over the stream; returns the scopes that know what it carried. */
const lowerPass = (
  cx: TileCx,
  accs: readonly Accumulator[],
  known: readonly Scope[],
  pass: number,
  workgroup: Buffer[],
): readonly Scope[] => {
  const { em, plan, grid } = cx;
  const { stmts } = em.root;
  const slots = accs.map((a) =>
    withinNode(em, a.node, () => grid.rows.map(() => (a.local.length > 0 ? [] : declare(em, a, false, stmts)))),
  );
  const registers = accs.map((a) => withinNode(em, a.node, () => grid.rows.map(() => registersOf(cx, a))));
  const roots = accs.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where]));
  for (const seg of segmentsOf(em, plan, roots)) {
    const special = specialise(em, seg);
    if (seg.union !== null) keepNames(em, special, roots);
    const parts = accs.map((acc, n): Part => ({
      acc,
      slots: slots[n] ?? [],
      body: special(acc.body),
      where: em.b.and(acc.where === null ? null : special(acc.where)),
    }));
    lowerSegment(cx, seg, parts, registers, known);
  }
  const next = known.map((k) => scope(`after pass ${pass}`, [k], stmts));
  const gauges = gauging(em.b, accs);
  // What a gauge reads is the same in all lanes already, and so is the gauge of what is summed under it.
  const plain = accs.map((a) => isPlainNumber(em.b, a));
  accs.forEach((a, n) => {
    if (plain[n] !== true || !gauges.has(a.node)) return;
    grid.rows.forEach((_r, r) =>
      bind(em, next[r] as Scope, a.node, NOTHING_FIXED, slots[n]?.[r]?.[0]?.vars[0] as Expr),
    );
  });
  sumLanes(
    cx,
    slots.filter((_s, n) => plain[n] === true && !gauges.has(accs[n]?.node ?? -1)),
    next,
  );
  grid.rows.forEach((_, r) => {
    const at = { known: known[r] as Scope, next: next[r] as Scope };
    const own = slots.filter((_s, n) => plain[n] !== true).flatMap((s) => s[r] ?? []);
    mergeLanes({ em, sharing: cx.sharing, workgroup, ...at, wide: false }, own, stmts);
    accs.forEach((a, n) => {
      const [axis] = a.local;
      if (axis === undefined) return;
      vectorsOf(cx, axis).forEach(({ fix }, u) =>
        bind(em, at.next, a.node, new Map([[axis, fix]]), registers[n]?.[r]?.[u] as Expr),
      );
    });
  });
  return next;
};

/** The vectors that a lane carries of one row. */
const registersOf = (cx: TileCx, a: Accumulator): readonly Expr[] => {
  const [axis] = a.local;
  if (axis === undefined) return [];
  return vectorsOf(cx, axis).map(() => {
    const id = cx.em.fresh(a.name);
    cx.em.root.stmts.push(T.varStmt(id, VEC4, T.zero(VEC4)));
    return T.ref(id, VEC4);
  });
};

const lowerSegment = (
  cx: TileCx,
  seg: Piece,
  parts: readonly Part[],
  registers: readonly (readonly (readonly Expr[])[])[],
  known: readonly Scope[],
): void => {
  const { em, sharing, grid, shape } = cx;
  const never = (where: NodeId | null): boolean => {
    const n = where === null ? null : em.b.node(where);
    return n !== null && n.kind === "const" && n.value === 0;
  };
  if (seg.size === 0 || parts.every((p) => never(p.where))) return;
  const [axis] = seg.axes;
  if (axis === undefined) throw new Error("tiles of no stream");
  const length = T.sizeToExpr(seg.size);
  // A tile is looked at for the cells of all lanes.
  const asked = { parts, running: [], states: [], axes: seg.axes, sharing: { lanesPerRow: 1 } };
  const range = visitedCells({ em, grid, inner: sharing.inner, seg: asked, length, storing: false });
  const one = (from: Expr, masked: boolean, into: Stmt[]): void =>
    lowerTile(cx, { seg, axis, length, parts, registers, known }, from, masked ? range.end : null, into);
  const loop = (from: Expr, to: Expr, body: (at: Expr, into: Stmt[]) => void): void => {
    const id = em.fresh("tile0");
    em.natural.add(id);
    const inner: Stmt[] = [];
    body(T.ref(id, I32), inner);
    em.root.stmts.push(T.forStmt(id, from, to, T.i32(shape.cells), inner));
  };
  const { classify, begin, end } = range;
  if (range.allVisible && typeof seg.size === "number" && seg.size % shape.cells === 0)
    return loop(begin, end, (at, into) => one(at, false, into));
  if (classify !== null) return loop(begin, end, (at, into) => classified(cx, range, classify, at, one, into));
  if (!range.someFull) return loop(begin, end, (at, into) => one(at, true, into));
  const named = (base: string, e: Expr): Expr => name(em, em.root, base, e);
  const inTiles = (n: Expr): Expr => T.mul(T.div(n, T.i32(shape.cells)), T.i32(shape.cells));
  let first = begin;
  const { fullBegin, fullEnd } = range;
  if (fullBegin !== begin && !(fullBegin.kind === "lit" && fullBegin.value === 0)) {
    loop(begin, named("front_end", T.min(end, fullBegin)), (at, into) => one(at, true, into));
    const ahead = T.max(T.sub(fullBegin, begin), T.i32(0));
    first = natural(em, em.root, "first", T.add(begin, inTiles(T.add(ahead, T.i32(shape.cells - 1)))));
  }
  const last = named("last_whole", T.sub(fullEnd, T.i32(shape.cells - 1)));
  loop(first, last, (at, into) => one(at, false, into));
  const rest = T.add(first, inTiles(T.max(T.sub(fullEnd, first), T.i32(0))));
  loop(natural(em, em.root, "rest_begin", rest), end, (at, into) => one(at, true, into));
};

/** A tile that is asked first whether it has a visible cell, and whether all are. */
const classified = (
  cx: TileCx,
  range: Visited,
  classify: NonNullable<Visited["classify"]>,
  at: Expr,
  one: (from: Expr, masked: boolean, into: Stmt[]) => void,
  into: Stmt[],
): void => {
  const { em, shape } = cx;
  const behind = T.add(at, T.i32(shape.cells));
  const end = em.fresh("tile_end");
  into.push(T.letStmt(end, T.min(behind, range.end)));
  const { may, must } = classify(at, T.ref(end, I32), into);
  const [whole, masked]: [Stmt[], Stmt[]] = [[], []];
  one(at, true, masked);
  if (must !== null) one(at, false, whole);
  const visit = must === null ? masked : [T.ifStmt(T.and(T.le(behind, range.end), must), whole, masked)];
  into.push(...(may === null ? visit : [T.ifStmt(may, visit)]));
};

/** What tiles of a segment are made of. */
type Walked = {
  readonly seg: Piece;
  readonly axis: AxisId;
  readonly length: Expr;
  readonly parts: readonly Part[];
  readonly registers: readonly (readonly (readonly Expr[])[])[];
  readonly known: readonly Scope[];
};

/** Appends a tile whose first cell is `from`. `end`: from here on cells are not visible; null: all are. */
const lowerTile = (cx: TileCx, walked: Walked, from: Expr, end: Expr | null, stmts: Stmt[]): void => {
  const { em, plan, schedule, grid } = cx;
  const { seg, axis, length, parts, registers, known } = walked;
  const at = scope("tile", [grid.group], stmts);
  const rows = known.map((k, r) => scope(`row ${r} tile`, [k, at], stmts));
  const keys = Array.from({ length: schedule.cells }, (_, k): Key => {
    const s = scope(`key ${k}`, [at], stmts);
    const raw = natural(em, s, em.b.axis(axis).name, T.add(T.add(from, cx.side), T.i32(k * schedule.lanesPerRow)));
    s.axes.set(axis, natural(em, s, "cell", cellIn({ end, length }, raw)));
    return { scope: s, index: T.add(raw, seg.offset), exists: end === null ? T.bool(true) : T.lt(raw, end) };
  });
  const cells = rows.map((row, r) => keys.map((key, k) => scope(`cell ${r} ${k}`, [row, key.scope], stmts)));
  const tile: Tile = {
    cx,
    stmts,
    scope: at,
    axis,
    length,
    from,
    end,
    parts,
    rows,
    keys,
    cells,
    busy: true,
    met: false,
  };
  const view = tileView(em.b, plan, seg.axes);
  const wide = parts.flatMap((part, n): Wide[] => {
    const [local] = part.acc.local;
    return local === undefined
      ? []
      : [{ part, axis: local, terms: termsOf(view, part.body, local), registers: registers[n] ?? [] }];
  });
  const roots = parts.flatMap((p) => (p.where === null ? [p.body] : [p.body, p.where]));
  fillTile(tile, wide, contractionsBelow(view, roots), known);
};

/** The two phases. */
const fillTile = (
  tile: Tile,
  wide: readonly Wide[],
  contractions: ReturnType<typeof contractionsBelow>,
  known: readonly Scope[],
): void => {
  const { cx, stmts } = tile;
  const groups = groupsOf(tile, wide);
  const [first] = groups;
  const ahead = cx.schedule.prefetch && contractions.length > 0 && first !== undefined;
  contractions.forEach((c, n) =>
    contract(tile, c, (into) => {
      if (ahead && n === contractions.length - 1) loadSlice(tile, first, T.i32(0), into);
    }),
  );
  const before = known.map((k, r) => scope(`row ${r} before`, [k], stmts));
  const seen = visibility(tile);
  const gauges = gauging(
    cx.em.b,
    tile.parts.map((p) => p.acc),
  );
  const maxima = tile.parts.filter((p) => gauges.has(p.acc.node));
  const numbers = tile.parts.filter((p) => !gauges.has(p.acc.node) && p.acc.local.length === 0);
  const updates = raiseMaxima(tile, maxima, before, seen);
  addNumbers(tile, numbers, before, seen);
  correct(tile, wide, before);
  const exchanged = exchange(tile, wide);
  groups.forEach((g, n) => addFeatures(tile, g, exchanged, ahead && n === 0));
  stmts.push(...updates);
};
