/**
 * One block of the stream: a few cells written out for each row of the lane. Maxima first, then the correction of what they
 * gauge, then the sums (docs/theory.md 2.1, equation ★, with the exponentials fused again).
 */
import type { Store } from "../derive/plan.ts";
import type { NodeId } from "../graph/graph.ts";
import { startingValue } from "../graph/reduction.ts";
import * as T from "../tile/build.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { emitStore } from "./access.ts";
import { broadcastFrom } from "./broadcast.ts";
import { type Cell, cellScope, keyAt, known, merged } from "./cells.ts";
import { contractPoints, contractTogether } from "./contract.ts";
import { bind, emit, type Emitter, type Fixed, keyOf, name, NOTHING_FIXED, pointsOf, withinNode } from "./emit.ts";
import { correctionOf, shiftOf } from "./gauge.ts";
import type { Row } from "./grid.ts";
import { combine } from "./operators.ts";
import { stepper } from "./scan.ts";
import { scope, type Scope } from "./scope.ts";
import type { Part, RunningSum, Segment } from "./segment.ts";
import { accumulate, type Slot } from "./state.ts";

/** The statements of a block whose first cell is `t`. `end`: cells from here on do not exist; null: all cells exist and are visible. */
export const emitBlock = (cx: Segment, t: Expr, end: Expr | null, stmts: Stmt[]): void => {
  const { em } = cx;
  const block = scope("block", [cx.group], stmts);
  const keys = Array.from({ length: cx.schedule.cells }, (_, k) => keyAt(cx, block, t, k, end, stmts));
  if (cx.schedule.source === "subgroup") broadcastFrom(cx, block, t, end, keys, stmts);
  cx.tile?.(block, new Map(keys.map((k, n) => [k.scope, T.i32(n)])));
  const inRow = cx.rows.map((_, r) => scope(`row ${r} block`, [known(cx, r), block], stmts));
  const cells = cx.rows.map((row, r) =>
    keys.map((key, k): Cell => ({ scope: cellScope(cx, row, r, key, k, inRow[r] ?? block, stmts), key })),
  );
  contractPoints(
    cx,
    block,
    t,
    end,
    cells.flatMap((mine, r) =>
      mine.map((c) => ({ scope: c.scope, row: inRow[r] ?? block, key: c.key.scope, fixed: c.key.fixed })),
    ),
    keys,
    stmts,
  );
  cx.rows.forEach((row, r) => {
    const at = inRow[r] ?? block;
    const mine = cells[r] ?? [];
    contractTogether(cx, mine, stmts);
    advance(cx, r, mine, end, stmts);
    emitRow(cx, row, r, at, mine, end, stmts);
  });
  em.overrides.delete(block);
  for (const c of cells.flat()) em.overrides.delete(c.scope);
};

/** Running sums, and states from cell to cell, each behind what it is made of. */
const advance = (cx: Segment, r: number, cells: readonly Cell[], end: Expr | null, stmts: Stmt[]): void => {
  if (cx.states.length === 0) return advanceSums(cx, r, cells, end, stmts, cx.running);
  for (const c of cells) {
    // A block of one cell begins inside the stream.
    const exists = cells.length === 1 ? T.bool(true) : c.key.exists;
    const step = stepper(cx.em, cx.states, r, c.scope, c.key.fixed, exists, stmts);
    const sums = cx.running.map((s) => ({ at: s.node, go: () => advanceSums(cx, r, [c], end, stmts, [s]) }));
    const states = cx.states.map((s) => ({ at: s.first, go: () => step(s) }));
    [...sums, ...states].sort((x, y) => x.at - y.at).forEach((x) => x.go());
  }
};

const advanceSums = (
  cx: Segment,
  r: number,
  cells: readonly Cell[],
  end: Expr | null,
  stmts: Stmt[],
  scans: readonly RunningSum[],
): void => {
  const { em } = cx;
  for (const scan of scans) {
    const carry = scan.carry[r];
    if (carry === undefined || carry.kind !== "ref") continue;
    for (const c of cells) {
      const x = emit(em, scan.body, c.key.fixed, c.scope).e;
      const see = visible(cx, scan.where, c, end);
      stmts.push(T.set(carry.name, T.add(carry, T.select(see, x, T.lit(0, x.type)))));
      const value = withinNode(em, scan.node, () => em.fresh(em.names.get(scan.node) ?? "running"));
      stmts.push(T.letStmt(value, carry));
      bind(em, c.scope, scan.node, c.key.fixed, T.ref(value, carry.type));
    }
  }
};

/** Whether the cell exists for the reduction. */
const visible = (cx: Segment, where: NodeId | null, c: Cell, end: Expr | null, point: Fixed = NOTHING_FIXED): Expr => {
  if (end === null) return T.bool(true);
  return where === null ? c.key.exists : T.and(c.key.exists, emit(cx.em, where, merged(point, c.key.fixed), c.scope).e);
};

const emitRow = (
  cx: Segment,
  row: Row,
  r: number,
  at: Scope,
  cells: readonly Cell[],
  end: Expr | null,
  stmts: Stmt[],
): void => {
  const { em } = cx;
  const gauges = cx.parts.filter((p) => p.acc.gauge !== null).map((p) => p.acc.gauge as NodeId);
  const stabilising = em.b.reach(gauges);
  const see = seen(cx, cells, end);
  const old = scope(`row ${r} before`, [known(cx, r)], stmts);
  const updates: Stmt[] = [];
  const raise = (p: Part): void => {
    for (const slot of p.slots[r] ?? []) {
      const [v] = slot.vars;
      if (v === undefined || v.kind !== "ref") continue;
      const low = startingValue(p.acc.op, slot.ty);
      const pick = (x: Expr, y: Expr): Expr => combine(p.acc.op, x, y);
      const values = cells.map((c, k) => {
        const x = emit(em, p.body, merged(slot.fixed, c.key.fixed), c.scope).e;
        const kept = T.select(T.splat(see(p.where, k, slot.fixed), x.type.width), x, T.lit(low, x.type));
        return x.type.width === 4 ? [0, 1, 2, 3].map((n) => T.component(kept, n)).reduce(pick) : kept;
      });
      const fresh = name(
        em,
        at,
        `${p.acc.name}_new`,
        values.reduce((m, x) => pick(m, x), v as Expr),
      );
      bind(em, at, p.acc.node, slot.fixed, fresh);
      bind(em, old, p.acc.node, slot.fixed, v);
      updates.push(T.set(v.name, fresh));
    }
  };
  for (const p of cx.parts) if (stabilising.has(p.acc.node)) withinNode(em, p.acc.node, () => raise(p));
  // What drifts with a sum reads it as it was before the block.
  const sums = cx.parts.filter((p) => !stabilising.has(p.acc.node));
  const take = (p: Part): void => {
    for (const [nth, slot] of (p.slots[r] ?? []).entries()) {
      const companion = cx.parts.find((x) => x.acc.node === p.acc.drift?.companion)?.slots[r]?.[nth];
      if (companion !== undefined) stmts.push(...driftBy(slot, companion, shiftOf(cx, p.acc, slot.fixed, old, at)));
      const values = cells.map((c, k) => ({
        value: emit(em, p.body, merged(slot.fixed, c.key.fixed), c.scope).e,
        visible: see(p.where, k, slot.fixed),
        index: c.key.index,
      }));
      stmts.push(...accumulate(em, slot, values, correctionOf(cx, p.acc, slot.fixed, old, at)));
    }
  };
  for (const p of [...sums.filter((x) => x.acc.drift !== undefined), ...sums.filter((x) => x.acc.drift === undefined)])
    withinNode(em, p.acc.node, () => take(p));
  for (const s of cx.stores) withinNode(em, s.value, () => emitStreamStore(cx, s, row, cells, end, stmts));
  stmts.push(...updates);
};

/** The visibility of cell k for a domain at a point of the local axes, each asked once. */
const seen = (
  cx: Segment,
  cells: readonly Cell[],
  end: Expr | null,
): ((where: NodeId | null, k: number, point: Fixed) => Expr) => {
  const memo = new Map<string, Expr>();
  return (where, k, point) => {
    const key = `${where === null ? "" : keyOf(cx.em.b.node(where), point)} ${k}`;
    const cell = cells[k];
    if (cell === undefined) return T.bool(false);
    const e =
      memo.get(key) ??
      withinNode(cx.em, where, () => name(cx.em, cell.scope, "visible", visible(cx, where, cell, end, point)));
    memo.set(key, e);
    return e;
  };
};

/** sum + δ · companion: the sum of values times x + γ when γ has grown by δ. */
const driftBy = (slot: Slot, companion: Slot, shift: Expr): readonly Stmt[] => {
  const [sum, other] = [slot.vars[0], companion.vars[0]];
  if (sum?.kind !== "ref" || other === undefined) throw new Error("what drifts is a sum beside another one");
  return [T.set(sum.name, T.add(sum, T.mul(other, T.splat(shift, slot.type.width))))];
};

/** Whether the row is the one of several that writes the result; null: each writes its own. */
export const firstRow = (em: Emitter, s: Store, at: Scope): Expr | null =>
  s.once === undefined
    ? null
    : s.once
        .map((a) => T.binary("==", emit(em, em.b.index(a), NOTHING_FIXED, at).e, T.i32(0)))
        .reduce((x, y) => T.and(x, y));

const emitStreamStore = (
  cx: Segment,
  s: Store,
  row: Row,
  cells: readonly Cell[],
  end: Expr | null,
  stmts: Stmt[],
): void => {
  const { em } = cx;
  const local = s.axes
    .filter((a) => !cx.rowAxes.includes(a) && !cx.axes.includes(a) && a !== cx.union)
    .map((a) => em.b.axis(a));
  for (const c of cells) {
    const inner: Stmt[] = [];
    const within = scope("store", [c.scope], inner);
    if (cx.union !== null) within.axes.set(cx.union, c.key.index);
    for (const point of pointsOf(local, !cx.schedule.vectorStream)) {
      const fixed = merged(point, c.key.fixed);
      inner.push(...emitStore(em, s.tensor, s.axes, emit(em, s.value, fixed, within).e, fixed, within));
    }
    const once = firstRow(em, s, c.scope) ?? T.bool(true);
    const guard = T.and(once, end === null ? row.valid : T.and(row.valid, c.key.exists));
    stmts.push(...(guard.kind === "lit" && guard.value === 1 ? inner : [T.ifStmt(guard, inner)]));
  }
};
