/** What the language server knows, for the editor of the page. */
import { std, STD_FILES } from "../../src/std/library.ts";
import { completionsAt, type Library } from "../../src/lsp/complete.ts";
import { hoverAt } from "../../src/lsp/hover.ts";
import type { Documents } from "../../src/lsp/document.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import type { Completion, Entry, Reply } from "../protocol.ts";
import { FILE, session } from "./compile.ts";

const documents: Documents = { session, uriOf: (file) => file };

let texts: Library | null = null;
const library = (): Library => (texts ??= new Map(STD_FILES.map((name) => [name, std(name)?.text ?? ""])));

/** Numbers of the protocol's kinds as the editor's. */
const TYPES: Readonly<Record<number, string>> = {
  3: "function",
  7: "class",
  10: "property",
  14: "keyword",
  17: "namespace",
  20: "enum",
  21: "constant",
  25: "type",
};

export const complete = (
  text: string,
  offset: number,
): { readonly from: number; readonly items: readonly Completion[] } => {
  session.set(FILE, text);
  const path = /"[^"\n]*$/.exec(text.slice(0, offset));
  const word = /\w*$/.exec(text.slice(0, offset))?.[0] ?? "";
  const from = path === null ? offset - word.length : path.index + 1;
  const items = completionsAt(documents, FILE, offset, library()).map((c): Completion => ({
    label: c.label,
    detail: c.detail ?? "",
    doc: typeof c.documentation === "string" ? c.documentation : "",
    type: TYPES[c.kind ?? 6] ?? "variable",
    boost: 50 - 10 * Number(/^[0-9]/.exec(c.sortText ?? "5")?.[0] ?? 5),
  }));
  return { from, items };
};

const BLOCK = /^```tfx\n([\s\S]*?)\n```/;

/** What stands at an offset: its signature and words about it. */
export const hover = (text: string, offset: number): Omit<Extract<Reply, { kind: "hovered" }>, "kind" | "id"> => {
  session.set(FILE, text);
  const found = hoverAt(documents, FILE, offset);
  const value =
    found === null || typeof found.contents !== "object" || !("value" in found.contents) ? "" : found.contents.value;
  const code = BLOCK.exec(value)?.[1] ?? null;
  const words = value
    .replace(BLOCK, "")
    .split("\n\n")
    .map((w) => w.trim())
    .filter((w) => w !== "");
  let [from, to] = [offset, offset];
  while (from > 0 && /\w/.test(text[from - 1] ?? "")) from--;
  while (/\w/.test(text[to] ?? "")) to++;
  return { from, to, code, words };
};

/** Up to a full stop or colon with a new sentence or a formula behind it; `et al. 2016` goes on. */
const FIRST_SENTENCE = /^[\s\S]*?(?<!\b(?:cf|eq|al|vs))[.:](?=\s+[A-Z`(|λτ]|\s*$)/u;

/** The first sentence of a comment. */
const titleOf = (doc: string): string => {
  const first = (doc.split(/\n\s*\n/)[0] ?? "").replace(/\s+/g, " ").trim();
  return (FIRST_SENTENCE.exec(first)?.[0] ?? first).replace(/[.:]$/, "").replaceAll("`", "");
};

/** Every kernel of some texts by name, and of the library. */
export const entries = (more: Readonly<Record<string, string>>): readonly Entry[] =>
  [...Object.entries(more), ...library()].flatMap(([file, text]) =>
    parseProgram(text, file).program.items.flatMap((item): Entry[] =>
      item.kind === "kernel" ? [{ file, kernel: item.name.text, title: titleOf(item.doc), doc: item.doc, text }] : [],
    ),
  );
