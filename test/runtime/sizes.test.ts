/** Sizes from shapes, scalars from defaults, and the errors when they disagree. */
import { expect, test } from "vitest";
import type { Artifact, ScalarExpr } from "../../src/codegen/artifact.ts";
import { resolve, type Call } from "../../src/runtime/sizes.ts";
import { artifact, dim, tensor } from "./artifacts.ts";

const attention = artifact(
  [
    tensor("q", "input", [dim(["*", "G", "R"], "g", "r"), dim("N", "i"), dim("D", "d")]),
    tensor("k", "input", [dim("G", "g"), dim("M", "j"), dim("D", "d")]),
    tensor("v", "input", [dim("G", "g"), dim("M", "j"), dim("E", "e")]),
    tensor("bias", "input", [dim(["+", "M", 4], "jj")]),
    tensor("out", "output", [dim(["*", "G", "R"], "g", "r"), dim("N", "i"), dim("E", "e")]),
  ],
  { sizes: ["G", "R", "N", "D", "M", "E"], scalars: [{ name: "scale", type: "f32", init: ["rsqrt", "D"] }] },
);
const shapes = { q: [6, 10, 64], k: [2, 53, 64], v: [2, 53, 32], bias: [57] };
const values = (
  a: Artifact,
  call: Call,
  counts: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> => Object.fromEntries(resolve(a, call, new Map(Object.entries(counts))));

test("products and sums with one unknown are solved", () => {
  expect(values(attention, { shapes })).toEqual({ G: 2, R: 3, N: 10, D: 64, M: 53, E: 32, scale: 0.125 });
  const onlyBias = artifact([tensor("b", "input", [dim(["-", ["*", 2, ["+", "M", 4]], 1], "j")])], { sizes: ["M"] });
  expect(values(onlyBias, { shapes: { b: [21] } })).toEqual({ M: 7 });
  expect(() => values(onlyBias, { shapes: { b: [20] } })).toThrow("the size M is not known");
});

test("without shapes the lengths of the arrays tell what they can", () => {
  expect(
    values(attention, { sizes: { D: 64, R: 3, G: 2 } }, { q: 6 * 10 * 64, k: 2 * 53 * 64, v: 2 * 53 * 32 }),
  ).toMatchObject({ N: 10, M: 53, E: 32 });
  expect(() => values(attention, { sizes: { D: 64 } }, { q: 6 * 10 * 64 })).toThrow(
    "the size G is not known: give shapes of the tensors, or sizes: { G }",
  );
  expect(() => values(attention, { sizes: { G: 2, R: 3, N: 10, D: 64, M: 53, E: 32 } }, { k: 99 })).toThrow(
    "k: has 99 elements, but 6784 were expected",
  );
});

test("disagreements name the tensors and the axis", () => {
  const wrong =
    (change: Readonly<Record<string, readonly number[]>>): (() => unknown) =>
    () =>
      values(attention, { shapes: { ...shapes, ...change } });
  expect(wrong({ v: [2, 54, 32] })).toThrow("v: axis j (M) has 54 elements, but k has 53");
  expect(wrong({ k: [2, 53, 63] })).toThrow("k: axis d (D) has 63 elements, but q has 64");
  expect(wrong({ q: [7, 10, 64] })).toThrow(/the size R is not known/);
  expect(wrong({ bias: [53] })).toThrow("bias: axis jj (M + 4) has 53 elements, but 57 were expected");
  expect(wrong({ k: [2, 53] })).toThrow("k: the shape [2, 53] has 2 dims, but k has 3");
  expect(() => values(attention, { shapes, sizes: { M: 50 } })).toThrow("k: axis j (M) has 53 elements, but M is 50");
  expect(() => values(attention, { shapes, sizes: { Q: 1 } })).toThrow('no size "Q"; the kernel has G, R, N, D, M, E');
  expect(() => values(attention, { shapes, sizes: { M: 1.5 } })).toThrow("the size M is 1.5: not a whole number");
  expect(() => values(attention, { shapes, scalars: { scal: 1 } })).toThrow('no scalar "scal"; the kernel has scale');
  const fixed = { ...attention, sizes: ["G", "R", "N", "M", "E"], constants: { D: 32 } };
  expect(() => values(fixed, { shapes })).toThrow("q: axis d (D) has 64 elements, but D is 32");
});

test("outputs may be given shapes too", () => {
  expect(() => values(attention, { shapes: { ...shapes, out: [6, 11, 32] } })).toThrow(
    "out: axis i (N) has 11 elements, but q has 10",
  );
});

test("scalars: defaults over sizes and earlier scalars in f64, extents over scalars", () => {
  const of = (init: ScalarExpr): number | undefined => {
    const a = artifact([], {
      sizes: ["C"],
      scalars: [
        { name: "a", type: "f32", init: 3 },
        { name: "b", type: "f32", init },
      ],
    });
    return values(a, { sizes: { C: 10 } })["b"];
  };
  expect(of(["/", 1, ["sqrt", "C"]])).toBe(1 / Math.sqrt(10));
  expect(of(["pow", 2, ["-", 0, ["/", 8, "a"]]])).toBe(2 ** (-8 / 3));
  expect(of(["neg", ["floordiv", "C", "a"]])).toBe(-3);
  expect(of(["%", ["neg", "C"], 3])).toBe(2);
  expect(of(["min", ["exp", 1], ["max", "a", 2]])).toBe(Math.E);
  expect(of(["round", 2.5])).toBe(2);
  expect(of(["<", "a", "C"])).toBe(1);
  const window = artifact([tensor("t", "input", [dim(["+", ["*", 2, "W"], 1], "u")])], {
    scalars: [{ name: "W", type: "i32", init: null }],
  });
  expect(values(window, { shapes: { t: [9] }, scalars: { W: 4 } })).toEqual({ W: 4 });
  expect(() => values(window, { shapes: { t: [9] }, scalars: { W: 5 } })).toThrow(
    "t: axis u (2 * W + 1) has 9 elements, but 11 were expected",
  );
  expect(() => values(window, {})).toThrow("the scalar W needs a value");
});
