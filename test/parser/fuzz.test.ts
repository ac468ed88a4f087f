import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { lexer } from "../../src/parser/tokens.ts";
import { CODES } from "../../src/base/codes.ts";
import { renderDiagnostic } from "../../src/base/render.ts";

/** `TFX_FUZZ=10000` runs longer. */
const RUNS = Number(process.env["TFX_FUZZ"] ?? 500);

const sources = ["language.tfx", "corners.tfx", "prelude.tfx"].map((f) =>
  readFileSync(new URL(`../fixtures/${f}`, import.meta.url), "utf8"),
);
const items = sources.flatMap((text) => text.split(/\n\n+/));

const kinds = ["delete", "double", "swap", "insert"] as const;
const change = fc.record({
  kind: fc.constantFrom(...kinds),
  tokens: fc.boolean(),
  at: fc.nat(),
  what: fc.oneof(
    fc.constantFrom(
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "=",
      ",",
      ":",
      "..",
      "let",
      "where",
      "if",
      "fn",
      "kernel",
      "axis",
      "in",
      "-",
      "**",
      "x",
      "1",
      "<",
      "\n",
      '"',
      "//",
      "///",
      "\uFEFF",
      "\r",
    ),
    fc.string({ maxLength: 3, unit: "binary" }),
  ),
});

type Change = { kind: (typeof kinds)[number]; tokens: boolean; at: number; what: string };

/** Deletes, doubles, swaps or inserts one token or character. */
function mutate(text: string, { kind, tokens, at, what }: Change): string {
  const pieces = tokens ? split(text) : [...text];
  if (pieces.length === 0) return what;
  const i = at % pieces.length;
  const piece = pieces[i]!;
  const next = pieces[i + 1] ?? "";
  const replacement = {
    delete: [next],
    double: [piece, piece, next],
    swap: [next, piece],
    insert: [piece, what, next],
  }[kind];
  return [...pieces.slice(0, i), ...replacement, ...pieces.slice(i + 2)].join("");
}

/** Tokens and what stands between them. */
function split(text: string): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const token of lexer.tokenize(text).tokens) {
    pieces.push(text.slice(at, token.startOffset), token.image);
    at = token.startOffset + token.image.length;
  }
  return [...pieces, text.slice(at)].filter((piece) => piece !== "");
}

/** What every report must be, whatever the text. */
function checkDiagnostic(d: Diagnostic, text: string): void {
  expect(Object.keys(CODES)).toContain(d.code);
  for (const { span } of [d.primary, ...d.related]) {
    expect(span.start).toBeGreaterThanOrEqual(0);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.end).toBeLessThanOrEqual(text.length);
  }
  expect(renderDiagnostic(d, () => text, { color: false })).not.toContain("undefined");
}

/** Every span of the tree lies in the text. */
function checkSpans(node: unknown, length: number): void {
  if (node === null || typeof node !== "object") return;
  if ("start" in node && "end" in node) {
    expect(node.start).toBeGreaterThanOrEqual(0);
    expect(node.end).toBeLessThanOrEqual(length);
  }
  for (const child of Object.values(node)) checkSpans(child, length);
}

test(`${RUNS} damaged sources are parsed without throwing`, { timeout: 60_000 + RUNS * 50 }, () => {
  const damaged = fc.record({
    text: fc.constantFrom(...items),
    changes: fc.array(change, { minLength: 1, maxLength: 5 }),
  });
  let unsound = 0;
  fc.assert(
    fc.property(damaged, ({ text, changes }) => {
      const source = changes.reduce(mutate, text);
      const { program, diagnostics } = parseProgram(source, "a.tfx");
      for (const d of diagnostics) checkDiagnostic(d, source);
      checkSpans(program, source.length);
      if (diagnostics.length > 0) unsound += 1;
    }),
    { numRuns: RUNS },
  );
  expect(unsound).toBeGreaterThan(RUNS / 4);
});
