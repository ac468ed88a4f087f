/** Arithmetic of a spec, for GFLOP/s. */
import type { Inputs } from "../ir/graph/eval.ts";
import { operands, type AxisId, type Graph, type Node, type NodeId } from "../ir/graph/graph.ts";
import { conjuncts, nodeAt, reach } from "../ir/graph/walk.ts";
import { classifier, type DomainEnv } from "../ir/scalar/domain.ts";
import { point, type Interval } from "../ir/scalar/interval.ts";
import { evalSize } from "../base/size.ts";
import { createRandom } from "./random.ts";

const cost = (node: Node): number => {
  switch (node.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "load":
    case "carried":
    case "scan":
      return 0;
    case "unary":
    case "binary":
    case "select":
    case "reduce":
      return node.ty === "f32" ? 1 : 0;
  }
};

/** Boxes looked into before the rest is sampled. */
const BUDGET = 20_000;

/** What decides about cells: sizes, parameters, and tensors at single places. */
const envOf = (graph: Graph, { sizes, scalars, tensors }: Inputs, extent: (axis: AxisId) => number): DomainEnv => ({
  size: (name) => sizes[name] ?? null,
  scalar: (name) => scalars[name] ?? null,
  load: (name, at) => {
    const axes = graph.tensors.find((t) => t.name === name)?.dims.flat() ?? [];
    if (at.some((range, k) => range.lo !== range.hi || range.lo < 0 || range.lo >= extent(axes[k] ?? 0))) return null;
    const flat = axes.reduce((n, axis, k) => n * extent(axis) + (at[k]?.lo ?? 0), 0);
    const value = tensors[name]?.[flat];
    return value === undefined ? null : point(value);
  },
});

/** The share of the cells of some axes in which all conditions hold: counted box by box, sampled where that is too much. */
const shareOf = (
  graph: Graph,
  conditions: readonly NodeId[],
  env: DomainEnv,
  extent: (axis: AxisId) => number,
): number => {
  const axes = [...new Set(conditions.flatMap((c) => nodeAt(graph, c).axes))];
  const classes = conditions.map((c) => classifier(graph, c, env));
  const classOf = (box: readonly Interval[]): "empty" | "partial" | "full" => {
    const at = new Map(axes.map((axis, k) => [axis, box[k] as Interval]));
    const found = classes.map((of) => of(at));
    return found.includes("empty") ? "empty" : found.includes("partial") ? "partial" : "full";
  };
  const volume = (box: readonly Interval[]): number => box.reduce((n, { lo, hi }) => n * (hi - lo + 1), 1);
  const random = createRandom(1);
  const whole = axes.map((axis) => ({ lo: 0, hi: extent(axis) - 1 }));
  const boxes: (readonly Interval[])[] = volume(whole) > 0 ? [whole] : [];
  let exist = 0;
  for (const box of boxes) {
    const found = classOf(box);
    if (found === "empty") continue;
    const cells = volume(box);
    if (found === "full" || cells === 1) {
      exist += cells;
    } else if (boxes.length > BUDGET) {
      const cell = box.map(({ lo, hi }) => point(lo + Math.floor(random() * (hi - lo + 1))));
      exist += classOf(cell) === "empty" ? 0 : cells;
    } else {
      const longest = box.reduce(
        (best, side, k) => (side.hi - side.lo > (box[best]?.hi ?? 0) - (box[best]?.lo ?? 0) ? k : best),
        0,
      );
      const { lo, hi } = box[longest] as Interval;
      const middle = (lo + hi) >> 1;
      boxes.push(box.with(longest, { lo, hi: middle }), box.with(longest, { lo: middle + 1, hi }));
    }
  }
  return exist / Math.max(1, volume(whole));
};

/**
 * Floating-point operations of the spec with every shared value computed once, over the cells that exist. Conditions on
 * computed values (top-k) count as if they held.
 */
export const countFlops = (graph: Graph, inputs: Inputs): number => {
  const extents = new Map(
    graph.axes.map((a) => [a.id, evalSize(a.size, (name) => inputs.sizes[name] ?? inputs.scalars[name] ?? 1)]),
  );
  const extent = (axis: AxisId): number => extents.get(axis) ?? 1;
  const env = envOf(graph, inputs, extent);
  const shares = new Map<string, number>();
  const share = (conditions: readonly NodeId[]): number => {
    const key = conditions.join();
    const known = shares.get(key) ?? (conditions.length === 0 ? 1 : shareOf(graph, conditions, env, extent));
    shares.set(key, known);
    return known;
  };
  const isKnown = (condition: NodeId): boolean =>
    ![...reach(graph, [condition])].some((id) => nodeAt(graph, id).kind === "reduce");
  /** Operations by node: the most that any of its uses asks for. */
  const most = new Map<NodeId, number>();
  const seen = new Set<string>();
  const visit = (id: NodeId, conditions: readonly NodeId[]): void => {
    const node = nodeAt(graph, id);
    const axes = node.kind === "reduce" ? [...new Set([...node.axes, ...node.over])] : node.axes;
    const own = node.kind === "reduce" && node.where !== null ? conjuncts(graph, node.where) : [];
    const inner = [...new Set([...conditions, ...own.filter(isKnown)])].sort((a, b) => a - b);
    const meant = inner.filter((c) => nodeAt(graph, c).axes.every((a) => axes.includes(a)));
    const key = `${id}:${inner.join()}`;
    if (seen.has(key)) return;
    seen.add(key);
    const operations = cost(node) * axes.reduce((n, a) => n * extent(a), 1) * share(meant);
    most.set(id, Math.max(most.get(id) ?? 0, operations));
    if (node.kind !== "reduce") return operands(node).forEach((x) => visit(x, conditions));
    visit(node.body, inner);
    own.forEach((c, k) => visit(c, [...conditions, ...own.slice(0, k).filter(isKnown)]));
  };
  for (const { value } of graph.results) visit(value, []);
  return [...most.values()].reduce((sum, n) => sum + n, 0);
};
