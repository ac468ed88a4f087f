import { NO_SPAN } from "../../src/base/span.ts";
import { describe, expect, it } from "vitest";
import type { Graph, Node, NodeId } from "../../src/ir/graph/graph.ts";
import { printGraph, printNode } from "../../src/ir/graph/print.ts";
import { verifyGraph } from "../../src/ir/graph/verify.ts";
import { conjuncts, fold, inOrder, users } from "../../src/ir/graph/walk.ts";
import { attention, tensor } from "./helpers.ts";
import { kit } from "./masks.ts";

describe("printGraph", () => {
  it("reads like the source", () => {
    const { graph } = attention((b) => b.binary("<=", b.index(2), b.index(1)));
    expect(printGraph(graph)).toBe(`graph test
  axes b: B, i: N, j: M, d: D, e: E
  input q: f32[b, i, d]
  input k: f32[b, j, d]
  input v: f32[b, j, e]
  output o: f32[b, i, e]
  output lse: f32[b, i]
  scalar scale: f32 = 1 / sqrt(float(D))
  s[b, i, j] = scale * sum[d](q[b, i, d] * k[b, j, d])
  m[b, i] = max[j](s where j <= i)
  p[b, i, j] = exp(s - m)
  l[b, i] = sum[j](p where j <= i)
  o[b, i, e] = sum[j](p / l * v[b, j, e] where j <= i)
  lse[b, i] = m + log(l)
`);
  });
  it("puts parentheses where they are needed and nowhere else", () => {
    const { b, i, j, op, int } = kit("N");
    const text = (id: NodeId): string => printNode(b, id);
    expect(text(op("*", op("+", i, j), op("-", i, int(2))))).toBe("(i + j) * (i - 2)");
    expect(text(op("-", i, op("-", j, op("*", i, j))))).toBe("i - (j - i * j)");
    expect(text(op("-", op("-", i, j), op("*", j, j)))).toBe("i - j - j * j");
    expect(text(b.unary("neg", op("+", i, j)))).toBe("-(i + j)");
    expect(text(op("and", op("or", op("<", i, j), op("==", i, int(3))), b.unary("not", op(">", j, int(-1)))))).toBe(
      "(i < j or i == 3) and not j > -1",
    );
    expect(text(op("max", b.select(op("<", i, j), i, j), int(4)))).toBe("max(if i < j then i else j, 4)");
    expect(text(op("+", b.select(op("<", i, j), i, j), j))).toBe("(if i < j then i else j) + j");
    expect(text(b.binary("pow", b.unary("neg", b.unary("float", i)), b.konst(0.1, "f32")))).toBe("(-float(i)) ** 0.1");
    expect(text(b.reduce("kth", [1], b.unary("float", i), op("<=", j, i), 8))).toBe(
      "kth_largest[j](float(i), 8 where j <= i)",
    );
    expect(text(b.konst(1 / 3, "f32"))).toBe("0.3333333");
    expect(text(b.konst(-Infinity, "f32"))).toBe("-inf");
  });
});

describe("verifyGraph", () => {
  const { graph } = attention((b) => b.binary("<=", b.index(2), b.index(1)));
  const corrupt = (at: (n: Node) => boolean, change: (n: Node) => Partial<Node>): Graph => ({
    ...graph,
    nodes: graph.nodes.map((n, id) => (n === graph.nodes.find(at) ? ({ ...n, ...change(n) } as Node) : { ...n, id })),
  });
  it("has nothing to say about a good graph", () => {
    expect(verifyGraph(graph)).toEqual([]);
  });
  const bad: readonly (readonly [string, Graph, string])[] = [
    [
      "order",
      corrupt(
        (n) => n.kind === "unary",
        () => ({ a: 99 }),
      ),
      "uses 99, which is not before it",
    ],
    [
      "identity",
      corrupt(
        (n) => n.kind === "unary",
        () => ({ id: 99 }),
      ),
      "has id 99",
    ],
    [
      "free axes",
      corrupt(
        (n) => n.kind === "reduce",
        () => ({ axes: [0] }),
      ),
      "has free axes [0], should be [0,1,2]",
    ],
    [
      "type",
      corrupt(
        (n) => n.kind === "load",
        () => ({ ty: "i32" }),
      ),
      "is i32, should be f32",
    ],
    [
      "operand types",
      corrupt(
        (n) => n.kind === "binary" && n.op === "*",
        () => ({ a: 0 }),
      ),
      "* of i32 and f32",
    ],
    [
      "condition",
      corrupt(
        (n) => n.kind === "reduce" && n.where !== null,
        () => ({ where: 0 }),
      ),
      "where: is i32, should be bool",
    ],
    [
      "indices",
      corrupt(
        (n) => n.kind === "load",
        (n) => ({ at: n.kind === "load" ? n.at.slice(1) : [] }),
      ),
      "`q` read at 2 indices, has 3 axes",
    ],
    [
      "index type",
      corrupt(
        (n) => n.kind === "load" && n.tensor === "k",
        (n) => ({ at: n.kind === "load" ? [3, ...n.at.slice(1)] : [] }),
      ),
      "non-integer index",
    ],
    ["tensor", { ...graph, tensors: graph.tensors.filter((t) => t.name !== "k") }, "unknown tensor `k`"],
    ["scalar", { ...graph, scalars: [] }, "unknown scalar `scale`"],
    ["size", { ...graph, sizes: [] }, "unknown size `D`"],
    ["axis", { ...graph, axes: graph.axes.slice(1) }, "unknown axis 0"],
    [
      "result axes",
      { ...graph, tensors: graph.tensors.map((t) => (t.name === "o" ? tensor("o", [0, 1], "output") : t)) },
      "result `o`: free axes [4] are not in the tensor",
    ],
    ["result", { ...graph, results: [{ tensor: "x", value: 0, span: NO_SPAN }] }, "result `x`: unknown tensor"],
    [
      "default",
      { ...graph, scalars: graph.scalars.map((s) => ({ ...s, init: 0 })) },
      "scalar `scale`: its default has free axes",
    ],
  ];
  it.each(bad)("%s", (_, broken, message) => {
    expect(verifyGraph(broken).join("\n")).toContain(message);
  });
});

describe("walk", () => {
  it("folds operands first, and knows users and conjuncts", () => {
    const { b, i, j, op, int } = kit("N");
    const [x, y, z] = [op("<", i, j), op("<", j, int(5)), op("!=", i, int(2))];
    const all = op("and", x, op("and", y, z));
    expect(conjuncts(b, all)).toEqual([x, y, z]);
    const depth = fold<number>(b, [all], (_, of) => 1 + Math.max(0, ...of));
    expect([depth.get(i), depth.get(x), depth.get(all)]).toEqual([1, 2, 4]);
    expect(
      users(b, [all])
        .get(i)
        ?.map((n) => n.id)
        .sort(),
    ).toEqual([x, z].sort());
    expect(inOrder(b, [x]).map((n) => n.id)).toEqual([i, j, x]);
  });
});
