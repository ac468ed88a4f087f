/** The text of `docs/stdlib.md`: what follows from the files, and the errors that were measured. */
import { compileEntry, type Catalogue, type DerivedKernel, type Entry } from "../src/cli/catalogue.ts";
import { BASELINE } from "../src/base/target.ts";
import type { Compiled } from "../src/compile.ts";
import { bytesText, count } from "../src/explain/names.ts";
import { naiveBytes } from "../src/explain/naive.ts";
import { evalSize } from "../src/base/size.ts";
import { bufferBytes } from "../src/runtime/arrays.ts";
import { GRAPH_ONLY, INTRODUCTION, NOT_FLASH } from "./stdlib-words.ts";

/** The stacks in the order of their columns. */
export const STACKS = ["swiftshader", "lavapipe", "deno"] as const;
export type StackName = (typeof STACKS)[number];

/** Cells of the error columns, by kernel (`std/file kernel`). */
export type Errors = ReadonlyMap<string, Readonly<Record<StackName, string>>>;

export const NOT_HERE = "not here";
export const keyOf = (e: Pick<Entry, "file" | "kernel">): string => `${e.file} ${e.kernel}`;

/** Bytes that the kernel's buffers take at these sizes, by role. */
export const bufferSizes = (
  { artifact }: Compiled,
  sizes: Readonly<Record<string, number>>,
): readonly { readonly name: string; readonly role: "input" | "output" | "scratch"; readonly bytes: number }[] => {
  const lookup = lookupIn({ ...artifact.constants, ...sizes });
  return artifact.tensors.map((t) => ({
    name: t.name,
    role: t.role,
    bytes: bufferBytes(
      t,
      t.dims.reduce((n, d) => n * evalSize(d.extent, lookup), 1),
    ),
  }));
};

const lookupIn =
  (sizes: Readonly<Record<string, number>>) =>
  (name: string): number => {
    const value = sizes[name];
    if (value === undefined) throw new Error(`no value for the size ${name}: see src/cli/catalogue-sizes.ts`);
    return value;
  };

export type Memory = { readonly peak: number; readonly naive: number };

/** Bytes of all buffers of the compiled kernel, and what the text would keep if it ran operation by operation. */
export const memoryOf = (entry: Entry): Memory => {
  const compiled = compileEntry(entry, entry.sizes.full, BASELINE);
  const buffers = bufferSizes(compiled, entry.sizes.full);
  const total = (kept: typeof buffers): number => kept.reduce((n, t) => n + t.bytes, 0);
  const lookup = lookupIn({ ...compiled.artifact.constants, ...entry.sizes.full });
  return {
    peak: total(buffers),
    naive: total(buffers.filter((t) => t.role !== "scratch")) + naiveBytes(compiled.graph, lookup),
  };
};

const planText = (kernels: readonly DerivedKernel[]): string => {
  const one = (k: DerivedKernel): string =>
    k.passes === 0 ? "elementwise" : `${count(k.passes, "pass")} over ${k.stream}: ${k.carried.join(", ")}`;
  const parts = [...new Set(kernels.map(one))].map((t) => {
    const times = kernels.filter((k) => one(k) === t).length;
    return times === 1 ? t : `${times} x ${t}`;
  });
  return `${kernels.length === 1 ? "" : `${kernels.length} kernels: `}${parts.join("; ")}`;
};

/** Text for a cell of a table. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  row(head.map(() => "-")),
  ...rows.map(row),
];

const HEAD = [
  "variant",
  "paper",
  "class",
  "derived plan",
  "state bytes a row",
  "peak bytes",
  "naive bytes",
  "error SwiftShader",
  "error lavapipe",
  "error Deno",
];

const entryRow = (e: Entry, memory: Memory, errors: Errors): readonly string[] => {
  const measured = errors.get(keyOf(e));
  return [
    `\`${e.kernel}\`: ${cell(e.header.title)}`,
    e.header.papers.map((p) => `[${p}](https://arxiv.org/abs/${p})`).join(", ") || "-",
    e.header.class ?? "-",
    cell(planText(e.kernels)),
    e.kernels.map((k) => k.stateBytes).join(" + "),
    bytesText(memory.peak),
    bytesText(memory.naive),
    ...STACKS.map((s) => measured?.[s] ?? NOT_HERE),
  ];
};

/** Sizes of single kernels that the introduction does not say. */
const ownSizes = (entries: readonly Entry[]): readonly string[] => {
  const own = entries.flatMap(({ kernel, sizes, spec }) => {
    const text = Object.entries(sizes.own)
      .filter(([n]) => spec.sizes.includes(n))
      .map(([n, v]) => `${n}=${v}`);
    return text.length === 0 ? [] : [`\`${kernel}\` ${text.join(" ")}`];
  });
  return own.length === 0 ? [] : [`Sizes of their own: ${own.join("; ")}.`, ""];
};

const folderSection = (
  folder: string,
  entries: readonly Entry[],
  memories: Memories,
  errors: Errors,
): readonly string[] => {
  const files = [...new Set(entries.map((e) => e.file))];
  return [
    `## ${folder}`,
    "",
    ...ownSizes(entries),
    ...table(
      HEAD,
      files.flatMap((file) =>
        entries
          .filter((e) => e.file === file)
          .map((e, n) => {
            const [first = "", ...rest] = entryRow(e, memories(e), errors);
            return [n === 0 ? `[${file}](../${file.replace(/^std/, "stdlib")}.tfx) ${first}` : first, ...rest];
          }),
      ),
    ),
    "",
  ];
};

type Memories = (e: Entry) => Memory;

const notFlash = ({ entries }: Catalogue, memories: Memories): readonly string[] => {
  const rows = NOT_FLASH.map(({ feature, file, kernel, naiveOf, note }) => {
    const entry = entries.find((e) => e.file === file && e.kernel === (kernel ?? e.kernel));
    if (entry === undefined) return [feature, "-", "-", "-", "not in one kernel"];
    const other = entries.find((e) => e.file === naiveOf) ?? entry;
    const [peak, naive] = [memories(entry).peak, memories(other).naive];
    return [
      feature,
      `[${file}](../${file.replace(/^std/, "stdlib")}.tfx)`,
      bytesText(peak),
      bytesText(naive),
      note ?? "",
    ];
  });
  return table(["feature", "file", "peak bytes", "naive bytes", ""], rows);
};

/** The whole document. */
export const documentOf = (catalogue: Catalogue, errors: Errors): string => {
  const known = new Map<string, Memory>();
  const memories: Memories = (e) => {
    const memory = known.get(keyOf(e)) ?? memoryOf(e);
    known.set(keyOf(e), memory);
    return memory;
  };
  const folders = [...new Set(catalogue.entries.map((e) => e.folder))];
  const lines = [
    ...INTRODUCTION,
    "",
    "## Not compatible with flash elsewhere",
    "",
    "x-transformers refuses these thirteen together with its flash attention. Those with a file are kernels without an N x M",
    "buffer, but for residual attention's materialised form. Bytes are inputs, results and everything between them.",
    "",
    ...notFlash(catalogue, memories),
    "",
    "## Host or graph only",
    "",
    "No kernel, because nothing is computed that another kernel does not compute:",
    "",
    ...table(["what", "why"], GRAPH_ONLY),
    "",
    ...folders.flatMap((f) =>
      folderSection(
        f,
        catalogue.entries.filter((e) => e.folder === f),
        memories,
        errors,
      ),
    ),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
};

/** The error columns of a document that was written before, by kernel. */
export const errorsIn = (text: string): Errors => {
  let file = "";
  const found = new Map<string, Readonly<Record<StackName, string>>>();
  for (const line of text.split("\n")) {
    const [, named, kernel] = /^\| (?:\[(std\/[\w/]+)\]\S+ )?`(\w+)`: /.exec(line) ?? [];
    if (kernel === undefined) continue;
    file = named ?? file;
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(-4, -1)
      .map((c) => c.trim());
    const [swiftshader = NOT_HERE, lavapipe = NOT_HERE, deno = NOT_HERE] = cells;
    found.set(keyOf({ file, kernel }), { swiftshader, lavapipe, deno });
  }
  return found;
};
