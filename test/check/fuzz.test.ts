/** Damaged sources never crash the checker, and what it accepts of them satisfies the invariants. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CHECK_CODES } from "../../src/check/codes.ts";
import { checkProgram } from "../../src/check/check.ts";
import { printSpec } from "../../src/check/print-spec.ts";
import { verifySpec } from "../../src/check/verify-spec.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { PRELUDE_TEXT, resolver } from "./helpers.ts";
import { ONE_LINERS } from "./one-liners.ts";

const RUNS = Number(process.env["TFX_FUZZ"] ?? 300);
const kernels = readFileSync(new URL("language.tfx", import.meta.url), "utf8").split(/\n(?=\/\/\/)/);
const sources = [...kernels, ...ONE_LINERS.map((o) => o.source), PRELUDE_TEXT, `${PRELUDE_TEXT}\n${kernels[1]}`];
const words = [...new Set(sources.flatMap((s) => s.match(/\w+|[^\s\w]/g) ?? []))];

/** Replaces, drops, swaps or doubles a few tokens: mostly things that still parse, so that the checker sees them. */
const mutate = (source: string, edits: readonly { at: number; what: number; word: string }[]): string => {
  const tokens = source.match(/\s+|\w+|[^\s\w]/g) ?? [];
  for (const { at, what, word } of edits) {
    const places = tokens.flatMap((t, n) => (/^\w+$/.test(t) === /^\w+$/.test(word) && !/^\s/.test(t) ? [n] : []));
    const n = places[at % Math.max(1, places.length)] ?? 0;
    if (what === 0) tokens[n] = word;
    else if (what === 1) tokens[n] = "";
    else if (what === 2) tokens.splice(n, 0, tokens[(n * 7 + at) % tokens.length] ?? "");
    else [tokens[n], tokens[at % tokens.length]] = [tokens[at % tokens.length] ?? "", tokens[n] ?? ""];
  }
  return tokens.join("");
};

const edit = fc.record({
  at: fc.nat(5000),
  what: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
  word: fc.constantFrom(...words),
});
const damaged = fc
  .tuple(fc.constantFrom(...sources), fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([s, edits]) => mutate(s, edits));

describe("damaged sources", () => {
  test(`${RUNS} of them`, () => {
    let accepted = 0;
    let rejected = 0;
    fc.assert(
      fc.property(damaged, (text) => {
        const { program, diagnostics: syntax } = parseProgram(text, "main.tfx");
        const { specs, diagnostics } = checkProgram(program, "main.tfx", {
          resolveImport: resolver({ "main.tfx": text }),
          text,
        });
        for (const spec of specs) {
          expect(verifySpec(spec)).toEqual([]);
          expect(printSpec(spec)).not.toContain("?");
        }
        for (const d of diagnostics) {
          expect(CHECK_CODES[d.code] !== undefined || d.code.startsWith("TFX1")).toBe(true);
          expect(d.primary.span.start).toBeLessThanOrEqual(d.primary.span.end);
          expect(`${d.message} ${d.primary.text} ${d.help ?? ""}`).not.toMatch(/undefined|\[object|NaN/);
        }
        const kernelCount = program.items.filter((i) => i.kind === "kernel").length;
        const errors = [...syntax, ...diagnostics].filter((d) => d.severity === "error").length;
        if (specs.length < kernelCount) expect(errors).toBeGreaterThan(0);
        if (syntax.length === 0 && errors > 0) rejected++;
        else if (errors === 0) accepted++;
      }),
      { numRuns: RUNS, seed: RUNS === 300 ? 7 : Date.now() % 1e9 },
    );
    // The damage must be of both kinds, or the test says nothing.
    expect(accepted).toBeGreaterThan(RUNS / 50);
    expect(rejected).toBeGreaterThan(RUNS / 10);
  });

  test("very long chains and very deep nesting are messages, not crashes", () => {
    const kernel = (body: string) => `kernel k(x: f32[i: N]) -> o: f32[i] { ${body} }`;
    const long = Array.from({ length: 3000 }, () => "x").join(" + ");
    const lets = Array.from({ length: 3000 }, (_, n) => `let a${n + 1} = a${n} + 1`).join("\n");
    const fns = Array.from({ length: 3000 }, (_, n) => `fn f${n + 1}(x) = f${n}(x)`).join("\n");
    const texts = [
      kernel(`o = ${long}`),
      kernel(`o = ${"(".repeat(3000)}x${")".repeat(3000)}`),
      kernel(`o = ${"-".repeat(3000)}x`),
      kernel(`let a0 = x\n${lets}\no = a3000`),
      `fn f0(x) = x\n${fns}\n${kernel("o = f3000(x)")}`,
      `fn f(x) = ${long}\n${kernel("o = f(x)")}`,
    ];
    for (const text of texts) {
      const { program } = parseProgram(text, "main.tfx");
      const { specs } = checkProgram(program, "main.tfx", { resolveImport: resolver({}) });
      for (const spec of specs) expect(verifySpec(spec)).toEqual([]);
    }
  });
});
