/** Every code of the checker is shown by a rejected file, with the message that a user reads. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { CHECK_CODES } from "../../src/check/codes.ts";
import { checkProgram } from "../../src/check/check.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { render, resolver } from "./helpers.ts";

const DIR = new URL("../reject/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, DIR), "utf8");
const names = readdirSync(DIR)
  .filter((f) => /^TFX[25]\d+-.*\.tfx$/.test(f))
  .sort();
const files = Object.fromEntries(
  [...names, ...readdirSync(new URL("lib/", DIR)).map((f) => `lib/${f}`)].map((f) => [f, read(f)]),
);

const reject = (name: string) => {
  const text = files[name]!;
  const parsed = parseProgram(text, name);
  expect(parsed.diagnostics).toEqual([]);
  const only = /^\/\/ only: (\w+)/.exec(text)?.[1];
  return checkProgram(parsed.program, name, {
    resolveImport: resolver(files),
    text,
    ...(only === undefined ? {} : { only }),
  });
};

describe("rejected files", () => {
  test.each(names)("%s", async (name) => {
    const { diagnostics } = reject(name);
    const code = name.slice(0, 7);
    expect(diagnostics.map((d) => d.code)).toContain(code);
    const other = diagnostics.filter((d) => d.code !== code && d.severity === "error");
    expect(other.map((d) => `${d.code} ${d.message}`)).toEqual([]);
    await expect(`${render(diagnostics, files)}\n`).toMatchFileSnapshot(`../reject/${basename(name, ".tfx")}.txt`);
  });

  test("show every code of the catalogue, and no other", () => {
    const shown = new Set(names.map((n) => n.slice(0, 7)));
    expect([...shown].sort()).toEqual(Object.keys(CHECK_CODES).sort());
  });

  test("produce no spec for a kernel with an error in it", () => {
    for (const name of names) {
      const { specs, diagnostics } = reject(name);
      const errors = diagnostics.filter((d) => d.severity === "error").map((d) => d.primary.span);
      const inside = specs.filter((s) =>
        errors.some((e) => e.file === name && e.start >= s.span.start && e.end <= s.span.end),
      );
      expect(
        inside.map((s) => s.name),
        name,
      ).toEqual([]);
    }
  });

  test("have messages in the house style", () => {
    for (const name of names) {
      for (const d of reject(name).diagnostics) {
        expect(d.message, name).toMatch(/^[a-z0-9`"][^\n]*[^.\n]$/);
        expect(d.message, name).not.toMatch(/SExpr|\bAST\b|undefined|\[object|NaN/);
        expect(CHECK_CODES[d.code], name).toBeDefined();
      }
    }
  });
});
