/**
 * Values that are the same but for the names of their axes: `cumsum[i](g[i, d])` at i is `cumsum[j](g[j, d])` at j.
 *
 *     y = π(x)  with π one-to-one on axes, sizes kept   =>   y at p  =  x at π⁻¹(p)
 */
import { sameSize } from "../../base/size.ts";
import { operands, type AxisId, type Node, type NodeId } from "./graph.ts";
import type { GraphView } from "./view.ts";

/** The axes of `y` by those of `x` they stand for, or null where none of the kind was found (operands in another order are not tried). */
export const renaming = (b: GraphView, x: NodeId, y: NodeId): ReadonlyMap<AxisId, AxisId> | null => {
  const to = new Map<AxisId, AxisId>();
  const from = new Map<AxisId, AxisId>();
  const bind = (p: AxisId, q: AxisId): boolean => {
    if (to.has(p) || from.has(q)) return to.get(p) === q && from.get(q) === p;
    const [a, c] = [b.axis(p), b.axis(q)];
    if (p !== q && (a.parts !== null || c.parts !== null || !sameSize(a.size, c.size))) return false;
    to.set(p, q);
    from.set(q, p);
    return true;
  };
  const all = (p: readonly AxisId[], q: readonly AxisId[]): boolean =>
    p.length === q.length && p.every((a, i) => bind(a, q[i] as AxisId));
  const pairs = new Map<NodeId, NodeId>();
  const open: (readonly [NodeId, NodeId])[] = [[x, y]];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const [p, q] = top;
    if (pairs.has(p)) {
      // Under one renaming a value stands for one value.
      if (pairs.get(p) !== q) return null;
      continue;
    }
    pairs.set(p, q);
    const [m, n] = [b.node(p), b.node(q)];
    if (p === q) {
      if (!all(m.axes, m.axes)) return null;
      continue;
    }
    if (m.axes.length !== n.axes.length || !isOneKind(m, n)) return null;
    if (m.kind === "index" && n.kind === "index" && !bind(m.axis, n.axis)) return null;
    if (m.kind === "reduce" && n.kind === "reduce" && !all(m.over, n.over)) return null;
    const [of, as] = [operands(m), operands(n)];
    if (of.length !== as.length) return null;
    // The last first: what is on top of the stack is compared next.
    for (let i = of.length - 1; i >= 0; i--) open.push([of[i] as NodeId, as[i] as NodeId]);
  }
  return to;
};

/** Whether two nodes differ in nothing but operands and axes. States are compared by what they are, not by what they are made of. */
const isOneKind = (m: Node, n: Node): boolean => {
  if (m.ty !== n.ty) return false;
  switch (m.kind) {
    case "const":
      return n.kind === "const" && Object.is(m.value, n.value);
    case "index":
      return n.kind === "index";
    case "size":
      return n.kind === "size" && m.name === n.name;
    case "scalar":
      return n.kind === "scalar" && m.name === n.name;
    case "load":
      return n.kind === "load" && m.tensor === n.tensor;
    case "unary":
      return n.kind === "unary" && m.op === n.op;
    case "binary":
      return n.kind === "binary" && m.op === n.op;
    case "select":
      return n.kind === "select";
    case "reduce":
      return n.kind === "reduce" && m.op === n.op && m.k === n.k && (m.where === null) === (n.where === null);
    case "carried":
    case "scan":
      return false;
  }
};
