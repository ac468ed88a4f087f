/** `tfx list FILE` */
import { parseProgram } from "../../parser/parse.ts";
import type { Kernel } from "../../parser/ast.ts";
import type { ExitCode } from "../errors.ts";
import { report, type Format } from "../report.ts";
import { createSources } from "../sources.ts";

/** The head of a kernel as written, on one line. */
const signature = (kernel: Kernel, text: string): string => {
  const last = kernel.results.at(-1);
  const end = last === undefined ? kernel.span.end : text.indexOf("{", last.span.end);
  return text
    .slice(kernel.span.start, end)
    .replace(/\/\/[^\n]*/g, "")
    .replace(/\s+/g, " ")
    .replace(/,? \)/g, ")")
    .replace(/\( /g, "(")
    .trim();
};

/** Prints the kernels of a file with what they take and give. */
export const list = (file: string, options: { readonly format: Format; readonly json?: boolean }): ExitCode => {
  const sources = createSources();
  const text = sources.read(file);
  const { program, diagnostics } = parseProgram(text, file);
  const errors = report(diagnostics, sources, options.format);
  const kernels = program.items.filter((item) => item.kind === "kernel");
  if (options.json === true) {
    const rows = kernels.map((kernel) => ({
      name: kernel.name.text,
      doc: kernel.doc,
      signature: signature(kernel, text),
    }));
    console.log(JSON.stringify(rows, null, 2));
  } else {
    for (const kernel of kernels) {
      for (const line of kernel.doc === "" ? [] : kernel.doc.split("\n")) console.log(`/// ${line}`.trimEnd());
      console.log(`${signature(kernel, text)}\n`);
    }
  }
  return errors === 0 ? 0 : 1;
};
