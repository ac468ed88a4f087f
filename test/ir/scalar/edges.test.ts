/** Signs, ranges and classes at their edges. */
import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../../src/ir/graph/build.ts";
import type { NodeId } from "../../../src/ir/graph/graph.ts";
import { classify, intRange, type DomainEnv } from "../../../src/ir/scalar/domain.ts";
import { rangeOf } from "../../../src/ir/scalar/range.ts";
import { NEGATIVE, POSITIVE, signAnalysis, ZERO } from "../../../src/ir/scalar/sign.ts";
import { axes } from "../../graph/helpers.ts";

const b = graphBuilder(axes({ i: 4, z: 0, d: 8, j: "M" }));
const [i, z, d, j] = [0, 1, 2, 3].map((a) => b.index(a)) as [NodeId, NodeId, NodeId, NodeId];
const f = (x: number): NodeId => b.konst(x, "f32");
const x = b.load("x", [i], "f32");
const clamp = (lo: number, hi: number): NodeId => b.binary("min", b.binary("max", x, f(lo)), f(hi));
const log = (lo: number, hi: number): NodeId => b.unary("log", clamp(lo, hi));

test.each<readonly [string, NodeId, number]>([
  ["a logarithm of more than 1", log(2, 4), POSITIVE],
  ["of at least 1", log(1, 4), ZERO | POSITIVE],
  ["of a little more than 1", log(1.5, 2), POSITIVE],
  ["of less than 1", log(0.25, 0.5), NEGATIVE],
  ["of at most 1", log(0.25, 1), NEGATIVE | ZERO],
  ["of about 1", log(0.5, 2), NEGATIVE | ZERO | POSITIVE],
  ["a cosine", b.unary("cos", x), NEGATIVE | ZERO | POSITIVE],
  [
    "a whole quotient of two that are not below 0",
    b.binary("/", i, b.binary("+", d, b.konst(1, "i32"))),
    ZERO | POSITIVE,
  ],
  ["of two of which one is below 0", b.binary("/", b.binary("+", i, b.konst(1, "i32")), b.konst(-3, "i32")), NEGATIVE],
  ["of two below 0", b.binary("/", b.binary("-", b.konst(-1, "i32"), i), b.konst(-3, "i32")), ZERO | POSITIVE],
  ["of nothing", b.binary("/", b.binary("*", i, b.konst(0, "i32")), b.konst(-3, "i32")), ZERO],
  ["a rest", b.binary("%", b.load("t", [i], "i32"), b.konst(3, "i32")), ZERO | POSITIVE],
  ["a sum of what is below 0", b.reduce("sum", [0], b.unary("neg", b.unary("exp", x))), NEGATIVE],
  ["a sum of what is above 0", b.reduce("sum", [0], b.unary("exp", x)), POSITIVE],
  ["such a sum of no cell", b.reduce("sum", [1], b.unary("exp", b.load("e", [z], "f32"))), ZERO],
  ["such a sum of unknown many", b.reduce("sum", [3], b.unary("exp", b.load("g", [j], "f32"))), ZERO | POSITIVE],
  [
    "a sum over some and over unknown many",
    b.reduce("sum", [0, 3], b.unary("exp", b.load("h", [i, j], "f32"))),
    ZERO | POSITIVE,
  ],
  ["a sum over some and over none", b.reduce("sum", [0, 1], b.unary("exp", b.load("m", [i, z], "f32"))), ZERO],
  ["a sum of both", b.reduce("sum", [0], x), NEGATIVE | ZERO | POSITIVE],
])("the signs of %s", (_, id, signs) => expect(signAnalysis(b)(id)).toBe(signs));

test("a place among no cells is the first", () => {
  expect(rangeOf(b, b.reduce("argmax", [1], b.load("e", [z], "f32")), {})).toEqual({ lo: 0, hi: 0 });
  expect(rangeOf(b, b.reduce("argmin", [0], x), {})).toEqual({ lo: 0, hi: 3 });
});

describe("a mean that is none", () => {
  const q = b.load("q", [i, d], "f32");
  const mul = (p: NodeId, r: NodeId): NodeId => b.binary("*", p, r);
  const sum = (body: NodeId): NodeId => b.reduce("sum", [2], body);
  const unit = mul(
    b.load("k", [i, d], "f32"),
    b.unary("rsqrt", sum(mul(b.load("k", [i, d], "f32"), b.load("k", [i, d], "f32")))),
  );
  const bound = (mean: NodeId): number => {
    const centred = mul(b.binary("-", q, mean), b.unary("rsqrt", b.binary("+", b.reduce("var", [2], q), f(1e-5))));
    return rangeOf(b, sum(mul(centred, unit)), {}).hi;
  };
  test.each<readonly [string, NodeId, boolean]>([
    ["a sum times an eighth", mul(sum(q), f(0.125)), true],
    ["an eighth times a sum", mul(f(0.125), sum(q)), true],
    ["an eighth of the largest", mul(f(0.125), b.reduce("max", [2], q)), false],
    ["the largest by eight", mul(b.reduce("max", [2], q), f(0.125)), false],
    ["an eighth of another sum", mul(f(0.125), sum(b.unary("exp", q))), false],
    ["another sum times an eighth", mul(sum(b.unary("exp", q)), f(0.125)), false],
    ["a fourth of the sum", mul(f(0.25), sum(q)), false],
    ["the sum times a fourth", mul(sum(q), f(0.25)), false],
    ["the sum plus an eighth", b.binary("+", sum(q), f(0.125)), false],
  ])("%s", (_, mean, is) => expect(Number.isFinite(bound(mean))).toBe(is));
});

describe("conditions over boxes", () => {
  const p = b.scalar("p", "f32");
  const w = b.scalar("w", "i32");
  const env = (known: Readonly<Record<string, number>>): DomainEnv => ({
    size: (s) => known[s] ?? null,
    scalar: (s) => known[s] ?? null,
  });
  const below = b.binary("<", b.unary("float", i), p);
  test.each<readonly [string, NodeId, Readonly<Record<string, number>>, string]>([
    ["a float that is known", below, { p: 3.5 }, "full"],
    ["one that cuts", below, { p: 2.5 }, "partial"],
    ["one below all", below, { p: 0 }, "empty"],
    ["one that is not known", below, {}, "partial"],
    ["a flag that is known", b.scalar("g", "bool"), { g: 1 }, "full"],
    ["a flag that is not", b.scalar("g", "bool"), { g: 0 }, "empty"],
    ["a flag of which nothing is known", b.scalar("g", "bool"), {}, "partial"],
    ["an integer that is known", b.binary("<", i, w), { w: 4 }, "full"],
    ["a size that is known", b.binary("<", i, b.sizeOf("M")), { M: 4 }, "full"],
    ["a size of none", b.binary("<", i, b.sizeOf("M")), { M: 0 }, "empty"],
    ["an index of an axis of known size", b.binary("<", j, b.konst(5, "i32")), { M: 5 }, "full"],
    ["of a longer one", b.binary("<", j, b.konst(5, "i32")), { M: 6 }, "partial"],
    ["of unknown size", b.binary("<", j, b.konst(5, "i32")), {}, "partial"],
    ["at least zero", b.binary(">=", j, b.konst(0, "i32")), {}, "full"],
    ["a size is at least zero", b.binary(">=", b.sizeOf("M"), b.konst(0, "i32")), {}, "full"],
  ])("%s", (_, id, known, expected) => expect(classify(b, id, new Map(), env(known))).toBe(expected));
  test("ranges of indices", () => {
    expect(intRange(b, z, new Map(), env({}))).toEqual({ lo: 0, hi: 0 });
    expect(intRange(b, j, new Map(), env({}))).toEqual({ lo: 0, hi: Infinity });
    expect(intRange(b, j, new Map(), env({ M: 7 }))).toEqual({ lo: 0, hi: 6 });
    expect(intRange(b, j, new Map(), env({ M: 0 }))).toEqual({ lo: 0, hi: 0 });
  });
});
