/** `use`, the prelude, and what a file can see of another. */
import { describe, expect, test } from "vitest";
import { checkProgram } from "../../src/check/check.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { check } from "./helpers.ts";

const kernel = (body: string) => `kernel k(x: f32[i: N]) -> o: f32[i] { o = ${body} }`;

describe("imports", () => {
  test("functions of a relative file, with or without the ending, through two files", () => {
    const files = {
      "lib/a.tfx": 'use { g } from "./deep/b"\nfn f(x) = g(x) + 1',
      "lib/deep/b.tfx": "fn g(x) = 2 * x",
      "std/attention/dense.tfx": "fn dense(x) = x",
    };
    const text = `use { f } from "./lib/a.tfx"\nuse { dense } from "std/attention/dense"\n${kernel("f(dense(x))")}`;
    expect(check(text, files).text).toBe("");
  });

  test("imports are not passed on", () => {
    const files = { "a.tfx": 'use { g } from "./b.tfx"\nfn f(x) = g(x)', "b.tfx": "fn g(x) = x" };
    expect(check(`use { g } from "./a.tfx"\n${kernel("g(x)")}`, files).codes).toEqual(["TFX5002"]);
  });

  test("a diamond is no cycle, a file importing itself is", () => {
    const files = {
      "a.tfx": 'use { c } from "./c.tfx"\nfn a(x) = c(x)',
      "b.tfx": 'use { c } from "./c.tfx"\nfn b(x) = c(x)',
      "c.tfx": "fn c(x) = x",
    };
    expect(check(`use { a } from "./a.tfx"\nuse { b } from "./b.tfx"\n${kernel("a(b(x))")}`, files).codes).toEqual([]);
    expect(check(`use { f } from "./main.tfx"\nfn g(x) = x\n${kernel("f(g(x))")}`).codes).toEqual(["TFX5003"]);
  });

  test("a file's own function wins over the prelude's, for that file only", () => {
    const files = { "a.tfx": "fn f(x) = relu(x)" };
    const { specs } = check(`use { f } from "./a.tfx"\nfn relu(x) = 0 * x\n${kernel("f(x) + relu(x)")}`, files);
    const value = specs[0]!.results[0]!.value;
    expect(value).toMatchObject({
      kind: "binary",
      left: { kind: "binary", op: "max" },
      right: { kind: "binary", op: "*" },
    });
  });

  test("errors of an imported file are reported with its name, and silence the calls", () => {
    const files = { "a.tfx": "fn f(x) = x +\nfn g(x) = y" };
    const { diagnostics } = check(`use { f, g } from "./a.tfx"\n${kernel("f(x) + g(x)")}`, files);
    expect(diagnostics.some((d) => d.code.startsWith("TFX1") && d.primary.span.file === "a.tfx")).toBe(true);
    expect(diagnostics.some((d) => d.code === "TFX2001" && d.primary.span.file === "a.tfx")).toBe(true);
    expect(diagnostics.filter((d) => d.primary.span.file === "main.tfx" && d.code === "TFX2002")).toEqual([]);
  });

  test("a failed import silences the calls of its names", () => {
    expect(check(`use { f } from "./nowhere.tfx"\n${kernel("f[i](x, 3)")}`).codes).toEqual(["TFX5001"]);
  });

  test("an imported kernel is no error until it is called", () => {
    const files = { "a.tfx": kernel("x") };
    expect(check(`use { k } from "./a.tfx"\n${kernel("x").replace("kernel k", "kernel k2")}`, files).codes).toEqual([]);
  });

  test("names clash between imports and with own items", () => {
    const files = { "a.tfx": "fn f(x) = x", "b.tfx": "fn f(x) = x" };
    expect(check(`use { f } from "./a.tfx"\nuse { f } from "./b.tfx"\n${kernel("f(x)")}`, files).codes).toEqual([
      "TFX2003",
    ]);
    expect(check(`use { f } from "./a.tfx"\nfn f(x) = x\n${kernel("f(x)")}`, files).codes).toEqual(["TFX2003"]);
  });

  test("without a prelude its functions are missing, and the message says why", () => {
    const { program } = parseProgram(kernel("relu(x) + exp(x)"), "main.tfx");
    const { diagnostics } = checkProgram(program, "main.tfx", { resolveImport: () => null });
    expect(diagnostics.map((d) => [d.code, d.help])).toEqual([["TFX2002", expect.stringContaining("std/prelude")]]);
  });
});
