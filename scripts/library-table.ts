/**
 * test/library: the sizes that each kernel of the library must be told (told.txt), and what the compiler makes of it (code.txt).
 * test/ir/made.txt: what it makes of small programs.
 */
import { writeFileSync } from "node:fs";
import { readCatalogue } from "../src/cli/catalogue.ts";

const write = (name: string, lines: readonly string[]): void =>
  writeFileSync(new URL(`../test/${name}`, import.meta.url), `${lines.join("\n")}\n`);

const { entries, failed } = readCatalogue();
if (failed.length > 0) throw new Error(failed.map((f) => `${f.file} ${f.kernel}: ${f.reason}`).join("\n"));
write(
  "library/told.txt",
  entries.map((e) => `${e.file} ${e.kernel} | ${e.told.join(" ")}`.trim()),
);
// Reads told.txt.
const { compiledAtFull, libraryKernels, lineOf } = await import("../test/library/entries.ts");
write(
  "library/code.txt",
  libraryKernels().map((k, n) => lineOf(k, compiledAtFull(k, n))),
);
const { made } = await import("../test/ir/made.ts");
write(
  "ir/made.txt",
  made.map((m) => `${m.key} | ${m.line()}`),
);
console.log(`${entries.length} lines`);
