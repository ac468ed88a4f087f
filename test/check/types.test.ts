/** Types of expressions, and what is rejected for its type. */
import { describe, expect, test } from "vitest";
import type { SExpr } from "../../src/check/spec.ts";
import { bodyErrors, check, checkOne } from "./helpers.ts";

const typeOf = (expr: string, dtype: string): string => {
  const value = checkOne(
    `kernel k(x: f32[i: N], n: i32[i], m: i8[i], keep: bool[i], c: f32, w: i32) -> o: ${dtype}[i] { o = ${expr} }`,
  ).results[0]!.value;
  const show = (e: SExpr): string =>
    e.kind === "unary" ? `${e.op}(${show(e.arg)})` : e.kind === "const" ? `${e.type} ${e.value}` : e.type;
  return show(value);
};

describe("types", () => {
  test.each([
    ["n + 1", "i32", "int"],
    ["n / 2", "i32", "int"],
    ["m * n - i", "i32", "int"],
    ["N - i", "i32", "int"],
    ["n ** 2", "i32", "int"],
    ["int(x)", "i32", "int(float)"],
    ["int(keep)", "i32", "int"],
    ["sign(n)", "i32", "sign(int)"],
    ["floor(n)", "i32", "int"],
    ["max(n, 0)", "i32", "int"],
    ["if keep then n else 0", "i32", "int"],
    ["x + n", "f32", "float"],
    ["x ** 2", "f32", "float"],
    ["n ** -1", "f32", "float"],
    ["sqrt(n)", "f32", "sqrt(float(int))"],
    ["sqrt(4)", "f32", "sqrt(float 4)"],
    ["n", "f32", "float(int)"],
    ["w", "f32", "float(int)"],
    ["2", "f32", "float 2"],
    ["-2", "f32", "float -2"],
    ["float(keep)", "f32", "float"],
    ["if keep then n else x", "f32", "float"],
    ["n < x", "bool", "bool"],
    ["keep == (n > 0)", "bool", "bool"],
    ["not keep and true", "bool", "bool"],
    ["any[i](keep) or x > 0", "bool", "bool"],
    ["count[i](keep) + n", "i32", "int"],
    ["argmax[i](x) + n", "i32", "int"],
    ["sum[i](n) + n", "i32", "int"],
    ["mean[i](n) + x", "f32", "float"],
    ["cumsum[i](n)", "i32", "int"],
    ["kth_largest[i](x, w) + x", "f32", "float"],
  ])("%s as %s", (expr, dtype, type) => {
    expect(typeOf(expr, dtype)).toBe(type);
  });

  test("a float operand makes the int side a float", () => {
    const value = checkOne("kernel k(x: f32[i: N], n: i32[i]) -> o: f32[i] { o = n / x }").results[0]!.value;
    expect(value).toMatchObject({
      kind: "binary",
      type: "float",
      left: { kind: "unary", op: "float" },
      right: { kind: "read" },
    });
  });

  test("sizes and literals fold, with `/` that floors", () => {
    const value = checkOne("kernel k(x: f32[i: N]) -> o: f32[i] { o = x + (7 / 2 + -7 / 2 * 0 - 1) * (N - 0) }")
      .results[0]!.value;
    expect(value).toMatchObject({ right: { op: "float", arg: { kind: "size", size: ["*", 2, "N"] } } });
  });

  test.each([
    ["o = sum[j](v * keep)", "TFX2202"],
    ["o = sum[j](v) * q", "TFX2103"],
    ["let x = v where c\no = sum[j](x)", "TFX2201"],
    ["let x = v where j\no = sum[j](x)", "TFX2201"],
    ["o = if c then sum[j](v) else 0", "TFX2201"],
    ["o = sum[j](v) + (not c)", "TFX2201"],
    ["o = sum[j](v[j = c])", "TFX2203"],
    ["o = sum[j](v) + (n and c)", "TFX2201"],
    ["o = sum[j](v) > 0", "TFX2202"],
    ["o = sum[j](if keep then v else keep)", "TFX2204"],
  ])("%s is %s", (body, code) => {
    expect(bodyErrors(body)[0]).toBe(code);
  });

  test("a typed parameter of a function converts, and rejects what does not fit", () => {
    const text = (type: string, arg: string) =>
      `fn f(x: ${type}) = x\nkernel k(x: f32[i: N], n: i32[i]) -> o: f32[i] { o = f(${arg}) }`;
    expect(check(text("f32", "n")).codes).toEqual(["TFX2007"]);
    expect(check(text("i32", "x")).codes).toContain("TFX2203");
    expect(check(text("bool", "x")).codes).toContain("TFX2201");
    expect(check(text("f33", "x")).codes).toContain("TFX2005");
  });
});

describe("errors do not cascade", () => {
  test("a failed let silences its users", () => {
    expect(bodyErrors("let s = sum[d](q * kk)\nlet p = softmax[j](s)\no = sum[j](p * v) + s")).toEqual(["TFX2001"]);
  });

  test("a failed signature silences the body", () => {
    expect(check("kernel k(x: f32[i, d: D], y: f32[i, d]) -> o: f32[i] { o = sum[d](x * y) }").codes).toEqual([
      "TFX2101",
    ]);
  });

  test("a broken function is reported once, where it is defined", () => {
    const text =
      "fn f(x) = x + yy\nkernel a(x: f32[i: N]) -> o: f32[i] { o = f(x) }\nkernel b(x: f32[i: N]) -> o: f32[i] { o = f(x) * 2 }";
    const { codes, diagnostics } = check(text);
    expect(codes).toEqual(["TFX2001"]);
    expect(text.slice(diagnostics[0]!.primary.span.start, diagnostics[0]!.primary.span.end)).toBe("yy");
  });

  test("independent errors are all reported, in source order", () => {
    const errors = bodyErrors(
      "let s = sum[d](q * kk)\nlet t = sqrt(c, 2)\nlet u = softmox[j](v)\no = sum[j](v) where c",
    );
    expect(errors).toEqual(["TFX2001", "TFX2301", "TFX2002", "TFX2201"]);
  });

  test("an error inside an inlined function points to the call and shows the function's line", () => {
    const text = "fn f[j](x) = sum[j](x)\nkernel k(x: f32[i: N, j: M]) -> o: f32[i] { o = f[j](f[j](x)) }";
    const [d] = check(text).diagnostics;
    expect(text.slice(d!.primary.span.start, d!.primary.span.end)).toBe("f[j](f[j](x))");
    expect(d!.related[0]?.text).toContain("in `f`");
  });
});
