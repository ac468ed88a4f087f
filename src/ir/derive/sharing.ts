/** What rows of a kernel share: values that only the stream decides, and the rows that must agree for it. */
import type { GraphView } from "../graph/view.ts";
import { operands, type AxisId, type Node, type NodeId } from "../graph/graph.ts";
import { folded, reach } from "../graph/walk.ts";
import type { KernelPlan } from "./plan.ts";

/** Row axes that values streaming along `stream` depend on: equal for all lanes of a workgroup, so that these can be shared. */
export const outerAxes = (b: GraphView, plan: KernelPlan): readonly AxisId[] => {
  // A lane that walks a scan shares nothing: its rows are packed over the lanes.
  if (plan.scans.length > 0) return [];
  const shared = streamOnlyNodes(b, plan, null);
  const axes = new Set([...shared].flatMap((id) => b.node(id).axes));
  // A workgroup stays within one part of a stream that is cut.
  return plan.rows.filter((a) => axes.has(a) || a === plan.part);
};

/** Row axes that what streams does not depend on: rows of one workgroup. */
export const ownRows = (b: GraphView, plan: KernelPlan): readonly AxisId[] => {
  const outer = outerAxes(b, plan);
  return plan.rows.filter((a) => !outer.includes(a));
};

/**
 * The row axis that lanes tile (i for k and v, wherever it stands in the result): the one that most streaming operands lack. Where that leaves
 * few rows of known number to share what streams, because some operand varies along the others (a bias beside grouped heads, decays of
 * pairs), the one that leaves rows of unknown number, if most operands lack it too.
 */
const ownAxis = (b: GraphView, plan: KernelPlan): readonly AxisId[] => {
  const loads = [...b.reach(plan.accumulators.map((a) => a.body))]
    .map((id) => b.node(id))
    .filter((n) => n.kind === "load" && n.axes.some((a) => plan.stream.includes(a)));
  const lacking = (a: AxisId): number => loads.filter((n) => !n.axes.includes(a)).length;
  const [best, ...others] = plan.rows
    .filter((a) => a !== plan.part)
    .reverse()
    .sort((x, y) => lacking(y) - lacking(x));
  if (best === undefined) return [];
  const isKnown = (a: AxisId): boolean => typeof b.axis(a).size === "number";
  const sharing = (a: AxisId): readonly AxisId[] => {
    const axes = new Set([...streamOnlyNodes(b, plan, [a])].flatMap((id) => b.node(id).axes));
    return plan.rows.filter((x) => x !== plan.part && !axes.has(x));
  };
  if (others.length === 0 || !isKnown(best) || !sharing(best).every(isKnown)) return [best];
  const longer = others.find((a) => !isKnown(a) && 2 * lacking(a) > loads.length && !sharing(a).every(isKnown));
  return [longer ?? best];
};

/**
 * Largest values that vary along the stream, read memory, and do not depend on all the rows: `k`, `v`, or what a prologue
 * makes of them. `rows`: axes they must not mention (null: at least the last row axis).
 */
export const streamOnlyNodes = (
  b: GraphView,
  plan: KernelPlan,
  inner: readonly AxisId[] | null,
  accs: ReadonlySet<NodeId> = new Set(plan.accumulators.map((a) => a.node)),
): ReadonlySet<NodeId> => {
  const banned = inner ?? ownAxis(b, plan);
  const loads = folded<boolean>(b, (n, of) => n.kind === "load" || of.includes(true));
  const carries = (n: Node): boolean =>
    accs.has(n.id) || n.kind === "scan" || n.kind === "carried" || (n.kind === "reduce" && n.op === "cumsum");
  const carried = folded<boolean>(b, (n, of) => carries(n) || of.includes(true));
  const isFound = (n: Node): boolean =>
    n.ty === "f32" &&
    n.axes.some((a) => plan.stream.includes(a)) &&
    loads(n.id) &&
    !carried(n.id) &&
    !n.axes.some((a) => banned.includes(a));
  const seen = reach(b, plan.accumulators.map((a) => a.body).toReversed(), (n) =>
    isFound(n) ? [] : operands(n).toReversed(),
  );
  return new Set([...seen].filter((id) => isFound(b.node(id))));
};
