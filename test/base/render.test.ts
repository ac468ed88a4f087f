import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { formatGithub, formatJson, renderDiagnostic } from "../../src/base/render.ts";
import { lineText, offsetAt, positionAt, sourceFile } from "../../src/base/source-file.ts";

const text =
  "kernel attn(\n  q: f32[i: N, d: D],\n\tk: f32[j: M, d],\r\n) -> o: f32[i] {\n  let s = q * k / sqrt(D)\n}\n";
const sources = (file: string): string | undefined => (file === "attn.tfx" ? text : undefined);

function label(words: string, of: string): Diagnostic["primary"] {
  const start = text.indexOf(of);
  return { span: { file: "attn.tfx", start, end: start + of.length }, text: words };
}

const diagnostic: Diagnostic = {
  code: "TFX2103",
  severity: "error",
  message: "index `d` is neither reduced nor in the result",
  primary: label("`d` (size D) is in both", "q * k"),
  related: [label("from here", "q:"), label("and here", "k:"), label("divided", "sqrt(D)")],
  help: "sum[d](q * k) / sqrt(D)",
};

describe("renderDiagnostic", () => {
  test("draws a frame for each line, carets below, help last", () => {
    expect(renderDiagnostic(diagnostic, sources, { color: false }))
      .toBe(`error[TFX2103]: index \`d\` is neither reduced nor in the result
  --> attn.tfx:5:11
  5 |   let s = q * k / sqrt(D)
    |           ^^^^^ \`d\` (size D) is in both
    |                   ------- divided
  --> attn.tfx:2:3
  2 |   q: f32[i: N, d: D],
    |   -- from here
  --> attn.tfx:3:2
  3 |   k: f32[j: M, d],
    |   -- and here
help: sum[d](q * k) / sqrt(D)`);
  });

  test("is the same in colour, without the colours", () => {
    const colored = renderDiagnostic(diagnostic, sources, { color: true });
    expect(colored).toContain("\u001b[31m");
    expect(colored.replace(/\u001b\[\d+m/g, "")).toBe(renderDiagnostic(diagnostic, sources, { color: false }));
  });

  test("aligns gutters, marks the first line of a longer span, and the end of the text", () => {
    const long = "\n".repeat(98) + "ab\ncd";
    const of = (start: number, end: number): Diagnostic["primary"] => ({ span: { file: "x", start, end }, text: "" });
    const d: Diagnostic = {
      ...diagnostic,
      severity: "warning",
      primary: of(99, 104),
      related: [of(104, 104)],
      help: "a\nb",
    };
    expect(renderDiagnostic(d, () => long, { color: false })).toBe(
      "warning[TFX2103]: index `d` is neither reduced nor in the result\n  --> x:99:2\n   99 | ab\n      |  ^\n  --> x:100:3\n  100 | cd\n      |   -\nhelp: a\n      b",
    );
  });

  test("does without a source", () => {
    expect(renderDiagnostic({ ...diagnostic, help: null }, () => undefined, { color: false })).toBe(
      "error[TFX2103]: index `d` is neither reduced nor in the result\n  --> attn.tfx",
    );
    const nowhere = { span: { file: "", start: 0, end: 0 }, text: "" };
    expect(
      renderDiagnostic({ ...diagnostic, primary: nowhere, related: [], help: null }, sources, { color: false }),
    ).toBe("error[TFX2103]: index `d` is neither reduced nor in the result");
  });
});

test("formatJson has lines and columns from 1", () => {
  expect(JSON.parse(formatJson(diagnostic, sources))).toMatchObject({
    code: "TFX2103",
    severity: "error",
    file: "attn.tfx",
    line: 5,
    column: 11,
    endLine: 5,
    endColumn: 16,
    help: diagnostic.help,
    related: [
      { line: 2, column: 3, label: "from here" },
      { line: 3, column: 2 },
      { line: 5, column: 19 },
    ],
  });
  expect(JSON.parse(formatJson(diagnostic, () => undefined))).toMatchObject({
    file: "attn.tfx",
    line: null,
    column: null,
  });
});

test("formatGithub escapes what the workflow command syntax reserves", () => {
  const d: Diagnostic = { ...diagnostic, severity: "note", message: "100% a,b: c", help: null };
  expect(formatGithub(d, sources)).toBe(
    "::notice file=attn.tfx,line=5,col=11,endLine=5,endColumn=16,title=TFX2103::100%25 a,b: c%0A`d` (size D) is in both",
  );
  const odd = { ...d, primary: { span: { file: "a:b,c", start: 0, end: 0 }, text: "" } };
  expect(formatGithub(odd, sources)).toBe("::notice file=a%3Ab%2Cc,title=TFX2103::100%25 a,b: c");
});

describe("source files", () => {
  test("positions and offsets are inverse, for all line ends and a byte order mark", () => {
    const source = sourceFile("a", "\uFEFFa\nbc\r\n\rd");
    const positions = [1, 2, 3, 4, 7, 8].map((offset) => positionAt(source, offset));
    expect(positions).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 2 },
      { line: 2, column: 1 },
      { line: 2, column: 2 },
      { line: 3, column: 1 },
      { line: 4, column: 1 },
    ]);
    expect(positions.map((p) => offsetAt(source, p))).toEqual([1, 2, 3, 4, 7, 8]);
    expect([1, 2, 3, 4, 5].map((line) => lineText(source, line))).toEqual(["a", "bc", "", "d", ""]);
    expect(positionAt(source, 99)).toEqual({ line: 4, column: 2 });
    expect(positionAt(source, -1)).toEqual({ line: 1, column: 1 });
  });
});
