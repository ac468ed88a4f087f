/**
 * Inner reductions under axes of their own: where a reduction runs in place over an axis that is a row or the stream of the kernel around
 * it (`sum[i](y)` for each i), it gets a fresh axis of the same size. Behind this step a row or stream axis stands for one thing.
 */
import type { GraphBuilder } from "../graph/build.ts";
import { operands, type AxisId, type Node, type NodeId } from "../graph/graph.ts";
import { replacer } from "../graph/rewrite.ts";
import { readOperands } from "../graph/scan.ts";
import { reach } from "../graph/walk.ts";
import { same } from "./planning.ts";

type Reduce = Node & { readonly kind: "reduce" };

/** Gives the value with such reductions renamed. `bound`: rows and stream; reductions over just the stream are the kernel's own. */
export const ownAxes = (
  b: GraphBuilder,
  stream: readonly AxisId[],
  bound: readonly AxisId[],
): ((root: NodeId) => NodeId) => {
  /** One fresh axis for each axis and depth: equal reductions stay equal. */
  const fresh = new Map<string, AxisId>();
  const freshOf = (axis: AxisId, depth: number): AxisId => {
    const key = `${axis} ${depth}`;
    const made = fresh.get(key) ?? b.freshAxis(axis);
    fresh.set(key, made);
    return made;
  };
  const inPlace = (n: Node): n is Reduce => n.kind === "reduce" && n.op !== "cumsum" && !same(n.over, stream);
  const memo = new Map<string, NodeId>();
  const rename = (root: NodeId, depth: number): NodeId => {
    const key = `${root} ${depth}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const map = new Map<NodeId, NodeId>();
    for (const id of reach(b, [root], (n) => (inPlace(n) ? [] : n.kind === "scan" ? readOperands(n) : operands(n)))) {
      const n = b.node(id);
      const made = inPlace(n) ? inner(n, depth) : id;
      if (made !== id) map.set(id, made);
    }
    const made = map.size === 0 ? root : replacer(b, map)(root);
    memo.set(key, made);
    return made;
  };
  const inner = (n: Reduce, depth: number): NodeId => {
    const to = new Map(n.over.filter((a) => bound.includes(a)).map((a) => [a, freshOf(a, depth)] as const));
    const indices = new Map([...to].map(([a, own]) => [a, b.index(own)] as const));
    const over = n.over.map((a) => to.get(a) ?? a);
    const moved = (id: NodeId): NodeId => rename(indices.size === 0 ? id : b.substitute(id, indices), depth + 1);
    const [body, where] = [moved(n.body), n.where === null ? null : moved(n.where)];
    return to.size === 0 && body === n.body && where === n.where
      ? n.id
      : b.from(n.id, () => b.reduce(n.op, over, body, where, n.k));
  };
  return (root) => rename(root, 0);
};
