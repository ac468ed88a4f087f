/**
 * `npm run bench:compile`: milliseconds of processor time from text to WGSL, warm: programs that grow (and by how much more than their
 * length), files of many kernels, and every kernel of the standard library. Writes `results/DATE-compile.json` too. `--target NAME`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { readCatalogue, type Entry } from "../src/cli/catalogue.ts";
import { createSources, STDLIB } from "../src/cli/sources.ts";
import { TARGETS } from "../src/base/target.ts";
import { compile } from "../src/compile.ts";
import { CHAINS, kernels, SQUARES } from "../test/cost/chains.ts";
import { median } from "./page/rounds.ts";
import { path } from "./sources.ts";
import { columns } from "./table.ts";

const ROUNDS = 5;
const LENGTHS = [10, 100, 1000];
const FILES = [1, 10, 50];
const GOAL_CHAIN_MS = 100;
const GOAL_LIBRARY_MS = 30;
/** Chains that are measured, and up to which length. */
const MEASURED: Readonly<Record<string, number>> = {
  plain: 1000,
  "used twice": 1000,
  "over a stream": 1000,
  "with domains": 1000,
  "of layers": 100,
  means: 100,
};

const at = process.argv.indexOf("--target");
const target = TARGETS[at < 0 ? "baseline" : (process.argv[at + 1] ?? "")];
if (target === undefined) throw new Error(`no such target; there are ${Object.keys(TARGETS).join(", ")}`);
const { resolveImport } = createSources();

type Job = {
  readonly text: string;
  readonly file: string;
  readonly kernel?: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly statics?: Readonly<Record<string, number>>;
};

/** Processor milliseconds of this process: other work on the machine does not count. */
const milliseconds = (job: Job): number => {
  const { text, ...options } = job;
  const before = process.cpuUsage();
  const { diagnostics } = compile(text, { ...options, target, resolveImport });
  const { user, system } = process.cpuUsage(before);
  const wrong = diagnostics.find((d) => d.severity === "error");
  if (wrong !== undefined) throw new Error(`${job.file} ${job.kernel ?? ""}: ${wrong.code} ${wrong.message}`);
  return (user + system) / 1000;
};

const measured = (job: Job, rounds = ROUNDS): number => {
  milliseconds(job);
  return median(Array.from({ length: rounds }, () => milliseconds(job)));
};

const dimsOf = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(["D", "E"].filter((size) => text.includes(`: ${size}]`)).map((size) => [size, 16]));
const chainJob = (text: string): Job => ({ text, file: "chain.tfx", dims: dimsOf(text) });

/** Time over time, per length over length: 1 is linear. */
const growth = (n: number, ms: number, m: number, more: number): string => (more / ms / (m / n)).toFixed(2);

const row = (
  name: string,
  sizes: readonly number[],
  job: (n: number) => Job,
): { readonly name: string; readonly ms: Readonly<Record<number, number>>; readonly cells: readonly string[] } => {
  const ms = sizes.map((n) => measured(job(n)));
  const cells = sizes.flatMap((n, k) => [
    (ms[k] ?? 0).toFixed(1),
    ...(k === 0 ? [] : [growth(sizes[k - 1] ?? 1, ms[k - 1] ?? 1, n, ms[k] ?? 0)]),
  ]);
  return { name, ms: Object.fromEntries(sizes.map((n, k) => [n, ms[k] ?? 0])), cells };
};

const head = (what: string, sizes: readonly number[]): readonly string[] => [
  what,
  ...sizes.flatMap((n, k) => [String(n), ...(k === 0 ? [] : ["growth"])]),
];
const padded = (cells: readonly string[], sizes: readonly number[]): readonly string[] => [
  ...cells,
  ...Array.from({ length: 2 * sizes.length - 1 - cells.length }, () => ""),
];

// Warm: the just-in-time compiler has seen every pass.
const programs = { ...CHAINS, ...SQUARES };
for (const program of Object.values(programs)) for (let k = 0; k < 10; k++) milliseconds(chainJob(program(6)));

const chains = Object.entries(MEASURED).map(([name, most]) =>
  row(
    name,
    LENGTHS.filter((n) => n <= most),
    (n) => chainJob((programs[name] as (n: number) => string)(n)),
  ),
);
console.log(
  `text to WGSL for \`${target.name}\`, ms of processor time, warm, median of ${ROUNDS}; growth: time per time over length per length, 1 is linear`,
);
console.log(
  columns([head("lets (goal of 100: 100 ms)", LENGTHS), ...chains.map((c) => [c.name, ...padded(c.cells, LENGTHS)])]),
);

const files = row("a file", FILES, (n) => chainJob(kernels(n)));
console.log(`\n${columns([head("kernels in a file", FILES), [files.name, ...files.cells]])}`);

const texts = new Map<string, string>();
const textOf = (file: string): string => {
  const text = texts.get(file) ?? readFileSync(`${STDLIB}/${file.slice("std/".length)}.tfx`, "utf8");
  texts.set(file, text);
  return text;
};
const jobOf = (e: Entry): Job => ({
  text: textOf(e.file),
  file: `${e.file}.tfx`,
  kernel: e.kernel,
  statics: e.sizes.statics,
  dims: Object.fromEntries(e.told.map((name) => [name, e.sizes.full[name] ?? 1])),
});
const { entries } = readCatalogue();
const library = entries
  .map((e) => ({ name: `${e.file} ${e.kernel}`, ms: measured(jobOf(e), 3) }))
  .sort((x, y) => y.ms - x.ms);
const slow = library.filter((k) => k.ms > GOAL_LIBRARY_MS);
console.log(
  `\n${columns([["standard library, the slowest ten", "ms"], ...library.slice(0, 10).map((k) => [k.name, k.ms.toFixed(1)])])}`,
);
console.log(
  `${library.length} kernels, median ${median(library.map((k) => k.ms)).toFixed(1)} ms; ${slow.length} above the goal of ${GOAL_LIBRARY_MS} ms`,
);

const date = new Date().toISOString().slice(0, 10);
const result = {
  date,
  target: target.name,
  node: process.version,
  goals: { chainOf100: GOAL_CHAIN_MS, libraryKernel: GOAL_LIBRARY_MS },
  chains: chains.map(({ name, ms }) => ({ name, ms })),
  files: files.ms,
  library,
};
writeFileSync(path(`results/${date}-compile.json`), `${JSON.stringify(result, null, 1)}\n`);
