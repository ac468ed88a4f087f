/** Equality of expressions up to the names of axes: hash-consing makes equal expressions one node only for the same axes. */
import { operands, type AxisId, type Node, type NodeId } from "../graph/graph.ts";
import { nodeAt, type HasNodes } from "../graph/walk.ts";

/** Whether `a` becomes `b` when each free axis is replaced by its partner (axes without one stand for themselves). */
export const sameUpToAxes = (g: HasNodes, a: NodeId, b: NodeId, partner: ReadonlyMap<AxisId, AxisId>): boolean =>
  same(g, a, b, partner, new Map());

/** `known`: answers for these partners. */
const same = (
  g: HasNodes,
  a: NodeId,
  b: NodeId,
  partner: ReadonlyMap<AxisId, AxisId>,
  known: Map<string, boolean>,
): boolean => {
  const key = `${a} ${b}`;
  const found = known.get(key) ?? compare(g, a, b, partner, known);
  known.set(key, found);
  return found;
};

const compare = (
  g: HasNodes,
  a: NodeId,
  b: NodeId,
  partner: ReadonlyMap<AxisId, AxisId>,
  known: Map<string, boolean>,
): boolean => {
  const x = nodeAt(g, a);
  const y = nodeAt(g, b);
  const to = (axis: AxisId): AxisId => partner.get(axis) ?? axis;
  if (a === b) return x.axes.every((axis) => to(axis) === axis);
  if (x.kind === "index" && y.kind === "index") return to(x.axis) === y.axis;
  if (x.kind === "reduce" && y.kind === "reduce") return sameReduce(g, x, y, partner);
  const [p, q] = [operands(x), operands(y)];
  if (!sameOperation(x, y) || p.length !== q.length) return false;
  return p.every((id, i) => same(g, id, q[i] as NodeId, partner, known));
};

/** The operation itself, apart from its operands; leaves that are not indices are hash-consed, so equal ones were one node. */
const sameOperation = (x: Node, y: Node): boolean => {
  if (x.kind === "load" && y.kind === "load") return x.tensor === y.tensor;
  if (x.kind === "unary" && y.kind === "unary") return x.op === y.op;
  if (x.kind === "binary" && y.kind === "binary") return x.op === y.op;
  return x.kind === "select" && y.kind === "select";
};

type Reduce = Extract<Node, { kind: "reduce" }>;

const sameReduce = (g: HasNodes, x: Reduce, y: Reduce, partner: ReadonlyMap<AxisId, AxisId>): boolean => {
  if (x.op !== y.op || x.k !== y.k || x.over.length !== y.over.length || (x.where === null) !== (y.where === null))
    return false;
  if (x.op === "cumsum") return false;
  const inner = new Map(partner);
  x.over.forEach((axis, i) => inner.set(axis, y.over[i] as AxisId));
  const known = new Map<string, boolean>();
  if (x.where !== null && y.where !== null && !same(g, x.where, y.where, inner, known)) return false;
  return same(g, x.body, y.body, inner, known);
};
