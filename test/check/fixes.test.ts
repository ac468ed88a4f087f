/** Every edit that a message offers takes that message away: on the programs of `test/reject`, and on those below. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fixedText, type Diagnostic } from "../../src/base/diagnostic.ts";
import { checkProgram } from "../../src/check/check.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { resolveImport } from "../numeric/harness.ts";

const FILE = "a.tfx";
const messages = (text: string): readonly Diagnostic[] => {
  const { program, diagnostics } = parseProgram(text, FILE);
  return [...diagnostics, ...checkProgram(program, FILE, { resolveImport, text }).diagnostics];
};
const applied = (text: string, d: Diagnostic): string =>
  d.fix === undefined ? text : text.slice(0, d.fix.span.start) + fixedText(d.fix, text) + text.slice(d.fix.span.end);

const rejected = readdirSync("test/reject")
  .filter((f) => f.endsWith(".tfx"))
  .map((f) => [f, readFileSync(`test/reject/${f}`, "utf8")] as const);
const fixes = rejected.flatMap(([file, text]) =>
  messages(text).flatMap((d) => (d.fix === undefined ? [] : [{ name: `${file}: ${d.code} ${d.fix.title}`, text, d }])),
);

test.each(fixes)("$name", ({ text, d }) => {
  expect(d.fix?.span.file).toBe(FILE);
  const count = (list: readonly Diagnostic[]): number => list.filter((m) => m.code === d.code).length;
  expect(count(messages(applied(text, d)))).toBe(count(messages(text)) - 1);
});

const kernel = (body: string, params = "x: f32[t: N, d: D]", result = "y: f32[t]"): string =>
  `kernel k(${params}) -> ${result} {\n  ${body}\n}`;

/** What is typed, and the text behind all of its edits, which has nothing wrong. */
const MENDED: readonly (readonly [wrong: string, right: string])[] = [
  [kernel("y = x * x"), kernel("y = sum[d](x * x)")],
  [kernel("y = exp(x) / 2", "x: f32[t: N, d: D]"), kernel("y = exp(sum[d](x)) / 2")],
  [
    kernel("y = sum[d](x) * (t / 2.5)", undefined, "y: i32[t]"),
    kernel("y = int(sum[d](x) * (t / 2.5))", undefined, "y: i32[t]"),
  ],
  [kernel("y = sum[d](x) + (t > 2)"), kernel("y = sum[d](x) + float((t > 2))")],
  [kernel("y = sum(x)", "x: f32[t: N]", "y: f32"), kernel("y = sum[t](x)", "x: f32[t: N]", "y: f32")],
  [kernel("y = sum(x, d)"), kernel("y = sum[d](x)")],
  [kernel("y = sum[d](softmax(x, d) * x)"), kernel("y = sum[d](softmax[d](x) * x)")],
  [
    kernel("y = sum[d](x) * g", "x: f32[t, d: D], g: f32[t]"),
    kernel("y = sum[d](x) * g", "x: f32[t: T, d: D], g: f32[t]"),
  ],
  [
    kernel("y = sum[d](x) * c[t]", "x: f32[t: N, d: D], c: f32"),
    kernel("y = sum[d](x) * c", "x: f32[t: N, d: D], c: f32"),
  ],
  [kernel("z = sum[d](x)\n  y = z"), kernel("let z = sum[d](x)\n  y = z")],
  [
    kernel("y = sum[d](x) * c", "x: f32[t: N, d: D], c: f16"),
    kernel("y = sum[d](x) * c", "x: f32[t: N, d: D], c: f32"),
  ],
];

test.each(MENDED)("%s", (wrong, right) => {
  let text = wrong;
  for (let n = 0; n < 3; n++) {
    const d = messages(text).find((m) => m.fix !== undefined);
    if (d === undefined) break;
    text = applied(text, d);
  }
  expect(text).toBe(right);
  expect(messages(text).filter((d) => d.severity === "error")).toEqual([]);
});

test("inside a function nothing is offered: all its callers would get the edit", () => {
  const text = `fn third(x) = 1 + (x > 3)\n${kernel("y = third(sum[d](x))")}`;
  const called = `fn third(x) = 1 + x\n${kernel("y = third(sum[d](x) > 3)")}`;
  for (const d of [...messages(text), ...messages(called)])
    if (d.severity === "error" && d.related.some((r) => r.text.startsWith("in `"))) expect(d.fix).toBeUndefined();
  expect(messages(called).some((d) => d.related.some((r) => r.text.startsWith("in `")))).toBe(true);
});
