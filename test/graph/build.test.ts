import { describe, expect, it } from "vitest";
import { graphBuilder, type GraphBuilder } from "../../src/ir/graph/build.ts";
import type { AxisId, NodeId } from "../../src/ir/graph/graph.ts";
import { dropDead } from "../../src/ir/graph/rewrite.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { verifyGraph } from "../../src/ir/graph/verify.ts";
import { attention, axes, fill, graphOf, random, tensor } from "./helpers.ts";

const make = (): { b: GraphBuilder; i: NodeId; j: NodeId; x: NodeId; int: (v: number) => NodeId } => {
  const b = graphBuilder(axes({ i: "N", j: "N", d: 4 }));
  return { b, i: b.index(0), j: b.index(1), x: b.load("x", [b.index(0)], "f32"), int: (v) => b.konst(v, "i32") };
};

describe("hash-consing", () => {
  it("makes equal expressions one node, commutative ones in either order", () => {
    const { b, i, j, x } = make();
    const y = b.load("y", [j], "f32");
    expect(b.binary("+", i, j)).toBe(b.binary("+", j, i));
    expect(b.binary("-", i, j)).not.toBe(b.binary("-", j, i));
    expect(b.binary("*", x, y)).toBe(b.binary("*", y, x));
    expect(b.konst(0, "f32")).not.toBe(b.konst(-0, "f32"));
    expect(b.konst(1, "f32")).not.toBe(b.konst(1, "i32"));
  });
  it("keeps the first span", () => {
    const { b, i, j } = make();
    const span = { file: "a.tfx", start: 3, end: 5 };
    const id = b.from([span], () => b.binary("+", i, j));
    b.from([{ ...span, start: 9 }], () => b.binary("+", i, j));
    expect(b.origins[id]).toEqual([span]);
  });
  it("knows the free axes", () => {
    const { b, x, i, j } = make();
    const y = b.load("y", [j, i], "f32");
    expect(b.node(b.binary("*", y, x)).axes).toEqual([0, 1]);
    expect(b.node(b.reduce("sum", [1], y)).axes).toEqual([0]);
    expect(b.node(b.reduce("sum", [1], x, b.binary("<", j, i))).axes).toEqual([0]);
    expect(b.node(b.reduce("cumsum", [1], x)).axes).toEqual([0, 1]);
  });
  it("refuses operands of the wrong type", () => {
    const { b, i, x } = make();
    expect(() => b.binary("+", i, x)).toThrow("`+` does not take i32 and f32");
    expect(() => b.unary("exp", i)).toThrow("`exp` does not take i32");
  });
});

describe("simplification", () => {
  const value = (b: GraphBuilder, id: NodeId): number | null => {
    const n = b.node(id);
    return n.kind === "const" ? n.value : null;
  };
  it("folds constants, integers with floor semantics", () => {
    const { b, int } = make();
    expect(value(b, b.binary("/", int(-7), int(2)))).toBe(-4);
    expect(value(b, b.binary("%", int(-7), int(4)))).toBe(1);
    expect(value(b, b.unary("rsqrt", b.konst(64, "f32")))).toBe(0.125);
    expect(value(b, b.sizeOf(["ceil/", 7, 2]))).toBe(4);
    expect(value(b, b.binary("/", int(1), int(0)))).toBe(null);
  });
  it("drops units and absorbs", () => {
    const { b, i, x, int } = make();
    const [zero, one] = [b.konst(0, "f32"), b.konst(1, "f32")];
    for (const id of [
      b.binary("+", x, zero),
      b.binary("+", zero, x),
      b.binary("-", x, zero),
      b.binary("*", x, one),
      b.binary("/", x, one),
    ]) {
      expect(id).toBe(x);
    }
    expect(b.unary("neg", b.unary("neg", x))).toBe(x);
    expect(b.binary("min", x, x)).toBe(x);
    expect(value(b, b.binary("*", int(0), i))).toBe(0);
    expect(value(b, b.binary("*", zero, x))).toBe(null);
    expect(value(b, b.binary("-", i, i))).toBe(0);
    expect(value(b, b.binary("-", x, x))).toBe(null);
    expect(value(b, b.binary("<=", i, i))).toBe(1);
    expect(value(b, b.binary("==", x, x))).toBe(null);
  });
  it("collects integer constants", () => {
    const { b, i, j, int } = make();
    expect(b.binary("-", b.binary("+", i, int(5)), int(5))).toBe(i);
    expect(b.binary("+", int(3), b.binary("+", i, int(4)))).toBe(b.binary("+", i, int(7)));
    expect(b.binary("-", b.binary("+", i, int(1)), b.binary("-", j, int(3)))).toBe(
      b.binary("+", b.binary("-", i, j), int(4)),
    );
    expect(b.binary("*", b.binary("*", i, int(3)), int(4))).toBe(b.binary("*", i, int(12)));
    expect(b.binary("/", b.binary("*", i, int(12)), int(4))).toBe(b.binary("*", i, int(3)));
  });
  it("simplifies logic and selects", () => {
    const { b, i, j, x } = make();
    const [lt, eq] = [b.binary("<", i, j), b.binary("==", i, j)];
    const yes = b.konst(1, "bool");
    expect(b.binary("and", lt, yes)).toBe(lt);
    expect(b.binary("or", lt, yes)).toBe(yes);
    expect(b.unary("not", b.unary("not", lt))).toBe(lt);
    expect(b.binary("and", b.binary("and", lt, eq), lt)).toBe(b.binary("and", lt, eq));
    expect(b.select(lt, x, x)).toBe(x);
    expect(b.select(yes, x, b.konst(0, "f32"))).toBe(x);
    expect(b.select(lt, yes, b.konst(0, "bool"))).toBe(lt);
    expect(b.and(null, lt, null)).toBe(lt);
    expect(b.and(null, yes)).toBe(null);
  });
  it("means the same as without: random integer expressions against direct evaluation", () => {
    const next = random(7);
    const ops = ["+", "-", "*", "/", "%", "min", "max"] as const;
    const pick = (n: number): number => Math.floor(((next() + 1) / 2) * n);
    for (let round = 0; round < 300; round++) {
      const { b, i, j, int } = make();
      const gen = (depth: number): { id: NodeId; f: (i: number, j: number) => number } => {
        if (depth === 0) {
          const c = pick(9) - 4;
          return [
            { id: i, f: (p: number) => p },
            { id: j, f: (_: number, q: number) => q },
            { id: int(c), f: () => c },
          ][pick(3)] as never;
        }
        const op = ops[pick(ops.length)] ?? "+";
        const l = gen(depth - 1);
        if (op === "/" || op === "%") {
          const c = pick(5) + 1;
          const f = (p: number, q: number): number =>
            op === "/" ? Math.floor(l.f(p, q) / c) : l.f(p, q) - c * Math.floor(l.f(p, q) / c);
          return { id: b.binary(op, l.id, int(c)), f };
        }
        const r = gen(depth - 1);
        const f = (p: number, q: number): number => {
          const [x, y] = [l.f(p, q), r.f(p, q)];
          return op === "+"
            ? x + y
            : op === "-"
              ? x - y
              : op === "*"
                ? x * y
                : op === "min"
                  ? Math.min(x, y)
                  : Math.max(x, y);
        };
        return { id: b.binary(op, l.id, r.id), f };
      };
      const { id, f } = gen(4);
      const graph = graphOf(b, [tensor("x", [0]), tensor("o", [0, 1], "output", "i32")], { o: id }, { sizes: ["N"] });
      expect(verifyGraph(graph)).toEqual([]);
      const { o } = evaluateGraph(graph, { sizes: { N: 4 }, tensors: {}, scalars: {} });
      expect([...(o ?? [])]).toEqual(Array.from({ length: 16 }, (_, c) => f(Math.floor(c / 4), c % 4) + 0));
    }
  });
});

describe("substitution", () => {
  const sizes = { N: 5 };
  const data = { x: fill(25, random(1)), y: fill(5, random(2)) };
  /** The values of an expression over i and j, row-major. */
  const values = (b: GraphBuilder, value: NodeId): number[] => {
    const tensors = [tensor("x", [0, 1]), tensor("y", [0]), tensor("o", [0, 1], "output")];
    const graph = graphOf(b, tensors, { o: value });
    expect(verifyGraph(graph)).toEqual([]);
    return [...(evaluateGraph(graph, { sizes, tensors: data, scalars: {} })["o"] ?? [])];
  };
  const cell = (i: number, j: number): number => data.x[i * 5 + j] as number;
  const table = (f: (i: number, j: number) => number): number[] =>
    Array.from({ length: 25 }, (_, c) => f(Math.floor(c / 5), c % 5));
  const start = (): { b: GraphBuilder; x: NodeId; at: (a: AxisId) => NodeId } => {
    const b = graphBuilder(axes({ i: "N", j: "N" }));
    return { b, x: b.load("x", [b.index(0), b.index(1)], "f32"), at: b.index };
  };

  it("swaps axes all at once", () => {
    const { b, x, at } = start();
    expect(
      values(
        b,
        b.substitute(
          x,
          new Map([
            [0, at(1)],
            [1, at(0)],
          ]),
        ),
      ),
    ).toEqual(table((i, j) => cell(j, i)));
  });
  it("does not capture a reduction's axis", () => {
    const { b, x, at } = start();
    const row = b.reduce("sum", [1], x);
    const got = b.substitute(row, new Map([[0, at(1)]]));
    expect(b.node(got).axes).toEqual([1]);
    const want = table((_, j) => [0, 1, 2, 3, 4].reduce((sum, c) => sum + cell(j, c), 0));
    expect(values(b, got)).toEqual(want);
    expect(b.axes.map((a) => a.name)).toEqual(["i", "j", "j_2"]);
  });
  it("never replaces a bound axis", () => {
    const { b, x } = start();
    const row = b.reduce("sum", [1], x);
    expect(b.substitute(row, new Map([[1, b.konst(0, "i32")]]))).toBe(row);
  });
  it("reads a running sum at another place", () => {
    const { b, x, at } = start();
    const running = b.reduce("cumsum", [1], x, b.binary("!=", at(1), b.konst(2, "i32")));
    const upTo = (i: number, last: number): number => {
      let sum = 0;
      for (let c = 0; c <= last; c++) if (c !== 2) sum += cell(i, c);
      return sum;
    };
    expect(values(b, running)).toEqual(table(upTo));
    const backwards = b.substitute(running, new Map([[1, b.binary("-", b.konst(4, "i32"), at(1))]]));
    expect(values(b, backwards)).toEqual(table((i, j) => upTo(i, 4 - j)));
    const diagonal = b.substitute(running, new Map([[0, at(1)]]));
    expect(values(b, diagonal)).toEqual(table((_, j) => upTo(j, j)));
  });
  it("replaces nodes", () => {
    const { b, x, at } = start();
    const y = b.load("y", [at(0)], "f32");
    const sum = b.reduce("sum", [1], b.binary("*", x, y));
    const replaced = b.replaceNodes(sum, new Map([[y, b.konst(1, "f32")]]));
    expect(replaced).toBe(b.reduce("sum", [1], x));
    expect(b.replaceNodes(sum, new Map())).toBe(sum);
  });
});

describe("dropDead", () => {
  it("keeps the meaning, the names and the order, and only what is used", () => {
    const { b, graph } = attention(() => null);
    b.reduce("prod", [2], b.index(2));
    const small = dropDead(graph);
    expect(small.nodes.length).toBeLessThan(b.nodes.length);
    expect(verifyGraph(small)).toEqual([]);
    expect([...small.names.values()].sort()).toEqual([...graph.names.values()].sort());
    const sizes = { B: 1, N: 2, M: 3, D: 4, E: 2 };
    const inputs = {
      sizes,
      tensors: { q: fill(8, random(1)), k: fill(12, random(2)), v: fill(6, random(3)) },
      scalars: {},
    };
    expect(evaluateGraph(small, inputs)).toEqual(evaluateGraph(graph, inputs));
  });
});
