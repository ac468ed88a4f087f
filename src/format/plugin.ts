/** The Prettier plugin: `languages`, `parsers`, `printers`. No options of its own. */
import type { Parser, Printer, SupportLanguage } from "prettier";
import type { Diagnostic } from "../base/diagnostic.ts";
import { positionAt, sourceFile } from "../base/source-file.ts";
import { parseProgram } from "../parser/parse.ts";
import { extentOf, type FormatNode, type Root } from "./node.ts";
import { printer } from "./printer.ts";

/** What Prettier knows about `.tfx` files. */
export const languages: SupportLanguage[] = [
  { name: "TFX", parsers: ["tfx"], extensions: [".tfx"], linguistLanguageId: undefined, vscodeLanguageIds: ["tfx"] },
];

/** The parser under the name `tfx`; throws on the first syntax error, with `loc`, as Prettier expects of parsers. */
export const parsers: { readonly tfx: Parser<FormatNode> } = {
  tfx: {
    astFormat: "tfx",
    parse: (text: string, options: { readonly filepath?: string }): Root => {
      const { program, comments, diagnostics } = parseProgram(text, options.filepath ?? "");
      const [error] = diagnostics.filter((d) => d.severity === "error");
      if (error !== undefined) throw syntaxError(error, text);
      return { kind: "program", items: program.items, span: program.span, comments: comments.map((c) => ({ ...c })) };
    },
    locStart: (node) => extentOf(node).start,
    locEnd: (node) => extentOf(node).end,
  },
};

/** The printer for the syntax tree that the parser makes. */
export const printers: { readonly tfx: Printer<FormatNode> } = { tfx: printer };

/** The layout that language.md uses; a project's Prettier settings may override it. */
export const defaultOptions: { readonly printWidth: number; readonly tabWidth: number } = {
  printWidth: 100,
  tabWidth: 2,
};

function syntaxError(d: Diagnostic, text: string): SyntaxError {
  const source = sourceFile(d.primary.span.file, text);
  const loc = { start: positionAt(source, d.primary.span.start), end: positionAt(source, d.primary.span.end) };
  return Object.assign(new SyntaxError(`${d.code}: ${d.message}`), { loc, diagnostic: d });
}
