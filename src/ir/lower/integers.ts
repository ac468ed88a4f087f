/**
 * Integer arithmetic that cannot wrap. The language's integers are exact in sums and in comparisons of sums; a result that is used
 * as anything else saturates at the ends of 32 bits. Where the ranges (`scalar/integers.ts`) leave no doubt, sums are written as they
 * stand: indices and sizes do. Where a scalar or loaded number of any size enters, this file writes them:
 *
 *     t op x       with x saturated, t known to be no end of 32 bits itself
 *     t + w op 0   as   w op -t                    one number w of any size, the rest t known to fit
 *     t + w        as   t + clamp(w, MIN - min(t, 0), MAX - max(t, 0))
 *     anything else in two words of 16 bits: Σ c·x = 65536 Σ c·(x >> 16) + Σ c·(x & 65535)
 */
import type { Node, NodeId } from "../graph/graph.ts";
import { linAdd, linearOf, type Linear } from "../scalar/affine.ts";
import { fits, GREATEST_I32, isSum, LEAST_I32 } from "../scalar/integers.ts";
import { addI, interval, mulI, point, type Interval } from "../scalar/interval.ts";
import type { Expr, TBinary } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { keyOfExpr } from "../tile/key.ts";
import { emit, name, type Emitter, type Fixed, type Placed } from "./emit.ts";
import { join, type Scope } from "./scope.ts";

/** Whether a node and the sums below it can be written operation by operation: no exact value leaves 32 bits. */
export const isPlain = (em: Emitter, id: NodeId): boolean => {
  const known = em.plain.get(id);
  if (known !== undefined) return known;
  const n = em.b.node(id);
  const product = n.kind === "binary" && n.op === "*";
  const below = n.kind === "unary" ? [n.a] : n.kind === "binary" ? [n.a, n.b] : [];
  const found =
    n.ty !== "i32" ||
    (!isSum(em.b, n) && !product && n.kind !== "const") ||
    (fits(em.integers.exact(id)) && below.every((x) => isPlain(em, x)));
  em.plain.set(id, found);
  return found;
};

/** Whether comparing the values in 32 bits is comparing the exact ones: neither saturates, or one of them is never at an end. */
export const comparesAsItStands = (em: Emitter, x: NodeId, y: NodeId): boolean => {
  const inside = (id: NodeId): boolean =>
    isPlain(em, id) && fits(em.integers.exact(id), interval(LEAST_I32 + 1, GREATEST_I32 - 1));
  return (isPlain(em, x) && isPlain(em, y)) || inside(x) || inside(y);
};

type Term = { readonly c: number; readonly e: Expr; readonly range: Interval };
type Sum = { readonly terms: readonly Term[]; readonly constant: number; readonly s: Scope };

/** The terms of a linear form, emitted: each a value of 32 bits. */
const termsOf = (em: Emitter, form: Linear, fixed: Fixed, at: Scope): Sum => {
  let s: Scope = em.root;
  const terms = [...form.terms].map(([atom, c]): Term => {
    const id = typeof atom === "string" ? em.b.sizeOf(atom.slice(1)) : atom;
    const p = emit(em, id, fixed, at);
    s = join(s, p.s, at);
    return { c, e: p.e, range: em.integers.value(id) };
  });
  return { terms, constant: form.constant, s };
};

const rangeOfTerms = (terms: readonly Term[], constant: number): Interval =>
  terms.reduce((r, t) => addI(r, mulI(point(t.c), t.range)), point(constant));

/** Σ c·x + constant in 32 bits: right where the exact value fits, whatever wraps on the way. */
const plainSum = (terms: readonly Term[], exact: number): Expr => {
  const constant = exact | 0;
  const scaled = (t: Term): Expr => T.mul(t.e, T.i32(Math.abs(t.c) | 0));
  const added = terms
    .filter((t) => t.c > 0)
    .map(scaled)
    .reduce<Expr>((x, y) => T.add(x, y), T.i32(0));
  const rest = terms
    .filter((t) => t.c < 0)
    .map(scaled)
    .reduce<Expr>((x, y) => (x.kind === "lit" && x.value === 0 ? T.unary("neg", y) : T.sub(x, y)), added);
  return constant < 0 && constant > LEAST_I32 ? T.sub(rest, T.i32(-constant)) : T.add(rest, T.i32(constant));
};

/** The term that may be any number, with a coefficient of 1 or -1, where the others and the constant certainly fit; else null. */
const alone = (sum: Sum): { readonly wild: Term; readonly rest: readonly Term[] } | null => {
  const [wild, ...rest] = [...sum.terms].sort((x, y) => width(y) - width(x));
  if (wild === undefined || Math.abs(wild.c) !== 1) return null;
  const r = rangeOfTerms(rest, sum.constant);
  return fits(r) && fits(mulI(point(-1), r)) ? { wild, rest } : null;
};
const width = (t: Term): number => Math.abs(t.c) * (t.range.hi - t.range.lo);

/** The value of a sum that may leave 32 bits, saturated. */
export const emitSum = (em: Emitter, n: Node, fixed: Fixed, at: Scope): Placed => {
  if (n.kind === "const") return { e: T.i32(Math.max(LEAST_I32, Math.min(GREATEST_I32, n.value))), s: em.root };
  if (n.kind === "binary" && n.op === "*" && !isSum(em.b, n)) return emitProduct(em, n, fixed, at);
  const sum = termsOf(em, linearOf(em.b, n.id), fixed, at);
  const { s } = sum;
  const all = rangeOfTerms(sum.terms, sum.constant);
  if (fits(all)) return { e: plainSum(sum.terms, sum.constant), s };
  const one = alone(sum);
  if (one === null) return { e: saturated(em, wordsOf(em, sum), s), s };
  const { wild, rest } = one;
  const range = rangeOfTerms(rest, sum.constant);
  const t = once(em, s, "near", plainSum(rest, sum.constant));
  const w = wild.e;
  const plus = (x: Expr): Expr => (t.kind === "lit" && t.value < 0 ? T.sub(x, T.i32(-t.value)) : T.add(t, x));
  const below = (x: Expr): Expr => (range.hi <= 0 ? T.i32(0) : range.lo >= 0 ? x : T.max(x, T.i32(0)));
  const above = (x: Expr): Expr => (range.lo >= 0 ? T.i32(0) : range.hi <= 0 ? x : T.min(x, T.i32(0)));
  if (wild.c === 1) {
    // t + w: w at most MAX - t where t is above zero, at least MIN - t where it is below.
    const most = all.hi > GREATEST_I32 ? T.min(w, T.sub(T.i32(GREATEST_I32), below(t))) : w;
    return { e: plus(all.lo < LEAST_I32 ? T.max(most, T.sub(T.i32(LEAST_I32), above(t))) : most), s };
  }
  // t - w: w at least t - MAX where t is not below zero, at most t - MIN where it is; the -1 keeps both within 32 bits.
  const least = all.hi > GREATEST_I32 ? T.max(w, T.sub(T.max(t, T.i32(-1)), T.i32(GREATEST_I32))) : w;
  return { e: T.sub(t, all.lo < LEAST_I32 ? T.min(least, T.sub(T.min(t, T.i32(-1)), T.i32(LEAST_I32))) : least), s };
};

/** A comparison of two integers whose difference may leave 32 bits: exact. */
export const emitComparison = (em: Emitter, n: Node & { kind: "binary" }, fixed: Fixed, at: Scope): Placed => {
  const form = linAdd(linearOf(em.b, n.a), linearOf(em.b, n.b), -1);
  const sum = termsOf(em, form, fixed, at);
  const { s } = sum;
  const op = n.op as TBinary;
  const all = rangeOfTerms(sum.terms, sum.constant);
  if (fits(all) && fits(mulI(point(-1), all))) {
    const [up, down] = [sum.terms.filter((t) => t.c > 0), sum.terms.filter((t) => t.c < 0)];
    const sides = [
      plainSum(up, Math.max(0, sum.constant)),
      plainSum(
        down.map((t) => ({ ...t, c: -t.c })),
        Math.max(0, -sum.constant),
      ),
    ] as const;
    const tame =
      fits(rangeOfTerms(up, Math.max(0, sum.constant))) &&
      fits(mulI(point(-1), rangeOfTerms(down, Math.min(0, sum.constant))));
    return { e: tame ? T.binary(op, ...sides) : T.binary(op, plainSum(sum.terms, sum.constant), T.i32(0)), s };
  }
  const one = alone(sum);
  if (one !== null) {
    const { wild, rest } = one;
    return wild.c === 1
      ? {
          e: T.binary(
            op,
            wild.e,
            plainSum(
              rest.map((t) => ({ ...t, c: -t.c })),
              -sum.constant,
            ),
          ),
          s,
        }
      : { e: T.binary(op, plainSum(rest, sum.constant), wild.e), s };
  }
  const [first, second, ...more] = sum.terms;
  if (
    first !== undefined &&
    second !== undefined &&
    more.length === 0 &&
    sum.constant === 0 &&
    first.c * second.c === -1
  )
    return { e: first.c === 1 ? T.binary(op, first.e, second.e) : T.binary(op, second.e, first.e), s };
  return { e: signOf(em, op, wordsOf(em, sum), s), s };
};

/** A value with a name, made once in its scope. */
const once = (em: Emitter, s: Scope, base: string, e: Expr): Expr => {
  const key = `@${keyOfExpr(e)}`;
  const made = s.memo.get(key) ?? name(em, s, base, e);
  s.memo.set(key, made);
  return made;
};

type Words = { readonly high: Expr; readonly low: Expr };

/** Largest sum of coefficients whose words fit. */
const MAX_COEFFICIENTS = 2 ** 14;

/** 65536 · high + low, exactly; 0 <= low < 65536. */
const wordsOf = (em: Emitter, sum: Sum): Words => {
  const { s, constant } = sum;
  // Of sums with huge coefficients each term saturates on its own.
  const huge = sum.terms.reduce((k, t) => k + Math.abs(t.c), 0) > MAX_COEFFICIENTS;
  const terms = huge
    ? sum.terms.map((t): Term => ({ ...t, c: 1, e: scaledTo({ ...t, e: once(em, s, "part", t.e) }) }))
    : sum.terms;
  const parts = terms.map((t) => ({ c: t.c, e: once(em, s, "part", t.e) }));
  const most = 2 ** 44;
  const whole = Math.max(-most, Math.min(most, constant));
  const word = (f: (e: Expr) => Expr, k: number): Expr =>
    parts.reduce<Expr>((x, p) => T.add(x, T.mul(f(p.e), T.i32(p.c))), T.i32(k));
  const high = word((e) => T.binary("shr", e, T.u32(16)), Math.floor(whole / 65536));
  const low = once(
    em,
    s,
    "low",
    word((e) => T.binary("bitand", e, T.i32(65535)), whole - 65536 * Math.floor(whole / 65536)),
  );
  return {
    high: once(em, s, "high", T.add(high, T.binary("shr", low, T.u32(16)))),
    low: once(em, s, "low", T.binary("bitand", low, T.i32(65535))),
  };
};

/** c·x, saturated. */
const scaledTo = (t: Term): Expr => {
  const most = Math.floor(GREATEST_I32 / Math.abs(t.c));
  const product = most === 0 ? T.i32(0) : T.mul(t.e, T.i32(t.c));
  const [above, below] = t.c > 0 ? [GREATEST_I32, LEAST_I32] : [LEAST_I32, GREATEST_I32];
  return T.select(
    T.gt(t.e, T.i32(most)),
    T.i32(above),
    T.select(T.lt(t.e, T.i32(most === 0 ? 0 : -most)), T.i32(below), product),
  );
};

const saturated = (em: Emitter, w: Words, s: Scope): Expr => {
  const value = T.add(T.mul(T.max(T.min(w.high, T.i32(32767)), T.i32(-32768)), T.i32(65536)), w.low);
  return T.select(
    T.gt(w.high, T.i32(32767)),
    T.i32(GREATEST_I32),
    T.select(T.lt(w.high, T.i32(-32768)), T.i32(LEAST_I32), once(em, s, "whole", value)),
  );
};

const signOf = (em: Emitter, op: TBinary, w: Words, s: Scope): Expr => {
  const zero = T.i32(0);
  const below = T.lt(w.high, zero);
  const none = once(em, s, "none", T.and(T.eq(w.high, zero), T.eq(w.low, zero)));
  switch (op) {
    case "<":
      return below;
    case ">=":
      return T.not(below);
    case "==":
      return none;
    case "!=":
      return T.not(none);
    case "<=":
      return T.or(below, none);
    default:
      return T.not(T.or(below, none));
  }
};

/** A product of two values, saturated: a quotient tells whether it wrapped. */
const emitProduct = (em: Emitter, n: Node & { kind: "binary" }, fixed: Fixed, at: Scope): Placed => {
  const [a, b] = [emit(em, n.a, fixed, at), emit(em, n.b, fixed, at)];
  const s = join(a.s, b.s, at);
  const [x, y] = [once(em, s, "factor", a.e), once(em, s, "factor", b.e)];
  const product = once(em, s, "product", T.mul(x, y));
  // In two halves of the bits no division can overflow: -1 is asked for apart.
  const back = T.div(product, T.select(T.or(T.eq(x, T.i32(0)), T.eq(x, T.i32(-1))), T.i32(1), x));
  const small = T.or(T.eq(x, T.i32(0)), T.and(T.eq(x, T.i32(-1)), T.binary("!=", y, T.i32(LEAST_I32))));
  const right = T.or(small, T.and(T.binary("!=", x, T.i32(-1)), T.eq(back, y)));
  const end = T.select(T.eq(T.lt(x, T.i32(0)), T.lt(y, T.i32(0))), T.i32(GREATEST_I32), T.i32(LEAST_I32));
  return { e: T.select(right, product, end), s };
};

/** |a|, saturated: the least integer has no counterpart. */
export const magnitude = (em: Emitter, id: NodeId, a: Expr): Expr =>
  T.unary("abs", em.integers.value(id).lo <= LEAST_I32 && a.type.width === 1 ? T.max(a, T.i32(-GREATEST_I32)) : a);
