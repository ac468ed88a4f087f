/** test/library: the sizes that each kernel of the library must be told (told.txt), and what the compiler makes of it (code.txt). */
import { writeFileSync } from "node:fs";
import { readCatalogue } from "../src/cli/catalogue.ts";

const write = (name: string, lines: readonly string[]): void =>
  writeFileSync(new URL(`../test/library/${name}`, import.meta.url), `${lines.join("\n")}\n`);

const { entries, failed } = readCatalogue();
if (failed.length > 0) throw new Error(failed.map((f) => `${f.file} ${f.kernel}: ${f.reason}`).join("\n"));
write(
  "told.txt",
  entries.map((e) => `${e.file} ${e.kernel} | ${e.told.join(" ")}`.trim()),
);
// Reads told.txt.
const { compiledAtFull, libraryKernels, lineOf } = await import("../test/library/entries.ts");
write(
  "code.txt",
  libraryKernels().map((k, n) => lineOf(k, compiledAtFull(k, n))),
);
console.log(`${entries.length} lines`);
