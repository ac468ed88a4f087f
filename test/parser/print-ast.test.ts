import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseProgram } from "../../src/parser/parse.ts";
import { printProgram } from "../../src/parser/print-ast.ts";
import { anyProgram } from "./arbitrary.ts";
import { withoutGroups, withoutSpans } from "./strip.ts";

const fixtures = new URL("../fixtures/", import.meta.url);

describe("parse after print", () => {
  test("gives a random AST back, parentheses aside, and then the very same AST", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anyProgram, (program) => {
        const text = printProgram(program);
        const first = parseProgram(text, "a.tfx");
        expect(first.diagnostics).toEqual([]);
        expect(withoutGroups(first.program)).toEqual(withoutSpans(program));
        const second = parseProgram(printProgram(first.program), "a.tfx");
        expect(withoutSpans(second.program)).toEqual(withoutSpans(first.program));
      }),
      { numRuns: 400 },
    );
  });

  for (const file of ["corners.tfx", "language.tfx", "one-liners.tfx", "prelude.tfx"]) {
    test(`gives ${file} back`, () => {
      const first = parseProgram(readFileSync(new URL(file, fixtures), "utf8"), file);
      expect(first.diagnostics).toEqual([]);
      const text = printProgram(first.program);
      expect(withoutSpans(parseProgram(text, file).program)).toEqual(withoutSpans(first.program));
    });
  }
});
