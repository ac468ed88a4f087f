/** Contractions of a block that are written before its rows: in loops over many points, or side by side for all cells. */
import { CODE } from "../../base/costs.ts";
import type { Node } from "../graph/graph.ts";
import { reach } from "../graph/walk.ts";
import * as T from "../tile/build.ts";
import { type Expr, F32, type Stmt } from "../tile/tile.ts";
import { operands } from "../graph/graph.ts";
import { broadcastFrom } from "./broadcast.ts";
import { type Cell, type Key, merged } from "./cells.ts";
import { bind, pointsOf, withinNode } from "./emit.ts";
import { contractInLoop, loopAxesOf, type LoopCell, sumsBelow } from "./feature-loop.ts";
import { dotTerm } from "./reduce.ts";
import type { Scope } from "./scope.ts";
import type { Segment } from "./segment.ts";

/** Whether a value has a running sum in it, which the row's walk gives behind the contractions. */
const runs = (cx: Segment, n: Node): boolean => {
  if (cx.running.length === 0) return false;
  const below = cx.em.b.reach([n.id]);
  return cx.running.some((s) => below.has(s.node));
};

/** The contractions that are asked for at many points, in loops over these (`feature-loop.ts`). */
export const contractPoints = (
  cx: Segment,
  block: Scope,
  t: Expr,
  end: Expr | null,
  cells: readonly LoopCell[],
  keys: readonly Key[],
  stmts: Stmt[],
): void => {
  const { em } = cx;
  if (cx.schedule.vectorStream || cx.held !== null || cells.length === 0) return;
  for (const n of sumsBelow(em.b, [...cx.parts.map((p) => p.body), ...cx.stores.map((s) => s.value)])) {
    const streams = n.axes.some((a) => cx.axes.includes(a));
    const axes =
      !streams || cx.streamOnly.has(n.id) || em.accumulators.has(n.id) || em.stateful(n.id) || runs(cx, n)
        ? null
        : loopAxesOf(em, n, [...cx.rowAxes, ...cx.axes]);
    if (axes === null) continue;
    const contract = (): void =>
      contractInLoop(
        em,
        n,
        axes,
        block,
        cells,
        (inside, below, body) => {
          if (cx.schedule.source === "subgroup")
            broadcastFrom(
              cx,
              inside,
              t,
              end,
              keys.map((k) => ({ ...k, scope: below.get(k.scope) ?? k.scope })),
              body,
            );
          return () => em.overrides.delete(inside);
        },
        stmts,
      );
    withinNode(em, n.id, contract);
  }
};

/**
 * The contractions of all cells of the row side by side, term by term: what a term shares between cells (a chunk of the key
 * before its broadcast) lives only as long as the term.
 */
export const contractTogether = (cx: Segment, cells: readonly Cell[], stmts: Stmt[]): void => {
  const { em } = cx;
  if (cells.length < 2) return;
  for (const n of contractionsOf(cx)) {
    const sums = cells.map(() => {
      const id = withinNode(em, n.id, () => em.fresh(em.names.get(n.id) ?? "dot"));
      stmts.push(T.varStmt(id, F32, T.f32(0)));
      return T.ref(id, F32);
    });
    for (const point of pointsOf(
      n.over.map((a) => em.b.axis(a)),
      true,
    )) {
      cells.forEach((c, k) => {
        const sum = sums[k];
        if (sum?.kind !== "ref") return;
        stmts.push(T.set(sum.name, T.add(sum, dotTerm(em, em.b.node(n.body), merged(point, c.key.fixed), c.scope).e)));
      });
    }
    cells.forEach((c, k) => bind(em, c.scope, n.id, c.key.fixed, sums[k] as Expr));
  }
};

/** Short sums that each cell asks for once: over the row's and the stream's operands, with no local axis. */
const contractionsOf = (cx: Segment): (Node & { kind: "reduce" })[] => {
  const { em } = cx;
  const isEnd = (n: Node): boolean => cx.streamOnly.has(n.id) || em.accumulators.has(n.id) || n.kind === "reduce";
  const roots = [...cx.parts.map((p) => p.body), ...cx.stores.map((s) => s.value)];
  const isAskedFor = (n: Node): n is Node & { kind: "reduce" } => {
    if (n.kind !== "reduce" || cx.streamOnly.has(n.id) || em.accumulators.has(n.id) || em.stateful(n.id)) return false;
    const total = n.over.reduce((k, a) => k * Number(em.b.axis(a).size), 1);
    const local = n.axes.filter((a) => !cx.rowAxes.includes(a) && !cx.axes.includes(a));
    const streams = n.axes.some((a) => cx.axes.includes(a));
    const unrolled =
      n.op === "sum" && n.ty === "f32" && n.where === null && total <= CODE.contraction && total >= CODE.sideBySide;
    return streams && local.length === 0 && unrolled && !cx.schedule.vectorStream && !runs(cx, n);
  };
  return [...reach(em.b, roots.toReversed(), (n) => (isEnd(n) ? [] : operands(n).toReversed()))]
    .map((id) => em.b.node(id))
    .filter(isAskedFor);
};
