/** What rewriting and planning ask of ordered scans. */
import type { GraphBuilder } from "./pen.ts";
import { operands, type AxisId, type Node, type NodeId } from "./graph.ts";
import { nodeAt, type HasNodes } from "./walk.ts";

export type Scan = Extract<Node, { readonly kind: "scan" }>;
export type Carried = Extract<Node, { readonly kind: "carried" }>;

/** The expression with the carried state of one scan as that of another. */
export const renameState = (b: GraphBuilder, root: NodeId, from: number, to: number): NodeId =>
  b.replaceNodes(
    root,
    new Map(carriedBelow(b, root, from).map((n) => [n.id, b.from(n.id, () => b.carried(to, n.name, n.at))])),
  );

/** The reads of what the scan `state` carries. */
export const carriedBelow = (g: HasNodes & Pick<GraphBuilder, "reach">, root: NodeId, state: number): Carried[] =>
  [...g.reach([root])]
    .map((id) => nodeAt(g, id))
    .filter((n): n is Carried => n.kind === "carried" && n.state === state);

/** The scans below the roots, one read of each, those that others read first. */
export const scansBelow = (g: HasNodes & Pick<GraphBuilder, "reach">, roots: Iterable<NodeId>): Scan[] => {
  const found = new Map<number, Scan>();
  for (const id of [...g.reach(roots)].sort((x, y) => x - y)) {
    const n = nodeAt(g, id);
    if (n.kind === "scan" && !found.has(n.state)) found.set(n.state, n);
  }
  return [...found.values()];
};

/** The operands that are read where the node is: not the definition of a scan, whose axes are its own. */
export const readOperands = (n: Node): readonly NodeId[] => (n.kind === "scan" ? n.at : operands(n));

/** The nodes at or below the roots, definitions of scans apart. */
export const readBelow = (g: HasNodes, roots: Iterable<NodeId>): Node[] => {
  const seen = new Map<NodeId, Node>();
  const open = [...roots];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    const n = nodeAt(g, id);
    seen.set(id, n);
    open.push(...readOperands(n));
  }
  return [...seen.values()];
};

/** Whether `id` is the index of the axis and nothing else. */
export const isIndexOf = (g: HasNodes, id: NodeId | undefined, axis: AxisId): boolean => {
  const n = id === undefined ? null : nodeAt(g, id);
  return n !== null && n.kind === "index" && n.axis === axis;
};

/** Where a scan is read along its own axis: at the cell at hand, at the one before, or elsewhere. */
export const timeOf = (g: HasNodes, n: Scan): "now" | "before" | "elsewhere" => {
  const [t = -1] = n.at;
  if (isIndexOf(g, t, n.over)) return "now";
  const m = nodeAt(g, t);
  if (m.kind !== "binary" || m.op !== "-" || !isIndexOf(g, m.a, n.over)) return "elsewhere";
  const one = nodeAt(g, m.b);
  return one.kind === "const" && one.value === 1 ? "before" : "elsewhere";
};
