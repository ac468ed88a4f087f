/** The least and greatest value of an integer over a box of indices, as nodes. */
import type { GraphBuilder } from "../graph/build.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";

/** Ends of an index over a box, as nodes; both are attained. */
export type Ends = { readonly lo: NodeId; readonly hi: NodeId };

/**
 * A node that bounds the least or greatest value of an i32 node over a box of some of its axes: `min` is never above it,
 * `max` never below (equal where each axis occurs once). Null when that cannot be said without looking at data.
 */
export const boundOverBox = (
  b: GraphBuilder,
  bound: NodeId,
  box: ReadonlyMap<AxisId, Ends>,
  which: "min" | "max",
): NodeId | null => {
  const memo = new Map<NodeId, Ends | null>();
  const ends = (id: NodeId): Ends | null => {
    const known = memo.get(id);
    if (known !== undefined) return known;
    const node = b.node(id);
    const made = node.axes.some((a) => box.has(a)) ? b.from(id, () => endsOf(b, node, ends, box)) : { lo: id, hi: id };
    memo.set(id, made);
    return made;
  };
  const found = ends(bound);
  return found === null ? null : which === "min" ? found.lo : found.hi;
};

const endsOf = (
  b: GraphBuilder,
  node: Node,
  ends: (id: NodeId) => Ends | null,
  box: ReadonlyMap<AxisId, Ends>,
): Ends | null => {
  switch (node.kind) {
    case "index":
      return box.get(node.axis) ?? null;
    case "unary": {
      const a = ends(node.a);
      if (a === null || (node.op !== "neg" && node.op !== "abs")) return null;
      const [minusLo, minusHi] = [b.unary("neg", a.lo), b.unary("neg", a.hi)];
      if (node.op === "neg") return { lo: minusHi, hi: minusLo };
      const lo = b.binary("max", b.binary("max", a.lo, minusHi), b.konst(0, "i32"));
      return { lo, hi: b.binary("max", a.hi, minusLo) };
    }
    case "binary":
      return binaryEnds(b, node, ends(node.a), ends(node.b));
    case "select": {
      const [x, y] = [ends(node.a), ends(node.b)];
      if (x === null || y === null) return null;
      if (!b.node(node.cond).axes.some((a) => box.has(a))) {
        return { lo: b.select(node.cond, x.lo, y.lo), hi: b.select(node.cond, x.hi, y.hi) };
      }
      return { lo: b.binary("min", x.lo, y.lo), hi: b.binary("max", x.hi, y.hi) };
    }
    case "const":
    case "size":
    case "scalar":
    case "load":
    case "reduce":
    case "carried":
    case "scan":
      return null;
  }
};

const binaryEnds = (
  b: GraphBuilder,
  node: Extract<Node, { kind: "binary" }>,
  x: Ends | null,
  y: Ends | null,
): Ends | null => {
  if (x === null || y === null || node.ty !== "i32") return null;
  const of = (p: NodeId, q: NodeId): NodeId => b.binary(node.op, p, q);
  const fixed = b.node(node.b);
  const factor = fixed.kind === "const" ? fixed.value : fixed.kind === "size" ? 1 : null;
  switch (node.op) {
    case "+":
    case "min":
    case "max":
      return { lo: of(x.lo, y.lo), hi: of(x.hi, y.hi) };
    case "-":
      return { lo: of(x.lo, y.hi), hi: of(x.hi, y.lo) };
    case "*":
      if (factor === null) return null;
      return factor >= 0 ? { lo: of(x.lo, y.lo), hi: of(x.hi, y.lo) } : { lo: of(x.hi, y.lo), hi: of(x.lo, y.lo) };
    case "/":
      return factor === null || factor < 1 ? null : { lo: of(x.lo, y.lo), hi: of(x.hi, y.lo) };
    case "%":
      return factor === null || factor < 1
        ? null
        : { lo: b.konst(0, "i32"), hi: b.binary("-", node.b, b.konst(1, "i32")) };
    case "pow":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "and":
    case "or":
      return null;
  }
};
