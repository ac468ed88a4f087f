/** Bounds of values: as narrow as they should be, operation by operation; equality up to axes; norms that are not believed. */
import { describe, expect, test } from "vitest";
import { graphBuilder, type GraphBuilder } from "../../src/ir/graph/build.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import { rangeOf } from "../../src/ir/scalar/range.ts";
import type { RangeEnv } from "../../src/ir/scalar/ranges.ts";
import { sameUpToAxes } from "../../src/ir/scalar/same.ts";
import { axes } from "../graph/helpers.ts";

const b: GraphBuilder = graphBuilder(axes({ i: 4, j: "M", d: 8, c: 8 }));
const f = (x: number): NodeId => b.konst(x, "f32");
const int = (x: number): NodeId => b.konst(x, "i32");
const [i, j] = [b.index(0), b.index(1)];
const x = b.load("x", [i], "f32");
const z = b.load("z", [i, j], "f32");
const flag = b.load("flag", [i], "bool");
const clamp = (v: NodeId, lo: number, hi: number): NodeId => b.binary("min", b.binary("max", v, f(lo)), f(hi));
const [a, e] = [clamp(x, -2, 3), clamp(b.load("e", [i], "f32"), 1, 4)];
const zc = clamp(z, -2, 3);
const near = (id: NodeId, lo: number, hi: number, env: RangeEnv = {}): void => {
  const r = rangeOf(b, id, env);
  expect([r.lo + 0, r.hi + 0]).toEqual([lo, hi]);
};

describe("operations", () => {
  test.each<readonly [string, NodeId, number, number]>([
    ["a number", f(2), 2, 2],
    ["no number", f(NaN), -Infinity, Infinity],
    ["a load", x, -Infinity, Infinity],
    ["a stored condition", flag, 0, 1],
    ["a scalar", b.scalar("s", "f32"), -Infinity, Infinity],
    ["a flag", b.scalar("g", "bool"), 0, 1],
    ["an index", i, 0, 3],
    ["of unknown size", j, 0, Infinity],
    ["a size", b.sizeOf("M"), 0, Infinity],
    ["neg", b.unary("neg", a), -3, 2],
    ["abs", b.unary("abs", a), 0, 3],
    ["not", b.unary("not", flag), 0, 1],
    ["not of true", b.unary("not", b.binary(">", e, f(0))), 0, 0],
    ["not of false", b.unary("not", b.binary("<", e, f(0))), 1, 1],
    ["sin", b.unary("sin", x), -1, 1],
    ["cos", b.unary("cos", x), -1, 1],
    ["sqrt", b.unary("sqrt", e), 1, 2],
    ["sqrt of what may be negative", b.unary("sqrt", clamp(x, -9, 4)), 0, 2],
    ["log2", b.unary("log2", e), 0, 2],
    ["log", b.unary("log", clamp(x, -1, 1)), -Infinity, 0],
    ["rsqrt", b.unary("rsqrt", e), 0.5, 1],
    ["rsqrt from 0", b.unary("rsqrt", clamp(x, 0, 4)), 0.5, Infinity],
    ["rsqrt of negative", b.unary("rsqrt", clamp(x, -4, -1)), 0, Infinity],
    ["exp2", b.unary("exp2", a), 0.25, 8],
    ["floor", b.unary("floor", clamp(x, -1.5, 1.5)), -2, 1],
    ["ceil", b.unary("ceil", clamp(x, -1.5, 1.5)), -1, 2],
    ["round", b.unary("round", clamp(x, -1.5, 2.5)), -2, 2],
    ["sign", b.unary("sign", a), -1, 1],
    ["int", b.unary("int", clamp(x, -1.5, 2.5)), -1, 2],
    ["float", b.unary("float", i), 0, 3],
    ["+", b.binary("+", a, e), -1, 7],
    ["-", b.binary("-", a, e), -6, 2],
    ["*", b.binary("*", a, e), -8, 12],
    ["square", b.binary("*", a, a), 0, 9],
    ["/", b.binary("/", a, e), -2, 3],
    ["/ through zero", b.binary("/", e, a), -Infinity, Infinity],
    ["integer /", b.binary("/", b.binary("-", i, int(2)), int(3)), -1, 0],
    ["integer %", b.binary("%", b.load("t", [i], "i32"), int(3)), 0, 2],
    ["%", b.binary("%", a, f(3)), -Infinity, Infinity],
    ["pow from 1", b.binary("pow", e, clamp(x, 0, 2)), 1, 16],
    ["pow of not negative", b.binary("pow", clamp(x, 0, 2), a), 0, Infinity],
    ["pow with negative exponent", b.binary("pow", e, a), 0, Infinity],
    ["pow", b.binary("pow", a, e), -Infinity, Infinity],
    ["min", b.binary("min", a, e), -2, 3],
    ["max", b.binary("max", a, e), 1, 4],
    ["==", b.binary("==", a, e), 0, 1],
    ["== apart", b.binary("==", a, f(5)), 0, 0],
    ["!= apart", b.binary("!=", a, f(5)), 1, 1],
    ["== alike", b.binary("==", b.binary("*", i, int(0)), int(0)), 1, 1],
    ["<= always", b.binary("<=", a, f(3)), 1, 1],
    ["<= never", b.binary("<=", e, f(0.5)), 0, 0],
    ["< at the end", b.binary("<", a, f(3)), 0, 1],
    ["< never", b.binary("<", e, f(1)), 0, 0],
    [">= always", b.binary(">=", e, f(1)), 1, 1],
    ["> at the end", b.binary(">", e, f(1)), 0, 1],
    ["> never", b.binary(">", a, f(3)), 0, 0],
    [">= never", b.binary(">=", a, f(3.5)), 0, 0],
    ["and", b.binary("and", flag, b.binary(">", a, f(4))), 0, 0],
    ["and open", b.binary("and", flag, b.binary(">", x, f(4))), 0, 1],
    ["or", b.binary("or", flag, b.binary("<", a, f(4))), 1, 1],
    ["or open", b.binary("or", flag, b.binary("<", x, f(4))), 0, 1],
    ["a choice", b.select(flag, a, f(9)), -2, 9],
    ["a settled choice", b.select(b.binary("<", a, f(4)), a, f(9)), -2, 3],
    ["the other one", b.select(b.binary(">", a, f(4)), a, f(9)), 9, 9],
  ])("%s", (_, id, lo, hi) => near(id, lo, hi));

  test("a value minus its maximum", () => {
    near(b.binary("-", z, b.reduce("max", [1], z)), -Infinity, 0);
    near(b.binary("-", zc, b.reduce("max", [1], zc)), -5, 0);
    near(b.binary("-", zc, b.reduce("max", [1], zc, b.binary("<", j, int(3)))), -5, Infinity);
    near(b.binary("-", zc, b.reduce("min", [1], zc)), -Infinity, 5);
    near(b.binary("-", zc, b.reduce("max", [1], b.binary("+", zc, f(1)))), -6, Infinity);
  });
});

describe("reductions", () => {
  const over = (
    op: "sum" | "cumsum" | "prod" | "max" | "min" | "var" | "argmax" | "argmin" | "kth",
    body: NodeId,
    axis: number,
    where: NodeId | null = null,
  ): NodeId => b.reduce(op, [axis], body, where);
  const some = b.binary(">", x, f(0));
  test.each<readonly [string, NodeId, number, number]>([
    ["sum of four", over("sum", a, 0), -8, 12],
    ["sum of some", over("sum", e, 0, some), 0, 16],
    ["sum of all", over("sum", e, 0), 4, 16],
    ["sum along unknown", over("sum", zc, 1), -Infinity, Infinity],
    ["sum of positive along unknown", over("sum", b.unary("abs", zc), 1), 0, Infinity],
    ["running sum", over("cumsum", e, 0), 0, 16],
    ["running sum of anything", over("cumsum", a, 0), -8, 12],
    ["product within 1", over("prod", clamp(x, 0, 1), 0, some), 0, 1],
    ["within -1", over("prod", clamp(x, -1, 1), 0), -1, 1],
    ["of not negative", over("prod", e, 0), 0, Infinity],
    ["of anything", over("prod", a, 0), -Infinity, Infinity],
    ["of a half to one", over("prod", clamp(x, 0.5, 1), 0), 0, 1],
    ["maximum", over("max", a, 0), -2, 3],
    ["maximum of some", over("max", a, 0, some), -Infinity, 3],
    ["maximum along unknown", over("max", zc, 1), -Infinity, 3],
    ["minimum", over("min", a, 0), -2, 3],
    ["minimum of some", over("min", a, 0, some), -2, Infinity],
    ["kth", b.reduce("kth", [0], a, null, 2), -2, 3],
    ["kth of some", b.reduce("kth", [0], a, some, 2), -Infinity, 3],
    ["variance", over("var", a, 0), 0, 6.25],
    ["argmax", over("argmax", a, 0), 0, 3],
    ["argmin", over("argmin", a, 0), 0, 3],
  ])("%s", (_, id, lo, hi) => near(id, lo, hi));

  test("sizes from outside", () => {
    const env: RangeEnv = { sizeRange: (s) => (s === "M" ? { lo: 5, hi: 5 } : null) };
    near(b.reduce("sum", [1], zc), -10, 15, env);
    near(b.reduce("sum", [0, 1], zc), -40, 60, env);
    near(j, 0, 4, env);
    near(b.reduce("max", [1], zc), -2, 3, env);
    near(b.reduce("max", [1], zc), -Infinity, 3, { sizeRange: () => ({ lo: 0, hi: 0 }) });
    near(b.reduce("sum", [1], zc), -Infinity, Infinity, { sizeRange: () => ({ lo: 5, hi: 6 }) });
  });
});

describe("the same up to names of axes", () => {
  const [d, c] = [b.index(2), b.index(3)];
  const at = (axis: NodeId): NodeId => b.load("q", [i, axis], "f32");
  const to = new Map([[2, 3]]);
  const same = (p: NodeId, q: NodeId, map: ReadonlyMap<number, number> = to): boolean => sameUpToAxes(b, p, q, map);
  const sumOver = (
    op: "sum" | "max" | "cumsum" | "kth",
    axis: number,
    body: NodeId,
    where: NodeId | null = null,
    k = 0,
  ): NodeId => b.reduce(op, [axis], body, where, k);
  const none = new Map<number, number>();

  test.each<readonly [string, boolean, boolean]>([
    ["an index", same(d, c), true],
    ["not without a partner", same(d, c, none), false],
    ["another axis", same(d, i), false],
    ["itself", same(d, d, none), true],
    ["itself, which should have become another", same(d, d), false],
    ["itself where the axis has no partner", same(i, i), true],
    ["a load", same(at(d), at(c)), true],
    ["of another tensor", same(at(d), b.load("r", [i, c], "f32")), false],
    ["elsewhere", same(at(d), b.load("q", [c, i], "f32")), false],
    ["unary", same(b.unary("exp", at(d)), b.unary("exp", at(c))), true],
    ["another unary", same(b.unary("exp", at(d)), b.unary("tanh", at(c))), false],
    ["unary and binary", same(b.unary("exp", at(d)), b.binary("+", at(c), f(1))), false],
    ["binary", same(b.binary("-", at(d), x), b.binary("-", at(c), x)), true],
    ["another binary", same(b.binary("-", at(d), x), b.binary("+", at(c), x)), false],
    ["the other way round", same(b.binary("-", at(d), x), b.binary("-", x, at(c))), false],
    ["a choice", same(b.select(flag, at(d), x), b.select(flag, at(c), x)), true],
    ["another choice", same(b.select(flag, at(d), x), b.select(flag, x, at(c))), false],
    ["a sum", same(sumOver("sum", 2, at(d)), sumOver("sum", 3, at(c)), none), true],
    ["another reduction", same(sumOver("sum", 2, at(d)), sumOver("max", 3, at(c)), none), false],
    [
      "a condition",
      same(
        sumOver("sum", 2, at(d), b.binary("<", d, int(3))),
        sumOver("sum", 3, at(c), b.binary("<", c, int(3))),
        none,
      ),
      true,
    ],
    [
      "another condition",
      same(
        sumOver("sum", 2, at(d), b.binary("<", d, int(3))),
        sumOver("sum", 3, at(c), b.binary("<", c, int(4))),
        none,
      ),
      false,
    ],
    [
      "a condition and none",
      same(sumOver("sum", 2, at(d), b.binary("<", d, int(3))), sumOver("sum", 3, at(c)), none),
      false,
    ],
    ["another body", same(sumOver("sum", 2, at(d)), sumOver("sum", 3, b.unary("exp", at(c))), none), false],
    ["another k", same(sumOver("kth", 2, at(d), null, 2), sumOver("kth", 3, at(c), null, 3), none), false],
    ["the same k", same(sumOver("kth", 2, at(d), null, 2), sumOver("kth", 3, at(c), null, 2), none), true],
    ["a running sum", same(sumOver("cumsum", 2, at(d)), sumOver("cumsum", 3, at(c))), false],
    ["over two and over one", same(b.reduce("sum", [2, 0], at(d)), sumOver("sum", 3, at(c)), none), false],
    ["a reduction and none", same(sumOver("sum", 2, at(d)), x, none), false],
    ["none and a reduction", same(x, sumOver("sum", 3, at(c)), none), false],
    ["different numbers", same(f(1), f(2), none), false],
  ])("%s", (_, found, expected) => expect(found).toBe(expected));
});

describe("norms", () => {
  const [d] = [b.index(2)];
  const q = b.load("q", [i, d], "f32");
  const k = b.load("k", [j, d], "f32");
  const mul = (p: NodeId, r: NodeId): NodeId => b.binary("*", p, r);
  const dot = (p: NodeId, r: NodeId, where: NodeId | null = null): NodeId => b.reduce("sum", [2], mul(p, r), where);
  const inverse = (s: NodeId): NodeId => b.unary("rsqrt", s);
  const [qn, kn] = [mul(q, inverse(dot(q, q))), mul(k, inverse(dot(k, k)))];
  const bound = (id: NodeId): number => {
    const { lo, hi } = rangeOf(b, id);
    expect(lo).toBeCloseTo(-hi, 9);
    return hi;
  };
  const eps = b.unary("abs", b.scalar("eps", "f32"));
  const mean = b.binary("/", b.reduce("sum", [2], q), f(8));
  const variance = b.reduce("var", [2], q);
  const centred = (m: NodeId): NodeId => mul(b.binary("-", q, m), inverse(b.binary("+", variance, f(1e-5))));

  test.each<readonly [string, NodeId, number]>([
    ["nothing times anything", dot(mul(f(0), q), k), 0],
    ["two units", dot(qn, kn), 1],
    ["a negated one", dot(b.unary("neg", qn), kn), 1],
    ["an absolute one", dot(b.unary("abs", qn), kn), 1],
    ["a sum of two", dot(b.binary("+", qn, qn), kn), 2],
    ["a difference", dot(b.binary("-", qn, mul(f(2), qn)), kn), 3],
    ["a choice of two", dot(b.select(b.binary("<", d, int(4)), qn, mul(f(3), qn)), kn), Math.hypot(1, 3)],
    ["scaled along the axis", dot(mul(qn, clamp(b.load("w", [d], "f32"), -2, 1)), kn), 2],
    ["with something positive added", dot(mul(q, inverse(b.binary("+", dot(q, q), eps))), kn), 1],
    ["on the other side", dot(mul(q, inverse(b.binary("+", eps, dot(q, q)))), kn), 1],
    ["the larger of two", dot(mul(q, inverse(b.binary("max", f(1e-9), dot(q, q)))), kn), 1],
    ["a fraction of the length", dot(mul(q, inverse(mul(f(0.25), dot(q, q)))), kn), 2],
    ["on the other side", dot(mul(q, inverse(mul(dot(q, q), f(0.25)))), kn), 2],
    ["the mean square", dot(mul(q, inverse(b.binary("/", dot(q, q), f(4)))), kn), 2],
    [
      "a divisor of at most four",
      dot(mul(q, inverse(b.binary("/", dot(q, q), clamp(b.scalar("s", "f32"), 1, 4)))), kn),
      2,
    ],
    ["divided by the length", dot(b.binary("/", q, b.unary("sqrt", dot(q, q))), kn), 1],
    ["kept from zero", dot(b.binary("/", q, b.binary("max", f(1e-6), b.unary("sqrt", dot(q, q)))), kn), 1],
    ["a scalar in front", dot(mul(f(5), qn), kn), 5],
    ["a divisor", dot(b.binary("/", qn, f(-4)), kn), 0.25],
    ["layer norm", dot(centred(mean), kn), Math.sqrt(8)],
    ["its mean as a product", dot(centred(mul(f(0.125), b.reduce("sum", [2], q))), kn), Math.sqrt(8)],
    ["its mean, the factor behind", dot(centred(mul(b.reduce("sum", [2], q), f(0.125))), kn), Math.sqrt(8)],
    ["over cells where both hold", dot(qn, kn, b.binary("<", d, int(5))), 1],
  ])("%s", (_, id, hi) => expect(bound(id)).toBeCloseTo(hi, 9));

  test.each<readonly [string, NodeId]>([
    ["one of them", dot(qn, k)],
    ["less than the length", dot(mul(q, inverse(b.binary("-", dot(q, q), f(1)))), kn)],
    ["something added that may be negative", dot(mul(q, inverse(b.binary("+", dot(q, q), b.scalar("s", "f32")))), kn)],
    ["the same on the other side", dot(mul(q, inverse(b.binary("+", b.scalar("s", "f32"), dot(q, q)))), kn)],
    ["a factor in front that may be zero", dot(mul(q, inverse(mul(dot(q, q), eps))), kn)],
    [
      "a divisor that may be zero",
      dot(mul(q, inverse(b.binary("/", dot(q, q), clamp(b.scalar("s", "f32"), 0, 4)))), kn),
    ],
    ["the smaller of two", dot(mul(q, inverse(b.binary("min", f(1), dot(q, q)))), kn)],
    ["a factor that may be zero", dot(mul(q, inverse(mul(eps, dot(q, q)))), kn)],
    ["a divisor without bound", dot(mul(q, inverse(b.binary("/", dot(q, q), eps))), kn)],
    ["a length over fewer cells", dot(mul(q, inverse(dot(q, q, b.binary("<", d, int(5))))), kn)],
    ["the length of another", dot(mul(q, inverse(dot(k, k))), kn)],
    ["the sum, not of squares", dot(mul(q, inverse(b.reduce("sum", [2], q))), kn)],
    ["a product of two", dot(mul(q, inverse(dot(q, k))), kn)],
    ["the maximum of squares", dot(mul(q, inverse(b.reduce("max", [2], mul(q, q)))), kn)],
    ["divided by the square", dot(b.binary("/", q, dot(q, q)), kn)],
    ["the minimum of lengths", dot(b.binary("/", q, b.binary("min", f(1), b.unary("sqrt", dot(q, q)))), kn)],
    ["the logarithm", dot(mul(q, b.unary("exp", dot(q, q))), kn)],
    ["a variance that is not centred", dot(centred(f(0)), kn)],
    ["a mean of too few", dot(centred(b.binary("/", b.reduce("sum", [2], q), f(7))), kn)],
    ["the sum as the mean", dot(centred(b.reduce("sum", [2], q)), kn)],
    [
      "a mean over fewer cells",
      dot(centred(b.binary("/", b.reduce("sum", [2], q, b.binary("<", d, int(5))), f(8))), kn),
    ],
    ["the mean of another", dot(centred(b.binary("/", b.reduce("sum", [2], b.unary("exp", q)), f(8))), kn)],
    ["a maximum as the mean", dot(centred(b.binary("/", b.reduce("max", [2], q), f(8))), kn)],
    ["its mean times another", dot(centred(mul(b.reduce("sum", [2], q), f(0.25))), kn)],
    [
      "a mean by what may be less",
      dot(centred(b.binary("/", b.reduce("sum", [2], q), clamp(b.scalar("s", "f32"), 1, 8))), kn),
    ],
    [
      "the variance of another",
      dot(mul(b.binary("-", q, mean), inverse(b.binary("+", b.reduce("var", [2], b.unary("exp", q)), f(1e-5)))), kn),
    ],
    ["a divisor that ends at zero", dot(b.binary("/", qn, clamp(b.scalar("s", "f32"), -4, 0)), kn)],
    ["a divisor along the axis", dot(b.binary("/", f(1), q), kn)],
    ["an exponential", dot(b.unary("exp", q), kn)],
  ])("not: %s", (_, id) => expect(rangeOf(b, id).hi).toBe(Infinity));
});
