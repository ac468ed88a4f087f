/** What operations mean, and on what types they are. */
import { describe, expect, test } from "vitest";
import type { Ty } from "../../src/ir/graph/graph.ts";
import type { BinaryOp, UnaryOp } from "../../src/base/operators.ts";
import {
  binaryFn,
  binaryTy,
  erf,
  isCommutative,
  isPredicate,
  roundEven,
  unaryFn,
  unaryTy,
} from "../../src/ir/graph/arith.ts";

const TYS: readonly Ty[] = ["f32", "i32", "bool"];
const UNARY: readonly UnaryOp[] = [
  "neg",
  "not",
  "abs",
  "sign",
  "exp",
  "log",
  "exp2",
  "log2",
  "sqrt",
  "rsqrt",
  "tanh",
  "sin",
  "cos",
  "floor",
  "ceil",
  "round",
  "erf",
  "float",
  "int",
];
const BINARY: readonly BinaryOp[] = [
  "+",
  "-",
  "*",
  "/",
  "%",
  "pow",
  "min",
  "max",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "and",
  "or",
];

test("types of unary operations", () => {
  expect(Object.fromEntries(UNARY.map((op) => [op, TYS.map((ty) => unaryTy(op, ty))]))).toEqual({
    neg: ["f32", "i32", null],
    not: [null, null, "bool"],
    abs: ["f32", "i32", null],
    sign: ["f32", "i32", null],
    exp: ["f32", null, null],
    log: ["f32", null, null],
    exp2: ["f32", null, null],
    log2: ["f32", null, null],
    sqrt: ["f32", null, null],
    rsqrt: ["f32", null, null],
    tanh: ["f32", null, null],
    sin: ["f32", null, null],
    cos: ["f32", null, null],
    floor: ["f32", null, null],
    ceil: ["f32", null, null],
    round: ["f32", null, null],
    erf: ["f32", null, null],
    float: ["f32", "f32", "f32"],
    int: ["i32", "i32", "i32"],
  });
});

test("types of binary operations; which are conditions; which commute", () => {
  const number = ["f32", "i32", null];
  expect(Object.fromEntries(BINARY.map((op) => [op, TYS.map((ty) => binaryTy(op, ty))]))).toEqual({
    "+": number,
    "-": number,
    "*": number,
    "/": number,
    "%": number,
    min: number,
    max: number,
    pow: ["f32", null, null],
    "==": ["bool", "bool", "bool"],
    "!=": ["bool", "bool", "bool"],
    "<": ["bool", "bool", null],
    "<=": ["bool", "bool", null],
    ">": ["bool", "bool", null],
    ">=": ["bool", "bool", null],
    and: [null, null, "bool"],
    or: [null, null, "bool"],
  });
  expect(BINARY.filter(isPredicate)).toEqual(["==", "!=", "<", "<=", ">", ">=", "and", "or"]);
  expect(BINARY.filter(isCommutative)).toEqual(["+", "*", "min", "max", "==", "!="]);
});

describe("values", () => {
  test.each<readonly [UnaryOp, number, number]>([
    ["neg", 3, -3],
    ["not", 0, 1],
    ["not", 1, 0],
    ["abs", -2, 2],
    ["sign", -7, -1],
    ["exp", 0, 1],
    ["log", Math.E, 1],
    ["exp2", 3, 8],
    ["log2", 8, 3],
    ["sqrt", 9, 3],
    ["rsqrt", 4, 0.5],
    ["tanh", 0, 0],
    ["sin", Math.PI / 2, 1],
    ["cos", 0, 1],
    ["floor", -1.5, -2],
    ["ceil", -1.5, -1],
    ["round", 2.5, 2],
    ["erf", 0, 0],
    ["float", 3, 3],
    ["int", -1.5, -1],
  ])("%s of %f is %f", (op, x, y) => expect(unaryFn(op)(x) + 0).toBe(y));

  test.each<readonly [BinaryOp, Ty, number, number, number]>([
    ["+", "f32", 1, 2, 3],
    ["-", "f32", 1, 2, -1],
    ["*", "f32", 3, 2, 6],
    ["/", "f32", -3, 2, -1.5],
    ["/", "i32", -3, 2, -2],
    ["%", "i32", -3, 2, 1],
    ["%", "f32", -3, 2, -1],
    ["pow", "f32", 2, 3, 8],
    ["min", "f32", 1, 2, 1],
    ["max", "f32", 1, 2, 2],
    ["==", "i32", 1, 1, 1],
    ["==", "i32", 1, 2, 0],
    ["!=", "i32", 1, 1, 0],
    ["!=", "i32", 1, 2, 1],
    ["<", "i32", 1, 1, 0],
    ["<", "i32", 0, 1, 1],
    ["<=", "i32", 1, 1, 1],
    ["<=", "i32", 2, 1, 0],
    [">", "i32", 1, 1, 0],
    [">", "i32", 2, 1, 1],
    [">=", "i32", 1, 1, 1],
    [">=", "i32", 0, 1, 0],
    ["and", "bool", 1, 1, 1],
    ["and", "bool", 1, 0, 0],
    ["and", "bool", 0, 1, 0],
    ["or", "bool", 0, 0, 0],
    ["or", "bool", 1, 0, 1],
    ["or", "bool", 0, 1, 1],
  ])("%s of %s: %f, %f is %f", (op, ty, x, y, z) => expect(binaryFn(op, ty)(x, y)).toBe(z));

  test("an integer has no -0", () => expect(unaryFn("float")(-0)).toBe(0));

  test("half to even", () =>
    expect([0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, 0.4, 0.6, 7].map((x) => roundEven(x) + 0)).toEqual([
      0, 2, 2, 4, 0, -2, -2, 0, 1, 7,
    ]));

  // Abramowitz and Stegun, table 7.1.
  test.each([
    [0.1, 0.112462916],
    [0.5, 0.5204998778],
    [1, 0.8427007929],
    [2, 0.995322265],
    [-1, -0.8427007929],
    [3.5, 0.9999992569],
    [5.9, 1],
    [6, 1],
    [-6.5, -1],
    [Infinity, 1],
  ])("erf %f", (x, y) => expect(erf(x)).toBeCloseTo(y, 9));
  test("erf of no number", () => expect(erf(NaN)).toBe(NaN));
});
