/** Operations, parameters and sizes of the interpreter; what it measures beside the values. */
import { describe, expect, test } from "vitest";
import { erf } from "../../src/meaning/scalar.ts";
import { meaning, measured } from "./helpers.ts";

/** `y` for one number x and one int n. */
const at = (value: string, x = 2.5, n = -7, type = "f32"): number | undefined =>
  meaning(`kernel k(x: f32[i: 1], n: i32[i]) -> y: ${type}[i] { y = ${value} + 0 * n }`, {
    tensors: { x: [x], n: [n] },
  })["y"]?.[0];

describe("operations", () => {
  test.each([
    ["abs(-x)", 2.5],
    ["sign(-x)", -1],
    ["floor(-x)", -3],
    ["ceil(-x)", -2],
    ["round(x)", 2],
    ["round(x + 1)", 4],
    ["round(-x)", -2],
    ["exp(x)", Math.exp(2.5)],
    ["log(x)", Math.log(2.5)],
    ["exp2(x)", 2 ** 2.5],
    ["log2(x)", Math.log2(2.5)],
    ["sqrt(x)", Math.sqrt(2.5)],
    ["rsqrt(x)", 1 / Math.sqrt(2.5)],
    ["tanh(x)", Math.tanh(2.5)],
    ["sin(x)", Math.sin(2.5)],
    ["cos(x)", Math.cos(2.5)],
    ["x ** 3", 15.625],
    ["x % 2", 0.5],
    ["-x % 2", -0.5],
    ["max(x, 3)", 3],
    ["min(x, 3, 1)", 1],
    ["int(-x)", -2],
    ["float(n) / 2", -3.5],
  ] as const)("%s", (value, expected) => expect(at(value)).toBe(expected));
  test.each([
    ["n / 2", -4],
    ["n % 3", 2],
    ["abs(n)", 7],
    ["n ** 2", 49],
    ["-n % 4", 3],
  ] as const)("%s of ints", (value, expected) => expect(at(value, 1, -7, "i32")).toBe(expected));
  test.each([
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [7, 1],
  ])("erf %f", (x, y) => expect([erf(x), erf(-x)]).toEqual([expect.closeTo(y, 14), expect.closeTo(-y, 14)]));
});

test("the first of equal maxima", () => {
  const source = "kernel k(x: f32[i: N]) -> (a: i32, b: i32) { a = argmax[i](x)  b = argmin[i](x) }";
  expect(meaning(source, { sizes: { N: 5 }, tensors: { x: [1, 3, 0, 3, 0] } })).toEqual({ a: [1], b: [2] });
});

test("scalars, statics and sizes", () => {
  const source =
    "kernel k(x: f32[i: 2 * N - 1], z: f32[j: N], c: f32 = 1 / sqrt(N), static w: i32 = N + 1, b: bool = true) -> y: f32[i] { y = if b then c * x + w + size(i) + 0 * sum[j](z) else 0 }";
  const given = { sizes: { N: 4 }, tensors: { x: [1, 2, 3, 4, 5, 6, 7], z: [0, 0, 0, 0] } };
  expect(meaning(source, given)["y"]?.slice(0, 2)).toEqual([12.5, 13]);
  expect(meaning(source, { ...given, scalars: { c: 2 }, statics: { w: 1 } })["y"]?.slice(0, 2)).toEqual([10, 12]);
  expect(meaning(source, { ...given, scalars: { b: 0 } })["y"]).toEqual([0, 0, 0, 0, 0, 0, 0]);
});

test("f32 rounds after every operation", () => {
  const source = "kernel k(x: f32[i: N]) -> y: f32 { y = sum[i](x * x) }";
  const x = [0.1, 0.2, 0.3];
  const f = Math.fround;
  const expected = x.map(f).reduce((sum, v) => f(sum + f(v * v)), 0);
  expect(meaning(source, { sizes: { N: 3 }, tensors: { x } }, "f32")["y"]).toEqual([expected]);
});

test("three hundred lets, each of which uses the one before twice", () => {
  const lets = Array.from(
    { length: 300 },
    (_, n) => `let a${n + 1} = 0.5 * a${n} + 0.5 * a${n} * mean[d](a${n} / a${n})`,
  );
  const source = `kernel k(a0: f32[d: D]) -> y: f32[d] { ${lets.join("\n")}\n y = a300 }`;
  const [y] = meaning(source, { sizes: { D: 3 }, tensors: { a0: [1, 2, 3] } })["y"] ?? [];
  expect(y).toBeCloseTo(1, 9);
});

test("a hundred lets inside a recurrence", () => {
  const lets = Array.from({ length: 100 }, (_, n) => `let a${n + 1} = a${n} + 0 * a${n} * a${n}`);
  const source = `fn f(a0) { ${lets.join("\n")}\n a100 }\nkernel k(x: f32[t: N]) -> y: f32[t] { let s[t] = f(prev[t](s, 0)) + x  y = s }`;
  expect(
    meaning(source, { sizes: { N: 300 }, tensors: { x: Array.from({ length: 300 }, () => 1) } })["y"]?.at(-1),
  ).toBe(300);
});

describe("what is measured", () => {
  const one = (value: string, x: readonly number[]) => {
    const y = measured(`kernel k(x: f32[i: N]) -> y: f32 { y = ${value} }`, { sizes: { N: x.length }, tensors: { x } })[
      "y"
    ];
    return { value: y?.values[0], scale: y?.scales[0], margin: y?.margins[0] };
  };
  test("a sum by the absolute values of its terms", () =>
    expect(one("sum[i](x)", [4, -3, 1])).toEqual({ value: 2, scale: 8, margin: Infinity }));
  test("a product by the product", () =>
    expect(one("sum[i](x) * sum[i](x)", [4, -3])).toMatchObject({ value: 1, scale: 49 }));
  test("a comparison of inputs decides the same everywhere", () =>
    expect(one("count[i](x > 1)", [1, 2]).margin).toBe(Infinity));
  test("a comparison of sums has a margin", () =>
    expect(one("if sum[i](x) > 1 then 1 else 2", [3, -1]).margin).toBeCloseTo(1 / 4, 12));
  test("a tie of sums is a knife's edge", () => expect(one("if sum[i](x) > 2 then 1 else 2", [3, -1]).margin).toBe(0));
  test("a decision counts where it is used, remembered or not", () =>
    expect(one("sum[i](x * (if sum[i](x) > 2 then 1 else 2))", [3, -1]).margin).toBe(0));
});
