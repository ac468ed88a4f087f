/**
 * Pages whose blocks ```text explain FILE OPTIONS : SECTIONS hold what `tfx explain FILE OPTIONS` says under these headings, of the file that a block
 * ```tfx FILE above holds.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TARGETS } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { explainKernel } from "../../src/explain/explain.ts";

/** What `tfx explain FILE --dim … --at … --set … --target …` prints, without starting it (a test holds one of them to it). */
export const explained = (text: string, words: readonly string[]): string => {
  const option = (name: string): Readonly<Record<string, number>> =>
    Object.fromEntries(
      words.flatMap((w, n) => (words[n - 1] === name ? [w.split("=")] : [])).map(([key, n]) => [key, Number(n)]),
    );
  const target = TARGETS[words[words.indexOf("--target") + 1] ?? ""] ?? TARGETS["baseline"]!;
  const { compiled, diagnostics } = compile(text, { file: words[0] ?? "", dims: option("--dim"), target });
  const errors = diagnostics.filter((d) => d.severity === "error");
  if (errors.length > 0) throw new Error(`${words.join(" ")}: ${errors.map((d) => d.message).join("; ")}`);
  const sizes = { ...option("--at"), ...option("--set") };
  return compiled.map((c) => explainKernel(c, { target, sizes, map: true })).join("\n\n");
};

/** The lines of a report below these headings; the names of kernels too where there are several. */
export const sectionsOf = (report: string, wanted: readonly string[]): readonly string[] => {
  const several = [...report.matchAll(/^kernel /gm)].length > 1;
  const found = new Set<string>();
  const lines: string[] = [];
  let keeps = false;
  for (const line of report.split("\n")) {
    const [, heading] = /^ {2}(\S.{0,8}?) {2,}\S/.exec(line) ?? /^ {2}(\S.{8}) \S/.exec(line) ?? [];
    if (heading !== undefined) {
      keeps = wanted.includes(heading);
      if (keeps) found.add(heading);
    } else if (!line.startsWith(" ".repeat(12))) {
      keeps = false;
      if (several && line.startsWith("kernel ")) lines.push(line);
    }
    if (keeps) lines.push(line.slice(2));
  }
  const missing = wanted.filter((w) => !found.has(w));
  if (missing.length > 0) throw new Error(`no such heading: ${missing.join(", ")}\n${report}`);
  return lines;
};

/** The page with its blocks made again. */
export const explainedPage = (page: string): string => {
  const texts = new Map<string, string>();
  return page.replace(
    /^```(\w+) ([^\n]*)\n([\s\S]*?)^```$/gm,
    (block, language: string, info: string, text: string) => {
      if (language === "tfx") texts.set(info, text);
      const [, args = "", sections = ""] = /^explain (.*?) : (.*)$/.exec(info) ?? [];
      if (args === "") return block;
      const words = args.split(" ");
      const lines = sectionsOf(explained(texts.get(words[0] ?? "") ?? "", words), sections.split(", "));
      return `\`\`\`${language} ${info}\n${lines.join("\n")}\n\`\`\``;
    },
  );
};

/** Writes the programs of a page into a folder and runs its shell lines there, by `tfx` as it is installed; what each printed. */
export const runShell = (
  page: string,
  tfx: (folder: string, words: readonly string[]) => string,
): readonly string[] => {
  const folder = mkdtempSync(join(tmpdir(), "tfx-explained-"));
  try {
    for (const [, file = "", text = ""] of page.matchAll(/^```tfx (\S+)\n([\s\S]*?)^```$/gm))
      writeFileSync(join(folder, file), text);
    const lines = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((m) => (m[1] ?? "").trim().split("\n"));
    return lines.map((line) => tfx(folder, line.replace(/^npx tfx /, "").split(" ")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
