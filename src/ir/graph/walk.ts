/** Walking the graph: everything that only needs to know what is under what. Works on a `Graph` and on a `GraphBuilder`. */
import { operands, type AxisId, type Node, type NodeId } from "./graph.ts";

/** Anything with a node array in dependency order, `nodes[id].id === id`. */
export type HasNodes = { readonly nodes: readonly Node[] };

/** The node with this id; throws when there is none (a bug in the compiler). */
export const nodeAt = (g: HasNodes, id: NodeId): Node => {
  const node = g.nodes[id];
  if (node === undefined) throw new Error(`no node ${id}`);
  return node;
};

/** All nodes at or under the roots; `below`: the operands that count. */
export const reach = (
  g: HasNodes,
  roots: Iterable<NodeId>,
  below: (node: Node) => readonly NodeId[] = operands,
): Set<NodeId> => {
  const seen = new Set<NodeId>();
  const stack = [...roots];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    for (const x of below(nodeAt(g, id))) stack.push(x);
  }
  return seen;
};

/** The nodes at or under the roots, operands first; without those of `done` and what is under them. */
export const inOrder = (g: HasNodes, roots: Iterable<NodeId>, done?: ReadonlyMap<NodeId, unknown>): Node[] => {
  const below =
    done === undefined ? operands : (n: Node): readonly NodeId[] => operands(n).filter((id) => !done.has(id));
  return [...reach(g, roots, below)].sort((a, b) => a - b).map((id) => nodeAt(g, id));
};

/** One value for each node at or under the roots, from the values of its operands (in the order of `operands`). */
export const fold = <T>(
  g: HasNodes,
  roots: Iterable<NodeId>,
  f: (node: Node, of: readonly T[]) => T,
): Map<NodeId, T> => {
  const out = new Map<NodeId, T>();
  for (const node of inOrder(g, roots)) {
    out.set(
      node.id,
      f(
        node,
        operands(node).map((id) => out.get(id) as T),
      ),
    );
  }
  return out;
};

/**
 * `fold` kept from call to call: a value for any node from those of its operands, each made once however often it is asked for.
 * `below`: the operands that count. Does not recurse, so that chains of any length can be asked about.
 */
export const folded = <T>(
  g: HasNodes,
  f: (node: Node, of: readonly T[]) => T,
  below: (node: Node) => readonly NodeId[] = operands,
): ((id: NodeId) => T) => {
  const known = new Map<NodeId, T>();
  return (root) => {
    const stack = [root];
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const node = nodeAt(g, id);
      const of = below(node);
      const open = known.has(id) ? [] : of.filter((x) => !known.has(x));
      if (open.length > 0) {
        for (let i = open.length - 1; i >= 0; i--) stack.push(open[i] as NodeId);
        continue;
      }
      stack.pop();
      if (!known.has(id))
        known.set(
          id,
          f(
            node,
            of.map((x) => known.get(x) as T),
          ),
        );
    }
    return known.get(root) as T;
  };
};

/** For each node under the roots, the nodes that use it directly. */
export const users = (g: HasNodes, roots: Iterable<NodeId>): Map<NodeId, Node[]> => {
  const out = new Map<NodeId, Node[]>();
  for (const node of inOrder(g, roots)) {
    if (!out.has(node.id)) out.set(node.id, []);
    for (const id of new Set(operands(node))) out.get(id)?.push(node);
  }
  return out;
};

/** The conjuncts of a condition, left to right: `a and (b and c)` gives a, b, c. */
export const conjuncts = (g: HasNodes, id: NodeId): NodeId[] => {
  const out: NodeId[] = [];
  const open = [id];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const node = nodeAt(g, at);
    if (node.kind === "binary" && node.op === "and") open.push(node.b, node.a);
    else if (node.kind !== "const" || node.value === 0) out.push(at);
  }
  return out;
};

/** Whether the value depends on the axis. */
export const dependsOn = (g: HasNodes, id: NodeId, axis: AxisId): boolean => nodeAt(g, id).axes.includes(axis);

/** Union of two ascending lists, ascending. */
export const unionAxes = (a: readonly AxisId[], b: readonly AxisId[]): readonly AxisId[] => {
  if (b.length === 0 || a === b) return a;
  if (a.length === 0) return b;
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
};
