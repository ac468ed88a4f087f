/**
 * How values answer when a statistic m is replaced by m + δ, by the rule and by trying it: where the analysis says that a value shifts by
 * k δ or scales by e^(k δ), evaluating it twice must show just that; and each rule says something where it should.
 */
import { expect, test } from "vitest";
import { responses } from "../../../src/ir/derive/rules/shift.ts";
import { graphBuilder } from "../../../src/ir/graph/build.ts";
import { evaluateGraph } from "../../../src/ir/graph/eval.ts";
import type { NodeId } from "../../../src/ir/graph/graph.ts";
import { axes, graphOf, scalar, tensor } from "../../graph/helpers.ts";

const b = graphBuilder(axes({ i: 3, j: 4 }));
const [i, j] = [b.index(0), b.index(1)];
const f = (x: number): NodeId => b.konst(x, "f32");
/** m is a stored value: what it is made of does not matter. It does not vary along j. */
const m = b.load("m", [i], "f32");
const [x, p] = [b.load("x", [i, j], "f32"), b.load("p", [i, j], "f32")];
const a = b.scalar("a", "f32");
const on = b.load("on", [i], "bool");
const bi =
  (op: Parameters<typeof b.binary>[0]) =>
  (u: NodeId, v: NodeId): NodeId =>
    b.binary(op, u, v);
const [add, sub, mul, div] = [bi("+"), bi("-"), bi("*"), bi("/")];
const un = (op: Parameters<typeof b.unary>[0], u: NodeId): NodeId => b.unary(op, u);
const e = un("exp", sub(x, m));
const over = (op: Parameters<typeof b.reduce>[0], body: NodeId, where: NodeId | null = null, k = 0): NodeId =>
  b.reduce(op, [1], body, where, k);

const M = {
  x: [0.3, -1.2, 0.7, 1.9, -0.4, 0.2, 1.1, -0.9, 0.5, 1.3, -0.6, 0.8],
  p: [1.5, 0.5, 2, 0.25, 1, 3, 0.75, 1.25, 2.5, 0.6, 1.7, 0.9],
};
const DELTA = 0.37;

/** The node's value with m, or with m + δ. */
const value = (id: NodeId, delta: number): number => {
  const { ty, axes: dims } = b.node(id);
  const inputs = [tensor("m", [0]), tensor("x", [0, 1]), tensor("p", [0, 1]), tensor("on", [0], "input", "bool")];
  const graph = graphOf(b, [...inputs, tensor("y", dims, "output", ty)], { y: id }, { scalars: [scalar("a", "f32")] });
  const tensors = { m: [0.5, -0.2, 1.1].map((v) => v + delta), x: M.x, p: M.p, on: [1, 0, 1] };
  return evaluateGraph(graph, { sizes: {}, tensors, scalars: { a: 1.3 } })["y"]![0]!;
};

type Kind = "still" | "shift" | "scale" | "none";

test.each<readonly [string, NodeId, Kind]>([
  ["m", m, "shift"],
  ["what is not made of it", x, "still"],
  ["m + x", add(m, x), "shift"],
  ["x - m", sub(x, m), "shift"],
  ["m - m", sub(add(m, x), add(m, p)), "still"],
  ["-m", un("neg", m), "shift"],
  ["2 m", mul(f(2), m), "shift"],
  ["m a", mul(m, a), "shift"],
  ["m / a", div(m, a), "shift"],
  ["a / m", div(a, m), "none"],
  ["m m", mul(m, add(m, x)), "none"],
  ["m / m", div(m, add(m, x)), "none"],
  ["exp", e, "scale"],
  ["exp2", un("exp2", m), "scale"],
  ["exp of a multiple", un("exp", mul(f(-2), m)), "scale"],
  ["exp of exp", un("exp", e), "none"],
  ["exp2 of exp", un("exp2", e), "none"],
  ["-exp", un("neg", e), "scale"],
  ["log of exp", un("log", mul(e, p)), "shift"],
  ["log of m", un("log", m), "none"],
  ["log2", un("log2", mul(e, p)), "shift"],
  ["abs of a scale", un("abs", mul(e, x)), "scale"],
  ["abs of a shift", un("abs", m), "none"],
  ["sqrt", un("sqrt", mul(e, p)), "scale"],
  ["sqrt of m", un("sqrt", m), "none"],
  ["rsqrt", un("rsqrt", mul(e, p)), "scale"],
  ["tanh", un("tanh", mul(e, p)), "none"],
  ["a product of scales", mul(e, un("exp", m)), "still"],
  ["a product of alike scales", mul(e, mul(e, p)), "scale"],
  ["a quotient of scales", div(mul(e, x), e), "still"],
  ["a quotient by a scale", div(x, e), "scale"],
  ["a scale by a number", div(e, p), "scale"],
  ["a scale plus an alike scale", add(mul(e, x), mul(e, p)), "scale"],
  ["a scale minus an alike scale", sub(mul(e, x), mul(e, p)), "scale"],
  ["a scale plus another one", add(e, un("exp", m)), "none"],
  ["a scale plus a number", add(e, p), "none"],
  ["a scale times m", mul(e, m), "none"],
  ["m times a scale", mul(m, e), "none"],
  ["a scale by m", div(e, m), "none"],
  ["m by a scale", div(m, e), "none"],
  ["a power of a scale", b.binary("pow", mul(e, p), f(3)), "scale"],
  ["a power of a half", b.binary("pow", mul(e, p), f(0.5)), "scale"],
  ["a power that is no number", b.binary("pow", mul(e, p), a), "none"],
  ["a power of a shift", b.binary("pow", m, f(2)), "none"],
  ["the larger of alike scales", b.binary("max", mul(e, x), mul(e, p)), "scale"],
  ["the larger of a scale and 0", b.binary("max", mul(e, x), f(0)), "scale"],
  ["the smaller of 0 and a scale", b.binary("min", f(0), mul(e, x)), "scale"],
  ["the larger of a scale and 1", b.binary("max", mul(e, x), f(1)), "none"],
  ["the larger of alike shifts", b.binary("max", add(m, x), add(m, p)), "shift"],
  ["the larger of a shift and 0", b.binary("max", m, f(0)), "none"],
  ["a rest", b.binary("%", m, f(2)), "none"],
  ["a choice of alike shifts", b.select(on, add(m, x), add(m, p)), "shift"],
  ["a choice of a scale and 0", b.select(on, e, f(0)), "scale"],
  ["a choice of 0 and a scale", b.select(on, f(0), e), "scale"],
  ["a choice of a scale and 1", b.select(on, e, f(1)), "none"],
  ["a choice by a comparison of shifts", b.select(b.binary(">", add(m, x), add(m, p)), e, f(0)), "scale"],
  ["a choice by m", b.select(b.binary(">", m, x), x, p), "none"],
  ["a comparison of shifts", b.binary("<=", add(m, x), add(m, p)), "still"],
  ["a comparison of scales", b.binary("<", mul(e, x), mul(e, p)), "still"],
  ["a comparison of a scale with 0", b.binary("==", mul(e, x), f(0)), "still"],
  ["a comparison with a number", b.binary(">=", m, x), "none"],
  ["both of two comparisons", b.binary("and", b.binary("<", m, x), on), "none"],
  ["a sum of scales", over("sum", e), "scale"],
  ["a sum of scales of some cells", over("sum", e, b.binary(">", x, f(0))), "scale"],
  ["a sum of shifts", over("sum", add(m, x)), "none"],
  ["a sum of some by m", over("sum", x, b.binary(">", x, m)), "none"],
  ["a sum of some by a comparison of shifts", over("sum", x, b.binary(">", add(x, m), add(p, m))), "still"],
  ["a running sum of scales", over("cumsum", e), "scale"],
  ["a sum of what scales by each cell", over("sum", un("exp", mul(m, x))), "none"],
  ["a maximum of shifts", over("max", add(m, x)), "shift"],
  ["a minimum of shifts", over("min", sub(x, m)), "shift"],
  ["a maximum of scales", over("max", mul(e, x)), "scale"],
  ["the second of scales", over("kth", e, null, 2), "scale"],
  ["a maximum of what shifts by each cell", over("max", mul(m, x)), "none"],
  ["a variance of shifts", over("var", add(m, x)), "still"],
  ["a variance of scales", over("var", mul(e, x)), "scale"],
  ["where the largest shift is", over("argmax", add(m, x)), "still"],
  ["where the smallest scale is", over("argmin", mul(e, x)), "still"],
  ["a product of scales along j", over("prod", e), "none"],
  ["a product of others", over("prod", p), "still"],
])("%s", (_, id, kind) => {
  const found = responses(b, [id], m).get(id);
  const k = found === undefined ? null : found.by;
  expect(found === undefined ? "none" : k!.size === 0 ? "still" : found.kind).toBe(kind);
  if (found === undefined || k === null) return;
  // k by its own factors, at the same data.
  const by = [...k.values()].reduce(
    (sum, mono) =>
      sum + mono.factors.reduce((c, y) => (y.divides ? c / value(y.node, 0) : c * value(y.node, 0)), mono.coefficient),
    0,
  );
  const [before, after] = [value(id, 0), value(id, DELTA)];
  expect(after).toBeCloseTo(found.kind === "shift" ? before + by * DELTA : before * Math.exp(by * DELTA), 6);
});
