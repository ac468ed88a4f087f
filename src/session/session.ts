/**
 * Files as they change: what an editor, `--watch` and the command line ask of the compiler, each text parsed once and each file
 * checked again only when it, or something it imports, has changed. Pure: where texts come from is the caller's business.
 */
import { checkProgram, type Checked } from "../check/check.ts";
import { PRELUDE, type ResolveImport } from "../check/modules.ts";
import { compile, type CompileOptions, type CompileResult } from "../compile.ts";
import { withPrelude } from "../imports.ts";
import { parseProgram, type Parsed } from "../parser/parse.ts";
import type { Span } from "../base/span.ts";
import { itemsOf, symbolsOf, type Definition, type FileSymbols } from "./symbols.ts";

export type Session = {
  /** Puts a text under a path; null: the path goes back to what `resolveImport` finds. */
  readonly set: (path: string, text: string | null) => void;
  /** The text under a path that was set or imported. */
  readonly text: (path: string) => string | undefined;
  /** Everything that is wrong in a file and what it imports; throws when nothing was set under the path. */
  readonly check: (path: string) => Checked;
  readonly symbols: (path: string) => FileSymbols;
  /** What the name at an offset stands for; null between names and for what is built in. */
  readonly definitionAt: (path: string, offset: number) => Definition | null;
  /** Where a definition is used in the files that are set, its own place included. */
  readonly referencesTo: (definition: Definition) => readonly Span[];
  /** What can be named at an offset, the innermost first. */
  readonly scopeAt: (path: string, offset: number) => readonly Definition[];
  /** The files that a file imports, directly or not, the prelude included. */
  readonly importsOf: (path: string) => readonly string[];
  readonly compile: (path: string, options: Omit<CompileOptions, "file" | "resolveImport">) => CompileResult;
};

/** A result with what it was made from: it holds as long as all these texts do. */
type Kept<T> = { readonly value: T; readonly of: ReadonlyMap<string, string> };

const isInside = (span: Span, offset: number): boolean => span.start <= offset && offset <= span.end;

/** `resolveImport` need not know the prelude. */
export const createSession = (resolveImport: ResolveImport): Session => {
  const ask = withPrelude(resolveImport);
  const texts = new Map<string, string>();
  /** Texts of imports that were not set, as last found. */
  const found = new Map<string, string>();
  const parses = new Map<string, { readonly text: string; readonly parsed: Parsed }>();
  const checks = new Map<string, Kept<Checked>>();
  const symbolTables = new Map<string, Kept<FileSymbols>>();

  const textOf = (path: string): string => {
    const text = texts.get(path) ?? found.get(path);
    if (text === undefined) throw new Error(`nothing was set under ${path}`);
    return text;
  };
  const resolve: ResolveImport = (path, from) => {
    const file = ask(path, from);
    if (file === null) return null;
    const text = texts.get(file.file) ?? file.text;
    if (!texts.has(file.file)) found.set(file.file, text);
    return { file: file.file, text };
  };
  const parsed = (path: string): Parsed => {
    const text = textOf(path);
    const known = parses.get(path);
    if (known?.text === text) return known.parsed;
    const made = parseProgram(text, path);
    parses.set(path, { text, parsed: made });
    return made;
  };
  /** Paths of the files that a file's `use` lines and the prelude name, with the path that is written. */
  const namedBy = (path: string): readonly { readonly file: string; readonly names: readonly string[] | null }[] => {
    const uses = parsed(path).program.items.flatMap((item) => {
      const file = item.kind === "use" ? resolve(item.from, path) : null;
      return item.kind === "use" && file !== null ? [{ file: file.file, names: item.names.map((n) => n.text) }] : [];
    });
    const prelude = resolve(PRELUDE, path);
    return prelude === null || prelude.file === path ? uses : [...uses, { file: prelude.file, names: null }];
  };
  const closure = (path: string): ReadonlyMap<string, string> => {
    const all = new Map([[path, textOf(path)]]);
    const open = [path];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const { file } of namedBy(next)) {
        if (all.has(file)) continue;
        all.set(file, textOf(file));
        open.push(file);
      }
    }
    return all;
  };
  const kept = <T>(store: Map<string, Kept<T>>, path: string, make: () => T): T => {
    const of = closure(path);
    const known = store.get(path);
    const holds = known !== undefined && known.of.size === of.size && [...of].every(([f, t]) => known.of.get(f) === t);
    if (known !== undefined && holds) return known.value;
    const value = make();
    store.set(path, { value, of });
    return value;
  };

  const check = (path: string): Checked =>
    kept(checks, path, () => {
      const { program, diagnostics } = parsed(path);
      const checked = checkProgram(program, path, { resolveImport: resolve, text: textOf(path) });
      return { specs: checked.specs, diagnostics: [...diagnostics, ...checked.diagnostics] };
    });
  const foreign = (path: string): ReadonlyMap<string, Definition> => {
    const names = new Map<string, Definition>();
    for (const { file, names: wanted } of namedBy(path)) {
      for (const [name, definition] of itemsOf(parsed(file).program)) {
        if ((wanted === null || wanted.includes(name)) && !names.has(name)) names.set(name, definition);
      }
    }
    return names;
  };
  const symbols = (path: string): FileSymbols =>
    kept(symbolTables, path, () => {
      const imported = foreign(path);
      return symbolsOf(parsed(path).program, (name) => imported.get(name));
    });
  const isSame = (a: Definition, b: Definition): boolean =>
    a.span.file === b.span.file && a.span.start === b.span.start && a.name === b.name;

  return {
    set: (path, text) => {
      if (text === null) texts.delete(path);
      else texts.set(path, text);
    },
    text: (path) => texts.get(path) ?? found.get(path),
    check,
    symbols,
    definitionAt: (path, offset) => symbols(path).references.find((r) => isInside(r.span, offset))?.to ?? null,
    referencesTo: (definition) => {
      const files = new Set([definition.span.file, ...texts.keys()]);
      return [...files].flatMap((file) =>
        symbols(file).references.flatMap((r) => (isSame(r.to, definition) ? [r.span] : [])),
      );
    },
    scopeAt: (path, offset) => {
      const near = symbols(path).definitions.filter((d) => isInside(d.scope, offset));
      const size = (d: Definition): number => d.scope.end - d.scope.start;
      return [...near.toSorted((a, b) => size(a) - size(b)), ...foreign(path).values()];
    },
    importsOf: (path) => [...closure(path).keys()].filter((file) => file !== path),
    compile: (path, options) => compile(textOf(path), { ...options, file: path, resolveImport: resolve }),
  };
};
