/**
 * From a condition to loop bounds: the part of a conjunction that says `j >= L` and `j <= U` for a streamed axis j, and the
 * extreme values of such bounds over a tile of rows. Everything here is exact integer arithmetic.
 */
import type { GraphBuilder } from "../graph/build.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import { dependsOn } from "../graph/walk.ts";
import { type Linear, linAdd, linConst, linScale, linearOf } from "./affine.ts";

/** An i32 node without the streamed axis; `from` is the conjunct that says it. */
export type Bound = { readonly node: NodeId; readonly from: NodeId };

export type StreamBounds = {
  /** `j >= node` holds wherever the condition does. */
  readonly lower: readonly Bound[];
  /** `j <= node` holds wherever the condition does. */
  readonly upper: readonly Bound[];
  /** The bounds say all that the condition says: `rest` is empty. */
  readonly exact: boolean;
  /** Conjuncts that the bounds do not fully say: they must still be tested. Some may not mention j at all. */
  readonly rest: readonly NodeId[];
};

type Sides = { lower: NodeId[]; upper: NodeId[]; exact: boolean };

/** Splits a condition along `stream`. The builder gets the nodes of the bounds. */
export const streamBounds = (b: GraphBuilder, where: NodeId | null, stream: AxisId): StreamBounds => {
  const [lower, upper, rest]: [Bound[], Bound[], NodeId[]] = [[], [], []];
  const cx: Cx = { b, stream, known: new Map() };
  for (const part of where === null ? [] : conjunctsOf(b, where, false)) {
    const from = part.negated ? b.unary("not", part.id) : part.id;
    const sides = b.from(part.id, () => sidesOf(cx, part));
    for (const node of sides.lower) lower.push({ node, from });
    for (const node of sides.upper) upper.push({ node, from });
    if (!sides.exact) rest.push(from);
  }
  return { lower: unique(lower), upper: unique(upper), exact: rest.length === 0, rest };
};

const unique = (bounds: readonly Bound[]): Bound[] =>
  bounds.filter((x, i) => bounds.findIndex((y) => y.node === x.node) === i);

type Part = { readonly id: NodeId; readonly negated: boolean };

/** The conjuncts of a condition with negations pushed in; constant ones are dropped. */
const conjunctsOf = (b: GraphView, id: NodeId, negated: boolean): Part[] => junctsOf(b, id, negated, "and");

/** Each part once, in the order of the text. */
const junctsOf = (b: GraphView, root: NodeId, negated: boolean, op: "and" | "or"): Part[] => {
  const out: Part[] = [];
  const seen = new Set<string>();
  const open: Part[] = [{ id: root, negated }];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const key = keyOf(part);
    if (seen.has(key)) continue;
    seen.add(key);
    const node = b.node(part.id);
    const asWritten = part.negated ? (op === "and" ? "or" : "and") : op;
    const always = node.kind === "const" && (node.value !== 0) !== part.negated;
    if (node.kind === "unary" && node.op === "not") open.push({ id: node.a, negated: !part.negated });
    else if (node.kind === "binary" && node.op === asWritten)
      open.push({ id: node.b, negated: part.negated }, { id: node.a, negated: part.negated });
    else if (op !== "and" || !always) out.push(part);
  }
  return out;
};

const keyOf = (part: Part): string => `${part.id} ${part.negated}`;

const NOTHING: Sides = { lower: [], upper: [], exact: false };

/** The builder, the stream, and what was found about parts of the condition. */
type Cx = { readonly b: GraphBuilder; readonly stream: AxisId; readonly known: Map<string, Sides> };

const sidesOf = (cx: Cx, part: Part): Sides => {
  const found = cx.known.get(keyOf(part)) ?? newSides(cx, part);
  cx.known.set(keyOf(part), found);
  return found;
};

const newSides = (cx: Cx, part: Part): Sides => {
  const { b, stream } = cx;
  if (!dependsOn(b, part.id, stream)) return NOTHING;
  const alternatives = junctsOf(b, part.id, part.negated, "or");
  if (alternatives.length > 1) return eitherSides(cx, alternatives);
  const forms = comparisonForms(b, part);
  return forms === null ? NOTHING : allSides(forms.map((f) => formSides(b, f, stream)));
};

const allSides = (sides: readonly Sides[]): Sides => ({
  lower: sides.flatMap((s) => s.lower),
  upper: sides.flatMap((s) => s.upper),
  exact: sides.every((s) => s.exact),
});

/** A disjunction: the hull of its alternatives. Exact when all of them bound only from above, or only from below. */
const eitherSides = (cx: Cx, alternatives: readonly Part[]): Sides => {
  const { b } = cx;
  const each = alternatives.map((a) => allSides(conjunctsOf(b, a.id, a.negated).map((p) => sidesOf(cx, p))));
  const join = (op: "min" | "max", xs: readonly NodeId[]): NodeId[] =>
    xs.length === 0 ? [] : [xs.reduce((x, y) => b.binary(op, x, y))];
  const hullOf = (side: "lower" | "upper", inner: "min" | "max", outer: "min" | "max"): NodeId[] =>
    each.every((s) => s[side].length > 0)
      ? join(
          outer,
          each.flatMap((s) => join(inner, s[side])),
        )
      : [];
  const oneSided = each.every((s) => s.lower.length === 0) || each.every((s) => s.upper.length === 0);
  return {
    lower: hullOf("lower", "max", "min"),
    upper: hullOf("upper", "min", "max"),
    exact: oneSided && each.every((s) => s.exact),
  };
};

/** An integer comparison as forms that are all >= 0; null for anything else. */
const comparisonForms = (b: GraphBuilder, { id, negated }: Part): Linear[] | null => {
  const node = integerComparison(b, id);
  if (node.kind !== "binary" || b.node(node.a).ty !== "i32") return null;
  const d = linAdd(linearOf(b, node.a), linearOf(b, node.b), -1);
  const atLeast = (least: number): Linear => linAdd(d, linConst(-least));
  const atMost = (most: number): Linear => linAdd(linConst(most), d, -1);
  if (node.op === ">=") return [negated ? atMost(-1) : atLeast(0)];
  if (node.op === ">") return [negated ? atMost(0) : atLeast(1)];
  if (node.op === "<=") return [negated ? atLeast(1) : atMost(0)];
  if (node.op === "<") return [negated ? atLeast(0) : atMost(-1)];
  return (node.op === "==") !== negated && (node.op === "==" || node.op === "!=") ? [atLeast(0), atMost(0)] : null;
};

/** A float comparison of an index with a number (`d < ceil(p D)`) as one of integers: `float(i) < x` is `i < ceil(x)`. */
const integerComparison = (b: GraphBuilder, id: NodeId): Node => {
  const node = b.node(id);
  if (node.kind !== "binary" || b.node(node.a).ty !== "f32") return node;
  const [x, y] = [b.node(node.a), b.node(node.b)];
  const index = (n: Node): NodeId | null => (n.kind === "unary" && n.op === "float" ? n.a : null);
  const rounded = (op: "ceil" | "floor", of: NodeId): NodeId => b.unary("int", b.unary(op, of));
  const [left, right] = [index(x), index(y)];
  if (left !== null && right === null) {
    if (node.op === "<" || node.op === ">=") return b.node(b.binary(node.op, left, rounded("ceil", node.b)));
    if (node.op === "<=" || node.op === ">") return b.node(b.binary(node.op, left, rounded("floor", node.b)));
  }
  if (right !== null && left === null) {
    if (node.op === ">" || node.op === "<=") return b.node(b.binary(node.op, rounded("ceil", node.a), right));
    if (node.op === ">=" || node.op === "<") return b.node(b.binary(node.op, rounded("floor", node.a), right));
  }
  return node;
};

/** `form >= 0` as bounds of the streamed axis. */
const formSides = (b: GraphBuilder, form: Linear, stream: AxisId): Sides => {
  const varying = [...form.terms].filter(([atom]) => typeof atom === "number" && dependsOn(b, atom, stream));
  const [first, ...more] = varying;
  const split = varying.map(([atom, c]) => splitAtom(b, form, atom as NodeId, c)).find((s) => s !== null);
  if (split !== undefined) return allSides(split.map((f) => formSides(b, f, stream)));
  if (first === undefined || more.length > 0) return NOTHING;
  const [atom, c] = first as [NodeId, number];
  const node = b.node(atom);
  const rest = nodeOfLinear(b, without(form, atom));
  const quotient = b.binary("/", rest, b.konst(Math.abs(c), "i32"));
  // c*x + r >= 0: x >= -floor(r / c) for c > 0, x <= floor(r / -c) for c < 0.
  const bound = c > 0 ? b.unary("neg", quotient) : quotient;
  const limit = c === 1 ? nodeOfLinear(b, linScale(without(form, atom), -1)) : bound;
  if (node.kind === "index") return { lower: c > 0 ? [limit] : [], upper: c < 0 ? [limit] : [], exact: true };
  return quotientSides(b, node, limit, c > 0, stream);
};

/** floor(x / d) >= e is x >= d e; floor(x / d) <= e is x <= d e + d - 1. */
const quotientSides = (b: GraphBuilder, node: Node, limit: NodeId, below: boolean, stream: AxisId): Sides => {
  const divisor = node.kind === "binary" && node.op === "/" ? b.node(node.b) : null;
  if (node.kind !== "binary" || divisor?.kind !== "const" || divisor.value < 1) return NOTHING;
  const d = divisor.value;
  const edge = linScale(linearOf(b, limit), d);
  const x = linearOf(b, node.a);
  return formSides(b, below ? linAdd(x, edge, -1) : linAdd(linAdd(edge, linConst(d - 1)), x, -1), stream);
};

/** `-|x|`, `-max(x, y)` and `min(x, y)` in a form that is >= 0 say two things; null when the atom is none of these. */
const splitAtom = (b: GraphView, form: Linear, atom: NodeId, c: number): Linear[] | null => {
  const node = b.node(atom);
  const rest = without(form, atom);
  const withAtom = (id: NodeId, k: number): Linear => linAdd(rest, linearOf(b, id), k);
  if (node.kind === "unary" && node.op === "abs" && c < 0) return [withAtom(node.a, c), withAtom(node.a, -c)];
  if (node.kind !== "binary") return null;
  const both = (node.op === "max" && c < 0) || (node.op === "min" && c > 0);
  return both ? [withAtom(node.a, c), withAtom(node.b, c)] : null;
};

const without = (form: Linear, atom: NodeId): Linear => ({
  terms: new Map([...form.terms].filter(([a]) => a !== atom)),
  constant: form.constant,
});

/** The node of a linear form: what is added first, then what is subtracted, then the constant. */
const nodeOfLinear = (b: GraphBuilder, form: Linear): NodeId => {
  const terms = [...form.terms].map(([atom, c]) => ({
    id: typeof atom === "string" ? b.sizeOf(atom.slice(1)) : atom,
    c,
  }));
  const scaled = (id: NodeId, c: number): NodeId => b.binary("*", id, b.konst(c, "i32"));
  const added = terms
    .filter((t) => t.c > 0)
    .reduce((sum, t) => b.binary("+", sum, scaled(t.id, t.c)), b.konst(0, "i32"));
  const rest = terms.filter((t) => t.c < 0).reduce((sum, t) => b.binary("-", sum, scaled(t.id, -t.c)), added);
  return b.binary("+", rest, b.konst(form.constant, "i32"));
};
