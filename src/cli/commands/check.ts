/** `tfx check FILE…` */
import { checkProgram } from "../../check/check.ts";
import { parseProgram } from "../../parser/parse.ts";
import type { ExitCode } from "../errors.ts";
import { report, type Format } from "../report.ts";
import { createSources } from "../sources.ts";

/** Reports everything that is wrong in the files; nothing is planned, so sizes need not be known. */
export const check = (files: readonly string[], options: { readonly format: Format }): ExitCode => {
  const sources = createSources();
  let errors = 0;
  for (const file of files) {
    const text = sources.read(file);
    const { program, diagnostics } = parseProgram(text, file);
    const checked = checkProgram(program, file, { resolveImport: sources.resolveImport, text });
    errors += report([...diagnostics, ...checked.diagnostics], sources, options.format);
  }
  if (options.format === "pretty")
    console.error(errors === 0 ? "no errors" : `${errors} ${errors === 1 ? "error" : "errors"}`);
  return errors === 0 ? 0 : 1;
};
