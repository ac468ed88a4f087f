/** `tfx check FILE…` */
import { checkProgram } from "../../check/check.ts";
import type { Spec } from "../../check/spec.ts";
import { BASELINE } from "../../base/target.ts";
import { planNotes } from "../../explain/notes.ts";
import { parseProgram } from "../../parser/parse.ts";
import type { ExitCode } from "../errors.ts";
import { report, type Format } from "../report.ts";
import { createSources, type SourceStore } from "../sources.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { planWith } from "../planned.ts";

export type CheckOptions = { readonly format: Format; readonly notes?: boolean };

/** Notes about the plans of a file's kernels, at sizes made up where they must be known. */
const notesOf = (file: string, specs: readonly Spec[], sources: SourceStore): readonly Diagnostic[] =>
  specs.flatMap((spec) => {
    const { compiled } = planWith(file, spec, { dims: {}, statics: {}, types: {} }, BASELINE, sources);
    return compiled.flatMap((c) => planNotes(c));
  });

/** Reports everything that is wrong in the files; nothing is planned but for notes, so sizes need not be known. */
export const check = (files: readonly string[], options: CheckOptions): ExitCode => {
  const sources = createSources();
  let errors = 0;
  for (const file of files) {
    const text = sources.read(file);
    const { program, diagnostics } = parseProgram(text, file);
    const checked = checkProgram(program, file, { resolveImport: sources.resolveImport, text });
    const found = report([...diagnostics, ...checked.diagnostics], sources, options.format);
    errors += found;
    if (options.notes === true && found === 0) report(notesOf(file, checked.specs, sources), sources, options.format);
  }
  if (options.format === "pretty")
    console.error(errors === 0 ? "no errors" : `${errors} ${errors === 1 ? "error" : "errors"}`);
  return errors === 0 ? 0 : 1;
};
