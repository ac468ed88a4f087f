/** How much code a value becomes when it is written out; how much may be: `CODE` in `base/costs.ts`. */
import type { GraphView } from "../graph/view.ts";
import type { AxisId, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";

/**
 * Statements that the values become: every node once for each point of the axes that are written out, four points of the last of these
 * at a time. `written`: the axes outside of reductions that are; those that reductions in place run over are, too. `stop`: nodes that are
 * there already.
 */
export const statementsOf = (
  b: GraphView,
  roots: readonly NodeId[],
  written: readonly AxisId[],
  stop: ReadonlySet<NodeId>,
): number => {
  const inner = new Set(written);
  const found = new Set<NodeId>();
  const visit = (id: NodeId): void => {
    if (found.has(id) || stop.has(id)) return;
    found.add(id);
    const n = b.node(id);
    if (n.kind === "reduce") n.over.forEach((a) => inner.add(a));
    operands(n).forEach(visit);
  };
  roots.forEach(visit);
  const points = (axes: readonly AxisId[]): number => {
    const own = axes.filter((a) => inner.has(a));
    return own.reduce((n, a, k) => n * (k === own.length - 1 ? Math.ceil(sizeOf(b, a) / 4) : sizeOf(b, a)), 1);
  };
  return [...found].reduce((sum, id) => {
    const n = b.node(id);
    if (n.kind === "const" || n.kind === "index" || n.kind === "size" || n.kind === "scalar" || n.ty !== "f32")
      return sum;
    return sum + points(n.kind === "reduce" ? [...n.axes, ...n.over] : n.axes);
  }, 0);
};

const sizeOf = (b: GraphView, a: AxisId): number => {
  const { size } = b.axis(a);
  return typeof size === "number" ? size : 1;
};
