import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import onig from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { beforeAll, describe, expect, test } from "vitest";
import { generate, stale } from "../scripts/grammar.ts";
import { lexer, TOKENS } from "../src/parser/tokens.ts";

test("the generated files are fresh (run `node scripts/grammar.ts`)", () => {
  expect(stale()).toEqual([]);
});

test("the EBNF names every rule and every keyword and sign", () => {
  const ebnf = generate().find(({ path }) => path.endsWith(".ebnf"))!.text;
  const rules = [...ebnf.matchAll(/^(\w+)\s+=/gm)].map((match) => match[1]!);
  const used = [...ebnf.replace(/\(\*[^]*?\*\)|"[^"]*"|\/.*\/$/gm, "").matchAll(/\w+/g)].map((match) => match[0]);
  expect(used.filter((word) => !rules.includes(word))).toEqual([]);
  const literals = TOKENS.map(({ type }) => type.PATTERN).filter((pattern) => typeof pattern === "string");
  expect(literals.filter((literal) => !ebnf.includes(`"${literal}"`))).toEqual([]);
});

describe("the TextMate grammar", () => {
  let grammar: textmate.IGrammar;

  beforeAll(async () => {
    const require = createRequire(import.meta.url);
    await onig.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
    const registry = new textmate.Registry({
      onigLib: Promise.resolve({
        createOnigScanner: (patterns) => new onig.OnigScanner(patterns),
        createOnigString: (text) => new onig.OnigString(text),
      }),
      loadGrammar: async () =>
        textmate.parseRawGrammar(
          readFileSync(new URL("../grammar/tfx.tmLanguage.json", import.meta.url), "utf8"),
          "tfx.json",
        ),
    });
    grammar = (await registry.loadGrammar("source.tfx"))!;
  });

  /** The words of a line with their innermost scopes, blanks left out. */
  function scopesOf(line: string): Record<string, string> {
    const { tokens } = grammar.tokenizeLine(line, textmate.INITIAL);
    const pairs = tokens.map((t) => [line.slice(t.startIndex, t.endIndex).trim(), t.scopes.at(-1)!] as const);
    return Object.fromEntries(pairs.filter(([word]) => word !== ""));
  }

  test("gives the words of a signature their scopes", () => {
    expect(scopesOf("kernel attn(static q: f32[i: N, d], w: T) -> o: f32[i] { // note")).toMatchObject({
      kernel: "storage.type.tfx",
      attn: "entity.name.function.tfx",
      static: "storage.modifier.tfx",
      q: "variable.other.tfx",
      f32: "support.type.tfx",
      N: "variable.other.constant.tfx",
      "->": "keyword.operator.tfx",
      "{": "punctuation.bracket.tfx",
      "// note": "comment.line.double-slash.tfx",
    });
  });

  test("gives the words of a statement their scopes", () => {
    expect(scopesOf('let s = softmax[j](x) * 1e-6 + 2 where i in m and true "t"')).toMatchObject({
      let: "storage.type.tfx",
      softmax: "entity.name.function.call.tfx",
      "*": "keyword.operator.tfx",
      "1e-6": "constant.numeric.float.tfx",
      "2": "constant.numeric.integer.tfx",
      where: "keyword.control.tfx",
      in: "keyword.operator.word.tfx",
      true: "constant.language.tfx",
      '"t"': "string.quoted.double.tfx",
    });
    expect(scopesOf("/// doc")).toEqual({ "/// doc": "comment.line.documentation.tfx" });
    expect(scopesOf('use { index } from "./in.tfx"')).toMatchObject({
      use: "keyword.control.import.tfx",
      index: "variable.other.tfx",
    });
  });

  test("never splits a token of the lexer, nor joins two", () => {
    const text = readFileSync(new URL("./fixtures/language.tfx", import.meta.url), "utf8");
    for (const line of text.split("\n").filter((l) => !l.includes("//"))) {
      const { tokens } = grammar.tokenizeLine(line, textmate.INITIAL);
      const starts = tokens.filter((t) => t.scopes.length > 1).map((t) => t.startIndex);
      expect(starts, line).toEqual(lexer.tokenize(line).tokens.map((t) => t.startOffset));
    }
  });
});
