/** What the builder simplifies, and what it must leave: one line for each side of each rule. */
import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../src/ir/graph/build.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import type { BinaryOp, UnaryOp } from "../../src/base/operators.ts";
import { axes, fill, graphOf, random, tensor } from "./helpers.ts";

const b = graphBuilder(axes({ i: "N", j: "N" }));
const [i, j] = [b.index(0), b.index(1)];
const [x, y] = [b.load("x", [i], "f32"), b.load("y", [i], "f32")];
const [p, q, r] = [b.binary("<", i, j), b.binary("<", x, y), b.load("m", [i], "bool")];
const int = (v: number): NodeId => b.konst(v, "i32");
const f = (v: number): NodeId => b.konst(v, "f32");
const bool = (v: 0 | 1): NodeId => b.konst(v, "bool");
const un = (op: UnaryOp, a: NodeId): NodeId => b.unary(op, a);
const bi = (op: BinaryOp, a: NodeId, c: NodeId): NodeId => b.binary(op, a, c);

describe("is the same node", () => {
  test.each<readonly [string, NodeId, NodeId]>([
    ["exp of a number", un("exp", f(0)), f(1)],
    ["not of true", un("not", bool(1)), bool(0)],
    ["float of a number", un("float", int(3)), f(3)],
    ["int of a number", un("int", f(-1.5)), int(-1)],
    ["- -x", un("neg", un("neg", x)), x],
    ["not not p", un("not", un("not", p)), p],
    ["float of a float", un("float", x), x],
    ["int of an int", un("int", i), i],
    ["int of float of an int", un("int", un("float", i)), i],
    ["floor of floor", un("floor", un("floor", x)), un("floor", x)],
    ["ceil of floor", un("ceil", un("floor", x)), un("floor", x)],
    ["round of ceil", un("round", un("ceil", x)), un("ceil", x)],
    ["floor of round", un("floor", un("round", x)), un("round", x)],
    ["floor of an int", un("floor", un("float", i)), un("float", i)],
    ["abs of abs", un("abs", un("abs", x)), un("abs", x)],
    ["abs of -x", un("abs", un("neg", x)), un("abs", x)],
    ["numbers", bi("-", f(5), f(3)), f(2)],
    ["integers", bi("/", int(-7), int(2)), int(-4)],
    ["a comparison of numbers", bi("<", f(1), f(2)), bool(1)],
    ["float division by zero", bi("/", f(1), f(0)), f(Infinity)],
    ["true and p", bi("and", bool(1), p), p],
    ["p and true", bi("and", p, bool(1)), p],
    ["false and p", bi("and", bool(0), p), bool(0)],
    ["p and false", bi("and", p, bool(0)), bool(0)],
    ["p and p", bi("and", p, p), p],
    ["p and q and p", bi("and", bi("and", p, q), p), bi("and", p, q)],
    ["p and (q and p)", bi("and", p, bi("and", q, p)), bi("and", p, q)],
    ["p and (q and (r and q))", bi("and", p, bi("and", q, bi("and", r, q))), bi("and", p, bi("and", q, r))],
    ["true or p", bi("or", bool(1), p), bool(1)],
    ["false or p", bi("or", bool(0), p), p],
    ["p or true", bi("or", p, bool(1)), bool(1)],
    ["p or false", bi("or", p, bool(0)), p],
    ["p or p", bi("or", p, p), p],
    ["min of one", bi("min", x, x), x],
    ["max of one", bi("max", i, i), i],
    ["i == i", bi("==", i, i), bool(1)],
    ["i <= i", bi("<=", i, i), bool(1)],
    ["i >= i", bi(">=", i, i), bool(1)],
    ["i != i", bi("!=", i, i), bool(0)],
    ["i < i", bi("<", i, i), bool(0)],
    ["i > i", bi(">", i, i), bool(0)],
    ["p == p", bi("==", p, p), bool(1)],
    ["x + 0", bi("+", x, f(0)), x],
    ["0 + x", bi("+", f(0), x), x],
    ["x - 0", bi("-", x, f(0)), x],
    ["0 - x", bi("-", f(0), x), un("neg", x)],
    ["x + -y", bi("+", x, un("neg", y)), bi("-", x, y)],
    ["x - -y", bi("-", x, un("neg", y)), bi("+", x, y)],
    ["i - i", bi("-", i, i), int(0)],
    ["i + 2 + 3", bi("+", bi("+", i, int(2)), int(3)), bi("+", i, int(5))],
    ["i + 2 - 5", bi("-", bi("+", i, int(2)), int(5)), bi("-", i, int(3))],
    ["i + -2", bi("+", i, int(-2)), bi("-", i, int(2))],
    ["i - -2", bi("-", i, int(-2)), bi("+", i, int(2))],
    ["2 + i", bi("+", int(2), i), bi("+", i, int(2))],
    ["(i + 1) + (j + 2)", bi("+", bi("+", i, int(1)), bi("+", j, int(2))), bi("+", bi("+", i, j), int(3))],
    ["(i + 1) - (j + 2)", bi("-", bi("+", i, int(1)), bi("+", j, int(2))), bi("-", bi("-", i, j), int(1))],
    ["(i + 1) - j", bi("-", bi("+", i, int(1)), j), bi("+", bi("-", i, j), int(1))],
    ["i - (j - 1)", bi("-", i, bi("-", j, int(1))), bi("+", bi("-", i, j), int(1))],
    ["1 * x", bi("*", f(1), x), x],
    ["x * 1", bi("*", x, f(1)), x],
    ["0 * i", bi("*", int(0), i), int(0)],
    ["i * 0", bi("*", i, int(0)), int(0)],
    ["2 * i", bi("*", int(2), i), bi("*", i, int(2))],
    ["i * 2 * 3", bi("*", bi("*", i, int(2)), int(3)), bi("*", i, int(6))],
    ["x / 1", bi("/", x, f(1)), x],
    ["i / 1", bi("/", i, int(1)), i],
    ["i % 1", bi("%", i, int(1)), int(0)],
    ["0 / 3", bi("/", int(0), int(3)), int(0)],
    ["i * 6 / 3", bi("/", bi("*", i, int(6)), int(3)), bi("*", i, int(2))],
    ["i * 6 % 3", bi("%", bi("*", i, int(6)), int(3)), int(0)],
    ["pow 1", bi("pow", x, f(1)), x],
    ["a sure choice", b.select(bool(1), x, y), x],
    ["the other", b.select(bool(0), x, y), y],
    ["one value", b.select(p, x, x), x],
    ["a negated choice", b.select(un("not", p), x, y), b.select(p, y, x)],
    ["a condition", b.select(p, bool(1), bool(0)), p],
    ["its opposite", b.select(p, bool(0), bool(1)), un("not", p)],
  ])("%s", (_, found, expected) => expect(found).toBe(expected));
});

describe("stays as it is written", () => {
  test.each<readonly [string, NodeId, UnaryOp | BinaryOp | "select"]>([
    ["neg of not", un("neg", un("abs", x)), "neg"],
    ["floor of a sum", un("floor", bi("+", x, y)), "floor"],
    ["floor of abs", un("floor", un("abs", x)), "floor"],
    ["exp of floor", un("exp", un("floor", x)), "exp"],
    ["abs of exp", un("abs", un("exp", x)), "abs"],
    ["neg of abs", un("neg", un("abs", x)), "neg"],
    ["int of a float", un("int", x), "int"],
    ["int of floor", un("int", un("floor", x)), "int"],
    ["float of an int", un("float", i), "float"],
    ["integer division by zero", bi("/", int(1), int(0)), "/"],
    ["rest by zero", bi("%", int(1), int(0)), "%"],
    ["x == x, which may be no number", bi("==", x, x), "=="],
    ["x <= x", bi("<=", x, x), "<="],
    ["x < x", bi("<", x, x), "<"],
    ["x - x", bi("-", x, x), "-"],
    ["0 * x", bi("*", f(0), x), "*"],
    ["x * 0", bi("*", x, f(0)), "*"],
    ["x / x", bi("/", x, x), "/"],
    ["x + 1 + 2, whose rounding differs", bi("+", bi("+", x, f(1)), f(2)), "+"],
    ["x * 2 * 3", bi("*", bi("*", x, f(2)), f(3)), "*"],
    ["2 - i", bi("-", int(2), i), "-"],
    ["i * 6 / 4", bi("/", bi("*", i, int(6)), int(4)), "/"],
    ["i / -1", bi("/", i, int(-1)), "/"],
    ["i * 6 / -3", bi("/", bi("*", i, int(6)), int(-3)), "/"],
    ["i / j", bi("/", i, j), "/"],
    ["x % 1", bi("%", x, f(1)), "%"],
    ["x / 2", bi("/", x, f(2)), "/"],
    ["pow 2", bi("pow", x, f(2)), "pow"],
    ["p and q", bi("and", p, q), "and"],
    ["p or q", bi("or", p, q), "or"],
    ["i + j", bi("+", i, j), "+"],
    ["a choice", b.select(p, x, y), "select"],
    ["a choice of conditions", b.select(p, q, bool(0)), "select"],
    ["(i + j) * 3 / 3", bi("/", bi("+", i, int(1)), int(3)), "/"],
  ])("%s", (_, id, op) => {
    const n = b.node(id);
    expect(n.kind === "unary" || n.kind === "binary" ? n.op : n.kind).toBe(op);
  });
});

test("means the same: random expressions of floats, integers and conditions against direct evaluation", () => {
  const next = random(31);
  const pick = (n: number): number => Math.floor(((next() + 1) / 2) * n);
  type Made = { readonly id: NodeId; readonly of: (i: number, j: number) => number };
  const xs = fill(4, () => Math.round(next() * 6) / 2);
  for (let round = 0; round < 300; round++) {
    const g = graphBuilder(axes({ i: 4, j: 4 }));
    const whole = (depth: number): Made => {
      if (depth === 0) {
        const c = pick(7) - 3;
        return [
          { id: g.index(0), of: (u: number) => u },
          { id: g.index(1), of: (_: number, v: number) => v },
          { id: g.konst(c, "i32"), of: () => c },
        ][pick(3)] as Made;
      }
      const [s, t] = [whole(depth - 1), whole(depth - 1)];
      switch (pick(6)) {
        case 0:
          return { id: g.unary("neg", s.id), of: (u, v) => -s.of(u, v) };
        case 1:
          return { id: g.unary("abs", s.id), of: (u, v) => Math.abs(s.of(u, v)) };
        case 2:
          return { id: g.unary("int", g.unary("float", s.id)), of: s.of };
        case 3:
          return { id: g.binary("+", s.id, t.id), of: (u, v) => s.of(u, v) + t.of(u, v) };
        case 4:
          return { id: g.binary("-", s.id, t.id), of: (u, v) => s.of(u, v) - t.of(u, v) };
        default: {
          const c = holds(depth - 1);
          return { id: g.select(c.id, s.id, t.id), of: (u, v) => (c.of(u, v) !== 0 ? s.of(u, v) : t.of(u, v)) };
        }
      }
    };
    const holds = (depth: number): Made => {
      if (depth === 0) {
        const c = pick(2);
        return { id: g.konst(c, "bool"), of: () => c };
      }
      const [s, t] = [holds(depth - 1), holds(depth - 1)];
      switch (pick(5)) {
        case 0:
          return { id: g.binary("and", s.id, t.id), of: (u, v) => Number(s.of(u, v) !== 0 && t.of(u, v) !== 0) };
        case 1:
          return { id: g.binary("or", s.id, t.id), of: (u, v) => Number(s.of(u, v) !== 0 || t.of(u, v) !== 0) };
        case 2:
          return { id: g.unary("not", s.id), of: (u, v) => Number(s.of(u, v) === 0) };
        default: {
          const [k, l] = [whole(depth - 1), whole(depth - 1)];
          const [op, of] = (
            [
              ["<", (m: number, n: number) => m < n],
              ["<=", (m: number, n: number) => m <= n],
              ["==", (m: number, n: number) => m === n],
              ["!=", (m: number, n: number) => m !== n],
              [">", (m: number, n: number) => m > n],
              [">=", (m: number, n: number) => m >= n],
            ] as const
          )[pick(6)] ?? ["<", (m: number, n: number) => m < n];
          return { id: g.binary(op, k.id, l.id), of: (u, v) => Number(of(k.of(u, v), l.of(u, v))) };
        }
      }
    };
    const real = (depth: number): Made => {
      if (depth === 0) {
        const c = pick(4) - 1;
        return [
          { id: g.load("x", [g.index(0)], "f32"), of: (u: number) => xs[u] ?? 0 },
          { id: g.konst(c, "f32"), of: () => c },
          { id: g.unary("float", g.index(1)), of: (_: number, v: number) => v },
        ][pick(3)] as Made;
      }
      const [s, t] = [real(depth - 1), real(depth - 1)];
      switch (pick(8)) {
        case 0:
          return { id: g.unary("neg", s.id), of: (u, v) => -s.of(u, v) };
        case 1:
          return { id: g.unary("abs", s.id), of: (u, v) => Math.abs(s.of(u, v)) };
        case 2:
          return { id: g.unary("floor", s.id), of: (u, v) => Math.floor(s.of(u, v)) };
        case 3:
          return { id: g.unary("ceil", s.id), of: (u, v) => Math.ceil(s.of(u, v)) };
        case 4:
          return { id: g.binary("+", s.id, t.id), of: (u, v) => s.of(u, v) + t.of(u, v) };
        case 5:
          return { id: g.binary("-", s.id, t.id), of: (u, v) => s.of(u, v) - t.of(u, v) };
        case 6:
          return { id: g.binary("*", s.id, t.id), of: (u, v) => s.of(u, v) * t.of(u, v) };
        default: {
          const c = holds(depth - 1);
          return { id: g.select(c.id, s.id, t.id), of: (u, v) => (c.of(u, v) !== 0 ? s.of(u, v) : t.of(u, v)) };
        }
      }
    };
    const results = { o: real(3), n: whole(3), h: holds(3) };
    const graph = graphOf(
      g,
      [
        tensor("x", [0]),
        tensor("o", [0, 1], "output"),
        tensor("n", [0, 1], "output", "i32"),
        tensor("h", [0, 1], "output", "bool"),
      ],
      { o: results.o.id, n: results.n.id, h: results.h.id },
    );
    const found = evaluateGraph(graph, { sizes: {}, tensors: { x: xs }, scalars: {} });
    for (const [name, { of }] of Object.entries(results))
      expect(
        [...(found[name] ?? [])].map((v) => v + 0),
        name,
      ).toEqual(Array.from({ length: 16 }, (_, c) => of(Math.floor(c / 4), c % 4) + 0));
  }
});
