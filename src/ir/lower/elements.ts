/** The schedule `elements`. */
import { size, type SizeExpr } from "../../base/size.ts";
import type { KernelPlan } from "../derive/plan.ts";
import type { AxisId } from "../graph/graph.ts";
import type { ElementsSchedule } from "../schedule/schedule.ts";
import * as T from "../tile/build.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { emitStore } from "./access.ts";
import { emit, type Emitter, type Fix, withinNode } from "./emit.ts";
import { decodeAxes, natural } from "./grid.ts";
import { scope } from "./scope.ts";

/** A kernel without a stream: one lane for each cell, or for four along the last axis. Returns the number of workgroups. */
export const lowerElements = (em: Emitter, plan: KernelPlan, schedule: ElementsSchedule): SizeExpr => {
  const [first] = plan.stores;
  const axes = first?.axes ?? [];
  const last = axes.at(-1);
  const wide = last !== undefined && schedule.vectorStream;
  const rest = wide ? axes.slice(0, -1) : axes;
  const s = scope("cell", [em.root], em.root.stmts);
  const count = wide && last !== undefined ? Number(em.b.axis(last).size) / 4 : 1;
  const total = rest.reduce<SizeExpr>((n, a) => size("*", n, em.b.axis(a).size), count);
  const at = natural(em, s, "cell", T.add(T.mul(T.group, T.i32(schedule.lanes)), T.lane));
  const inner: Stmt[] = [];
  const inside = scope("inside", [s], inner);
  let flat: Expr = at;
  const fixed = new Map<AxisId, Fix>();
  if (wide && last !== undefined) {
    fixed.set(last, { chunk: natural(em, inside, "chunk", T.mod(flat, T.i32(count))) });
    flat = natural(em, inside, "rest", T.div(flat, T.i32(count)));
  }
  decodeAxes(em, inside, rest, flat);
  for (const st of plan.stores)
    withinNode(em, st.value, () => {
      inner.push(...emitStore(em, st.tensor, st.axes, emit(em, st.value, fixed, inside).e, fixed, inside));
    });
  em.root.stmts.push(T.ifStmt(T.lt(at, T.sizeToExpr(total)), inner));
  return size("ceil/", total, schedule.lanes);
};
