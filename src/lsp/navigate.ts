/** From a name to its definition and its uses; renaming; the outline and the colours of a file. */
import type { DocumentSymbol, Location, SymbolKind, TextEdit, WorkspaceEdit } from "vscode-languageserver";
import { BUILTIN_NAMES } from "../check/builtins.ts";
import type { Session } from "../session/session.ts";
import type { Definition, SymbolKind as Kind } from "../session/symbols.ts";
import { headOf, signatureOf } from "./describe.ts";
import { documentOf, locationOf, rangeOf, type Documents } from "./document.ts";

export const definitionAt = (documents: Documents, file: string, offset: number): Location | null => {
  const found = documents.session.definitionAt(file, offset);
  return found === null ? null : locationOf(documents, found.span);
};

export const referencesAt = (
  documents: Documents,
  file: string,
  offset: number,
  withDefinition: boolean,
): readonly Location[] => {
  const found = documents.session.definitionAt(file, offset);
  if (found === null) return [];
  const isItself = (s: { readonly file: string; readonly start: number }): boolean =>
    s.file === found.span.file && s.start === found.span.start;
  return documents.session
    .referencesTo(found)
    .filter((s) => withDefinition || !isItself(s))
    .map((s) => locationOf(documents, s));
};

/** Renames a name everywhere, or says why not. `isOwn`: files that may be changed; the library is not the user's. */
export const renameAt = (
  documents: Documents,
  file: string,
  offset: number,
  name: string,
  isOwn: (file: string) => boolean,
): WorkspaceEdit | string => {
  const { session, uriOf } = documents;
  const found = session.definitionAt(file, offset);
  if (found === null) return "there is no name here that can be changed";
  if (!isOwn(found.span.file)) return `\`${found.name}\` belongs to the standard library`;
  if (!/^[A-Za-z]\w*$/.test(name)) return `\`${name}\` is not a name`;
  if (found.kind === "size" && !/^[A-Z]/.test(name)) return "a size begins with a capital letter";
  if (BUILTIN_NAMES.includes(name)) return `\`${name}\` is a function of the language`;
  const places = session.referencesTo(found);
  const clash = places.find((s) => session.scopeAt(s.file, s.start).some((d) => d.name === name));
  if (clash !== undefined) return `\`${name}\` means something else where \`${found.name}\` is used`;
  const changes: Record<string, TextEdit[]> = {};
  for (const span of places) {
    const edits = (changes[uriOf(span.file)] ??= []);
    edits.push({ range: rangeOf(documentOf(session, span.file), span), newText: name });
  }
  return { changes };
};

/** Numbers of the protocol: Class, Function, TypeParameter, Constant, … */
const OUTLINE: Readonly<Record<Kind, SymbolKind>> = {
  kernel: 5,
  function: 12,
  type: 26,
  size: 14,
  axis: 20,
  tensor: 18,
  scalar: 16,
  result: 7,
  let: 13,
  parameter: 13,
};

/** Kernels and functions with what they name, in the order of the text. */
export const outlineOf = (session: Session, file: string): readonly DocumentSymbol[] => {
  const doc = documentOf(session, file);
  const { definitions } = session.symbols(file);
  const isItem = (d: Definition): boolean => d.kind === "kernel" || d.kind === "function";
  const symbol = (d: Definition, children: readonly DocumentSymbol[]): DocumentSymbol => ({
    name: d.name,
    detail: isItem(d) ? headOf(session, d) : signatureOf(session, d),
    kind: OUTLINE[d.kind],
    range: rangeOf(doc, d.whole),
    selectionRange: rangeOf(doc, d.span),
    children: [...children],
  });
  return definitions.filter(isItem).map((item) => {
    const inside = definitions.filter(
      (d) => !isItem(d) && item.whole.start <= d.span.start && d.span.end <= item.whole.end && d.kind !== "axis",
    );
    return symbol(
      item,
      inside.map((d) => symbol(d, [])),
    );
  });
};

/** The token types that are announced, in the order of their numbers. */
export const TOKEN_TYPES = ["function", "typeParameter", "enumMember", "parameter", "variable", "property"] as const;

const TOKEN: Readonly<Record<Kind, (typeof TOKEN_TYPES)[number]>> = {
  kernel: "function",
  function: "function",
  type: "typeParameter",
  size: "enumMember",
  axis: "property",
  tensor: "parameter",
  scalar: "parameter",
  result: "variable",
  let: "variable",
  parameter: "parameter",
};

/** Names by what they stand for: five numbers each, as the protocol wants them. */
export const tokensOf = (session: Session, file: string): readonly number[] => {
  const doc = documentOf(session, file);
  let [line, character] = [0, 0];
  return session.symbols(file).references.flatMap(({ span, to }) => {
    const at = doc.positionAt(span.start);
    const sameLine = at.line === line;
    const token = [at.line - line, sameLine ? at.character - character : at.character, span.end - span.start];
    [line, character] = [at.line, at.character];
    return [...token, TOKEN_TYPES.indexOf(TOKEN[to.kind]), 0];
  });
};
