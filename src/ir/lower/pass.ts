/** One pass over the stream: what it carries, its segments, what is finished behind it. */
import type { Accumulator, KernelPlan, ScanState, Store } from "../derive/plan.ts";
import { streamOnlyNodes } from "../derive/sharing.ts";
import type { Node, NodeId } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import { Unsupported } from "../graph/unsupported.ts";
import { printSchedule } from "../schedule/schedule.ts";
import * as T from "../tile/build.ts";
import { F32, I32, type Expr, type Stmt } from "../tile/tile.ts";
import { bind, type Emitter, withinNode } from "./emit.ts";
import { mergeLanes } from "./merge.ts";
import { bindLast, declareStates } from "./scan.ts";
import { scope, type Scope } from "./scope.ts";
import type { Part, PassContext, RunningSum, Segment } from "./segment.ts";
import { declare, finished } from "./state.ts";
import { keepNames, segmentsOf, specialise } from "./union.ts";
import { lowerSegment } from "./visit.ts";

/** Scans whose last state the pass gives. */
export const endsAt = (plan: KernelPlan, pass: number): readonly ScanState[] =>
  plan.scans.filter((s) => s.last.some((l) => l.pass === pass));

/** One pass over the whole stream; returns the scopes that know its finished statistics. */
export const lowerPass = (
  cx: PassContext,
  pass: number,
  accs: readonly Accumulator[],
  stores: readonly Store[],
  known: readonly Scope[],
): Scope[] => {
  const { em, plan, schedule, sharing, grid } = cx;
  const stmts = em.root.stmts;
  const roots = [
    ...accs.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
    ...stores.map((s) => s.value),
    ...endsAt(plan, pass).map((s) => s.node),
  ];
  const states = declareStates(em, plan.scans, roots, known, stmts);
  const [state] = states;
  if (state !== undefined && (schedule.kind !== "rows" || schedule.vectorStream || schedule.hold))
    throw new Unsupported(
      em.b.node(state.of.node),
      `a scan under the schedule \`${printSchedule(schedule)}\`: one lane walks its rows cell by cell`,
    );
  const gauged = em.b.reach(accs.flatMap((a) => (a.gauge === null ? [] : [a.gauge])));
  const wide = (a: Accumulator): boolean =>
    schedule.vectorStream && a.local.length === 0 && !gauged.has(a.node) && REDUCTIONS[a.op].merges;
  const slots = accs.map((a) => withinNode(em, a.node, () => grid.rows.map(() => declare(em, a, wide(a), stmts))));
  accs.forEach((a, k) => cx.carried.set(a.node, slots[k] ?? []));
  const runningNodes = runningSumsBelow(em, accs, stores);
  const carries = runningNodes.map((n) =>
    grid.rows.map(() => {
      const id = withinNode(em, n.id, () => em.fresh(`${em.names.get(n.id) ?? "running"}_carry`));
      const type = n.ty === "f32" ? F32 : I32;
      stmts.push(T.varStmt(id, type, T.lit(0, type)));
      return T.ref(id, type);
    }),
  );
  for (const seg of segmentsOf(em, plan, roots)) {
    const special = specialise(em, seg);
    const domain = (where: NodeId | null): NodeId | null => em.b.and(where === null ? null : special(where));
    const parts = accs.map((acc, k): Part => ({
      acc,
      slots: slots[k] ?? [],
      body: special(acc.body),
      where: domain(acc.where),
    }));
    if (seg.union !== null) keepNames(em, special, [...accs.map((a) => a.body), ...stores.map((s) => s.value)]);
    const running = runningNodes.map((n, k): RunningSum => ({
      node: special(n.id),
      body: special(n.body),
      where: domain(n.where),
      carry: carries[k] ?? [],
    }));
    const local = { ...plan, stream: seg.axes, accumulators: parts.map((p) => ({ ...p.acc, body: p.body })) };
    const segment: Segment = {
      em,
      schedule,
      sharing,
      rows: grid.rows,
      group: grid.group,
      known,
      parts,
      running,
      states,
      stores: stores.map((s) => ({ ...s, value: special(s.value) })),
      rowAxes: plan.rows,
      axes: seg.axes,
      union: seg.union,
      length: T.sizeToExpr(seg.size),
      offset: seg.offset,
      streamOnly: streamOnlyNodes(em.b, local, sharing.unshared, em.accumulators),
      held: cx.held,
      tile: null,
    };
    lowerSegment(cx, segment, seg.size, stores.length > 0);
  }
  const next = known.map((k) => scope(`after pass ${pass}`, [k], stmts));
  grid.rows.forEach((_, r) => {
    for (const s of states)
      for (const last of s.of.last) if (last.pass === pass) bindLast(em, s, r, last.node, next[r] as Scope);
    const own = slots.flatMap((s) => s[r] ?? []);
    if (sharing.lanesPerRow > 1) {
      mergeLanes(
        {
          em,
          sharing,
          workgroup: cx.workgroup,
          known: known[r] as Scope,
          next: next[r] as Scope,
          wide: schedule.vectorStream,
        },
        own,
        stmts,
      );
      return;
    }
    for (const slot of own) {
      const value = withinNode(em, slot.acc.node, () => {
        const e = finished(slot, wide(slot.acc), stmts, em);
        return e.kind === "ref" ? e : nameIt(em, slot.acc.name, e, stmts);
      });
      bind(em, next[r] as Scope, slot.acc.node, slot.fixed, value);
    }
  });
  return next;
};

const nameIt = (em: Emitter, base: string, e: Expr, stmts: Stmt[]): Expr => {
  const id = em.fresh(base);
  stmts.push(T.letStmt(id, e));
  return T.ref(id, e.type);
};

const runningSumsBelow = (
  em: Emitter,
  accs: readonly Accumulator[],
  stores: readonly Store[],
): (Node & { kind: "reduce" })[] =>
  [
    ...em.b.reach([
      ...accs.flatMap((a) => [a.body, ...(a.where === null ? [] : [a.where])]),
      ...stores.map((s) => s.value),
    ]),
  ]
    .sort((x, y) => x - y)
    .map((id) => em.b.node(id))
    .filter((n): n is Node & { kind: "reduce" } => n.kind === "reduce" && n.op === "cumsum");
