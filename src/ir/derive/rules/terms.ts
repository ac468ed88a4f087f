/**
 * The normal form in which bodies of sums are compared: a sum of products. Products distribute over sums and a sign is a factor -1:
 * true of all numbers, so these two rules have no condition.
 */
import type { GraphBuilder } from "../../graph/build.ts";
import type { AxisId, NodeId } from "../../graph/graph.ts";
import type { Signs } from "../../scalar/sign.ts";

/** A product of factors, times e to the sum of the exponents; 0 where one of the guards does not hold. */
export type Term = {
  readonly factors: readonly NodeId[];
  readonly exponents: readonly NodeId[];
  readonly guards: readonly NodeId[];
};

/** What depends on live statistics, and what varies along the stream. */
export type Live = {
  /** Whether the node reaches a live statistic. */
  readonly depends: (id: NodeId) => boolean;
  /** Whether it reaches a live maximum or minimum. */
  readonly extremal: (id: NodeId) => boolean;
  /** Whether it reaches a live statistic that is no maximum or minimum. */
  readonly summed: (id: NodeId) => boolean;
  /** Whether the node varies along the stream. */
  readonly streams: (id: NodeId) => boolean;
  /** The cells that the reduction runs over. */
  readonly cells: { readonly over: readonly AxisId[]; readonly where: NodeId | null };
};

/** What the rules ask and tell while they take an expression apart. */
export type Separation = Live & {
  readonly b: GraphBuilder;
  /** Factors `x + γ` stay in one piece (`drift.ts`). */
  readonly whole: boolean;
  /** The terms of an operand. */
  readonly terms: (id: NodeId) => readonly Term[];
  /** The terms of a part of an exponent: there a difference to a maximum comes apart, it is a gauge. */
  readonly exponentTerms: (id: NodeId) => readonly Term[];
  readonly isExponent: boolean;
  /** Possible signs at the cells that the reduction has: statistics over these cells or more are not empty. */
  readonly signs: (id: NodeId) => Signs;
  /** A rule whose condition is not proved: for the report. */
  readonly refuse: (id: NodeId, why: string) => void;
};

export const atom = (id: NodeId): readonly Term[] => [{ factors: [id], exponents: [], guards: [] }];

export const times = (p: readonly Term[], q: readonly Term[]): readonly Term[] =>
  p.flatMap((x) =>
    q.map((y) => ({
      factors: [...x.factors, ...y.factors],
      exponents: [...x.exponents, ...y.exponents],
      guards: [...x.guards, ...y.guards.filter((g) => !x.guards.includes(g))],
    })),
  );

export const negated = (b: GraphBuilder, terms: readonly Term[]): readonly Term[] =>
  terms.map((t) => {
    const [first, ...rest] = t.factors;
    return { ...t, factors: first === undefined ? [b.konst(-1, "f32")] : [b.unary("neg", first), ...rest] };
  });

/** The one term without guards that an expression is; null when it is a sum or a choice. */
export const onlyTerm = (terms: readonly Term[]): Term | null => {
  const [only, ...more] = terms;
  return only === undefined || more.length > 0 || only.guards.length > 0 ? null : only;
};

export const productOf = (b: GraphBuilder, factors: readonly NodeId[]): NodeId =>
  factors.reduce((x, y) => b.binary("*", x, y));

/** Adds up, writing `x - y` for a negated addend. */
export const sumOf = (b: GraphBuilder, list: readonly NodeId[]): NodeId =>
  list.reduce((x, y) => {
    const n = b.node(y);
    return n.kind === "unary" && n.op === "neg" ? b.binary("-", x, n.a) : b.binary("+", x, y);
  });

/** Addends and factors that are looked at one by one; what has more is left whole. */
export const MAX_PARTS = 64;

/** The addends of a sum, left to right, with signs taken inwards. */
export const addends = (b: GraphBuilder, root: NodeId): readonly NodeId[] => {
  const out: NodeId[] = [];
  const open: { readonly id: NodeId; readonly minus: boolean }[] = [{ id: root, minus: false }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { id, minus } = top;
    const n = b.node(id);
    if (n.ty === "f32" && n.kind === "binary" && (n.op === "+" || n.op === "-"))
      open.push({ id: n.b, minus: minus !== (n.op === "-") }, { id: n.a, minus });
    else out.push(minus ? b.unary("neg", id) : id);
    if (out.length + open.length > MAX_PARTS) return [root];
  }
  return out;
};

/** A value where all guards hold, else 0. */
export const guarded = (b: GraphBuilder, guards: readonly NodeId[], value: NodeId): NodeId => {
  const all = b.and(...guards);
  return all === null ? value : b.select(all, value, b.konst(0, "f32"));
};

/** A term as one node again: an addend of an exponent. */
export const oneNode = (b: GraphBuilder, t: Term): NodeId => guarded(b, t.guards, plainProduct(b, t));

const plainProduct = (b: GraphBuilder, t: Term): NodeId => {
  const all = [...t.factors, ...t.exponents.map((x) => b.unary("exp", x))];
  const [first, ...rest] = all;
  if (first === undefined) return b.konst(1, "f32");
  // Keep a sign in front, so that sums read `x - y`.
  const n = b.node(first);
  if (n.kind === "unary" && n.op === "neg" && rest.length > 0) return b.unary("neg", productOf(b, [n.a, ...rest]));
  return productOf(b, all);
};
