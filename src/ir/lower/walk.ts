/**
 * The loops over the cells of a segment: masked cells in front of what is visible to all rows, blocks without a mask, masked
 * cells behind. Three loops and no branch inside: a branch would make every carried value meet at its end.
 */
import type { Expr, Stmt } from "../tile/tile.ts";
import { I32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { emitBlock } from "./block.ts";
import type { Segment } from "./segment.ts";
import type { Emitter } from "./emit.ts";
import type { Visited } from "./visited.ts";
import type { StreamSchedule } from "../schedule/schedule.ts";

export type Walk = {
  readonly em: Emitter;
  readonly seg: Segment;
  readonly schedule: StreamSchedule;
  readonly range: Visited;
  /** Which of the lanes that share the row this one is. */
  readonly member: Expr;
  /** The stream is whole blocks, all visible. */
  readonly exact: boolean;
};

/** Appends the loops over cells `from .. to - 1`. `staging`: where tiles are read from. `whole`: known at run time to need no mask. */
export const walkStream = (
  w: Walk,
  from: Expr,
  to: Expr,
  into: Stmt[],
  staging: Segment["tile"],
  whole: Expr | null,
): void => {
  const { em, schedule, range } = w;
  const seg = { ...w.seg, tile: staging };
  const step = schedule.cells;
  const share = seg.sharing.lanesPerRow;
  const stride = step * share;
  const start = T.add(from, w.member);
  const fullLoop = (first: Expr, limit: Expr): Stmt =>
    loop(em, first, T.sub(limit, T.i32((step - 1) * share)), stride, (at, body) => emitBlock(seg, at, null, body));
  if (w.exact) {
    into.push(loop(em, start, to, stride, (at, body) => emitBlock(seg, at, null, body)));
    return;
  }
  if (whole !== null) {
    // A tile that needs masks has no whole block: its cells are those that remain.
    walkFull(w, start, to, stride, into, fullLoop, seg, whole);
    return;
  }
  if (!range.someFull) {
    edges(w, seg, start, to, stride, into);
    return;
  }
  const hasFront = range.fullBegin !== range.begin && !(range.fullBegin.kind === "lit" && range.fullBegin.value === 0);
  let first = start;
  if (hasFront) {
    const front = T.min(to, range.fullBegin);
    const blocks = T.div(T.max(T.add(T.sub(front, start), T.i32(stride - 1)), T.i32(0)), T.i32(stride));
    const behind = named(em, into, "front_end", T.add(start, T.mul(blocks, T.i32(stride))));
    edges(w, seg, start, T.min(to, behind), stride, into);
    first = behind;
  }
  walkFull(w, first, to, stride, into, fullLoop, seg);
};

/** Whole blocks from `first` on, then the cells that remain. `when`: only then there are whole blocks. */
const walkFull = (
  w: Walk,
  first: Expr,
  to: Expr,
  stride: number,
  into: Stmt[],
  fullLoop: (first: Expr, limit: Expr) => Stmt,
  seg: Segment,
  when: Expr | null = null,
): void => {
  const { em, range, schedule } = w;
  const last = range.someFull ? range.fullEnd : range.end;
  const end = last === to ? to : T.min(to, last);
  const limit = when === null ? end : T.select(when, end, first);
  const bound = named(em, into, "full_end", limit);
  into.push(fullLoop(first, bound));
  // Blocks of one cell leave none over.
  if (when === null && schedule.cells === 1 && (!range.someFull || range.fullEnd === range.end)) return;
  const room = T.max(T.add(T.sub(bound, first), T.i32(stride / schedule.cells - 1)), T.i32(0));
  const rest = named(em, into, "rest_begin", T.add(first, T.mul(T.div(room, T.i32(stride)), T.i32(stride))));
  edges(w, seg, rest, to, stride, into);
};

/** Masked cells: in blocks, or one by one where the schedule asks for less code. */
const edges = (w: Walk, seg: Segment, first: Expr, to: Expr, stride: number, into: Stmt[]): void => {
  const { em, schedule, range } = w;
  const { cells } = schedule;
  const few = Math.min(schedule.edgeCells, cells);
  // A broadcast among fewer cells than lanes would load the same cell many times: each lane loads for itself.
  const own = schedule.source === "subgroup" && few < cells ? ({ ...schedule, source: "direct" } as const) : schedule;
  const here = { ...seg, schedule: { ...own, cells: few } };
  const block = (at: Expr, body: Stmt[]): void => emitBlock(here, at, range.end, body);
  into.push(loop(em, first, to, (stride / cells) * few, block));
};

const loop = (em: Emitter, from: Expr, to: Expr, step: number, fill: (at: Expr, body: Stmt[]) => void): Stmt => {
  const t = em.fresh("t");
  em.natural.add(t);
  const body: Stmt[] = [];
  fill(T.ref(t, I32), body);
  return T.forStmt(t, from, to, T.i32(step), body);
};

const named = (em: Emitter, into: Stmt[], base: string, e: Expr): Expr => {
  if (e.kind === "lit" || e.kind === "ref") return e;
  const id = em.fresh(base);
  into.push(T.letStmt(id, e));
  return T.ref(id, I32);
};
