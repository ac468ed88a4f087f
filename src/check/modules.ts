/** Files and what they bring into scope: their own items, `use`, and the prelude. */
import type { Item, Name, Program, Use } from "../parser/ast.ts";
import { parseProgram, type Parsed } from "../parser/parse.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { duplicateName } from "./rules/duplicate-name.ts";
import { importCycle } from "./rules/import-cycle.ts";
import { importMissingName } from "./rules/import-missing-name.ts";
import { importNotFound } from "./rules/import-not-found.ts";
import type { Module, ModuleItem } from "./scope.ts";

/** Finds the file that a `use` names; null when there is none. `from` is the importing file. */
export type ResolveImport = (path: string, from: string) => { readonly file: string; readonly text: string } | null;

/** The path under which the prelude is asked for. */
export const PRELUDE = "std/prelude";

type Loader = {
  readonly resolve: ResolveImport;
  readonly report: (d: Diagnostic) => void;
  /** Every file by name; null while it is being loaded. */
  readonly files: Map<string, Module | null>;
  /** The chain of files being loaded. */
  readonly stack: string[];
};

const ownItems = (program: Program, module: Module, report: Loader["report"]): void => {
  const names = new Map<string, Name>();
  for (const item of program.items) {
    if (item.kind === "use") continue;
    const first = names.get(item.name.text);
    const what = (i: Item["kind"]): string => (i === "fn" ? "a function" : "a kernel");
    if (first !== undefined) {
      report(duplicateName(item.name, what(item.kind), what(module.own.get(item.name.text)!.kind), first.span));
      continue;
    }
    names.set(item.name.text, item.name);
    const entry: ModuleItem =
      item.kind === "fn" ? { kind: "fn", def: { fn: item, module, broken: false } } : { kind: "kernel", kernel: item };
    module.own.set(item.name.text, entry);
  }
};

/** The module that a `use` names; null after an error. */
const usedModule = (loader: Loader, use: Use, from: string): Module | null => {
  const found = loader.resolve(use.from, from);
  if (found === null) {
    loader.report(importNotFound(use));
    return null;
  }
  const known = loader.files.get(found.file);
  if (known === null) {
    loader.report(importCycle(use, [...loader.stack.slice(loader.stack.indexOf(found.file)), found.file]));
    return null;
  }
  return known ?? parseModule(loader, found.file, found.text);
};

/** The last texts that were imported: the prelude is read once a process. */
const recent = new Map<string, { readonly text: string; readonly parsed: Parsed }>();
const MAX_RECENT = 16;

const parsed = (text: string, file: string): Parsed => {
  const known = recent.get(file);
  if (known?.text === text) return known.parsed;
  const made = parseProgram(text, file);
  if (recent.size >= MAX_RECENT) recent.clear();
  recent.set(file, { text, parsed: made });
  return made;
};

const parseModule = (loader: Loader, file: string, text: string): Module => {
  const { program, diagnostics } = parsed(text, file);
  for (const d of diagnostics) if (d.severity === "error") loader.report(d);
  return loadModule(loader, program, file);
};

const importNames = (loader: Loader, module: Module, use: Use): void => {
  const source = usedModule(loader, use, module.file);
  for (const name of use.names) {
    const item = source?.own.get(name.text);
    if (source !== null && item === undefined) loader.report(importMissingName(name, use.from, [...source.own.keys()]));
    const own = module.own.get(name.text);
    if (own !== undefined) {
      const first = own.kind === "fn" ? own.def.fn.name : own.kernel.name;
      loader.report(duplicateName(name, "an import", own.kind === "fn" ? "a function" : "a kernel", first.span));
    } else if (module.imported.has(name.text)) {
      loader.report(duplicateName(name, "an import", "an import", null));
    } else {
      module.imported.set(name.text, item ?? null);
    }
  }
};

const loadModule = (loader: Loader, program: Program, file: string): Module => {
  const module: Module = { file, program, own: new Map(), imported: new Map(), prelude: null };
  loader.files.set(file, null);
  loader.stack.push(file);
  ownItems(program, module, loader.report);
  for (const item of program.items) if (item.kind === "use") importNames(loader, module, item);
  loader.stack.pop();
  loader.files.set(file, module);
  return module;
};

/** Loads a parsed file and all it imports; the root comes first. Never throws. */
export const loadModules = (
  program: Program,
  file: string,
  resolve: ResolveImport,
  report: (d: Diagnostic) => void,
): readonly Module[] => {
  const loader: Loader = { resolve, report, files: new Map(), stack: [] };
  const root = loadModule(loader, program, file);
  const found = resolve(PRELUDE, file);
  const prelude = found === null ? null : (loader.files.get(found.file) ?? parseModule(loader, found.file, found.text));
  const all = [...loader.files.values()].flatMap((m) => (m === null ? [] : [m]));
  for (const m of all) if (m !== prelude) m.prelude = prelude;
  return [root, ...all.filter((m) => m !== root)];
};
