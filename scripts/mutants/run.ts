/** Mutants one after the other in a warm process, each against the tests that reach it, the likeliest to fail first. */
import { fork, type ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./operators.ts";
import type { Answer, Ask, Profile } from "./worker.ts";

export type Outcome = { readonly verdict: "caught" | "missed"; readonly how: string };

type Process = { readonly ask: (a: Ask) => Promise<Answer | "died">; readonly loaded: Answer | "died"; readonly end: () => void };

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

const start = async (path: string, mutantAtLoad: number): Promise<Process> => {
  const child: ChildProcess = fork(WORKER, [path, String(mutantAtLoad)], { execArgv: ["--max-old-space-size=1500"], stdio: ["ignore", "ignore", process.env["TFX_MUTANTS_DEBUG"] ? "inherit" : "ignore", "ipc"] });
  let waiting: ((a: Answer | "died") => void) | null = null;
  const next = (): Promise<Answer | "died"> => new Promise((resolve) => { waiting = resolve; });
  let dead = false;
  child.on("message", (a: Answer) => waiting?.(a));
  child.on("exit", () => { dead = true; waiting?.("died"); });
  const loaded = await next();
  return {
    loaded,
    ask: (a) => {
      if (dead) return Promise.resolve("died");
      const answer = next();
      child.send(a);
      return answer;
    },
    end: () => void child.kill("SIGKILL"),
  };
};

/** Ten times what it takes, and never less than three seconds. */
const limitOf = (ms: number): number => 3000 + 10 * ms;

/** Processor time by file, and the slowest tests. */
const slowest = (tests: readonly Profile[]): string => {
  const files = Map.groupBy(tests, (t) => t.file.split("/test/")[1] ?? t.file);
  const line = (ms: number, what: string): string => `${ms.toFixed(0).padStart(6)} ms ${what}`;
  const sums = [...files].map(([f, ts]) => [ts.reduce((s, t) => s + t.ms, 0), `${f} (${ts.length})`] as const);
  const single = tests.map((t) => [t.ms, `${t.file.split("/test/")[1]} ${t.name}`] as const);
  return [sums, single].flatMap((xs) => xs.toSorted((a, b) => b[0] - a[0]).slice(0, 30).map(([ms, what]) => line(ms, what))).join("\n");
};

/** Tells `each` what became of each mutant until `deadline`; of the tests that reach a mutant as many as take `enough` ms. */
export const tryAll = async (path: string, mutants: readonly Mutant[], deadline: number, enough: number, each: (n: number, o: Outcome) => void): Promise<void> => {
  let warm = await start(path, -1);
  if (warm.loaded === "died" || warm.loaded.answer !== "loaded") throw new Error(`the tests do not load: ${JSON.stringify(warm.loaded)}`);
  const atLoad = new Set(warm.loaded.reached);
  const profiled = await warm.ask({ ask: "profile" });
  if (profiled === "died" || profiled.answer !== "profiled") throw new Error("a test ends the process without any mutant");
  const tests: readonly Profile[] = profiled.tests;
  const broken = tests.filter((t) => t.failed !== null);
  if (broken.length > 0) throw new Error(`fail without any mutant:\n${broken.slice(0, 20).map((t) => `${t.name}: ${t.failed}`).join("\n")}`);
  const reachedBy = mutants.map((): number[] => []);
  for (const [k, t] of tests.entries()) for (const n of t.reaches) reachedBy[n]?.push(k);
  console.log(`${tests.length} tests, ${(tests.reduce((s, t) => s + t.ms, 0) / 1000).toFixed(1)} s of processor time; ${mutants.length} mutants, ${reachedBy.filter((r) => r.length === 0).length} that no test reaches`);
  if (process.env["TFX_MUTANTS_DEBUG"]) console.log(slowest(tests));

  const [kills, tries] = [tests.map(() => 0), tests.map(() => 0)];
  const power = (k: number): number => ((kills[k] ?? 0) + 1) / ((tries[k] ?? 0) + 2) / ((tests[k]?.ms ?? 0) + 2);

  /** In a process where the mutant was awake while the modules were loaded and the tests collected. */
  const tryFresh = async (n: number, order: readonly number[]): Promise<Outcome> => {
    const fresh = await start(path, n);
    const { loaded } = fresh;
    if (loaded === "died") return { verdict: "caught", how: "ends the process while loading" };
    if (loaded.answer !== "loaded") return { verdict: "caught", how: loaded.answer === "tried" ? loaded.how : "" };
    if (loaded.count < tests.length / 2) return { verdict: "caught", how: "tests vanish" };
    const answer = await fresh.ask({ ask: "try", mutant: n, tests: order, limits: order.map((k) => 3 * limitOf(tests[k]?.ms ?? 0)) });
    fresh.end();
    if (answer === "died") return { verdict: "caught", how: "does not end" };
    return answer.answer === "tried" && answer.verdict === "missed" ? { verdict: "missed", how: "" } : { verdict: "caught", how: "from a fresh process" };
  };

  const tryOne = async (n: number): Promise<Outcome> => {
    let left = enough;
    const order = (reachedBy[n] ?? []).toSorted((a, b) => power(b) - power(a)).filter((k) => (left -= tests[k]?.ms ?? 0) > 0);
    if (order.length === 0 && !atLoad.has(n)) return { verdict: "missed", how: "no test reaches it" };
    const answer = await warm.ask({ ask: "try", mutant: n, tests: order, limits: order.map((k) => limitOf(tests[k]?.ms ?? 0)) });
    if (answer === "died") {
      warm = await start(path, -1);
      return { verdict: "caught", how: "does not end" };
    }
    if (answer.answer !== "tried") throw new Error("out of step");
    for (const k of order.slice(0, answer.ran)) tries[k] = (tries[k] ?? 0) + 1;
    if (answer.test !== null) kills[answer.test] = (kills[answer.test] ?? 0) + 1;
    switch (answer.verdict) {
      case "caught": return { verdict: "caught", how: `${tests[answer.test ?? 0]?.name}: ${answer.how}` };
      case "missed": return atLoad.has(n) ? tryFresh(n, order.length > 0 ? order : tests.map((_, k) => k)) : { verdict: "missed", how: "" };
      case "tainted": {
        warm.end();
        warm = await start(path, -1);
        return tryFresh(n, order);
      }
    }
  };

  for (const n of mutants.keys()) {
    if (Date.now() > deadline) break;
    each(n, await tryOne(n));
  }
  warm.end();
  rmSync(path, { force: true });
};
