/** Signs, definedness and polynomials: what the side conditions of the rewriting rules ask. Both sides of each answer. */
import { describe, expect, test } from "vitest";
import { graphBuilder, type GraphBuilder } from "../../src/ir/graph/build.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import { follows, isDefined } from "../../src/ir/scalar/defined.ts";
import {
  addP,
  constantOf,
  isAtLeastZero,
  mulP,
  polynomialOf,
  rangeOfPolynomial,
  type Monomial,
} from "../../src/ir/scalar/polynomial.ts";
import { isOnly, NEGATIVE, POSITIVE, signAnalysis, ZERO } from "../../src/ir/scalar/sign.ts";
import { axes, fill, graphOf, random, tensor } from "../graph/helpers.ts";

const b: GraphBuilder = graphBuilder(axes({ i: 4, j: "M" }));
const f = (x: number): NodeId => b.konst(x, "f32");
const int = (x: number): NodeId => b.konst(x, "i32");
const [i, j] = [b.index(0), b.index(1)];
const x = b.load("x", [i], "f32");
const y = b.load("y", [i], "f32");
const t = b.load("t", [i], "i32");
const [abs, sq, ex] = [b.unary("abs", x), b.binary("*", x, x), b.unary("exp", x)];
const minus = b.unary("neg", ex);
const positive = b.binary("+", abs, f(1));

/** As letters: `-`, `0`, `+`. */
const signs = (id: NodeId, nonEmpty = false): string => {
  const s = signAnalysis(b, nonEmpty ? { nonEmpty: () => true } : {})(id);
  return `${s & NEGATIVE ? "-" : ""}${s & ZERO ? "0" : ""}${s & POSITIVE ? "+" : ""}`;
};

describe("signs", () => {
  test.each<readonly [string, NodeId, string]>([
    ["a number", f(2), "+"],
    ["below zero", f(-2), "-"],
    ["zero", f(0), "0"],
    ["no number", f(NaN), "-0+"],
    ["a load", x, "-0+"],
    ["an index", i, "0+"],
    ["a size", b.sizeOf("M"), "0+"],
    ["a scalar", b.scalar("s", "f32"), "-0+"],
    ["neg", b.unary("neg", abs), "-0"],
    ["neg of negative", b.unary("neg", minus), "+"],
    ["abs", abs, "0+"],
    ["abs of negative", b.unary("abs", b.binary("-", minus, f(1))), "+"],
    ["exp", ex, "+"],
    ["exp2", b.unary("exp2", x), "+"],
    ["rsqrt", b.unary("rsqrt", positive), "+"],
    ["sqrt", b.unary("sqrt", abs), "0+"],
    ["sqrt of positive", b.unary("sqrt", positive), "+"],
    ["tanh", b.unary("tanh", abs), "0+"],
    ["tanh of anything", b.unary("tanh", x), "-0+"],
    ["erf", b.unary("erf", minus), "-"],
    ["sign", b.unary("sign", ex), "+"],
    ["float", b.unary("float", b.unary("abs", t)), "0+"],
    ["floor of positive", b.unary("floor", ex), "0+"],
    ["floor of negative", b.unary("floor", minus), "-"],
    ["ceil of negative", b.unary("ceil", minus), "-0"],
    ["ceil of positive", b.unary("ceil", ex), "+"],
    ["ceil of anything", b.unary("ceil", x), "-0+"],
    ["round", b.unary("round", ex), "0+"],
    ["int", b.unary("int", minus), "-0"],
    ["log", b.unary("log", positive), "0+"],
    ["sin", b.unary("sin", ex), "-0+"],
    ["sum of positive", b.binary("+", ex, abs), "+"],
    ["sum of not negative", b.binary("+", abs, sq), "0+"],
    ["mixed sum", b.binary("+", ex, minus), "-0+"],
    ["negative less positive", b.binary("-", minus, ex), "-"],
    ["difference", b.binary("-", ex, abs), "-0+"],
    ["positive less negative", b.binary("-", abs, minus), "+"],
    ["square", sq, "0+"],
    ["square of positive", b.binary("*", ex, ex), "+"],
    ["product", b.binary("*", ex, minus), "-"],
    ["product with zero", b.binary("*", abs, minus), "-0"],
    ["product with what may be zero on the right", b.binary("*", minus, sq), "-0"],
    ["product of anything", b.binary("*", x, y), "-0+"],
    ["quotient", b.binary("/", abs, ex), "0+"],
    ["quotient by what may be zero", b.binary("/", ex, abs), "0+"],
    ["quotient by zero or below", b.binary("/", ex, b.binary("min", x, f(0))), "-0"],
    ["quotient of negative", b.binary("/", minus, ex), "-"],
    ["quotient of integers", b.binary("/", b.binary("+", i, int(1)), int(4)), "0+"],
    ["floored below zero", b.binary("/", b.binary("-", i, int(8)), int(3)), "-"],
    ["floored by negative", b.binary("/", b.binary("+", i, int(1)), int(-2)), "-"],
    ["min", b.binary("min", ex, x), "-0+"],
    ["min of positive", b.binary("min", ex, positive), "+"],
    ["min with negative", b.binary("min", x, minus), "-"],
    ["max", b.binary("max", x, ex), "+"],
    ["max with zero", b.binary("max", x, f(0)), "0+"],
    ["max of negative", b.binary("max", minus, b.unary("neg", positive)), "-"],
    ["even power", b.binary("pow", x, f(2)), "0+"],
    ["odd power", b.binary("pow", x, f(3)), "-0+"],
    ["any power of positive", b.binary("pow", ex, x), "+"],
    ["any power of not negative", b.binary("pow", abs, y), "0+"],
    ["power of anything", b.binary("pow", x, y), "-0+"],
    ["broken power", b.binary("pow", x, f(0.5)), "-0+"],
    ["rest", b.binary("%", t, int(3)), "0+"],
    ["rest of floats", b.binary("%", x, f(3)), "-0+"],
    ["choice", b.select(b.binary("<", i, int(2)), ex, minus), "-+"],
    ["choice of positive", b.select(b.binary("<", i, int(2)), ex, positive), "+"],
  ])("%s", (_, id, expected) => expect(signs(id)).toBe(expected));

  test("reductions: with a cell, and perhaps without", () => {
    const over = (op: "sum" | "prod" | "max" | "min" | "var" | "argmax" | "cumsum", body: NodeId, axis = 1): NodeId =>
      b.reduce(op, [axis], body);
    const vary = (id: NodeId): NodeId => b.binary("*", id, b.unary("exp", b.load("z", [i, j], "f32")));
    const [pos, neg] = [vary(ex), b.unary("neg", vary(ex))];
    expect([
      signs(over("sum", pos)),
      signs(over("sum", pos), true),
      signs(over("sum", neg)),
      signs(over("sum", vary(x))),
    ]).toEqual(["0+", "+", "-0", "-0+"]);
    expect([signs(over("cumsum", pos)), signs(over("cumsum", pos), true)]).toEqual(["0+", "0+"]);
    expect([
      signs(over("max", pos)),
      signs(over("max", pos), true),
      signs(over("min", neg)),
      signs(over("min", neg), true),
    ]).toEqual(["-+", "+", "-+", "-"]);
    expect([signs(over("prod", pos)), signs(over("prod", vary(abs))), signs(over("prod", neg))]).toEqual([
      "+",
      "0+",
      "-0+",
    ]);
    expect([signs(over("var", vary(x))), signs(over("argmax", vary(x)))]).toEqual(["0+", "0+"]);
    // An axis of known size has a cell, unless a condition may take it away.
    expect([
      signs(b.reduce("sum", [0], ex)),
      signs(b.reduce("max", [0], ex)),
      signs(b.reduce("max", [0], ex, b.binary(">", x, f(0)))),
      signs(b.reduce("sum", [0], ex, b.binary(">", x, f(0)))),
    ]).toEqual(["+", "+", "-+", "0+"]);
  });

  test("only", () => {
    expect([
      isOnly(POSITIVE, POSITIVE | ZERO),
      isOnly(POSITIVE | ZERO, POSITIVE),
      isOnly(0, POSITIVE),
      isOnly(7, 7),
    ]).toEqual([true, false, true, true]);
  });

  test("nothing false, on random expressions", () => {
    const next = random(29);
    const pick = (n: number): number => Math.floor(((next() + 1) / 2) * n);
    let narrow = 0;
    for (let round = 0; round < 250; round++) {
      const g = graphBuilder(axes({ i: 4, d: 3 }));
      const leaves = [
        g.load("x", [g.index(0), g.index(1)], "f32"),
        g.load("y", [g.index(1)], "f32"),
        g.unary("float", g.index(1)),
        g.konst(pick(5) - 2, "f32"),
      ];
      const grow = (depth: number): NodeId => {
        if (depth === 0) return leaves[pick(4)] as NodeId;
        const p = grow(depth - 1);
        const u = (["abs", "neg", "exp", "tanh", "floor", "ceil", "round", "sqrt", "sign", "log"] as const)[pick(18)];
        if (u !== undefined) return g.unary(u, p);
        if (pick(6) === 0)
          return g.reduce(
            (["sum", "max", "min", "prod", "var"] as const)[pick(5)] ?? "sum",
            [1],
            p,
            pick(2) ? g.binary("<", p, leaves[0] as NodeId) : null,
          );
        return g.binary((["+", "-", "*", "min", "max", "/", "pow"] as const)[pick(7)] ?? "+", p, grow(depth - 1));
      };
      const value = grow(3);
      const allowed = signAnalysis(g)(value);
      if (allowed !== 7) narrow++;
      const inputs = {
        sizes: {},
        tensors: { x: fill(12, () => next() * 3), y: fill(3, () => next() * 3) },
        scalars: {},
      };
      const { o } = evaluateGraph(
        graphOf(g, [tensor("x", [0, 1]), tensor("y", [1]), tensor("o", [0, 1], "output")], { o: value }),
        inputs,
      );
      for (const v of o ?? []) {
        // About exact arithmetic: a value that underflows to 0 is not said to be 0.
        if (Number.isNaN(v) || !Number.isFinite(v) || (v === 0 && allowed !== 0)) continue;
        expect((allowed & (v < 0 ? NEGATIVE : v > 0 ? POSITIVE : ZERO)) !== 0, `${v} of ${allowed}`).toBe(true);
      }
    }
    expect(narrow).toBeGreaterThan(80);
  });
});

describe("a finite number for all finite inputs", () => {
  const where = b.binary("<", j, b.sizeOf("M"));
  const z = b.load("z", [i, j], "f32");
  const most = b.reduce("max", [1], z);
  test.each<readonly [string, NodeId, boolean]>([
    ["a load", x, true],
    ["infinity", f(Infinity), false],
    ["a number", f(3), true],
    ["a sum", b.reduce("sum", [1], z), true],
    ["a maximum that may be over nothing", most, false],
    ["a maximum of integers", b.reduce("max", [1], b.load("u", [i, j], "i32")), true],
    ["argmax", b.reduce("argmax", [1], z), true],
    ["log of positive", b.unary("log", positive), true],
    ["log of what overflows", b.unary("log", ex), false],
    ["log of what may be 0", b.unary("log", abs), false],
    ["log2", b.unary("log2", abs), false],
    ["rsqrt", b.unary("rsqrt", abs), false],
    ["rsqrt of positive", b.unary("rsqrt", positive), true],
    ["sqrt of what may be 0", b.unary("sqrt", abs), true],
    ["sqrt of anything", b.unary("sqrt", x), false],
    ["exp of anything", b.unary("exp", y), false],
    ["exp of at most 60", b.unary("exp", b.binary("min", y, f(60))), true],
    ["exp of more", b.unary("exp", b.binary("min", y, f(61))), false],
    ["exp2", b.unary("exp2", y), false],
    ["exp of log", b.unary("exp", b.unary("log", positive)), true],
    ["exp of -log", b.unary("exp", b.unary("neg", b.unary("log", positive))), true],
    ["exp of -x", b.unary("exp", b.unary("neg", y)), false],
    ["below something undefined", b.binary("+", x, b.unary("log", abs)), false],
    ["left of it", b.binary("+", b.unary("log", abs), x), false],
    ["by positive", b.binary("/", x, positive), true],
    ["by negative", b.binary("/", x, b.unary("neg", positive)), true],
    ["by what may be 0", b.binary("/", x, abs), false],
    ["by anything", b.binary("/", x, y), false],
    ["rest", b.binary("%", t, int(3)), true],
    ["rest by anything", b.binary("%", t, b.binary("+", t, int(1))), false],
    ["power of positive", b.binary("pow", positive, y), true],
    ["power of not negative", b.binary("pow", abs, y), false],
    ["positive power of not negative", b.binary("pow", abs, f(0.5)), true],
    ["negative power of it", b.binary("pow", abs, f(-1)), false],
    ["power of anything", b.binary("pow", x, f(0.5)), false],
    ["a choice", b.select(b.binary(">", x, f(0)), x, y), true],
    ["a choice of undefined", b.select(b.binary(">", x, f(0)), b.unary("log", x), y), false],
    ["the other branch", b.select(b.binary(">", x, f(0)), y, b.unary("log", x)), false],
    ["a condition that is not", b.select(b.binary(">", b.unary("log", x), f(0)), y, x), false],
    ["exp", b.binary("+", x, b.unary("exp", b.binary("min", x, f(0)))), true],
  ])("%s", (_, id, expected) => expect(isDefined(b, id)).toBe(expected));

  test("statistics where a cell is known", () => {
    const some = b.binary(">", z, f(0));
    const guarded = b.reduce("max", [1], z, some);
    expect(isDefined(b, most, { over: [1], where: null })).toBe(true);
    expect(isDefined(b, most, { over: [1], where: some })).toBe(true);
    expect(isDefined(b, most, { over: [0], where: null })).toBe(false);
    expect(isDefined(b, most, { over: [0, 1], where: null })).toBe(false);
    expect(isDefined(b, guarded, { over: [1], where: null })).toBe(false);
    expect(isDefined(b, guarded, { over: [1], where: some })).toBe(true);
    expect(isDefined(b, guarded, { over: [1], where: b.and(where, some) })).toBe(true);
    expect(isDefined(b, guarded, { over: [1], where })).toBe(false);
  });

  test("follows by conjuncts", () => {
    const [p, q] = [b.binary("<", i, j), b.binary(">", x, f(0))];
    const both = b.and(p, q);
    expect([
      follows(b, null, p),
      follows(b, p, p),
      follows(b, p, both),
      follows(b, both, p),
      follows(b, p, q),
      follows(b, p, null),
      follows(b, null, null),
      follows(b, both, b.and(q, p)),
    ]).toEqual([true, true, true, false, false, false, true, true]);
  });
});

describe("polynomials", () => {
  const poly = (id: NodeId): Record<string, number> =>
    Object.fromEntries([...polynomialOf(b, id)].map(([k, m]) => [k, m.coefficient]));
  const [mul, add, sub, div] = (["*", "+", "-", "/"] as const).map(
    (op) =>
      (p: NodeId, q: NodeId): NodeId =>
        b.binary(op, p, q),
  ) as [typeof b.and, never, never, never] as unknown as readonly ((p: NodeId, q: NodeId) => NodeId)[];
  if (mul === undefined || add === undefined || sub === undefined || div === undefined) throw new Error("no operation");

  test("normal form", () => {
    expect(poly(mul(add(x, f(2)), sub(y, f(3))))).toEqual({ [`${x} ${y}`]: 1, [`${x}`]: -3, [`${y}`]: 2, "": -6 });
    expect(poly(sub(add(x, y), add(y, x)))).toEqual({});
    expect(poly(b.unary("neg", add(x, f(1))))).toEqual({ [`${x}`]: -1, "": -1 });
    expect(poly(div(add(x, y), f(4)))).toEqual({ [`${x}`]: 0.25, [`${y}`]: 0.25 });
    expect(poly(div(x, y))).toEqual({ [`${x} /${y}`]: 1 });
    expect(poly(div(y, x))).toEqual({ [`/${x} ${y}`]: 1 });
    expect(poly(div(x, x))).toEqual({ [`${x} /${x}`]: 1 });
    expect(poly(mul(mul(y, x), y))).toEqual({ [`${x} ${y} ${y}`]: 1 });
    expect(poly(ex)).toEqual({ [`${ex}`]: 1 });
    expect(poly(f(Infinity))).toEqual({ [`${f(Infinity)}`]: 1 });
    expect(poly(div(x, f(0)))).toEqual({ [`${x} /${f(0)}`]: 1 });
    expect(poly(f(0))).toEqual({});
    expect(poly(b.binary("min", x, y))).toEqual({ [`${b.binary("min", x, y)}`]: 1 });
    expect(poly(mul(div(y, x), x))).toEqual({ [`${x} /${x} ${y}`]: 1 });
    expect(poly(mul(x, div(y, x)))).toEqual({ [`${x} /${x} ${y}`]: 1 });
    const [product, quotient] = [b.binary("*", t, b.binary("+", t, int(1))), b.binary("/", t, int(4))];
    expect(poly(product)).toEqual({ [`${product}`]: 1 });
    expect(poly(quotient)).toEqual({ [`${quotient}`]: 1 });
    expect(poly(b.binary("+", t, int(1)))).toEqual({ [`${b.binary("+", t, int(1))}`]: 1 });
  });

  test("atoms stay whole", () => {
    const s = add(x, y);
    expect(
      Object.fromEntries([...polynomialOf(b, mul(s, x), (id) => id === s)].map(([k, m]) => [k, m.coefficient])),
    ).toEqual({ [`${x} ${s}`]: 1 });
  });

  test("a sum of many terms is taken one after the other", () => {
    const many = Array.from({ length: 20000 }, (_, k) => (k % 2 === 0 ? x : y)).reduce((s, v, k) =>
      b.binary(k % 3 === 0 ? "-" : "+", s, b.binary("*", v, f(k + 2))),
    );
    expect(polynomialOf(b, many).size).toBe(2);
  });

  test("long products stay whole", () => {
    const sum = (name: string, n: number): NodeId =>
      Array.from({ length: n }, (_, k) => b.load(`${name}${k}`, [], "f32")).reduce((p, q) => add(p, q));
    expect(Object.keys(poly(mul(sum("a", 4), sum("b", 6)))).length).toBe(24);
    expect(Object.keys(poly(mul(sum("a", 5), sum("b", 5)))).length).toBe(1);
  });

  test("sums and products of polynomials", () => {
    const p = polynomialOf(b, add(x, f(1)));
    expect(addP(p, p, -1).size).toBe(0);
    expect([...addP(p, p).values()].map((m) => m.coefficient)).toEqual([2, 2]);
    expect([...addP(constantOf(1), p, 3).entries()].map(([k, m]) => [k, m.coefficient])).toEqual([
      ["", 4],
      [`${x}`, 3],
    ]);
    expect(Object.fromEntries([...mulP(p, p)].map(([k, m]) => [k, m.coefficient]))).toEqual({
      [`${x} ${x}`]: 1,
      [`${x}`]: 2,
      "": 1,
    });
    expect(constantOf(0).size).toBe(0);
  });

  test("ranges", () => {
    const range = (id: NodeId): { lo: number; hi: number } => (id === x ? { lo: -1, hi: 2 } : { lo: 2, hi: 4 });
    expect(rangeOfPolynomial(polynomialOf(b, sub(mul(f(3), x), f(1))), range)).toEqual({ lo: -4, hi: 5 });
    expect(rangeOfPolynomial(polynomialOf(b, div(x, y)), range)).toEqual({ lo: -0.5, hi: 1 });
    expect(rangeOfPolynomial(polynomialOf(b, div(y, x)), range)).toEqual({ lo: -Infinity, hi: Infinity });
    expect(
      rangeOfPolynomial(polynomialOf(b, div(f(1), y)), (id) => (id === y ? { lo: -4, hi: -2 } : { lo: 0, hi: 0 })),
    ).toEqual({ lo: -0.5, hi: -0.25 });
    expect(rangeOfPolynomial(polynomialOf(b, add(x, y)), range)).toEqual({ lo: 1, hi: 6 });
  });

  test("at least zero", () => {
    const of = (id: NodeId): Monomial => {
      const [m] = polynomialOf(b, id).values();
      if (m === undefined) throw new Error("none");
      return m;
    };
    const s = signAnalysis(b);
    const least = (id: NodeId): boolean => isAtLeastZero(of(id), s);
    const nmin = b.binary("min", minus, f(-1));
    expect([
      least(abs),
      least(mul(f(-1), abs)),
      least(mul(abs, ex)),
      least(x),
      least(mul(x, x)),
      least(mul(f(-2), mul(x, x))),
      least(mul(mul(x, x), y)),
      least(mul(mul(x, y), mul(x, y))),
    ]).toEqual([true, false, true, false, true, false, false, true]);
    expect([
      least(nmin),
      least(mul(f(-1), nmin)),
      least(mul(nmin, b.binary("min", y, f(-2)))),
      least(div(abs, ex)),
      least(div(x, x)),
    ]).toEqual([false, true, true, true, false]);
  });
});
