/** A product has rows of two kinds: of some it reads the left side, of others, its columns, the right one. Tiles take columns as features. */
import type { KernelPlan } from "../derive/plan.ts";
import type { AxisId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import type { TilesSchedule } from "./schedule.ts";
import { termsOf, tileView } from "./tile-form.ts";

/** The plan with one of its rows as features that each row carries. */
export const withColumns = (b: GraphView, plan: KernelPlan, axis: AxisId): KernelPlan => ({
  ...plan,
  rows: plan.rows.filter((a) => a !== axis),
  accumulators: plan.accumulators.map((a) => (b.node(a.node).axes.includes(axis) ? { ...a, local: [axis] } : a)),
});

/**
 * The columns of a product: the last axis of all results, along which cells of the stream are read that the other rows share, while these
 * rows read the stream for themselves, with no reduction. Null where there is none.
 */
export const columnAxis = (b: GraphView, plan: KernelPlan): AxisId | null => {
  const axis = plan.stores[0]?.axes.at(-1);
  if (axis === undefined || plan.rows.length < 2 || !plan.rows.includes(axis) || axis === plan.part) return null;
  const isLast = plan.stores.every((s) => s.axes.at(-1) === axis && s.once?.includes(axis) !== true);
  if (!isLast || plan.accumulators.some((a) => a.local.length > 0)) return null;
  const columns = withColumns(b, plan, axis);
  const wide = columns.accumulators.filter((a) => a.local.length > 0);
  const v = tileView(b, columns);
  const isProduct = wide.every((a) => {
    const terms = termsOf(v, a.body, axis);
    // Each tile of columns makes the left side again, each tile of rows the right one: no reductions.
    const cheap = [...terms.exchanged, ...terms.staged].every((id) => !v.reduces(id));
    return cheap && terms.whole && terms.staged.length > 0 && terms.exchanged.length > 0;
  });
  return wide.length > 0 && isProduct ? axis : null;
};

/** A plan as tiles of these numbers take it; columns that it does not have are faults elsewhere. */
export const tilePlan = (b: GraphView, plan: KernelPlan, s: TilesSchedule): KernelPlan => {
  const axis = s.columns === undefined ? null : columnAxis(b, plan);
  return axis === null ? plan : withColumns(b, plan, axis);
};

/** Vec4s of an axis of features that a workgroup has: all of them, or its columns. */
export const vectorCount = (b: GraphView, s: Pick<TilesSchedule, "columns">, axis: AxisId): number => {
  if (s.columns !== undefined) return Math.ceil(s.columns / 4);
  return Math.ceil(Number(b.axis(axis).size) / 4);
};
