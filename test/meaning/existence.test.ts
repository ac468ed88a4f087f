/** Which cells exist: each rule with an example that was worked out by hand. */
import { describe, expect, test } from "vitest";
import { meaning } from "./helpers.ts";

const X = [1, 2, 4, 8];
/** The result `y` of a body over x = [1, 2, 4, 8]; `y` is indexed by `i` or has none. */
const over = (body: string, rank: "f32" | "f32[i]" | "i32" | "i32[i]" | "bool[i]" | "bool" = "f32[i]"): number[] =>
  meaning(`kernel k(x: f32[i: N]) -> y: ${rank} { ${body} }`, { sizes: { N: 4 }, tensors: { x: X } })["y"] ?? [];

describe("a result cell that does not exist is 0", () => {
  test("where", () => expect(over("y = x where i != 2")).toEqual([1, 2, 0, 8]));
  test("a condition with operands that do not exist", () =>
    expect(over("y = x where x[i = i + 1] > 2")).toEqual([0, 2, 4, 0]));
  test("a read out of range", () => expect(over("y = x[i = i + 2]")).toEqual([4, 8, 0, 0]));
  test("a read before the beginning", () => expect(over("y = 10 + x[i = i - 1]")).toEqual([0, 11, 12, 14]));
  test("a let read at another index exists where it does there", () =>
    expect(over("let a = x * x where i < 2  y = 1 + a[i = i - 1]")).toEqual([0, 2, 5, 0]));
  test("an index that does not exist", () =>
    expect(over("let j = i where i > 1  y = x[i = j - 2]")).toEqual([0, 0, 1, 2]));
});

describe("operations exist where their operands do", () => {
  test("binary", () => expect(over("let a = x where i > 0  let b = x where i < 3  y = a + b")).toEqual([0, 4, 8, 0]));
  test("unary", () => expect(over("let a = x where i > 2  y = 1 - a")).toEqual([0, 0, 0, -7]));
  test("`and`, whatever its left side is", () =>
    expect(over("let a = x where i > 0  y = if i > 0 and a > 2 then 1 else 2")).toEqual([0, 2, 1, 1]));
  test("`or` asks its right side only where the left one is false", () =>
    expect(over("let a = x where i > 1  y = if i == 0 or a > 4 then 1 else 2")).toEqual([1, 0, 2, 1]));
  test("`not`", () => expect(over("let a = x where i > 2  y = if not (a > 1) then 1 else 2")).toEqual([0, 0, 0, 2]));
});

describe("`if` exists where its condition and the branch that it takes do", () => {
  test("a guarded read", () => expect(over("y = if i > 0 then x[i = i - 1] else 7")).toEqual([7, 1, 2, 4]));
  test("a branch that does not exist", () =>
    expect(over("let a = x where i > 2  y = if i > 1 then a else x")).toEqual([1, 2, 0, 8]));
  test("a condition that does not exist", () =>
    expect(over("let a = x where i > 0  y = if a > 2 then 5 else 6")).toEqual([0, 6, 5, 5]));
  test("in a reduction only the taken branch matters", () =>
    expect(over("let a = x where i > 2  y = sum[i](if i > 1 then a else x)", "f32")).toEqual([11]));
});

describe("reductions skip what does not exist and exist always", () => {
  test("sum", () => expect(over("let e = x where i != 1  y = sum[i](e)", "f32")).toEqual([13]));
  test("nothing of the domain is visible outside", () =>
    expect(over("let s = x where i < 2  let m = sum[i](s)  y = m")).toEqual([3, 3, 3, 3]));
  test("a finished sum under an `if` that the domain excludes", () => {
    const source =
      "kernel k(x: f32[i: N, j: M]) -> y: f32[i] { let s = x where j < 2  let m = sum[j](s)  y = sum[j](if j > 5 then m else 0) }";
    const x = Array.from({ length: 16 }, (_, n) => n);
    expect(meaning(source, { sizes: { N: 2, M: 8 }, tensors: { x } })["y"]).toEqual([2 * 1, 2 * 17]);
  });
  test("a domain that does not vary along the reduction", () =>
    expect(over("let s = x where i < 2  let t = sum[u: 0..2](s + u)  y = t + 100")).toEqual([103, 105, 100, 100]));
  test.each([
    ["sum", 0],
    ["prod", 1],
    ["max", -Infinity],
    ["min", Infinity],
    ["mean", 0],
    ["var", 0],
  ] as const)("%s of nothing", (op, value) =>
    expect(over(`let e = x where i > 9  y = ${op}[i](e)`, "f32")).toEqual([value]),
  );
  test.each([
    ["sum", 0],
    ["prod", 1],
    ["max", -2147483648],
    ["min", 2147483647],
  ] as const)("%s of no int", (op, value) =>
    expect(over(`let e = i where i > 9  y = ${op}[i](e)`, "i32")).toEqual([value]),
  );
  test("kth_largest of nothing, and of fewer than k", () => {
    expect(over("let e = x where i > 9  y = kth_largest[i](e, 2)", "f32")).toEqual([-Infinity]);
    expect(over("let e = x where i > 1  y = kth_largest[i](e, 3)", "f32")).toEqual([4]);
  });
  test("argmax and argmin of nothing, any, all and count", () => {
    expect(over("let e = x where i > 9  y = argmax[i](e)", "i32")).toEqual([0]);
    expect(over("let e = x where i > 1  y = argmin[i](e)", "i32")).toEqual([2]);
    expect(over("let e = x > 0 where i > 9  y = any[i](e)", "bool")).toEqual([0]);
    expect(over("let e = x < 0 where i > 9  y = all[i](e)", "bool")).toEqual([1]);
    expect(over("let e = x > 1 where i < 3  y = count[i](e)", "i32")).toEqual([2]);
  });
  test("mean and var count what exists", () => {
    expect(over("let e = x where i > 1  y = mean[i](e)", "f32")).toEqual([6]);
    expect(over("let e = x where i > 1  y = var[i](e)", "f32")).toEqual([4]);
  });
  test("cumsum exists always", () =>
    expect(over("let e = x where i != 1 and i < 3  y = cumsum[i](e)")).toEqual([1, 1, 5, 5]));
  test("a softmax of no cell is 0, its logarithm minus infinity", () => {
    expect(over("let e = x where i > 9  y = sum[i](softmax[i](e))", "f32")).toEqual([0]);
    expect(over("let e = x where i > 9  y = logsumexp[i](e)", "f32")).toEqual([-Infinity]);
  });
});

describe("unions and products", () => {
  const union = (value: string, rank = "f32[j: P + N]"): number[] =>
    meaning(`kernel k(a: f32[m: P], b: f32[s: N]) -> y: ${rank} { axis j = m | s  ${value} }`, {
      sizes: { P: 2, N: 3 },
      tensors: { a: [1, 2], b: [10, 20, 30] },
    })["y"] ?? [];
  test("concat", () => expect(union("y = concat[j](a, b)")).toEqual([1, 2, 10, 20, 30]));
  test("a part that does not exist somewhere", () =>
    expect(union("let e = b where s != 1  y = concat[j](a, e)")).toEqual([1, 2, 10, 0, 30]));
  test("in", () => expect(union("y = if j in m then -concat[j](a, b) else j")).toEqual([-1, -2, 2, 3, 4]));
  test("the index of a part beside the union's", () =>
    expect(union("let e = concat[j](a, b) where j in m or s > 0  y = sum[j](e)", "f32")).toEqual([53]));
  test("a product axis", () => {
    const source = "kernel k(x: f32[(g: G, r: R)]) -> y: f32[r] { y = sum[g](x * g) }";
    expect(meaning(source, { sizes: { G: 2, R: 3 }, tensors: { x: [1, 2, 3, 4, 5, 6] } })["y"]).toEqual([4, 5, 6]);
  });
});

describe("recurrences", () => {
  test("a state from its start", () =>
    expect(over("let s[i] = 0.5 * prev[i](s, 8) + x  y = s")).toEqual([5, 4.5, 6.25, 11.125]));
  test("a step that does not exist passes the state on", () =>
    expect(over("let s[i] = prev[i](s, 3) + x where i != 1 and i != 0  y = s")).toEqual([3, 3, 7, 15]));
  test("a start that does not exist is 0", () => {
    const source =
      "kernel k(x: f32[i: N], c: f32[d: D]) -> y: f32[i, d] { let e = c where d > 0  let s[i, d] = prev[i](s, e) + x  y = s }";
    expect(meaning(source, { sizes: { N: 2, D: 2 }, tensors: { x: [1, 2], c: [5, 6] } })["y"]).toEqual([1, 7, 3, 9]);
  });
  test("the state moved along another index", () => {
    const source =
      "kernel k(x: f32[i: N, d: D]) -> y: f32[i, d] { let s[i, d] = x + prev[i](s, 0)  let f = s[d = D - 1 - d]  y = f }";
    expect(meaning(source, { sizes: { N: 2, D: 2 }, tensors: { x: [1, 2, 3, 4] } })["y"]).toEqual([2, 1, 6, 4]);
  });
  test("read at one index", () => expect(over("let s[i] = prev[i](s, 0) + x  y = s[i = N - 1]", "f32")).toEqual([15]));
});
