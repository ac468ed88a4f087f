/** `tfx fmt FILE…` */
import { formatProgram } from "../../format/format.ts";
import type { ExitCode } from "../errors.ts";
import { writeAll, type OutputFile } from "../files.ts";
import { report, type Format } from "../report.ts";
import { createSources, STDIN } from "../sources.ts";

const formatStdin = async (format: Format): Promise<ExitCode> => {
  const text = createSources().read(STDIN);
  const result = await formatProgram(text, STDIN);
  if (result.ok) process.stdout.write(result.text);
  else report(result.diagnostics, { ...createSources(), text: () => text }, format);
  return result.ok ? 0 : 1;
};

/** Lays files out canonically, in place; `check` only names those that are not. `-` reads stdin and writes stdout. */
export const fmt = async (
  files: readonly string[],
  options: { readonly format: Format; readonly check?: boolean },
): Promise<ExitCode> => {
  if (files.length === 1 && files[0] === "-") return formatStdin(options.format);
  const sources = createSources();
  const changed: OutputFile[] = [];
  let errors = 0;
  for (const file of files) {
    const text = sources.read(file);
    const result = await formatProgram(text, file);
    if (!result.ok) errors += report(result.diagnostics, sources, options.format);
    else if (result.text !== text) changed.push({ path: file, content: result.text });
  }
  if (options.check !== true) writeAll(changed);
  for (const { path } of changed) console.log(path);
  return errors > 0 || (options.check === true && changed.length > 0) ? 1 : 0;
};
