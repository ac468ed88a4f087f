/** The stream of a pass in pieces: a union axis is walked part by part. */
import { first } from "../../base/must.ts";
import { size, type SizeExpr } from "../../base/size.ts";
import type { KernelPlan } from "../derive/plan.ts";
import type { AxisId, NodeId } from "../graph/graph.ts";
import { substituter } from "../graph/rewrite.ts";
import { comparisonSettler } from "../scalar/settle.ts";
import * as T from "../tile/build.ts";
import type { Expr } from "../tile/tile.ts";
import type { Emitter } from "./emit.ts";
import { countUses } from "./emitter.ts";

/** What is walked in one loop. */
export type Piece = {
  readonly axes: readonly AxisId[];
  readonly size: SizeExpr;
  readonly offset: Expr;
  readonly union: AxisId | null;
  readonly start: SizeExpr;
};

/** A union axis is walked part by part, all parts carrying the same state. A part that means something else here too is walked under another index. */
export const segmentsOf = (em: Emitter, plan: KernelPlan, roots: readonly NodeId[]): readonly Piece[] => {
  const [only] = plan.stream;
  const parts = plan.stream.length === 1 && only !== undefined ? em.b.axis(only).parts : null;
  if (parts === null || only === undefined) {
    const total = plan.stream.reduce<SizeExpr>((n, a) => size("*", n, em.b.axis(a).size), 1);
    return [{ axes: plan.stream, size: total, offset: T.i32(0), union: null, start: 0 }];
  }
  const taken = new Set([
    ...plan.rows,
    ...[...em.b.reach(roots)]
      .map((id) => em.b.node(id))
      .flatMap((n) => (n.kind === "reduce" ? [...n.axes, ...n.over] : n.axes)),
  ]);
  let start: SizeExpr = 0;
  return parts.map((p) => {
    const n = em.b.axis(p).size;
    const piece: Piece = {
      axes: [taken.has(p) ? em.b.freshAxis(p) : p],
      size: n,
      offset: T.sizeToExpr(start),
      union: only,
      start,
    };
    start = size("+", start, n);
    return piece;
  });
};

/** An expression as the segment sees it: the union's index is the part's index behind the earlier parts. */
export const specialise = (em: Emitter, piece: Piece): ((id: NodeId) => NodeId) => {
  if (piece.union === null) return (id) => id;
  const part = em.b.index(first(piece.axes));
  const map = new Map([[piece.union, em.b.binary("+", part, em.b.sizeOf(piece.start))]]);
  const move = substituter(em.b, map);
  const settle = comparisonSettler(em.b, em.accumulators);
  return (id) => settle(move(id));
};

/** What a segment makes of named and shared values keeps its name, and is shared. */
export const keepNames = (em: Emitter, special: (id: NodeId) => NodeId, roots: readonly NodeId[]): void => {
  for (const id of em.b.reach(roots)) {
    const name = em.names.get(id);
    const made = name === undefined ? id : special(id);
    if (name !== undefined && made !== id && !em.names.has(made)) em.names.set(made, name);
  }
  countUses(em.b, roots.map(special), em.uses);
};
