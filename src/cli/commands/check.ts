/** `tfx check FILE…` */
import { checkProgram } from "../../check/check.ts";
import type { Spec } from "../../check/spec.ts";
import { BASELINE } from "../../base/target.ts";
import { planNotes } from "../../explain/notes.ts";
import { parseProgram } from "../../parser/parse.ts";
import { printable } from "../../base/plain-text.ts";
import { UsageError, type ExitCode } from "../errors.ts";
import { report, type Format } from "../report.ts";
import { createSources, STDIN, type SourceStore } from "../sources.ts";
import { watch } from "../watch.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { planWith } from "../planned.ts";

export type CheckOptions = { readonly format: Format; readonly notes?: boolean; readonly watch?: boolean };

/** Notes about the plans of a file's kernels, at sizes made up where they must be known. */
const notesOf = (file: string, specs: readonly Spec[], sources: SourceStore): readonly Diagnostic[] =>
  specs.flatMap((spec) => {
    const { compiled } = planWith(file, spec, { dims: {}, statics: {}, types: {} }, BASELINE, sources);
    return compiled.flatMap((c) => planNotes(c));
  });

/** The errors of one file, reported; null where it cannot be read, which is told too. */
const checkFile = (file: string, options: CheckOptions): number | null => {
  const sources = createSources();
  let text: string;
  try {
    text = sources.read(file);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`tfx: ${printable(error.message)}`);
    return null;
  }
  const { program, diagnostics } = parseProgram(text, file);
  const checked = checkProgram(program, file, { resolveImport: sources.resolveImport, text });
  const found = report([...diagnostics, ...checked.diagnostics], sources, options.format);
  if (options.notes === true && found === 0) report(notesOf(file, checked.specs, sources), sources, options.format);
  return found;
};

/**
 * Reports everything that is wrong in the files (`-`: standard input); nothing is planned but for notes, so sizes need not be
 * known. A file that cannot be read is told and does not end the list.
 */
export const check = (files: readonly string[], options: CheckOptions): ExitCode | Promise<ExitCode> => {
  const { watch: isWatching, ...once } = options;
  if (isWatching === true) return watch(files, () => void check(files, once));
  const found = files.map((file) => checkFile(file === "-" ? STDIN : file, options));
  const errors = found.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  const unread = found.includes(null);
  if (options.format === "pretty" && !(unread && errors === 0))
    console.error(errors === 0 ? "no errors" : `${errors} ${errors === 1 ? "error" : "errors"}`);
  return errors > 0 ? 1 : unread ? 2 : 0;
};
