/**
 * The merge of partial streams (docs/theory.md 2.2): lanes that shared a row's stream bring their states together in workgroup
 * memory. Maxima first; each lane then corrects its sums to the common maximum, and the sums add.
 */
import { first } from "../../base/must.ts";
import { SCHEDULES } from "../../base/costs.ts";
import type { Accumulator } from "../derive/plan.ts";
import type { NodeId } from "../graph/graph.ts";
import { REDUCTIONS, isExtremum } from "../graph/reduction.ts";
import type { Buffer, Expr, Stmt, VType } from "../tile/tile.ts";
import { I32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Lanes } from "../schedule/sharing.ts";
import type { Emitter } from "./emit.ts";
import { bind, name, withinNode } from "./emit.ts";
import { mergingFactor, naturalGrowth, oncePerGauge } from "./gauge.ts";
import { memberOf, rowOfLane } from "./grid.ts";
import type { Registers } from "./operators.ts";
import { operatorOf } from "./operators.ts";
import type { Scope } from "./scope.ts";
import { scope } from "./scope.ts";
import type { Slot } from "./state.ts";
import { finish, stateOf } from "./state.ts";

export type MergeContext = {
  readonly em: Emitter;
  readonly sharing: Lanes;
  /** Workgroup arrays made so far; reused by size and type. */
  readonly workgroup: Buffer[];
  /** The pass that ends, and where its finished values are bound. */
  readonly known: Scope;
  readonly next: Scope;
  readonly wide: boolean;
};

/** Brings the slots of one row together over its lanes and binds the finished values in `cx.next`. */
export const mergeLanes = (cx: MergeContext, slots: readonly Slot[], stmts: Stmt[]): void => {
  const { em, next } = cx;
  const own = scope("own", [cx.known], stmts);
  const isFirst = (slot: Slot): boolean => isExtremum(slot.acc.op);
  const mergeFirst = (slot: Slot): void => {
    const mine = stateOfLane(cx, slot, stmts);
    bind(em, own, slot.acc.node, slot.fixed, name(em, own, `${slot.acc.name}_own`, finish(slot, mine)));
    bind(em, next, slot.acc.node, slot.fixed, finish(slot, overLanes(cx, slot.acc, mine, stmts)));
  };
  for (const slot of slots.filter(isFirst)) withinNode(em, slot.acc.node, () => mergeFirst(slot));
  const many: { slot: Slot; value: Expr }[] = [];
  const mergeOther = (slot: Slot): void => {
    const { acc } = slot;
    const mine = stateOfLane(cx, slot, stmts);
    const common = acc.gauge === null ? mine : [corrected(cx, slot, slots, own, acc.gauge, mine, stmts)];
    const [value] = common;
    if (acc.op === "sum" && acc.local.length > 0 && value !== undefined) many.push({ slot, value });
    else bind(em, next, acc.node, slot.fixed, finish(slot, overLanes(cx, acc, common, stmts)));
  };
  for (const slot of slots.filter((s) => !isFirst(s))) withinNode(em, slot.acc.node, () => mergeOther(slot));
  const types = [...new Set(many.map((m) => `${m.value.type.width}${m.value.type.elem}`))];
  for (const type of types.sort().reverse()) {
    const alike = many.filter((m) => `${m.value.type.width}${m.value.type.elem}` === type);
    for (let from = 0; from < alike.length; from += SCHEDULES.mergeRound) {
      const round = alike.slice(from, from + SCHEDULES.mergeRound);
      withinNode(em, first(round).slot.acc.node, () => addRound(cx, round, stmts));
    }
  }
};

/** What this lane carries of a slot: of four partial states in vec4s, one. */
const stateOfLane = (cx: MergeContext, slot: Slot, stmts: Stmt[]): Registers =>
  stateOf(slot, cx.wide && slot.vars[0]?.type.width === 4, { fresh: cx.em.fresh, stmts });

/**
 * Adds up several sums at once: all partial values go to workgroup memory, lane n of the row adds the n-th sum over the lanes,
 * and all lanes read the results. Three barriers, however many sums.
 */
const addRound = (
  cx: MergeContext,
  sums: readonly { readonly slot: Slot; readonly value: Expr }[],
  stmts: Stmt[],
): void => {
  const { em } = cx;
  const { lanes, lanesPerRow, rows } = cx.sharing;
  const [first] = sums;
  if (first === undefined) return;
  const type = first.value.type;
  const parts = arrayFor(cx, "parts", type, SCHEDULES.mergeRound * lanes);
  const totals = arrayFor(cx, "totals", type, SCHEDULES.mergeRound * rows);
  const member = memberOf(cx.sharing);
  const row = rowOfLane(cx.sharing);
  stmts.push(T.barrier);
  sums.forEach(({ value }, n) => stmts.push(T.store(parts, T.add(T.lane, T.i32(n * lanes)), value)));
  stmts.push(T.barrier);
  const own = em.fresh("nth");
  const other = em.fresh("other");
  const total = em.fresh("total");
  const body: Stmt[] = [
    T.varStmt(total, type, T.zero(type)),
    T.forStmt(other, T.i32(0), T.i32(lanesPerRow), T.i32(1), [
      T.set(
        total,
        T.add(
          T.ref(total, type),
          T.load(
            parts,
            T.add(T.add(T.mul(T.ref(own, I32), T.i32(lanes)), T.mul(row, T.i32(lanesPerRow))), T.ref(other, I32)),
          ),
        ),
      ),
    ]),
    T.store(totals, T.add(T.mul(T.ref(own, I32), T.i32(rows)), row), T.ref(total, type)),
  ];
  stmts.push(T.forStmt(own, member, T.i32(sums.length), T.i32(lanesPerRow), body), T.barrier);
  sums.forEach(({ slot }, n) => {
    const id = withinNode(em, slot.acc.node, () => em.fresh(slot.acc.name));
    stmts.push(T.letStmt(id, T.load(totals, T.add(T.i32(n * rows), row))));
    bind(em, cx.next, slot.acc.node, slot.fixed, T.ref(id, type));
  });
};

const arrayFor = (cx: MergeContext, base: string, type: VType, length: number): Buffer => {
  const id = `${base}${type.width === 4 ? "4" : type.elem === "i32" ? "_int" : ""}`;
  const found = cx.workgroup.find((b) => b.name === id);
  if (found !== undefined) return found;
  const made: Buffer = { name: id, space: "workgroup", access: "read_write", type, length };
  cx.em.origins.set(id, cx.em.origin);
  cx.workgroup.push(made);
  return made;
};

/** A sum moved to the common gauge. */
const corrected = (
  cx: MergeContext,
  slot: Slot,
  slots: readonly Slot[],
  own: Scope,
  gauge: NodeId,
  [mine]: Registers,
  stmts: Stmt[],
): Expr => {
  if (mine === undefined || !REDUCTIONS[slot.acc.op].rescales) throw new Error(`${slot.acc.op} has no gauge`);
  const value = drifted(cx, slot, slots, own, mine, stmts);
  const factor = oncePerGauge(cx.em, cx.next, "to_common", gauge, slot.fixed, () =>
    mergingFactor(
      cx.em,
      slots.map((s) => s.acc),
      slot.acc,
      gauge,
      slot.fixed,
      own,
      cx.next,
    ),
  );
  return T.mul(value, T.splat(factor, value.type.width));
};

/** A sum that drifts with another one, moved to the common gauge: sum + δ · companion, both of this lane. */
const drifted = (
  cx: MergeContext,
  slot: Slot,
  slots: readonly Slot[],
  own: Scope,
  value: Expr,
  stmts: Stmt[],
): Expr => {
  const { drift, gauge, node } = slot.acc;
  if (drift === undefined || gauge === null) return value;
  const nth = slots.filter((s) => s.acc.node === node).indexOf(slot);
  const companion = slots.filter((s) => s.acc.node === drift.companion)[nth];
  if (companion === undefined) throw new Error("what drifts lost its companion");
  const other = finish(companion, stateOfLane(cx, companion, stmts));
  const shift = naturalGrowth(cx.em, slot.acc, gauge, slot.fixed, own, cx.next);
  // A lane without a cell has nothing to move, and its difference may overflow.
  const finite = T.select(
    T.gt(T.unary("abs", other), T.zero(other.type)),
    T.splat(shift, other.type.width),
    T.zero(other.type),
  );
  return T.add(value, T.mul(other, finite));
};

/** Merges the states of the lanes of a row by a tree in workgroup memory; every lane gets the result. */
const overLanes = (cx: MergeContext, acc: Accumulator, mine: Registers, stmts: Stmt[]): Registers => {
  const { em } = cx;
  const { lanes, lanesPerRow } = cx.sharing;
  const { merge } = operatorOf(acc.op);
  if (merge === null) throw new Error(`${acc.op} cannot be split over lanes`);
  const buffers = mine.map((v, k) => bufferFor(cx, v.type, k));
  stmts.push(T.barrier);
  mine.forEach((v, k) => stmts.push(T.store(buffers[k] as Buffer, T.lane, v)));
  stmts.push(T.barrier);
  const member = memberOf(cx.sharing);
  for (let half = lanesPerRow / 2; half >= 1; half /= 2) {
    const body: Stmt[] = [];
    const p = buffers.map((b) => T.load(b, T.lane));
    const q = buffers.map((b) => T.load(b, T.add(T.lane, T.i32(half))));
    const sums = merge(p, q, { fresh: em.fresh, stmts: body }).map((e) => {
      const id = em.fresh("sum");
      body.push(T.letStmt(id, e));
      return T.ref(id, e.type);
    });
    sums.forEach((e, k) => body.push(T.store(buffers[k] as Buffer, T.lane, e)));
    stmts.push(T.ifStmt(T.lt(member, T.i32(half)), body), T.barrier);
  }
  return mine.map((v, k) => {
    const id = em.fresh(acc.name);
    stmts.push(T.letStmt(id, T.load(buffers[k] as Buffer, lanesPerRow === lanes ? T.i32(0) : T.sub(T.lane, member))));
    return T.ref(id, v.type);
  });
};

const bufferFor = (cx: MergeContext, type: VType, nth: number): Buffer => {
  const id = `${type.width === 4 ? "shared4" : type.elem === "i32" ? "shared_int" : "shared"}${nth === 0 ? "" : nth}`;
  const found = cx.workgroup.find((b) => b.name === id);
  if (found !== undefined) return found;
  const made: Buffer = { name: id, space: "workgroup", access: "read_write", type, length: cx.sharing.lanes };
  cx.em.origins.set(id, cx.em.origin);
  cx.workgroup.push(made);
  return made;
};
