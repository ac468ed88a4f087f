/** The standard library as pages, from its files: what each says of itself, its text, and its row of docs/stdlib.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { headerOf, standardFiles } from "../src/cli/catalogue.ts";
import { STDLIB } from "../src/cli/sources.ts";
import { parseProgram } from "../src/parser/parse.ts";
import { escaped } from "./highlight.ts";
import type { Written } from "./markdown.ts";
import { libraryPage } from "./pages.ts";

export type LibraryFile = {
  /** `std/attention/causal` */
  readonly file: string;
  readonly text: string;
  readonly kernels: readonly Item[];
  readonly functions: readonly Item[];
};
export type Item = { readonly name: string; readonly doc: string; readonly signature: string };

/** What stands before the body: up to the first `{` or `=` outside of brackets. */
const signatureOf = (item: string): string => {
  let depth = 0;
  for (const [at, sign] of [...item].entries()) {
    if (depth === 0 && (sign === "{" || sign === "=")) return item.slice(0, at).trim();
    if ("([".includes(sign)) depth += 1;
    if (")]".includes(sign)) depth -= 1;
  }
  return item;
};

/** Every file with what it offers. */
export const libraryFiles = (): readonly LibraryFile[] =>
  standardFiles().map((file) => {
    const text = readFileSync(join(STDLIB, `${file.slice("std/".length)}.tfx`), "utf8");
    const { program } = parseProgram(text, `${file}.tfx`);
    const items = (kind: "kernel" | "fn"): readonly Item[] =>
      program.items.flatMap((item) => {
        if (item.kind !== kind) return [];
        const whole = text.slice(item.span.start, item.span.end);
        return [{ name: item.name.text, doc: item.doc, signature: signatureOf(whole) }];
      });
    return { file, text, kernels: items("kernel"), functions: items("fn") };
  });

/** Cells of docs/stdlib.md by kernel (`std/attention/causal causal_attention`): plan, state, peak and naive bytes. */
export const measuredRows = (document: string): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, readonly string[]>();
  let file = "";
  for (const line of document.split("\n")) {
    const [, named, kernel] = /^\| (?:\[(std\/[\w/]+)\]\S+ )?`(\w+)`: /.exec(line) ?? [];
    if (kernel === undefined) continue;
    file = named ?? file;
    const cells = line.split(/(?<!\\)\|/).map((c) => c.trim().replaceAll("\\|", "|"));
    found.set(`${file} ${kernel}`, cells.slice(4, 8));
  }
  return found;
};

const titleOf = (f: LibraryFile): string => headerOf((f.kernels[0] ?? f.functions[0])?.doc ?? "").title;

/** The text of a `///` comment: paragraphs, names in backticks, papers as links. */
const docHtml = (doc: string): string =>
  doc
    .split(/\n\s*\n/)
    .filter((p) => p.trim() !== "")
    .map((p) => {
      const text = escaped(p.replace(/\s+/g, " ").trim())
        .replace(/`([^`]+)`/g, "<code>$1</code>")
        .replace(/arXiv (\d{4}\.\d{4,5})/g, '<a href="https://arxiv.org/abs/$1">arXiv $1</a>');
      return `<p>${text}</p>`;
    })
    .join("\n");

/** The page of one file. */
export const libraryFilePage = (
  f: LibraryFile,
  around: {
    readonly code: (text: string) => string;
    readonly rows: ReadonlyMap<string, readonly string[]>;
    readonly open: string | null;
  },
): Written => {
  const imported = f.functions.map((x) => x.name);
  const headings = [
    { depth: 1, id: "top", text: f.file },
    ...[...f.kernels, ...f.functions].map((x) => ({ depth: 2, id: x.name, text: x.name })),
    { depth: 2, id: "text", text: "Text" },
  ];
  const item = (x: Item): string => {
    const [plan, state, peak, naive] = around.rows.get(`${f.file} ${x.name}`) ?? [];
    const facts =
      plan === undefined
        ? ""
        : `<dl class="facts"><dt>derived plan</dt><dd>${escaped(plan)}</dd><dt>carried for a row</dt><dd>${escaped(state ?? "")} bytes</dd><dt>memory at the peak</dt><dd>${escaped(peak ?? "")}, operation by operation ${escaped(naive ?? "")}</dd></dl>`;
    return `<h2 id="${x.name}"><code>${x.name}</code><a class="anchor" href="#${x.name}" aria-label="Link to this section">#</a></h2>
${docHtml(x.doc)}
${around.code(x.signature)}${facts}`;
  };
  const use = imported.length === 0 ? "" : around.code(`use { ${imported.join(", ")} } from "${f.file}"`);
  const html = `<h1 id="top"><code>${f.file}</code></h1>
<p class="lead">${escaped(titleOf(f))}.</p>
${around.open === null ? "" : `<p><a class="button" href="${escaped(around.open)}">Open in the playground</a></p>`}
${use}${[...f.kernels, ...f.functions].map(item).join("\n")}
<h2 id="text">Text</h2>
${around.code(f.text.trimEnd())}`;
  const sections = [...f.kernels, ...f.functions].map((x) => ({
    id: x.name,
    title: x.name.replaceAll("_", " "),
    text: `${x.name} ${x.doc.replace(/\s+/g, " ")}`,
  }));
  return { html, title: f.file, headings, sections };
};

/** The page that lists all files. */
export const libraryList = (files: readonly LibraryFile[]): Written => {
  const folders = [...new Set(files.map((f) => f.file.split("/")[1] ?? ""))];
  const entry = (f: LibraryFile): string => {
    const names = [...f.kernels, ...f.functions].map((x) => `<code>${x.name}</code>`).join(" ");
    return `<tr><td><a href="${libraryPage(f.file)}">${f.file}</a></td><td>${escaped(titleOf(f))}<div class="names">${names}</div></td></tr>`;
  };
  const html = `<h1 id="top">The standard library</h1>
<p>${files.length} files, ${files.reduce((n, f) => n + f.kernels.length, 0)} kernels. Functions are imported, <code>use { band } from "std/onnx/band"</code>; a kernel is
compiled, <code>npx tfx compile std/attention/causal</code>, or copied as a start. The table with plans, memory and errors: <a href="stdlib.html">Table of the library</a>.</p>
${folders
  .map(
    (folder) =>
      `<h2 id="${folder}">${folder}</h2><div class="table"><table class="list"><tbody>${files
        .filter((f) => f.file.startsWith(`std/${folder}`))
        .map(entry)
        .join("")}</tbody></table></div>`,
  )
  .join("\n")}`;
  return {
    html,
    title: "The standard library",
    headings: [
      { depth: 1, id: "top", text: "The standard library" },
      ...folders.map((f) => ({ depth: 2, id: f, text: f })),
    ],
    sections: [],
  };
};
