/** Which reads stay inside whatever their value is asked for: both sides of each answer. */
import { expect, test } from "vitest";
import { edit, graphBuilder } from "../../src/ir/graph/build.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import { readsInside } from "../../src/ir/scalar/reads.ts";
import { axes, graphOf, tensor } from "../graph/helpers.ts";

const first = graphBuilder(axes({ i: "N", j: "M" }));
const b = edit(graphOf(first, [tensor("x", [0, 1]), tensor("ids", [1], "input", "i32")], {}));
const [i, j] = [b.index(0), b.index(1)];
const int = (x: number): NodeId => b.konst(x, "i32");
const less = b.binary("-", i, int(1));
const x = (at: NodeId, along: NodeId = j): NodeId => b.load("x", [at, along], "f32");
const zero = b.konst(0, "f32");
const positive = b.binary(">", i, int(0));
const id = b.load("ids", [j], "i32");
const known = b.binary("and", b.binary(">=", id, int(0)), b.binary("<", id, b.sizeOf("N")));

test.each<readonly [string, NodeId, NodeId | null, boolean]>([
  ["the tensor's own axes", x(i), null, true],
  ["one before the axis", x(less), null, false],
  ["one before the axis, where there is one", x(less), positive, true],
  ["one before the axis, in the branch for it", b.select(positive, x(less), zero), null, true],
  ["one before the axis, in the other branch", b.select(positive, zero, x(less)), null, false],
  ["in both branches", b.select(positive, x(less), b.unary("neg", x(less))), null, false],
  ["in a reduction of such cells", b.reduce("sum", [1], x(less), positive), null, true],
  ["in a reduction over the axis that was spoken of", b.reduce("sum", [0], x(less)), positive, false],
  ["an axis of another size", x(j), null, false],
  ["behind the end", x(b.binary("+", i, int(1))), positive, false],
  ["at an index that was read", x(id), null, false],
  ["at an index that was read and looked at", b.select(known, x(id), zero), null, true],
  ["where the left operand asks", b.binary("and", positive, b.binary(">", x(less), zero)), null, true],
  ["where the right operand asks", b.binary("and", b.binary(">", x(less), zero), positive), null, false],
  ["what a kernel stored", b.load("scratch", [i, j], "f32"), null, true],
  ["what a kernel stored, elsewhere", b.load("scratch", [less, j], "f32"), null, false],
])("%s", (_, value, where, inside) => {
  expect(readsInside(b, value, where)).toBe(inside);
});
