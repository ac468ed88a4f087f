/** What may be typed at a place. */
import type { CompletionItem, CompletionItemKind } from "vscode-languageserver";
import { STORAGE_TYPES } from "../base/storage-type.ts";
import type { Session } from "../session/session.ts";
import { itemsOf, type SymbolKind } from "../session/symbols.ts";
import { parseProgram } from "../parser/parse.ts";
import { KEYWORDS } from "../parser/tokens.ts";
import { BUILTIN_NAMES } from "../check/builtins.ts";
import { builtinOf } from "./builtins.ts";
import { signatureOf } from "./describe.ts";
import type { Documents } from "./document.ts";

/** Numbers of the protocol. */
const KIND: Readonly<Record<SymbolKind, CompletionItemKind>> = {
  kernel: 7,
  function: 3,
  type: 25,
  size: 21,
  axis: 20,
  tensor: 6,
  scalar: 6,
  result: 10,
  let: 6,
  parameter: 6,
};

/** The reserved words, as they are typed. */
const RESERVED = [...KEYWORDS].map((t) => String(t.PATTERN));

/** Files that a `use` may name without looking for them: the standard library's, with their texts. */
export type Library = ReadonlyMap<string, string>;

const literal = (label: string, kind: CompletionItemKind, detail = ""): CompletionItem => ({ label, kind, detail });

const inUse = (line: string, library: Library): readonly CompletionItem[] | null => {
  if (!/^\s*use\b/.test(line)) return null;
  const path = /from\s+"([^"]*)$/.exec(line);
  if (path !== null) return [...library.keys()].map((name) => literal(name, 17));
  return /\{[^}]*$/.test(line) ? [...library].flatMap(([name, text]) => itemsIn(name, text)) : null;
};

/** The kernels and functions of a library file, each with the file it is in. */
const itemsIn = (file: string, text: string): readonly CompletionItem[] =>
  [...itemsOf(parseProgram(text, file).program).values()]
    .filter((d) => d.kind === "function")
    .map((d) => ({ ...literal(d.name, 3, file), documentation: d.doc }));

/** Everything that could stand at an offset; an editor filters by what is typed already. */
export const completionsAt = (
  { session }: Documents,
  file: string,
  offset: number,
  library: Library,
): readonly CompletionItem[] => {
  const text = session.text(file) ?? "";
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  const use = inUse(line, library);
  if (use !== null) return use;
  const names = namesAt(session, file, offset);
  // In brackets an index comes first, behind a colon a type.
  const open = line.lastIndexOf("[") > line.lastIndexOf("]");
  const first = (item: CompletionItem): CompletionItem => ({ ...item, sortText: `0${item.label}` });
  const ordered = names.map((n) => (open && n.kind === KIND.axis ? first(n) : { ...n, sortText: `1${n.label}` }));
  const types = /:\s*\w*$/.test(line) ? STORAGE_TYPES.map((t) => first(literal(t, 25))) : [];
  const builtins = BUILTIN_NAMES.map((name): CompletionItem => {
    const known = builtinOf(name);
    return { ...literal(name, 3, known?.usage ?? ""), documentation: known?.words ?? "", sortText: `2${name}` };
  });
  const keywords = RESERVED.map((k) => ({ ...literal(k, 14), sortText: `3${k}` }));
  return [...types, ...ordered, ...builtins, ...keywords];
};

const namesAt = (session: Session, file: string, offset: number): readonly CompletionItem[] => {
  const seen = new Set<string>();
  return session.scopeAt(file, offset).flatMap((d) => {
    if (seen.has(d.name)) return [];
    seen.add(d.name);
    return [{ ...literal(d.name, KIND[d.kind], signatureOf(session, d)), documentation: d.doc }];
  });
};
