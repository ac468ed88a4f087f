/**
 * Are the tests tests? Changes the compiler in one place at a time and looks whether a test of its tier (vitest.compiler.config.ts) fails.
 *
 *   npm run mutants -- --sample 300 --seed 1         a sample of all mutants, uniform
 *   npm run mutants -- --files src/ir/scalar         only of files whose path contains this
 *   npm run mutants -- --only src/ir/a.ts:12         only those of a line
 *   npm run mutants -- --budget 200                  stops after so many seconds; the same command goes on from there
 *   npm run mutants -- --enough 8                    a mutant that no test notices within so many seconds of processor time survives
 *   npm run mutants -- --jobs 4                      so many processes side by side (2 when left out)
 *   npm run mutants -- --idle                        names those that make no difference in any test, tries none
 *   npm run mutants -- --list                        names them, runs nothing
 *
 * Prints each survivor and the share that was caught. The outcome of a mutant is kept (node_modules/.cache) as long as no file of
 * the compiler and no test changes; --again forgets the survivors.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle, testFiles, ROOT } from "./mutants/bundle.ts";
import { mutantsOf, type Mutant } from "./mutants/operators.ts";
import { tryAll, type Job, type Outcome, type Profiles } from "./mutants/run.ts";
import { typesRefuse } from "./mutants/types.ts";

const TARGETS = [
  "src/ir/derive/**/*.ts",
  "src/ir/rules/**/*.ts",
  "src/ir/schedule/**/*.ts",
  "src/ir/lower/**/*.ts",
  "src/ir/lower-to-*.ts",
  "src/ir/scalar/**/*.ts",
  "src/ir/graph/simplify.ts",
];

const { values: options } = parseArgs({
  options: {
    sample: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    files: { type: "string" },
    only: { type: "string" },
    budget: { type: "string" },
    enough: { type: "string" },
    list: { type: "boolean" },
    idle: { type: "boolean" },
    again: { type: "boolean" },
    tests: { type: "string" },
    jobs: { type: "string", default: "2" },
    verbose: { type: "boolean" },
  },
});

/** Uniform numbers from a seed (mulberry32). */
const randomFrom = (seed: number): (() => number) => {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

const sampled = (all: readonly Mutant[], count: number, seed: number): readonly Mutant[] => {
  const [random, rest] = [randomFrom(seed), [...all]];
  const out: Mutant[] = [];
  while (out.length < count && rest.length > 0) out.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return out;
};

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const files = globSync(TARGETS, { cwd: ROOT })
  .map(String)
  .toSorted()
  .filter((f) => options.files === undefined || f.includes(options.files));
const all = files.flatMap((f) => mutantsOf(f, read(f)));
const keyOf = (m: Mutant): string => `${m.file}:${m.start}:${m.end}:${m.operator}`;
const chosen =
  options.only === undefined
    ? sampled(all, Number(options.sample), Number(options.seed))
    : all.filter((m) => `${m.file}:${m.line}`.endsWith(options.only ?? ""));

const short = (s: string): string => (s.length > 100 ? `${s.slice(0, 97)}...` : s).replaceAll(/\s+/g, " ");
const print = (m: Mutant): string =>
  `${m.file}:${m.line} ${m.operator}: ${short(m.kind === "entry" ? (read(m.file).split("\n")[m.line - 1] ?? "") : read(m.file).slice(m.start, m.end))}${m.becomes === "" ? "" : ` -> ${short(m.becomes)}`}`;

if (options.list) {
  for (const m of chosen) console.log(print(m));
  console.log(`${chosen.length} of ${all.length} mutants`);
  process.exit(0);
}

// What was found holds as long as nothing changes that could change it.
const fingerprint = (texts: readonly string[]): string =>
  createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 16);
const cacheFolder = join(ROOT, "node_modules/.cache/tfx-mutants");
mkdirSync(cacheFolder, { recursive: true });
const state = fingerprint(
  globSync(["src/**/*.ts", "test/**/*.{ts,tfx,txt,wgsl}", "stdlib/**/*.tfx", "scripts/mutants/*.ts"], { cwd: ROOT })
    .map(String)
    .toSorted()
    .map((f) => `${f}\0${read(f)}`),
);
const cacheFile = join(cacheFolder, `${state}.json`);
const known = new Map<string, Outcome>();
try {
  for (const [k, o] of Object.entries(JSON.parse(readFileSync(cacheFile, "utf8")) as Record<string, Outcome>))
    if (!(options.again && o.verdict === "missed")) known.set(k, o);
} catch {
  /* nothing is known yet */
}

/** Of `--idle`, each with what is said of it. */
const idle: (readonly [Mutant, string])[] = [];
const open = [...chosen.keys()].filter((n) => {
  const m = chosen[n];
  return m !== undefined && !known.has(keyOf(m));
});
if (open.length > 0 || options.idle) {
  const tests = testFiles().filter((f) => options.tests === undefined || new RegExp(options.tests).test(f));
  const made = join(cacheFolder, `${state}-${fingerprint([...tests, ...chosen.map(keyOf)])}`);
  await bundle(chosen, tests, `${made}.mjs`);
  const profile = existsSync(`${made}.json`) ? (JSON.parse(readFileSync(`${made}.json`, "utf8")) as Profiles) : null;
  const deadline = options.budget === undefined ? Infinity : Date.now() + Number(options.budget) * 1000;
  const job: Job = {
    path: `${made}.mjs`,
    count: chosen.length,
    open: options.idle ? [] : open,
    deadline,
    enough: Number(options.enough ?? Infinity) * 1000,
    jobs: Number(options.jobs),
    profile,
    keep: (found) => writeFileSync(`${made}.json`, JSON.stringify(found)),
  };
  await tryAll(job, (n, o) => {
    const m = chosen[n];
    if (m === undefined) return;
    if (options.idle) return void idle.push([m, o.how]);
    known.set(keyOf(m), o);
    writeFileSync(cacheFile, JSON.stringify(Object.fromEntries(known)));
    if (options.verbose || o.verdict === "missed")
      console.log(
        `${o.verdict}${o.fixed === true ? " (fixed text)" : ""} ${print(m)}${o.how === "" ? "" : `  [${short(o.how)}]`}`,
      );
  });
}

if (options.idle) {
  const [, others] = typesRefuse(
    idle.map(([m]) => m),
    cacheFolder,
  );
  for (const [m, how] of idle) if (others.includes(m)) console.log(`${print(m)}  [${how}]`);
  console.log(`${others.length} of ${chosen.length}, and ${idle.length - others.length} that the type checker refuses`);
  process.exit(0);
}

const done = chosen.flatMap((m) => {
  const o = known.get(keyOf(m));
  return o === undefined ? [] : [[m, o] as const];
});
const missed = done.filter(([, o]) => o.verdict === "missed");
const [refused, survivors] = typesRefuse(
  missed.map(([m]) => m),
  cacheFolder,
);
console.log("\nsurvivors");
for (const m of survivors) console.log(`  ${print(m)}  [${known.get(keyOf(m))?.how ?? ""}]`);
const [caught, all_] = [done.length - survivors.length, Math.max(1, done.length)];
const fixed = done.filter(([, o]) => o.fixed === true).length;
console.log(
  `${caught} of ${done.length} caught (${((100 * caught) / all_).toFixed(1)} %): ${caught - fixed - refused.length} by tests of what is right, ${fixed} by fixed texts only, ${refused.length} by the type checker only`,
);
console.log(`${chosen.length - done.length} not run yet; ${all.length} mutants in all, seed ${options.seed}`);
