/** `tfx list [FILE]` */
import { parseProgram } from "../../parser/parse.ts";
import type { Kernel } from "../../parser/ast.ts";
import { commentLines, printable } from "../../base/plain-text.ts";
import type { ExitCode } from "../errors.ts";
import { existsSync } from "node:fs";
import { headersOf, readCatalogue, type Catalogue, type DerivedKernel, type Entry } from "../catalogue.ts";
import { report, type Format } from "../report.ts";
import { createSources } from "../sources.ts";
import { during } from "../progress.ts";

const DERIVING = "deriving the plans of the library";

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

type ListOptions = { readonly format: Format; readonly json?: boolean };

/** Neither a file nor the name of one in the library. */
const isWord = (name: string): boolean => !existsSync(name) && !/[/\\]|\.tfx$/.test(name);

/**
 * Prints the kernels of a file with what they take and give; without a file, the standard library; for a word that is no file,
 * what has it in its name, its title or its papers.
 */
export const list = async (file: string | undefined, options: ListOptions): Promise<ExitCode> => {
  if (file !== undefined && !isWord(file)) return listFile(file, options);
  const isJson = options.json === true;
  if (file === undefined) return printStandard(await during(DERIVING, () => readCatalogue()), isJson);
  const word = file.toLowerCase();
  const found = headersOf().filter(({ file: name, kernel, header }) =>
    [name, kernel, header.title, ...header.papers].some((text) => text.toLowerCase().includes(word)),
  );
  if (found.length === 0) {
    console.error(
      `tfx: no file ${printable(file)}, and nothing in the standard library has it in its name, title or papers`,
    );
    return 1;
  }
  const files = [...new Set(found.map((f) => f.file))];
  const { entries, failed } = await during(DERIVING, () => readCatalogue(files));
  const isFound = (e: { readonly file: string; readonly kernel: string }): boolean =>
    found.some((f) => f.file === e.file && f.kernel === e.kernel);
  return printStandard({ entries: entries.filter(isFound), failed }, isJson);
};

const listFile = (file: string, options: ListOptions): ExitCode => {
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
      for (const line of kernel.doc === "" ? [] : commentLines(kernel.doc, "///")) console.log(line);
      console.log(`${printable(signature(kernel, text))}\n`);
    }
  }
  return errors === 0 ? 0 : 1;
};

const passesOf = (kernels: readonly DerivedKernel[]): string => {
  const passes = kernels.map((k) => k.passes);
  if (passes.every((n) => n === 0)) return "elementwise";
  return `${passes.join("+")} ${passes.join() === "1" ? "pass" : "passes"}`;
};

const line = ({ header, kernel, kernels }: Entry, width: number): string => {
  const bytes = kernels.map((k) => k.stateBytes).join("+");
  const paper = header.papers[0] ?? "-";
  const cells = [
    kernel.padEnd(width),
    (header.class ?? "-").padEnd(5),
    passesOf(kernels).padEnd(14),
    `${bytes} B`.padEnd(13),
    paper.padEnd(11),
  ];
  return `  ${cells.join(" ")} ${header.title}`;
};

/** Entries of the standard library: what a header says, and passes and bytes a row as the compiler derives them. */
const printStandard = ({ entries, failed }: Catalogue, isJson: boolean): ExitCode => {
  if (isJson) {
    const rows = entries.map(({ file, kernel, header, sizes, told, kernels }) => ({
      file,
      kernel,
      title: header.title,
      papers: header.papers,
      class: header.class,
      sizes: Object.fromEntries(told.map((name) => [name, sizes.full[name] ?? null])),
      kernels,
    }));
    console.log(JSON.stringify(rows, null, 2));
  } else {
    const width = Math.max(...entries.map((e) => e.kernel.length));
    console.log(
      "kernel, class, passes, bytes carried for a row of 64 features (a + b: two kernels are launched), arXiv, title",
    );
    for (const file of new Set(entries.map((e) => e.file))) {
      console.log(`\n${file}`);
      for (const entry of entries) if (entry.file === file) console.log(line(entry, width));
    }
  }
  for (const { file, kernel, reason } of failed)
    console.error(`${file}${kernel === "" ? "" : ` ${kernel}`}: ${reason}`);
  return failed.length === 0 ? 0 : 1;
};
