/** Colours of `.tfx` text, by the grammar that editors use. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import onig from "vscode-oniguruma";
import textmate from "vscode-textmate";

/** The HTML of a text. */
export type Highlight = (text: string) => string;

/** Classes of the style sheet by the beginnings of scopes; the longest that fits counts. */
const CLASSES: readonly (readonly [scope: string, name: string])[] = [
  ["comment", "c"],
  ["string", "s"],
  ["keyword.operator.tfx", ""],
  ["keyword", "k"],
  ["storage", "k"],
  ["support.type", "t"],
  ["constant", "n"],
  ["variable.other.constant", "t"],
  ["entity.name.function", "f"],
];

const classOf = (scopes: readonly string[]): string => {
  const scope = scopes.at(-1) ?? "";
  const fits = CLASSES.filter(([start]) => scope.startsWith(start)).sort((a, b) => b[0].length - a[0].length);
  return fits[0]?.[1] ?? "";
};

/** Text as HTML. */
export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Reads the grammar once. */
export const createHighlight = async (): Promise<Highlight> => {
  const require = createRequire(import.meta.url);
  await onig.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
  const file = new URL("../grammar/tfx.tmLanguage.json", import.meta.url);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new onig.OnigScanner(patterns),
      createOnigString: (text) => new onig.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(readFileSync(file, "utf8"), "tfx.json"),
  });
  const grammar = await registry.loadGrammar("source.tfx");
  if (grammar === null) throw new Error("grammar/tfx.tmLanguage.json has no source.tfx");
  return (text) => {
    let state = textmate.INITIAL;
    return text
      .split("\n")
      .map((line) => {
        const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
        state = ruleStack;
        return tokens
          .map((t) => {
            const part = escaped(line.slice(t.startIndex, t.endIndex));
            const name = part.trim() === "" ? "" : classOf(t.scopes);
            return name === "" ? part : `<span class="${name}">${part}</span>`;
          })
          .join("");
      })
      .join("\n");
  };
};
