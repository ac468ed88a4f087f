/**
 * Results that do not vary along the stream, written behind the last pass: point by point of their local axes, or, where that is much
 * code (`budget.ts`), in a loop over chunks of the last one. A loop cannot index registers: what is carried is copied into arrays first.
 */
import { CODE } from "../../base/costs.ts";
import type { KernelPlan, Store } from "../derive/plan.ts";
import type { Axis, NodeId } from "../graph/graph.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { I32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { emitStore } from "./access.ts";
import { firstRow } from "./block.ts";
import { statementsOf } from "./budget.ts";
import type { Emitter, Fix, Fixed } from "./emit.ts";
import { bind, elementFix, emit, keyOf, piecesOf, pointsOf, withinNode } from "./emit.ts";
import { memberOf, type Grid, type Row } from "./grid.ts";
import type { Sharing } from "../schedule/sharing.ts";
import { lookup, scope } from "./scope.ts";
import type { Scope } from "./scope.ts";
import type { Slot } from "./state.ts";

/** What is carried, by its node, a list of registers for each row of the lane. */
export type Carried = ReadonlyMap<NodeId, readonly (readonly Slot[])[]>;

export const writeResults = (
  em: Emitter,
  plan: KernelPlan,
  sharing: Sharing,
  grid: Grid,
  known: readonly Scope[],
  carried: Carried,
): void => {
  grid.rows.forEach((row: Row, r) => {
    const inner: Stmt[] = [];
    const s = scope(`row ${r} results`, [known[r] as Scope], inner);
    const arrays = arraysOf(em, carried, r, s);
    const writeOne = (st: Store): void => {
      const local = st.axes.filter((a) => !plan.rows.includes(a)).map((a) => em.b.axis(a));
      const once = firstRow(em, st, s);
      const into: Stmt[] = once === null ? inner : [];
      const within = once === null ? s : scope(`row ${r} once`, [s], into);
      const last = local.at(-1);
      if (last !== undefined && inLoop(em, st, local, carried))
        writeInLoop(em, st, local.slice(0, -1), last, within, arrays, into);
      else for (const point of pointsOf(local, true)) into.push(...write(em, st, point, within));
      if (once !== null) inner.push(T.ifStmt(once, into));
    };
    for (const st of plan.stores) if (st.pass === null) withinNode(em, st.value, () => writeOne(st));
    const leader =
      sharing.lanesPerRow === 1 ? row.valid : T.and(row.valid, T.binary("==", memberOf(sharing), T.i32(0)));
    em.root.stmts.push(...(leader.kind === "lit" && leader.value === 1 ? inner : [T.ifStmt(leader, inner)]));
  });
};

const write = (em: Emitter, st: Store, fixed: Fixed, at: Scope): readonly Stmt[] =>
  emitStore(em, st.tensor, st.axes, emit(em, st.value, fixed, at).e, fixed, at);

/** Whether a loop is shorter by half than the points written out, the copies into arrays included. */
const inLoop = (em: Emitter, st: Store, local: readonly Axis[], carried: Carried): boolean => {
  const last = local.at(-1);
  if (last === undefined || typeof last.size !== "number" || last.size < CODE.resultLoop || em.stateful(st.value))
    return false;
  const chunks = last.size / 4;
  const points = local.reduce((n, a) => n * (a === last ? chunks : Number(a.size)), 1);
  const whole =
    statementsOf(
      em.b,
      [st.value],
      local.map((a) => a.id),
      em.accumulators,
    ) + points;
  if (whole <= CODE.result) return false;
  const reached = em.b.reach([st.value]);
  const copies = [...carried]
    .filter(([id]) => reached.has(id) && em.b.node(id).axes.includes(last.id))
    .reduce((n, [, rows]) => n + (rows[0]?.length ?? 0), 0);
  return copies + whole / chunks <= whole / 2;
};

/** The registers of an accumulator that a loop over `axis` indexes, in an array filled at the first asking; bound in the loop's scope. */
type Arrays = (axis: Axis, chunk: Expr, loop: Scope, reached: ReadonlySet<NodeId>) => void;

const arraysOf = (em: Emitter, carried: Carried, r: number, known: Scope): Arrays => {
  const made = new Map<string, string>();
  const arrayOf = (node: NodeId, key: string, values: readonly Expr[]): string => {
    const found = made.get(key);
    if (found !== undefined) return found;
    const [first] = values;
    if (first === undefined) throw new Error("an accumulator without registers");
    const array = withinNode(em, node, () => em.fresh(`${em.names.get(node) ?? "carried"}_all`));
    known.stmts.push(
      T.arrayStmt(array, first.type, values.length),
      ...values.map((v, k) => T.setElement(array, T.i32(k), v)),
    );
    made.set(key, array);
    return array;
  };
  return (axis, chunk, loop, reached) => {
    for (const [node, rows] of carried) {
      const n = em.b.node(node);
      if (!reached.has(node) || !n.axes.includes(axis.id)) continue;
      // Registers that differ along the axis alone make one array.
      const groups = new Map<string, Slot[]>();
      for (const slot of rows[r] ?? []) {
        const rest = keyOf(n, new Map([...slot.fixed].filter(([a]) => a !== axis.id)));
        groups.set(rest, [...(groups.get(rest) ?? []), slot]);
      }
      for (const [rest, slots] of groups) {
        const chunked = slots.filter((s) => "chunk" in (s.fixed.get(axis.id) ?? {}));
        const mine = chunked.length > 0 ? chunked : slots;
        const values = mine.map((s) => lookup(known, keyOf(n, s.fixed))?.e).filter((e) => e !== undefined);
        const [first] = mine;
        const [value] = values;
        if (first === undefined || value === undefined || values.length < mine.length)
          throw new Error(`accumulator ${node} is not finished`);
        const array = arrayOf(node, `${axis.id} ${rest}`, values);
        const fixes: readonly (Fix & { readonly index: Expr })[] =
          chunked.length > 0
            ? [{ chunk, index: chunk }]
            : [0, 1, 2, 3].map((k) => ({ ...elementFix(chunk, k), index: elementFix(chunk, k).at }));
        for (const { index, ...fix } of fixes)
          bind(
            em,
            loop,
            node,
            new Map([...first.fixed, [axis.id, fix as Fix] as const]),
            T.element(array, value.type, index),
          );
      }
    }
  };
};

const writeInLoop = (
  em: Emitter,
  st: Store,
  outer: readonly Axis[],
  last: Axis,
  at: Scope,
  arrays: Arrays,
  into: Stmt[],
): void => {
  const chunks = Math.floor(Number(last.size) / 4);
  const reached = em.b.reach([st.value]);
  for (const point of pointsOf(outer, false)) {
    const id = em.fresh(last.name);
    em.natural.add(id);
    const chunk = T.ref(id, I32);
    const body: Stmt[] = [];
    const loop = scope(`loop ${last.name}`, [at], body);
    loop.axes.set(last.id, chunk);
    arrays(last, chunk, loop, reached);
    body.push(...write(em, st, new Map([...point, [last.id, { chunk }] as const]), loop));
    into.push(T.forStmt(id, T.i32(0), T.i32(chunks), T.i32(1), body));
    for (const fix of piecesOf(Number(last.size)).slice(chunks))
      into.push(...write(em, st, new Map([...point, [last.id, fix] as const]), at));
  }
};
