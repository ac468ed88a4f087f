/** Ranges of integers, exact and in 32 bits: as narrow as they should be, kind by kind of node. */
import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../../src/ir/graph/build.ts";
import type { NodeId } from "../../../src/ir/graph/graph.ts";
import {
  fits,
  GREATEST_I32,
  integerRanges,
  isSum,
  LEAST_I32,
  rangeOfStorage,
  type IntegerEnv,
} from "../../../src/ir/scalar/integers.ts";
import { axes } from "../../graph/helpers.ts";

/** Sizes that are not known are at most this. */
const MAX = 2 ** 29;
const b = graphBuilder(axes({ i: 16, j: "M", o: 8, z: 0, p: ["*", "M", 2], q: "K", r: 3 }));
const [i, j, o, z, p, q] = [0, 1, 2, 3, 4, 5].map((a) => b.index(a)) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const int = (x: number): NodeId => b.konst(x, "i32");
const [t, big] = [b.load("t", [i], "i32"), b.load("big", [i], "i32")];
const u = b.load("u", [i], "i32");
const env: IntegerEnv = {
  loaded: (name) =>
    name === "t" ? { lo: -5, hi: 9 } : name === "u" ? { lo: 2, hi: 4 } : { lo: LEAST_I32, hi: GREATEST_I32 },
  opaque: new Set([2]),
  tensors: [
    [0, 1],
    [5, 5],
  ],
};
const bi = (op: Parameters<typeof b.binary>[0], x: NodeId, y: NodeId): NodeId => b.binary(op, x, y);
const un = (op: Parameters<typeof b.unary>[0], x: NodeId): NodeId => b.unary(op, x);
const [M, K] = [b.sizeOf("M"), b.sizeOf("K")];
const f = b.load("f", [i], "f32");
const twice = bi("+", big, b.load("big2", [i], "i32"));

describe("ranges", () => {
  test.each<readonly [string, NodeId, number, number]>([
    ["a number", int(7), 7, 7],
    ["an index", i, 0, 15],
    ["of unknown size", j, 0, MAX - 1],
    ["of a product of sizes", p, 0, MAX - 1],
    ["that stands for data", o, LEAST_I32, GREATEST_I32],
    ["of no cell", z, 0, 0],
    ["a size", M, 0, MAX],
    ["a stored condition", b.load("c", [i], "bool"), 0, 1],
    ["a tensor", t, -5, 9],
    ["a scalar", b.scalar("s", "i32"), LEAST_I32, GREATEST_I32],
    ["a choice", b.select(b.load("c", [i], "bool"), t, int(20)), -5, 20],
    ["neg", un("neg", t), -9, 5],
    ["abs", un("abs", t), 0, 9],
    ["sign", un("sign", t), -1, 1],
    ["int", un("int", f), LEAST_I32, GREATEST_I32],
    ["+", bi("+", t, i), -5, 24],
    ["-", bi("-", t, i), -20, 9],
    ["*", bi("*", t, u), -20, 36],
    ["* a number", bi("*", t, int(-3)), -27, 15],
    ["min", bi("min", t, i), -5, 9],
    ["max", bi("max", t, u), 2, 9],
    ["/", bi("/", t, int(4)), -2, 2],
    ["/ a range", bi("/", t, u), -3, 4],
    ["/ what may be 0", bi("/", t, M), -5, 9],
    ["/ what may be negative", bi("/", u, t), LEAST_I32, GREATEST_I32],
    ["%", bi("%", t, int(4)), 0, 3],
    ["% a range", bi("%", t, u), 0, 3],
    ["% a size", bi("%", t, M), 0, MAX - 1],
    ["% what may be 0", bi("%", t, z), 0, 0],
    ["% what may be negative", bi("%", u, t), LEAST_I32, GREATEST_I32],
    ["a comparison", bi("<", t, u), 0, 1],
    ["argmax", b.reduce("argmax", [0], f), 0, 15],
    ["argmin", b.reduce("argmin", [1], b.load("g", [j], "f32")), 0, MAX - 1],
    ["argmax of no cell", b.reduce("argmax", [3], b.load("g", [z], "f32")), 0, 0],
    ["max of cells", b.reduce("max", [0], t), LEAST_I32, GREATEST_I32],
    ["min of cells", b.reduce("min", [0], t), LEAST_I32, GREATEST_I32],
    ["prod of cells", b.reduce("prod", [0], t), LEAST_I32, GREATEST_I32],
    ["sum of 16", b.reduce("sum", [0], t), -80, 144],
    ["sum of 48", b.reduce("sum", [0, 6], bi("+", t, b.index(6))), -240, 528],
    ["running sum of 16", b.reduce("cumsum", [0], t), -80, 144],
    ["sum of u, some of 16", b.reduce("sum", [0], u), 0, 64],
    ["sum of unknown many", b.reduce("sum", [1], b.load("t", [j], "i32")), -5 * MAX, 9 * MAX],
    ["a sum beyond 32 bits", twice, 2 * LEAST_I32, 2 * GREATEST_I32],
    ["and back", bi("-", twice, big), LEAST_I32, GREATEST_I32],
    [
      "less another of 32 bits",
      bi("-", twice, b.scalar("s", "i32")),
      2 * LEAST_I32 - GREATEST_I32,
      2 * GREATEST_I32 - LEAST_I32,
    ],
    ["what is larger of 32 bits", bi("max", twice, int(0)), 0, GREATEST_I32],
    ["its magnitude", un("abs", bi("+", twice, int(0))), 0, -LEAST_I32],
    ["four times", bi("*", twice, int(4)), 8 * LEAST_I32, 8 * GREATEST_I32],
    ["a product of 32 bits", bi("*", twice, u), 4 * LEAST_I32, 4 * GREATEST_I32],
    ["cells of one tensor", bi("*", i, M), 0, MAX],
    ["cells of one tensor, the size first", bi("*", M, i), 0, MAX],
    [
      "more than its cells",
      bi("*", bi("*", M, int(17)), b.scalar("s", "i32")),
      GREATEST_I32 * LEAST_I32,
      GREATEST_I32 * GREATEST_I32,
    ],
    ["a size twice that a tensor has twice", bi("*", K, q), 0, MAX],
    ["a size twice that no tensor has", bi("*", M, j), 0, MAX * (MAX - 1)],
    ["two sizes of two tensors", bi("*", M, K), 0, MAX * MAX],
    ["16 of a size, by a number", bi("*", M, int(16)), 0, MAX],
    ["17 of a size", bi("*", M, int(17)), 0, 17 * MAX],
    ["minus 2 of a size", bi("*", M, int(-2)), -2 * MAX, 0],
    ["an index that stands for data, times a size", bi("*", o, K), LEAST_I32 * MAX, GREATEST_I32 * MAX],
    ["a quotient times a size", bi("*", bi("/", i, int(2)), M), 0, 7 * MAX],
    ["a size times a quotient", bi("*", M, bi("/", i, int(2))), 0, 7 * MAX],
  ])("%s", (_, id, lo, hi) => {
    const r = integerRanges(b, env).exact(id);
    expect([r.lo + 0, r.hi + 0]).toEqual([lo, hi]);
  });

  test.each<readonly [string, NodeId, number, number]>([
    ["what fits", bi("+", t, i), -5, 24],
    ["a sum", twice, LEAST_I32, GREATEST_I32],
    ["all above", bi("+", int(GREATEST_I32), bi("+", i, int(1))), GREATEST_I32, GREATEST_I32],
    ["all below", bi("-", int(LEAST_I32), bi("+", i, int(1))), LEAST_I32, LEAST_I32],
    ["the last that fits", bi("+", int(GREATEST_I32 - 15), i), GREATEST_I32 - 15, GREATEST_I32],
  ])("in 32 bits: %s", (_, id, lo, hi) => {
    const r = integerRanges(b, env).value(id);
    expect([r.lo + 0, r.hi + 0]).toEqual([lo, hi]);
  });
});

test.each<readonly [string, number, number]>([
  ["i8", -128, 127],
  ["u8", 0, 255],
  ["i4", -8, 7],
  ["u4", 0, 15],
  ["u32", 0, GREATEST_I32],
  ["i32", LEAST_I32, GREATEST_I32],
])("what %s stores", (dtype, lo, hi) => expect(rangeOfStorage(dtype)).toEqual({ lo, hi }));

test("whether a range fits", () => {
  expect(fits({ lo: LEAST_I32, hi: GREATEST_I32 })).toBe(true);
  expect(fits({ lo: LEAST_I32 - 1, hi: 0 })).toBe(false);
  expect(fits({ lo: 0, hi: GREATEST_I32 + 1 })).toBe(false);
  expect(fits({ lo: 0, hi: 15 }, rangeOfStorage("u4"))).toBe(true);
  expect(fits({ lo: 0, hi: 16 }, rangeOfStorage("u4"))).toBe(false);
});

test.each<readonly [string, NodeId, boolean]>([
  ["+", bi("+", t, i), true],
  ["-", bi("-", t, i), true],
  ["neg", un("neg", t), true],
  ["times a number", bi("*", t, int(3)), true],
  ["a number times", bi("*", int(5), t), true],
  ["a product", bi("*", t, u), false],
  ["a quotient", bi("/", t, int(3)), false],
  ["abs", un("abs", t), false],
  ["a float sum", bi("+", f, f), false],
  ["a float neg", un("neg", f), false],
  ["a number", int(3), false],
  ["min with a number", bi("min", t, int(3)), false],
])("what is counted exactly: %s", (_, id, is) => expect(isSum(b, b.node(id))).toBe(is));
