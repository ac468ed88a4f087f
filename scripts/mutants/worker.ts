/** A warm process: runs tests under one mutant after the other. Ends itself when a test takes far more processor time than it used to. */
import { Worker } from "node:worker_threads";
import type { Test } from "./vitest.ts";

type Bundle = {
  readonly tests: readonly Test[];
  readonly loadCompiler: () => Promise<void>;
  readonly load: (only: readonly string[] | null) => Promise<readonly Loaded[]>;
  readonly awake: (n: number) => void;
  readonly noted: () => readonly number[];
  readonly noteNothing: () => void;
  readonly everTouched: () => readonly number[];
  readonly Skipped: new (...args: never[]) => Error;
};

/** The same of the collection of a file, and the processor time it takes in ms. */
export type Loaded = {
  readonly file: string;
  readonly failed: string | null;
  readonly ms: number;
  readonly reaches: readonly number[];
};
/** Which mutants make a difference in a test (have another value, or are no values and are reached), and the processor time it takes in ms. */
export type Profile = {
  readonly file: string;
  readonly name: string;
  readonly ms: number;
  readonly reaches: readonly number[];
  readonly failed: string | null;
};
export type Ask =
  /** The tests from number `from` on, for `ms` of processor time. */
  | { readonly ask: "profile"; readonly from: number; readonly ms: number }
  | {
      readonly ask: "try";
      readonly mutant: number;
      readonly tests: readonly number[];
      readonly limits: readonly number[];
    };
export type Answer =
  | {
      readonly answer: "loaded";
      readonly tests: readonly string[];
      readonly files: readonly Loaded[];
      readonly reached: readonly number[];
    }
  | { readonly answer: "profiled"; readonly tests: readonly Profile[]; readonly touched: readonly number[] }
  | {
      readonly answer: "tried";
      readonly verdict: "caught" | "missed" | "tainted";
      readonly test: number | null;
      readonly how: string;
      readonly ran: number;
    };

const say = (a: Answer): void => void process.send?.(a);
const path = process.argv[2] ?? "";
const mutantAtLoad = Number(process.argv[3] ?? -1);
/** The files to load; all when left out. */
const only = process.argv[4] === undefined ? null : (JSON.parse(process.argv[4]) as readonly string[]);
const keyOf = (t: Test): string => `${t.file} ${t.name}`;
const bundle = (await import(path)) as Bundle;

/** Ends the process when `limit` ms of processor time have gone since `begin` was set. */
const clock = new Float64Array(new SharedArrayBuffer(16));
new Worker(
  `const { workerData } = require("node:worker_threads");
   setInterval(() => {
     const [begin, limit] = workerData;
     const { user, system } = process.cpuUsage();
     if (limit > 0 && (user + system) / 1000 - begin > limit) process.kill(process.pid, "SIGKILL");
   }, 100);`,
  { eval: true, workerData: clock },
).unref();

const used = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** null: passed or skipped. */
const outcome = async (t: Test, limit: number): Promise<string | null> => {
  clock[0] = used();
  clock[1] = limit;
  try {
    await t.run();
    return null;
  } catch (e) {
    if (e instanceof bundle.Skipped) return null;
    return e instanceof Error ? (e.message.split("\n")[0] ?? "") : String(e);
  } finally {
    clock[1] = 0;
  }
};

bundle.noted();
bundle.awake(mutantAtLoad);
clock[0] = used();
clock[1] = 120_000;
let reached: readonly number[] = [];
let files: readonly Loaded[] = [];
try {
  await bundle.loadCompiler();
  reached = bundle.noted();
  files = await bundle.load(only);
} catch (e) {
  files = [{ file: "the compiler", failed: String(e), ms: 0, reaches: [] }];
}
clock[1] = 0;
bundle.noteNothing();

process.on("disconnect", () => process.exit());
process.on("message", async (m: Ask) => {
  switch (m.ask) {
    case "profile": {
      const tests: Profile[] = [];
      const begin = used();
      for (const t of bundle.tests.slice(m.from)) {
        if (used() - begin > m.ms) break;
        bundle.noted();
        const start = used();
        let failed = await outcome(t, 60_000);
        const ms = used() - start;
        const reaches = bundle.noted();
        // To compute a value twice may be what it could not bear: random numbers are drawn.
        bundle.noteNothing();
        if (failed !== null) failed = await outcome(t, 60_000);
        tests.push({ file: t.file, name: t.name, ms, reaches, failed });
      }
      bundle.noteNothing();
      return say({ answer: "profiled", tests, touched: bundle.everTouched() });
    }
    case "try": {
      let ran = 0;
      for (const [k, n] of m.tests.entries()) {
        const t = bundle.tests[n];
        if (t === undefined) continue;
        bundle.awake(m.mutant);
        ran++;
        const how = await outcome(t, m.limits[k] ?? 5000);
        if (how === null) continue;
        // The test must pass again without the mutant: otherwise the mutant left something behind in this process.
        bundle.awake(-1);
        const after = mutantAtLoad >= 0 ? null : await outcome(t, (m.limits[k] ?? 5000) + 5000);
        return say({ answer: "tried", verdict: after === null ? "caught" : "tainted", test: n, how, ran });
      }
      bundle.awake(-1);
      return say({ answer: "tried", verdict: "missed", test: null, how: "", ran });
    }
  }
});
say({ answer: "loaded", tests: bundle.tests.map(keyOf), files, reached });
