/** Conditions over boxes, node by node: the class that is certain, for each kind of condition and of integer. */
import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../src/ir/graph/build.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import { classify, intRange, type DomainEnv } from "../../src/ir/scalar/domain.ts";
import { axes } from "../graph/helpers.ts";

const b = graphBuilder(axes({ i: 16, j: "M", k: ["*", "M", 2] }));
const [i, j] = [b.index(0), b.index(1)];
const int = (v: number): NodeId => b.konst(v, "i32");
const f = (v: number): NodeId => b.konst(v, "f32");
const yes = (name: string): NodeId => b.load(name, [i], "bool");
const t = b.load("t", [i], "i32");
const w = b.scalar("w", "i32");
/** Tensors that are known: `one` is true everywhere, `zero` nowhere, t lies in 2..5. */
const env: DomainEnv = {
  size: (s) => (s === "M" ? 8 : null),
  scalar: (s) => (s === "w" ? 3 : null),
  load: (name) =>
    name === "one" ? { lo: 1, hi: 1 } : name === "zero" ? { lo: 0, hi: 0 } : name === "t" ? { lo: 2, hi: 5 } : null,
};
const box = new Map([[0, { lo: 4, hi: 7 }]]);
const of = (id: NodeId): string => classify(b, id, box, env);
const [one, zero, any] = [yes("one"), yes("zero"), yes("any")];
const not = (id: NodeId): NodeId => b.unary("not", id);
const bi = (op: Parameters<typeof b.binary>[0], p: NodeId, q: NodeId): NodeId => b.binary(op, p, q);

describe("conditions", () => {
  test.each<readonly [string, NodeId, string]>([
    ["true", one, "full"],
    ["false", zero, "empty"],
    ["unknown", any, "partial"],
    ["not true", not(one), "empty"],
    ["not false", not(zero), "full"],
    ["not unknown", not(any), "partial"],
    ["and", bi("and", one, any), "partial"],
    ["and false", bi("and", any, zero), "empty"],
    ["or", bi("or", zero, any), "partial"],
    ["or true", bi("or", any, one), "full"],
    ["neither", not(bi("or", zero, yes("zero2"))), "partial"],
    ["not both", not(bi("and", any, zero)), "full"],
    ["not either", not(bi("or", any, one)), "empty"],
    ["alike", bi("==", one, bi("<", i, int(8))), "full"],
    ["not alike", bi("==", one, zero), "empty"],
    ["alike, unknown", bi("==", one, any), "partial"],
    ["differ", bi("!=", one, zero), "full"],
    ["do not differ", bi("!=", zero, bi(">", i, int(7))), "empty"],
    ["differ, unknown", bi("!=", any, zero), "partial"],
    ["a choice taken", b.select(one, zero, any), "empty"],
    ["a choice not taken", b.select(zero, any, one), "full"],
    ["an open choice of alike", b.select(any, one, bi("<", i, int(8))), "full"],
    ["an open choice", b.select(any, one, zero), "partial"],
    ["an open choice of false", b.select(any, zero, bi(">", i, int(8))), "empty"],
    ["<", bi("<", i, int(8)), "full"],
    ["< at the end", bi("<", i, int(7)), "partial"],
    ["< never", bi("<", i, int(4)), "empty"],
    ["<=", bi("<=", i, int(7)), "full"],
    ["<= never", bi("<=", i, int(3)), "empty"],
    [">", bi(">", i, int(3)), "full"],
    ["> never", bi(">", i, int(7)), "empty"],
    [">=", bi(">=", i, int(4)), "full"],
    [">= never", bi(">=", i, int(8)), "empty"],
    ["==", bi("==", i, int(4)), "partial"],
    ["== never", bi("==", i, int(3)), "empty"],
    ["!= always", bi("!=", i, int(8)), "full"],
    ["a difference that cancels", bi("<", bi("-", bi("+", i, j), i), int(8)), "full"],
    ["of floats", bi("<", b.unary("float", i), f(7.5)), "full"],
    ["of floats, never", bi(">", b.unary("float", i), f(7.5)), "empty"],
    [
      "two bounds that leave nothing",
      bi("and", bi("<", bi("+", i, j), int(3)), bi(">", bi("+", j, i), int(5))),
      "empty",
    ],
    ["a size", bi("<", j, b.sizeOf("M")), "full"],
    ["a scalar", bi(">", i, w), "full"],
    ["data", bi("<", t, int(6)), "full"],
    ["data, open", bi("<", t, int(5)), "partial"],
    ["two sides of one value", bi("and", bi("<=", i, int(5)), bi(">=", i, int(6))), "empty"],
    ["two sides that meet", bi("and", bi("<=", i, int(5)), bi(">=", i, int(5))), "partial"],
  ])("%s", (_, id, expected) => expect(of(id)).toBe(expected));
});

describe("integers", () => {
  test.each<readonly [string, NodeId, number, number]>([
    ["an index of the box", i, 4, 7],
    ["another", j, 0, 7],
    ["of a product", b.index(2), 0, 15],
    ["a sum", bi("+", i, j), 4, 14],
    ["a difference", bi("-", i, j), -3, 7],
    ["twice the same", bi("-", i, i), 0, 0],
    ["a multiple", bi("*", i, int(-2)), -14, -8],
    ["a product", bi("*", i, j), 0, 49],
    ["a square", bi("*", bi("-", i, int(5)), bi("-", i, int(5))), 0, 4],
    ["a quotient", bi("/", i, int(3)), 1, 2],
    ["a rest", bi("%", i, int(8)), 4, 7],
    ["a rest that turns", bi("%", i, int(5)), 0, 4],
    ["min", bi("min", i, int(5)), 4, 5],
    ["max", bi("max", i, int(5)), 5, 7],
    ["abs", b.unary("abs", bi("-", i, int(6))), 0, 2],
    ["sign", b.unary("sign", bi("-", i, int(4))), 0, 1],
    ["data", t, 2, 5],
    ["a scalar", w, 3, 3],
    ["a choice", b.select(any, i, int(9)), 4, 9],
    ["a choice taken", b.select(one, i, int(9)), 4, 7],
    ["a choice not taken", b.select(zero, i, int(9)), 9, 9],
    ["rounded", b.unary("int", bi("*", b.unary("float", i), f(0.5))), 2, 3],
  ])("%s", (_, id, lo, hi) => {
    const r = intRange(b, id, box, env);
    expect([r.lo + 0, r.hi + 0]).toEqual([lo, hi]);
  });
});
