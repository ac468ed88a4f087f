/** Linear forms and the prover of `form >= 0`: what must be proved, what must not, and that nothing false ever is. */
import { describe, expect, test } from "vitest";
import { graphBuilder, type GraphBuilder } from "../../src/ir/graph/build.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import {
  linAdd,
  linConst,
  linearOf,
  linearOfSize,
  linScale,
  provablyNonNegative,
  type Linear,
} from "../../src/ir/scalar/affine.ts";
import { formsOf, settleComparisons, settled } from "../../src/ir/scalar/settle.ts";
import type { SizeExpr } from "../../src/base/size.ts";
import { axes, random } from "../graph/helpers.ts";

const form = (constant: number, ...terms: readonly (readonly [NodeId | string, number])[]): Linear => ({
  constant,
  terms: new Map(terms),
});

/** i < N, j < M, g < G, r < R, d < 4, h < G * R, x < N + P, y < N * M. */
const make = (): {
  b: GraphBuilder;
  i: NodeId;
  j: NodeId;
  g: NodeId;
  r: NodeId;
  d: NodeId;
  h: NodeId;
  x: NodeId;
  y: NodeId;
  n: (s: SizeExpr) => NodeId;
} => {
  const b = graphBuilder(
    axes({ i: "N", j: "M", g: "G", r: "R", d: 4, h: ["*", "G", "R"], x: ["+", "N", "P"], y: ["*", "N", "M"] }),
  );
  const [i = 0, j = 0, g = 0, r = 0, d = 0, h = 0, x = 0, y = 0] = [0, 1, 2, 3, 4, 5, 6, 7].map((a) => b.index(a));
  return { b, i, j, g, r, d, h, x, y, n: (s) => b.sizeOf(s) };
};

describe("linear forms", () => {
  test("sums drop what cancels", () => {
    const a = form(3, [1, 2], ["#N", 1]);
    expect(linAdd(a, a, -1)).toEqual(form(0));
    expect(linAdd(a, form(1, [1, -2], [7, 1]))).toEqual(form(4, ["#N", 1], [7, 1]));
    expect(linAdd(a, form(1, [1, 5]), 2)).toEqual(form(5, [1, 12], ["#N", 1]));
    expect(linScale(a, -2)).toEqual(form(-6, [1, -4], ["#N", -2]));
    expect(linScale(a, 0)).toEqual(form(0));
  });

  test.each<[SizeExpr, Linear | null]>([
    [5, form(5)],
    ["N", form(0, ["#N", 1])],
    [["+", "N", 2], form(2, ["#N", 1])],
    [["-", 7, "N"], form(7, ["#N", -1])],
    [["*", 3, ["+", "N", 1]], form(3, ["#N", 3])],
    [["*", ["-", "N", 1], 3], form(-3, ["#N", 3])],
    [["*", "G", "R"], form(0, ["#(G * R)", 1])],
    [["+", ["*", "G", "R"], "N"], form(0, ["#(G * R)", 1], ["#N", 1])],
    [["/", "N", 2], null],
    [["+", ["/", "N", 2], 1], null],
    [["+", 1, ["%", "N", 2]], null],
    [["min", "N", 2], null],
  ])("of a size: %j", (size, expected) => expect(linearOfSize(size)).toEqual(expected));

  test("of a node", () => {
    const { b, i, j, n } = make();
    const of = (id: NodeId): Linear => linearOf(b, id);
    const k = (v: number): NodeId => b.konst(v, "i32");
    expect(of(k(4))).toEqual(form(4));
    expect(of(b.binary("-", b.binary("*", i, k(3)), b.binary("*", j, k(2))))).toEqual(form(0, [i, 3], [j, -2]));
    expect(of(b.unary("neg", b.binary("+", i, k(1))))).toEqual(form(-1, [i, -1]));
    expect(of(b.binary("*", b.binary("+", i, j), k(5)))).toEqual(form(0, [i, 5], [j, 5]));
    expect(of(b.binary("+", n("N"), i))).toEqual(form(0, ["#N", 1], [i, 1]));
    for (const id of [
      b.binary("*", i, j),
      b.binary("/", i, k(2)),
      b.unary("abs", i),
      b.load("t", [i], "i32"),
      b.scalar("w", "i32"),
    ])
      expect(of(id)).toEqual(form(0, [id, 1]));
  });
});

describe("the prover", () => {
  const k = make();
  const { b, i, j, g, r, d, h, x, y, n } = k;
  const int = (v: number): NodeId => b.konst(v, "i32");
  const add = (p: NodeId, q: NodeId): NodeId => b.binary("+", p, q);
  const sub = (p: NodeId, q: NodeId): NodeId => b.binary("-", p, q);
  const mul = (p: NodeId, q: NodeId): NodeId => b.binary("*", p, q);
  const div = (p: NodeId, q: NodeId): NodeId => b.binary("/", p, q);
  const mod = (p: NodeId, q: NodeId): NodeId => b.binary("%", p, q);
  const w = b.scalar("w", "i32");

  /** Forms that are >= 0 for all indices and sizes, and, one less, those that are not. */
  const TIGHT: readonly (readonly [string, NodeId])[] = [
    ["an index", i],
    ["below its size", sub(sub(n("N"), int(1)), i)],
    ["of a known size", sub(int(3), d)],
    ["the size of an axis at hand is at least 1", sub(add(n("N"), i), int(1))],
    ["two sizes", sub(add(add(n("N"), i), add(n("M"), j)), int(2))],
    ["three times", sub(mul(sub(n("N"), int(1)), int(3)), mul(i, int(3)))],
    ["a sum of sizes", sub(sub(add(n("N"), n("P")), int(1)), x)],
    ["a rest", mod(i, int(4))],
    ["below its divisor", sub(int(3), mod(sub(i, j), int(4)))],
    ["a rest by a size", sub(sub(n("R"), int(1)), mod(h, n("R")))],
    ["a quotient", div(i, int(4))],
    ["a quotient of a known axis", sub(int(1), div(d, int(2)))],
    ["a quotient by a size", div(h, n("R"))],
    ["heads of a group", sub(sub(n("G"), int(1)), div(h, n("R")))],
    ["the lesser of two", sub(sub(n("N"), int(1)), b.binary("min", i, j))],
    ["the greater of two", b.binary("max", i, sub(w, int(2)))],
    ["the greater of two, the other one", b.binary("max", w, j)],
    ["the lesser of a scalar and an index", sub(sub(n("M"), int(1)), b.binary("min", w, j))],
  ];

  test.each(TIGHT)("%s, and not one less", (_, id) => {
    expect(provablyNonNegative(b, linearOf(b, id))).toBe(true);
    expect(provablyNonNegative(b, linAdd(linearOf(b, id), linConst(-1)))).toBe(false);
  });

  test("below a product of sizes", () => {
    const below = linAdd(form(-1, ["#(N * M)", 1]), linearOf(b, y), -1);
    expect(provablyNonNegative(b, below)).toBe(true);
    expect(provablyNonNegative(b, linAdd(below, linConst(-1)))).toBe(false);
  });

  test.each<readonly [string, NodeId]>([
    ["another axis", sub(sub(n("N"), int(1)), j)],
    ["a size without an index of its axis", sub(n("N"), int(1))],
    ["a size beside an index of another axis", sub(add(n("M"), i), int(1))],
    ["a scalar", w],
    ["minus an index", b.unary("neg", i)],
    ["a load", b.load("t", [i], "i32")],
    ["a rest by what may be negative", mod(i, w)],
    ["below a divisor that may be negative", sub(sub(w, int(1)), mod(i, w))],
    ["a quotient by what may be negative", div(i, w)],
    ["a quotient of nothing positive by what may be negative", div(b.unary("neg", i), w)],
    ["a quotient of what may be negative", div(sub(i, j), int(2))],
    ["the lesser of an index and a scalar", b.binary("min", i, w)],
    ["the greater of two below one size", sub(sub(n("N"), int(1)), b.binary("max", i, j))],
    ["a quotient that does not divide", sub(sub(n("N"), int(2)), div(i, int(2)))],
    ["a rest by zero", mod(i, int(0))],
    ["by another size", sub(sub(n("G"), int(1)), div(h, n("N")))],
    ["by the first factor", sub(sub(n("R"), int(1)), div(h, n("G")))],
    ["with a rest of a size", sub(sub(n("G"), int(1)), div(add(h, int(1)), n("R")))],
    ["with more", sub(sub(n("G"), int(1)), div(add(h, n("R")), n("R")))],
    ["by a product", sub(n("N"), div(h, mul(g, r)))],
    ["the difference of two sizes", sub(n("N"), n("M"))],
  ])("not: %s", (_, id) => expect(provablyNonNegative(b, linearOf(b, id))).toBe(false));

  test("facts: one, and two together", () => {
    const [ij, jw] = [linearOf(b, sub(i, j)), linearOf(b, sub(j, w))];
    const iw = linearOf(b, sub(i, w));
    expect(provablyNonNegative(b, iw, [])).toBe(false);
    expect(provablyNonNegative(b, iw, [ij])).toBe(false);
    expect(provablyNonNegative(b, iw, [ij, jw])).toBe(true);
    expect(provablyNonNegative(b, iw, [jw, linConst(5), ij])).toBe(true);
    expect(provablyNonNegative(b, ij, [ij])).toBe(true);
    expect(provablyNonNegative(b, linAdd(ij, linConst(-1)), [ij])).toBe(false);
    expect(provablyNonNegative(b, linAdd(iw, linConst(-1)), [ij, jw])).toBe(false);
    expect(provablyNonNegative(b, linearOf(b, sub(w, i)), [ij, jw])).toBe(false);
  });

  test("nothing false, over random forms and all small sizes", () => {
    const next = random(17);
    const pick = (c: number): number => Math.floor(((next() + 1) / 2) * c);
    let proved = 0;
    for (let round = 0; round < 600; round++) {
      const leaf = (): NodeId => [i, j, d, int(pick(7) - 3), n("N"), n("M")][pick(6)] as NodeId;
      const grow = (depth: number): NodeId => {
        if (depth === 0) return leaf();
        const [p, c] = [grow(depth - 1), int(1 + pick(4))];
        switch (pick(7)) {
          case 0:
            return add(p, grow(depth - 1));
          case 1:
            return sub(grow(depth - 1), p);
          case 2:
            return mul(p, int(pick(5) - 2));
          case 3:
            return div(p, c);
          case 4:
            return mod(p, c);
          case 5:
            return b.binary("min", p, grow(depth - 1));
          default:
            return b.binary("max", p, grow(depth - 1));
        }
      };
      const id = grow(3);
      if (!provablyNonNegative(b, linearOf(b, id))) continue;
      proved++;
      for (const [N, M] of [
        [1, 1],
        [1, 3],
        [2, 5],
        [4, 2],
        [5, 5],
      ] as const)
        for (let p = 0; p < N; p++)
          for (let q = 0; q < M; q++)
            for (let e = 0; e < 4; e++) {
              const value = (at: NodeId): number => {
                const node = b.node(at);
                switch (node.kind) {
                  case "const":
                    return node.value;
                  case "size":
                    return node.name === "N" ? N : M;
                  case "index":
                    return [p, q, 0, 0, e][node.axis] ?? NaN;
                  case "unary":
                    return -value(node.a);
                  case "binary": {
                    const [u, v] = [value(node.a), value(node.b)];
                    switch (node.op) {
                      case "+":
                        return u + v;
                      case "-":
                        return u - v;
                      case "*":
                        return u * v;
                      case "/":
                        return Math.floor(u / v);
                      case "%":
                        return u - v * Math.floor(u / v);
                      case "min":
                        return Math.min(u, v);
                      case "max":
                        return Math.max(u, v);
                      default:
                        return NaN;
                    }
                  }
                  default:
                    return NaN;
                }
              };
              expect(value(id), `N ${N}, M ${M}, i ${p}, j ${q}, d ${e}, node ${id}`).toBeGreaterThanOrEqual(0);
            }
    }
    expect(proved).toBeGreaterThan(60);
  });
});

describe("comparisons that are settled", () => {
  const { b, i, j, d, n } = make();
  const int = (v: number): NodeId => b.konst(v, "i32");
  const last = b.binary("-", n("N"), int(1));

  test.each<readonly [string, NodeId, 0 | 1 | null]>([
    ["i <= N - 1", b.binary("<=", i, last), 1],
    ["i < N", b.binary("<", i, n("N")), 1],
    ["i < N - 1", b.binary("<", i, last), null],
    ["i > N - 1", b.binary(">", i, last), 0],
    ["i >= N", b.binary(">=", i, n("N")), 0],
    ["i >= 0", b.binary(">=", i, int(0)), 1],
    ["i > 0", b.binary(">", i, int(0)), null],
    ["i > -1", b.binary(">", i, int(-1)), 1],
    ["i < 0", b.binary("<", i, int(0)), 0],
    ["i <= 0", b.binary("<=", i, int(0)), null],
    ["d == 4", b.binary("==", d, int(4)), 0],
    ["d == 3", b.binary("==", d, int(3)), null],
    ["d == -1", b.binary("==", d, int(-1)), 0],
    ["0 == d * 0 + 0", b.binary("==", b.binary("*", d, int(0)), int(0)), null],
    ["d != 4", b.binary("!=", d, int(4)), null],
    ["i <= j", b.binary("<=", i, j), null],
    ["float(i) >= 0", b.binary(">=", b.unary("float", i), b.konst(0, "f32")), null],
  ])("%s", (_, id, expected) => {
    const constant = b.node(id).kind === "const";
    expect(constant ? null : settled(b, id)).toBe(expected);
  });

  test("equality where the form is zero", () => {
    const same = b.binary("==", b.binary("%", d, int(1)), b.binary("min", d, int(0)));
    expect(b.node(same).kind === "const" || settled(b, same) !== 0).toBe(true);
    expect(formsOf(b, b.binary("==", i, j))).toEqual([form(0, [j, 1], [i, -1]), form(0, [j, -1], [i, 1])]);
    expect(formsOf(b, b.binary("<", i, j))).toEqual([form(-1, [j, 1], [i, -1])]);
    expect(formsOf(b, b.binary(">", i, j))).toEqual([form(-1, [j, -1], [i, 1])]);
    expect(formsOf(b, b.binary("<=", i, j))).toEqual([form(0, [j, 1], [i, -1])]);
    expect(formsOf(b, b.binary(">=", i, j))).toEqual([form(0, [j, -1], [i, 1])]);
  });

  test("under facts", () => {
    const [le] = formsOf(b, b.binary("<=", j, i));
    if (le === undefined) throw new Error("no form");
    expect(settled(b, b.binary("<", j, n("N")), [le])).toBe(1);
    expect(settled(b, b.binary("<", j, n("N")))).toBe(null);
    expect(settled(b, b.binary(">=", j, n("N")), [le])).toBe(0);
  });

  test("become constants, and what they decide simplifies; kept nodes stay", () => {
    const x = b.load("x", [i], "f32");
    const [sure, open] = [b.binary("<", i, n("N")), b.binary("<", i, j)];
    const choice = b.select(sure, x, b.konst(0, "f32"));
    expect(settleComparisons(b, choice)).toBe(x);
    expect(settleComparisons(b, choice, new Set([choice]))).toBe(choice);
    expect(settleComparisons(b, b.binary("and", open, sure))).toBe(open);
    expect(settleComparisons(b, open)).toBe(open);
    expect(settleComparisons(b, b.binary("+", choice, b.select(open, x, b.konst(1, "f32"))))).toBe(
      b.binary("+", x, b.select(open, x, b.konst(1, "f32"))),
    );
  });
});
