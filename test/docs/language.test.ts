/**
 * docs/language.md says what the compiler does: every example compiles and gives the numbers that the page says, every wrong one
 * is refused with the code that the page names, and every name of the language has an example that uses it.
 */
import { readFileSync } from "node:fs";
import type { CstNode, IToken } from "chevrotain";
import { describe, expect, test } from "vitest";
import { BUILTIN_NAMES } from "../../src/check/builtins.ts";
import { STORAGE_TYPES } from "../../src/base/storage-type.ts";
import { TARGETS, type Target } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { parser } from "../../src/parser/grammar.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { scan } from "../../src/parser/scan.ts";
import { TOKENS } from "../../src/parser/tokens.ts";
import { stacks } from "../gpu/stacks.ts";
import { examplesOf, type Example, type Run } from "./examples.ts";
import { checkText, differences, meant, onStack, onTiles, prepare, resolverOf } from "./run.ts";

const PAGE = readFileSync(new URL("../../docs/language.md", import.meta.url), "utf8");
const EXAMPLES = examplesOf(PAGE);
const resolveImport = resolverOf(EXAMPLES);
const running = EXAMPLES.filter((e) => e.kind === "runs");
const RUNS = running.flatMap((e) =>
  e.runs.map((run) => [`line ${run.line}, ${e.section}: ${run.text}`, e, run] as const),
);

/** Naive f32 is off by a few units in the last place of 1 at the sizes of these examples. */
const NEAR_F32 = 2e-6;

const usesHalf = (run: Run, example: Example): boolean =>
  Object.values(run.given).some((v) => "word" in v && v.word === "f16") || /: f16\b/.test(example.text);

/** The target by name, with half floats where the run needs them. */
const targetFor = (name: string, example: Example, run: Run): Target => ({
  ...TARGETS[name]!,
  ...(usesHalf(run, example) ? { f16: true } : {}),
});

const prepared = (example: Example, run: Run, target: Target, known: boolean) => {
  const p = prepare(example, run, target, known, resolveImport);
  if ("diagnostics" in p) throw new Error(p.diagnostics.map((d) => `${d.code} ${d.message}`).join("; "));
  return p;
};

describe("every example gives what the page says", () => {
  test.each(RUNS)("%s", (_, example, run) => {
    for (const [name, known] of [
      ["baseline", true],
      ["software-subgroups", false],
    ] as const) {
      const target = targetFor(name, example, run);
      const p = prepared(example, run, target, known);
      if (known) expect(differences(run, meant(p), 1e-9), "the interpreter").toEqual([]);
      expect(differences(run, onTiles(p, target), 1e-9), name).toEqual([]);
    }
  });

  test.for(["swiftshader", "lavapipe", "deno"] as const)("on %s", { timeout: 240_000 }, async (name, context) => {
    const [stack] = await stacks([name]);
    if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
    const half = RUNS.filter(([, e, run]) => usesHalf(run, e) && !stack.target.f16);
    if (half.length > 0)
      console.info(`docs/language.md: ${half.length} runs with f16 are not run on ${name}, which has no shader-f16`);
    const faults: string[] = [];
    for (const [title, example, run] of RUNS.filter((r) => !half.includes(r))) {
      const found = await onStack(prepared(example, run, stack.target, run.line % 2 === 0), stack);
      faults.push(...differences(run, found, NEAR_F32).map((d) => `${title}: ${d}`));
    }
    expect(faults).toEqual([]);
  });
});

describe("every program of the page compiles", () => {
  test.each(running.map((e) => [`line ${e.line}, ${e.section}`, e] as const))("%s", (_, example) => {
    expect(checkText(example.text, resolveImport).diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual([]);
  });
  test("each of its kernels is run", () => {
    const left = running.flatMap((e) => {
      const names = parseProgram(e.text, "example.tfx").program.items.flatMap((i) =>
        i.kind === "kernel" ? [i.name.text] : [],
      );
      return names.filter((n) => !e.runs.some((r) => r.kernel === n)).map((n) => `line ${e.line}: ${n}`);
    });
    expect(left).toEqual([]);
  });
});

describe("every wrong program is refused with the code that is named", () => {
  test.each(EXAMPLES.filter((e) => e.kind === "error").map((e) => [`line ${e.line}: ${e.what}`, e] as const))(
    "%s",
    (_, e) => {
      const { diagnostics } = compile(e.text, { file: "example.tfx", target: TARGETS["baseline"]!, resolveImport });
      expect(diagnostics.map((d) => d.code)).toEqual([e.what]);
    },
  );
});

/** Rules of the grammar, words, called functions and types that the running examples use. */
const used = () => {
  const [rules, tokens, calls, types] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const visit = (node: CstNode): void => {
    rules.add(node.name);
    const name = (node.children["Name"]?.[0] as IToken | undefined)?.image ?? "";
    if (node.name === "application" && node.children["args"] !== undefined) calls.add(name);
    if (node.name === "type") types.add(name);
    for (const child of Object.values(node.children).flat()) {
      if ("name" in child) visit(child);
      else tokens.add(child.tokenType.name);
    }
  };
  for (const e of EXAMPLES.filter((x) => x.kind !== "error")) {
    const { tokens: input, comments } = scan(e.text, "example.tfx");
    parser.input = [...input];
    visit(parser["program"]());
    for (const c of comments) tokens.add(c.kind === "doc" ? "DocComment" : "LineComment");
  }
  return { rules, tokens, calls, types };
};

describe("nothing of the language is without an example", () => {
  const { rules, tokens, calls, types } = used();
  const without = (all: readonly string[], seen: ReadonlySet<string>): readonly string[] =>
    all.filter((x) => !seen.has(x));
  test("rules of the grammar", () => expect(without(Object.keys(parser.getGAstProductions()), rules)).toEqual([]));
  test("words and signs", () => {
    const all = TOKENS.filter((t) => t.class !== "space" && t.class !== "foreign").map((t) => t.type.name);
    expect(without(all, tokens)).toEqual([]);
  });
  test("built-in functions", () => expect(without(BUILTIN_NAMES, calls)).toEqual([]));
  test("storage types", () => expect(without(STORAGE_TYPES, types)).toEqual([]));
  test("functions of the prelude", () => {
    const text = readFileSync(new URL("../../stdlib/prelude.tfx", import.meta.url), "utf8");
    const fns = parseProgram(text, "prelude.tfx").program.items.flatMap((i) => (i.kind === "fn" ? [i.name.text] : []));
    expect(fns.length).toBeGreaterThan(20);
    expect(without(fns, calls)).toEqual([]);
  });
});

test("the grammar on the page is the generated one", () => {
  const ebnf = readFileSync(new URL("../../grammar/tfx.ebnf", import.meta.url), "utf8");
  expect(/^```ebnf\n([\s\S]*?)^```$/m.exec(PAGE)?.[1]).toBe(ebnf);
});

test("the table of contents lists every section", () => {
  const contents = [...PAGE.matchAll(/^ *[-\d.]+ \[([^\]]+)\]\(#([^)]+)\)/gm)].map((m) => [m[1], m[2]]);
  const anchor = (h: string): string =>
    h
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .trim()
      .replaceAll(" ", "-");
  const sections = [...PAGE.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^## (.*)$/gm)]
    .map((m) => m[1] ?? "")
    .filter((s) => s !== "Contents");
  expect(contents).toEqual(sections.map((s) => [s, anchor(s)]));
});
