/** Whether what a value reads is there: asked of what is moved out of a choice, which kept it from reading outside of its tensors. */
import type { SizeExpr } from "../../base/size.ts";
import type { GraphView } from "../graph/view.ts";
import type { Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { conjuncts, inOrder } from "../graph/walk.ts";
import { linAdd, linConst, linearOf, linearOfSize, linScale, provablyNonNegative, type Linear } from "./affine.ts";
import { formsOf } from "./settle.ts";

/**
 * Whether all reads below a value are in range wherever `where` holds: each index is the axis itself, or its bounds follow from the
 * conditions that lie between the value and the read, on every way there.
 */
export const readsInside = (b: GraphView, root: NodeId, where: NodeId | null): boolean => {
  const nodes = inOrder(b, [root]);
  const open = nodes.filter((n): n is Load => n.kind === "load").filter((n) => !isInside(b, n, []));
  if (open.length === 0) return true;
  const given = givenAt(b, root, nodes, where);
  return open.every((n) => isInside(b, n, [...(given.get(n.id) ?? [])]));
};

/** The conditions that hold whenever a node is asked for: those on all ways to it. */
const givenAt = (
  b: GraphView,
  root: NodeId,
  nodes: readonly Node[],
  where: NodeId | null,
): ReadonlyMap<NodeId, ReadonlySet<NodeId>> => {
  const given = new Map<NodeId, ReadonlySet<NodeId>>([[root, new Set(where === null ? [] : conjuncts(b, where))]]);
  // Users come behind their operands: from the root downwards each node is complete when it is looked at.
  for (const n of nodes.toReversed()) {
    const here = given.get(n.id) ?? new Set();
    for (const id of operands(n)) {
      const there = [...outside(b, n, here), ...asked(b, n, id)];
      const known = given.get(id);
      given.set(id, new Set(known === undefined ? there : there.filter((c) => known.has(c))));
    }
  }
  return given;
};

/** Inside a reduction or a recurrence its axes are others: what was said of axes of these names is of no use. */
const outside = (b: GraphView, n: Node, conditions: ReadonlySet<NodeId>): readonly NodeId[] => {
  const bound = n.kind === "reduce" ? n.over : n.kind === "scan" ? [n.over, ...n.dims] : [];
  return [...conditions].filter((c) => !b.node(c).axes.some((a) => bound.includes(a)));
};

/** What a node asks before it looks at an operand. */
const asked = (b: GraphView, n: Node, operand: NodeId): readonly NodeId[] => {
  if (n.kind === "reduce" && n.where !== null && operand === n.body && operand !== n.where)
    return conjuncts(b, n.where);
  if (n.kind === "select" && operand === n.a && operand !== n.b && operand !== n.cond) return conjuncts(b, n.cond);
  if (n.kind === "binary" && n.op === "and" && operand === n.b && operand !== n.a) return conjuncts(b, n.a);
  return [];
};

type Load = Node & { readonly kind: "load" };

const isInside = (b: GraphView, n: Load, conditions: readonly NodeId[]): boolean => {
  const extents = b.extents(n.tensor);
  const facts = conditions.flatMap((c) => formsOf(b, c));
  return n.at.every((id, k) => {
    const index = b.node(id);
    // What a kernel stores is stored for its own axes.
    if (extents === null) return index.kind === "index";
    return isBelow(b, index, extents[k] ?? 0, facts);
  });
};

const isBelow = (b: GraphView, index: Node, extent: SizeExpr, facts: readonly Linear[]): boolean => {
  const top = linearOfSize(extent);
  if (top === null) return index.kind === "index";
  const form = linearOf(b, index.id);
  return (
    provablyNonNegative(b, form, facts) &&
    provablyNonNegative(b, linAdd(linAdd(top, linConst(-1)), linScale(form, -1)), facts)
  );
};
