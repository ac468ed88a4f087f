/**
 * Three-valued classification of a tile at run time (docs/theory.md 7.2): where the domain is not a plain interval of the stream
 * (disjunctions, data such as document ids), each tile asks once whether any of its cells may exist and whether all must.
 * Data enter as their least and greatest value over the tile.
 */
import { CODE } from "../../base/costs.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import type { Ends } from "../scalar/box-ends.ts";
import type { GraphBuilder } from "../graph/build.ts";

/** Null: not known, so `may` counts as true and `must` as false. */
export type Class = { readonly may: NodeId | null; readonly must: NodeId | null };

export type Atoms = {
  readonly b: GraphBuilder;
  /** The ends of the boxed axes. */
  readonly box: ReadonlyMap<AxisId, Ends>;
  /** Least and greatest value of a load over the tile; null when it depends on both sides. */
  readonly loaded: (n: Node & { kind: "load" }) => Ends | null;
  /** Whether a value is made of what the kernel carries: not known when the tile is asked for. */
  readonly live: (id: NodeId) => boolean;
  /** Whether any and whether all of a table of blocks holds within these indices; null when that is not worth asking. */
  readonly block: (n: Node & { kind: "load" }, at: readonly Ends[]) => Class;
};

/** What was found for one tile: values that several conditions share are asked once. */
const found = new WeakMap<Atoms, { readonly classes: Map<NodeId, Class>; readonly ends: Map<NodeId, Ends | null> }>();

const foundFor = (cx: Atoms): { readonly classes: Map<NodeId, Class>; readonly ends: Map<NodeId, Ends | null> } => {
  const known = found.get(cx) ?? { classes: new Map(), ends: new Map() };
  found.set(cx, known);
  return known;
};

export const classOf = (cx: Atoms, id: NodeId): Class => {
  const { classes } = foundFor(cx);
  const made = classes.get(id) ?? newClass(cx, id);
  classes.set(id, made);
  return made;
};

const newClass = (cx: Atoms, id: NodeId): Class => {
  const { b } = cx;
  const n = b.node(id);
  const live = cx.live(id);
  if (!live && !n.axes.some((a) => cx.box.has(a))) return { may: id, must: id };
  if (n.kind === "unary" && n.op === "not") {
    const a = classOf(cx, n.a);
    return {
      may: a.must === null ? null : b.unary("not", a.must),
      must: a.may === null ? null : b.unary("not", a.may),
    };
  }
  if (n.kind === "load" && n.ty === "bool" && !live) {
    const at = n.at.map((i) => blockEnds(cx, i));
    return at.every((e) => e !== null) ? cx.block(n, at) : { may: null, must: null };
  }
  if (n.kind !== "binary") return { may: null, must: null };
  if (n.op === "and" || n.op === "or") {
    const [x, y] = [classOf(cx, n.a), classOf(cx, n.b)];
    const all = (p: NodeId | null, q: NodeId | null): NodeId | null =>
      p === null || q === null ? null : b.binary(n.op as "and" | "or", p, q);
    // An unknown side: `and` may be true where the other may, `or` must be true where the other must.
    return n.op === "and"
      ? { may: x.may === null ? y.may : y.may === null ? x.may : all(x.may, y.may), must: all(x.must, y.must) }
      : { may: all(x.may, y.may), must: x.must === null ? y.must : y.must === null ? x.must : all(x.must, y.must) };
  }
  const [p, q] = live ? [null, null] : [endsOf(cx, n.a), endsOf(cx, n.b)];
  if (p === null || q === null) return { may: null, must: null };
  const ask = (op: "<" | "<=" | ">" | ">=" | "==", x: NodeId, y: NodeId): NodeId => b.binary(op, x, y);
  switch (n.op) {
    case "<":
      return { may: ask("<", p.lo, q.hi), must: ask("<", p.hi, q.lo) };
    case "<=":
      return { may: ask("<=", p.lo, q.hi), must: ask("<=", p.hi, q.lo) };
    case ">":
      return { may: ask(">", p.hi, q.lo), must: ask(">", p.lo, q.hi) };
    case ">=":
      return { may: ask(">=", p.hi, q.lo), must: ask(">=", p.lo, q.hi) };
    case "==": {
      const overlap = b.binary("and", ask("<=", p.lo, q.hi), ask("<=", q.lo, p.hi));
      return { may: overlap, must: b.binary("and", ask("==", p.lo, q.hi), ask("==", p.hi, q.lo)) };
    }
    case "!=": {
      const apart = b.binary("or", ask("<", p.hi, q.lo), ask("<", q.hi, p.lo));
      const equal = b.binary("and", ask("==", p.lo, q.hi), ask("==", p.hi, q.lo));
      return { may: b.unary("not", equal), must: apart };
    }
    default:
      return { may: null, must: null };
  }
};

/** The ends of an index that steps once in many cells (`i / 64`), or does not vary at all. */
const blockEnds = (cx: Atoms, id: NodeId): Ends | null => {
  const n = cx.b.node(id);
  if (!n.axes.some((a) => cx.box.has(a))) return { lo: id, hi: id };
  const by = n.kind === "binary" && n.op === "/" ? cx.b.node(n.b) : null;
  return by?.kind === "const" && by.value >= CODE.leastBlock ? endsOf(cx, id) : null;
};

const endsOf = (cx: Atoms, id: NodeId): Ends | null => {
  const { ends } = foundFor(cx);
  const known = ends.get(id);
  const made = known === undefined ? newEnds(cx, id) : known;
  ends.set(id, made);
  return made;
};

const newEnds = (cx: Atoms, id: NodeId): Ends | null => {
  const { b } = cx;
  const n = b.node(id);
  if (n.ty !== "i32") return null;
  if (!n.axes.some((a) => cx.box.has(a))) return { lo: id, hi: id };
  if (n.kind === "index") return cx.box.get(n.axis) ?? null;
  if (n.kind === "load") return cx.loaded(n);
  if (n.kind === "unary") {
    const a = endsOf(cx, n.a);
    if (a === null) return null;
    const [up, down] = [b.unary("neg", a.lo), b.unary("neg", a.hi)];
    if (n.op === "neg") return { lo: down, hi: up };
    if (n.op !== "abs") return null;
    return { lo: b.binary("max", b.binary("max", a.lo, down), b.konst(0, "i32")), hi: b.binary("max", a.hi, up) };
  }
  if (n.kind === "select") {
    const [x, y] = [endsOf(cx, n.a), endsOf(cx, n.b)];
    return x === null || y === null ? null : { lo: b.binary("min", x.lo, y.lo), hi: b.binary("max", x.hi, y.hi) };
  }
  return n.kind === "binary" ? binaryEnds(cx, n) : null;
};

const binaryEnds = (cx: Atoms, n: Node & { kind: "binary" }): Ends | null => {
  const { b } = cx;
  const [p, q] = [endsOf(cx, n.a), endsOf(cx, n.b)];
  if (p === null || q === null) return null;
  const divisor = b.node(n.b);
  const factor = b.node(n.a).kind === "const" ? b.node(n.a) : divisor;
  switch (n.op) {
    case "+":
      return { lo: b.binary("+", p.lo, q.lo), hi: b.binary("+", p.hi, q.hi) };
    case "-":
      return { lo: b.binary("-", p.lo, q.hi), hi: b.binary("-", p.hi, q.lo) };
    case "min":
    case "max":
      return { lo: b.binary(n.op, p.lo, q.lo), hi: b.binary(n.op, p.hi, q.hi) };
    case "*": {
      if (factor.kind !== "const") return null;
      const other = factor === divisor ? p : q;
      const [x, y] = [b.binary("*", other.lo, factor.id), b.binary("*", other.hi, factor.id)];
      return factor.value >= 0 ? { lo: x, hi: y } : { lo: y, hi: x };
    }
    case "/":
      return divisor.kind === "const" && divisor.value > 0
        ? { lo: b.binary("/", p.lo, n.b), hi: b.binary("/", p.hi, n.b) }
        : null;
    case "%": {
      if (divisor.kind !== "const" || divisor.value <= 0) return null;
      // Within one turn of the divisor the remainder follows its operand.
      const sameTurn = b.binary("==", b.binary("/", p.lo, n.b), b.binary("/", p.hi, n.b));
      return {
        lo: b.select(sameTurn, b.binary("%", p.lo, n.b), b.konst(0, "i32")),
        hi: b.select(sameTurn, b.binary("%", p.hi, n.b), b.konst(divisor.value - 1, "i32")),
      };
    }
    default:
      return null;
  }
};
