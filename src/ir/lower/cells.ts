/** Keys and cells of a block: the scopes in which what only the stream decides, and what a row makes of it, is computed. */
import { first } from "../../base/must.ts";
import { originAt } from "../../base/span.ts";
import * as T from "../tile/build.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { type Fixed, NOTHING_FIXED, within } from "./emit.ts";
import { decodeAxes, natural, type Row } from "./grid.ts";
import { scope, type Scope } from "./scope.ts";
import type { Segment } from "./segment.ts";

/** Key `key` as one row sees it. */
export type Cell = { readonly scope: Scope; readonly key: Key };
/** One step of the stream: a cell, or four. `index`: its place in the whole stream; `exists`: it lies inside. */
export type Key = { readonly scope: Scope; readonly fixed: Fixed; readonly index: Expr; readonly exists: Expr };

/** What row `r` knows in this pass. */
export const known = (cx: Segment, r: number): Scope => {
  const s = cx.known[r];
  if (s === undefined) throw new Error(`no scope for row ${r}`);
  return s;
};

/** Key `k` of the block whose first cell is `t`. Lanes that share a row take neighbouring cells: what they read lies side by side. */
export const keyAt = (cx: Segment, block: Scope, t: Expr, k: number, end: Expr | null, stmts: Stmt[]): Key => {
  const s = cx.held?.get(`key ${k}`) ?? scope(`key ${k}`, cx.held === null ? [block] : [cx.group], stmts);
  cx.held?.set(`key ${k}`, s);
  const cell = T.add(t, T.i32(k * cx.sharing.lanesPerRow));
  const { span } = cx.em.b.axis(first(cx.axes));
  return within(cx.em, originAt(span), () =>
    cx.schedule.vectorStream ? fourCells(cx, s, cell, end) : oneCell(cx, s, cell, end),
  );
};

/** Four cells side by side: `cell` counts in vec4s. */
const fourCells = (cx: Segment, s: Scope, cell: Expr, end: Expr | null): Key => {
  const { em } = cx;
  const chunk = s.walked?.cell ?? natural(em, s, "at", cell);
  const inside =
    s.walked?.inside ?? (end === null ? chunk : natural(em, s, "at_in", T.min(chunk, T.sub(end, T.i32(1)))));
  s.walked = { cell: chunk, inside };
  return {
    scope: s,
    fixed: new Map([[first(cx.axes), { chunk: inside }]]),
    index: T.mul(chunk, T.i32(4)),
    exists: end === null ? T.bool(true) : T.lt(chunk, end),
  };
};

const oneCell = (cx: Segment, s: Scope, cell: Expr, end: Expr | null): Key => {
  const { em } = cx;
  const [axis, ...more] = cx.axes;
  const base = axis !== undefined && more.length === 0 ? em.b.axis(axis).name : "cell";
  if (s.walked === null) {
    const raw = natural(em, s, base, cell);
    const inside = end === null ? raw : natural(em, s, `${base}_in`, T.min(raw, T.sub(cx.length, T.i32(1))));
    s.walked = { cell: raw, inside };
    if (axis !== undefined && more.length === 0) s.axes.set(axis, inside);
    else decodeAxes(em, s, cx.axes, inside);
  }
  const raw = s.walked.cell;
  return {
    scope: s,
    fixed: NOTHING_FIXED,
    index: T.add(raw, cx.offset),
    exists: end === null ? T.bool(true) : T.lt(raw, end),
  };
};

/** The scope of a cell; of a row that is held in registers it lasts from pass to pass. */
export const cellScope = (
  cx: Segment,
  row: Row,
  r: number,
  key: Key,
  k: number,
  inRow: Scope,
  stmts: Stmt[],
): Scope => {
  if (cx.held === null) return scope(`cell ${r} ${k}`, [inRow, key.scope], stmts);
  const id = `cell ${r} ${k}`;
  const base = cx.held.get(id) ?? scope(id, [row.scope, key.scope], stmts);
  // What is made of finished statistics alone stays for the passes to come; what is made of those in flight goes with the pass.
  const settled = scope(`${id} finished`, [known(cx, r), base], stmts);
  cx.held.set(id, settled);
  return scope(`${id} pass`, [inRow, settled], stmts);
};

/** Axes fixed by either. */
export const merged = (p: Fixed, q: Fixed): Fixed => (q.size === 0 ? p : p.size === 0 ? q : new Map([...p, ...q]));
