/**
 * Sums of products as a normal form, to compare exponents: `coefficient · factor · factor + …` over nodes that are no sums or
 * products themselves. Two expressions of one polynomial are equal for all values; a quotient `x / y` has the factor 1 / y.
 */
import type { GraphView } from "../graph/view.ts";
import type { Node, NodeId } from "../graph/graph.ts";
import { addI, mulI, point, type Interval } from "./interval.ts";
import type { Signs } from "./sign.ts";

/** Exponents up to this size are safe in f32 without a maximum: N e^60 stays below 1e38 for any N that fits an index. */
export const MAX_EXPONENT = 60;

/** A node, or one over a node. Ordered by `key`. */
export type Factor = { readonly node: NodeId; readonly divides: boolean };
export type Monomial = { readonly coefficient: number; readonly factors: readonly Factor[] };
/** By the factors of each; without those whose coefficient is 0. */
export type Polynomial = ReadonlyMap<string, Monomial>;

const factorKey = (f: Factor): string => (f.divides ? `/${f.node}` : `${f.node}`);
const keyOf = (factors: readonly Factor[]): string => factors.map(factorKey).join(" ");

/** Products of longer sums stay a factor of their own. */
const MAX_MONOMIALS = 24;

const ofMonomial = (coefficient: number, factors: readonly Factor[]): Polynomial => {
  const sorted = [...factors].sort((x, y) => x.node - y.node || Number(x.divides) - Number(y.divides));
  return coefficient === 0 ? new Map() : new Map([[keyOf(sorted), { coefficient, factors: sorted }]]);
};

export const constantOf = (value: number): Polynomial => ofMonomial(value, []);

/** Adds scale · q to p. */
const addTo = (p: Map<string, Monomial>, q: Polynomial, scale = 1): void => {
  for (const [key, m] of q) {
    const coefficient = (p.get(key)?.coefficient ?? 0) + scale * m.coefficient;
    if (coefficient === 0) p.delete(key);
    else p.set(key, { coefficient, factors: m.factors });
  }
};

/** p + scale · q. */
export const addP = (p: Polynomial, q: Polynomial, scale = 1): Polynomial => {
  const out = new Map(p);
  addTo(out, q, scale);
  return out;
};

export const mulP = (p: Polynomial, q: Polynomial): Polynomial => {
  const out = new Map<string, Monomial>();
  for (const x of p.values()) {
    for (const y of q.values()) addTo(out, ofMonomial(x.coefficient * y.coefficient, [...x.factors, ...y.factors]));
  }
  return out;
};

const isSum = (n: Node): n is Extract<Node, { kind: "binary" }> & { readonly op: "+" | "-" } =>
  n.kind === "binary" && n.ty === "f32" && (n.op === "+" || n.op === "-");

/** The polynomial of an f32 node. `atom`: nodes that are not taken apart. */
export const polynomialOf = (b: GraphView, root: NodeId, atom: (id: NodeId) => boolean = () => false): Polynomial => {
  const known = new Map<NodeId, Polynomial>();
  const go = (id: NodeId): Polynomial => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const made = rule(id);
    known.set(id, made);
    return made;
  };
  /** Of a sum of many terms, `a + b - c + …`, one polynomial that takes one after the other. */
  const sum = (id: NodeId): Polynomial => {
    const terms: { readonly id: NodeId; readonly scale: number }[] = [];
    let first = id;
    for (let n = b.node(id); isSum(n); n = b.node(first)) {
      terms.push({ id: n.b, scale: n.op === "+" ? 1 : -1 });
      first = n.a;
      if (known.has(first) || atom(first)) break;
    }
    const out = new Map(go(first));
    for (const t of terms.reverse()) addTo(out, go(t.id), t.scale);
    return out;
  };
  const rule = (id: NodeId): Polynomial => {
    const n = b.node(id);
    const itself = ofMonomial(1, [{ node: id, divides: false }]);
    if (atom(id)) return itself;
    if (n.kind === "const") return Number.isFinite(n.value) ? constantOf(n.value) : itself;
    if (n.kind === "unary" && n.op === "neg") return addP(new Map(), go(n.a), -1);
    if (n.kind !== "binary" || n.ty !== "f32") return itself;
    if (isSum(n)) return sum(id);
    if (n.op === "/") {
      const by = b.node(n.b);
      const one: Polynomial =
        by.kind === "const" && by.value !== 0 && Number.isFinite(by.value)
          ? constantOf(1 / by.value)
          : ofMonomial(1, [{ node: n.b, divides: true }]);
      return mulP(go(n.a), one);
    }
    if (n.op !== "*") return itself;
    const [x, y] = [go(n.a), go(n.b)];
    return x.size * y.size > MAX_MONOMIALS ? itself : mulP(x, y);
  };
  return go(root);
};

/** The values a polynomial can take, its factors lying in their ranges. */
export const rangeOfPolynomial = (p: Polynomial, range: (id: NodeId) => Interval): Interval => {
  const inverse = (r: Interval): Interval =>
    r.lo > 0 || r.hi < 0
      ? { lo: Math.min(1 / r.lo, 1 / r.hi), hi: Math.max(1 / r.lo, 1 / r.hi) }
      : { lo: -Infinity, hi: Infinity };
  return [...p.values()]
    .map((m) =>
      m.factors.reduce((r, f) => mulI(r, f.divides ? inverse(range(f.node)) : range(f.node)), point(m.coefficient)),
    )
    .reduce(addI, point(0));
};

/** Whether a monomial is at least zero, given the signs of its factors (`allowed`: at least zero; the inverse of one too). */
export const isAtLeastZero = (m: Monomial, signs: (id: NodeId) => Signs): boolean => {
  let sign = Math.sign(m.coefficient);
  for (const f of m.factors) {
    const s = signs(f.node);
    if ((s & 1) === 0) continue;
    if ((s & 4) === 0) sign = -sign;
    else return isSquare(m);
  }
  return sign >= 0;
};

/** A positive coefficient and every factor an even number of times. */
const isSquare = (m: Monomial): boolean => {
  const times = new Map<string, number>();
  for (const f of m.factors) times.set(factorKey(f), (times.get(factorKey(f)) ?? 0) + 1);
  return m.coefficient > 0 && [...times.values()].every((k) => k % 2 === 0);
};
