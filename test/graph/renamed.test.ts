/** Values that are the same but for their axes, and near misses. */
import { expect, test } from "vitest";
import { graphBuilder } from "../../src/ir/graph/build.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import { renaming } from "../../src/ir/graph/renamed.ts";
import { axes } from "./helpers.ts";

const [I, J, D, E, M] = [0, 1, 2, 3, 4];
const b = graphBuilder(axes({ i: "N", j: "N", d: 8, e: 8, m: "M" }));
const x = (row: number, feature: number, tensor = "x"): NodeId =>
  b.load(tensor, [b.index(row), b.index(feature)], "f32");
const running = (row: number, feature: number): NodeId => b.reduce("cumsum", [row], x(row, feature), null);

const found = (p: NodeId, q: NodeId): readonly (readonly number[])[] | null => {
  const to = renaming(b, p, q);
  return to === null ? null : [...to].toSorted(([a], [c]) => a - c);
};

test("one value at other axes", () => {
  expect(found(running(I, D), running(J, D))).toEqual([
    [I, J],
    [D, D],
  ]);
  expect(found(running(I, D), running(J, E))).toEqual([
    [I, J],
    [D, E],
  ]);
  expect(found(running(I, D), running(I, D))).toEqual([
    [I, I],
    [D, D],
  ]);
  // Both ways at once.
  const gap = (p: number, q: number): NodeId => b.binary("-", x(p, D), x(q, D));
  expect(found(gap(I, J), gap(J, I))).toEqual([
    [I, J],
    [J, I],
    [D, D],
  ]);
});

test("the same axis under a sum", () => {
  const sum = (over: number, row: number): NodeId =>
    b.reduce("sum", [over], b.binary("*", x(row, over), x(row, over)), null);
  expect(found(sum(D, I), sum(E, J))).toEqual([
    [I, J],
    [D, E],
  ]);
});

test("what is not the same", () => {
  expect(found(running(I, D), running(M, D))).toBe(null);
  expect(found(x(I, D), x(I, D, "y"))).toBe(null);
  expect(found(b.unary("exp", x(I, D)), b.unary("neg", x(J, D)))).toBe(null);
  // Two axes never become one, and one never two.
  const both = (p: number, q: number): NodeId => b.binary("-", x(p, D), x(q, E));
  expect(found(both(I, J), both(I, I))).toBe(null);
  expect(found(both(I, I), both(I, J))).toBe(null);
  const where = (on: NodeId | null): NodeId => b.reduce("sum", [D], x(I, D), on);
  expect(found(where(null), where(b.binary("<", b.index(D), b.index(I))))).toBe(null);
  expect(found(b.reduce("kth", [D], x(I, D), null, 1), b.reduce("kth", [D], x(J, D), null, 2))).toBe(null);
});
