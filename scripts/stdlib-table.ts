/**
 * Writes `docs/stdlib.md`. The errors are measured on every WebGPU stack of this machine; `--no-gpu` keeps those of the
 * document, `--only std/train` measures what begins so and keeps the rest, `--print` writes to stdout. Exit code 1 when a kernel does not compile, fails, or is less exact than allowed.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { restartFor } from "../src/cli/gpu.ts";
import { readCatalogue, type Entry } from "../src/cli/catalogue.ts";
import { stacks, type Stack } from "../test/gpu/stacks.ts";
import { documentOf, errorsIn, keyOf, NOT_HERE, STACKS, type Errors } from "./stdlib-doc.ts";
import { measure } from "./stdlib-measure.ts";

const FILE = "docs/stdlib.md";
const args = process.argv.slice(2);
const code = args.includes("--no-gpu") ? null : await restartFor("swiftshader");
if (code !== null) process.exit(code);

const only = args.includes("--only") ? (args[args.indexOf("--only") + 1] ?? "") : "";
const problems: string[] = [];

const cellFor = async (entry: Entry, stack: Stack): Promise<string> => {
  try {
    const found = await measure(entry, stack);
    if (found === null) return NOT_HERE;
    const text = found.error === 0 ? "0" : found.error.toExponential(1);
    if (found.ok) return text;
    problems.push(`${keyOf(entry)} on ${stack.name}: error ${text}, allowed ${found.allowed.toExponential(1)}`);
    return `**${text}**`;
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
    problems.push(`${keyOf(entry)} on ${stack.name}: ${message}`);
    return "**fails**";
  }
};

const catalogue = readCatalogue();
for (const { file, kernel, reason } of catalogue.failed) problems.push(`${file} ${kernel}: ${reason}`);

const measured = async (): Promise<Errors> => {
  const entries = catalogue.entries.filter((e) => e.file.startsWith(only));
  const open = await stacks([...STACKS]);
  for (const s of open) console.error(`${s.name}: ${s.reason}`);
  // One after the other: software adapters use all cores, and side by side they wait for each other.
  const columns: string[][] = [];
  for (const stack of open) {
    const column: string[] = [];
    for (const entry of entries) column.push(await cellFor(entry, stack));
    columns.push(column);
  }
  const found: Errors = new Map(
    entries.map((e, n) => {
      const [swiftshader = NOT_HERE, lavapipe = NOT_HERE, deno = NOT_HERE] = columns.map((c) => c[n] ?? NOT_HERE);
      return [keyOf(e), { swiftshader, lavapipe, deno }];
    }),
  );
  return new Map([...errorsIn(before), ...found]);
};

const before = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
const errors = args.includes("--no-gpu") ? errorsIn(before) : await measured();
const text = documentOf(catalogue, errors);
if (args.includes("--print")) console.log(text);
else writeFileSync(FILE, text);
for (const p of problems) console.error(p);
console.error(`${catalogue.entries.length} kernels, ${problems.length} problems`);
// Dawn keeps Node alive.
process.exit(problems.length > 0 ? 1 : 0);
