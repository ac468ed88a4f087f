/** The checker: from syntax to checked kernels. */
import type { Kernel, Program } from "../parser/ast.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { constantFaults } from "./constants.ts";
import { checkDefinitions } from "./defs.ts";
import { checkKernel } from "./kernel.ts";
import { loadModules, type ResolveImport } from "./modules.ts";
import { unknownKernel } from "./rules/unknown-kernel.ts";
import type { Spec } from "./spec.ts";
import { unusedImports, unusedInFn, unusedInKernel } from "./unused-names.ts";

export type { ResolveImport } from "./modules.ts";

export type CheckOptions = {
  /** Finds the text of an import, and of the prelude under `std/prelude`; null when there is none. */
  readonly resolveImport: ResolveImport;
  /** Checks only the kernel of this name. */
  readonly only?: string;
  /** The source text of the file, for line numbers inside messages; left out, messages have none. */
  readonly text?: string;
};

export type Checked = { readonly specs: readonly Spec[]; readonly diagnostics: readonly Diagnostic[] };

/** Keeps the first of equal messages; those of the checked file come first, in source order. */
const collect = (file: string) => {
  const seen = new Map<string, Diagnostic>();
  const report = (d: Diagnostic): void => {
    const { span } = d.primary;
    const key = `${d.code} ${span.file} ${span.start} ${span.end} ${d.message}`;
    if (!seen.has(key)) seen.set(key, d);
  };
  const rank = (d: Diagnostic): number => (d.primary.span.file === file ? 0 : 1);
  const all = (): readonly Diagnostic[] =>
    [...seen.values()].sort((a, b) => rank(a) - rank(b) || a.primary.span.start - b.primary.span.start);
  return { report, all };
};

const lineCounter =
  (text: string | undefined) =>
  (offset: number): number | null =>
    text === undefined ? null : text.slice(0, offset).split(/\r\n|\r|\n/).length;

const chosen = (kernels: readonly Kernel[], only: string | undefined): readonly Kernel[] =>
  only === undefined ? kernels : kernels.filter((k) => k.name.text === only);

/**
 * Checks all kernels and functions of a parsed file: names, axes, types, imports. Never throws on bad input; a kernel with
 * an error has no spec. The diagnostics of the parser are not repeated, those of imported files are included.
 */
export const checkProgram = (program: Program, file: string, options: CheckOptions): Checked => {
  const { report, all } = collect(file);
  const modules = loadModules(program, file, options.resolveImport, report);
  const root = modules[0]!;
  checkDefinitions(modules, report);
  const kernels = program.items.filter((i) => i.kind === "kernel");
  const wanted = chosen(kernels, options.only);
  if (options.only !== undefined && wanted.length === 0) {
    const start = { ...program.span, end: program.span.start };
    report(
      unknownKernel(
        options.only,
        kernels.map((k) => k.name.text),
        start,
      ),
    );
  }
  const lineOf = lineCounter(options.text);
  const specs = wanted.flatMap((k) => {
    const spec = checkKernel(root, k, report, lineOf);
    if (spec === null) return [];
    // In a kernel with an error, what looks unused may be what the error is about.
    unusedInKernel(k).forEach(report);
    const faults = constantFaults(spec);
    faults.forEach(report);
    return faults.length > 0 ? [] : spec;
  });
  for (const item of root.own.values())
    if (item.kind === "fn" && !item.def.broken) unusedInFn(item.def.fn).forEach(report);
  unusedImports(program, (name) => root.imported.get(name)?.kind === "kernel").forEach(report);
  return { specs, diagnostics: all() };
};
