/** Mutants one after the other in a warm process, each against the tests that reach it, the likeliest to fail first. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Ask, Loaded, Profile } from "./worker.ts";

/** `how`: the test that failed and what it said. `fixed`: only a test noticed that compares with a text written before. */
export type Outcome = { readonly verdict: "caught" | "missed"; readonly how: string; readonly fixed?: boolean };

/** Tests that say that the code is what it was, not that it is right. */
const isFixedText = (t: Pick<Profile, "file">): boolean => /\/test\/(golden|library\/code|ir\/made)/.test(t.file);

type Process = {
  readonly ask: (a: Ask) => Promise<Answer | "died">;
  readonly loaded: Answer | "died";
  readonly end: () => void;
};

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

const start = async (path: string, mutantAtLoad: number, only?: readonly string[]): Promise<Process> => {
  const child: ChildProcess = fork(
    WORKER,
    [path, String(mutantAtLoad), ...(only === undefined ? [] : [JSON.stringify(only)])],
    {
      execArgv: ["--max-old-space-size=1500"],
      stdio: ["ignore", "ignore", process.env["TFX_MUTANTS_DEBUG"] ? "inherit" : "ignore", "ipc"],
    },
  );
  let waiting: ((a: Answer | "died") => void) | null = null;
  const next = (): Promise<Answer | "died"> =>
    new Promise((resolve) => {
      waiting = resolve;
    });
  let dead = false;
  child.on("message", (a: Answer) => waiting?.(a));
  child.on("exit", () => {
    dead = true;
    waiting?.("died");
  });
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
  return [sums, single]
    .flatMap((xs) =>
      xs
        .toSorted((a, b) => b[0] - a[0])
        .slice(0, 30)
        .map(([ms, what]) => line(ms, what)),
    )
    .join("\n");
};

/** Processor time between two times that a profile is kept, in ms. */
const STEP = 3000;

/** What the tests reach and how long they take, all asleep, from what is known of them on; null: the time was over before all had run. */
const profileOf = async (warm: Process, count: number, job: Job): Promise<Profiles | null> => {
  const found: Profile[] = [...(job.profile?.tests ?? [])];
  const touched = new Set(job.profile?.touched);
  while (found.length < count) {
    if (Date.now() > job.deadline) return null;
    const part = await warm.ask({ ask: "profile", from: found.length, ms: STEP });
    if (part === "died" || part.answer !== "profiled") throw new Error("a test ends the process without any mutant");
    // Those that fail cannot tell anything.
    for (const t of part.tests) {
      found.push(t.failed === null ? t : { ...t, reaches: [] });
      if (t.failed !== null)
        console.log(`left out, fails without any mutant: ${t.file.split("/test/")[1]} ${t.name}: ${t.failed}`);
    }
    for (const n of part.touched) touched.add(n);
    job.keep({ tests: found, touched: [...touched] });
    progress(`${found.length} of ${count} tests`);
  }
  return { tests: found, touched: [...touched] };
};

/** A line that the next one writes over, where somebody looks. */
const progress = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r${line}\u001b[K`);
};

export type Job = {
  /** The bundle with all of `count` mutants in it. */
  readonly path: string;
  readonly count: number;
  /** Those to try, in this order. When there are none, those are told that make no difference in any test. */
  readonly open: readonly number[];
  /** ms since 1970. */
  readonly deadline: number;
  /** Of the tests that reach a mutant as many as take so many ms. */
  readonly enough: number;
  /** Processes that try mutants side by side. */
  readonly jobs: number;
  /** The profile of an earlier run of the same bundle, and where a new one goes. */
  readonly profile: Profiles | null;
  readonly keep: (found: Profiles) => void;
};

/** `touched`: mutants that tests reach, whether or not they make a difference there. */
export type Profiles = { readonly tests: readonly Profile[]; readonly touched: readonly number[] };

/** Tells `each` what became of each mutant. */
export const tryAll = async (job: Job, each: (n: number, o: Outcome) => void): Promise<void> => {
  const { path, count, open, deadline, enough } = job;
  const warm = await start(path, -1);
  if (warm.loaded === "died" || warm.loaded.answer !== "loaded")
    throw new Error(`the tests do not load: ${JSON.stringify(warm.loaded)}`);
  const files = warm.loaded.files.filter((f) => f.failed === null);
  for (const f of warm.loaded.files)
    if (f.failed !== null) console.log(`left out, does not load without any mutant: ${f.file}: ${f.failed}`);
  const atLoad = new Set(warm.loaded.reached);
  const profiles = await profileOf(warm, warm.loaded.tests.length, job);
  if (profiles === null) return warm.end();
  const [tests, touched] = [profiles.tests, new Set(profiles.touched)];
  const idle = (n: number): string => (touched.has(n) ? "never makes a difference" : "no test reaches it");
  const reachedBy = Array.from({ length: count }, (): number[] => []);
  for (const [k, t] of tests.entries()) for (const n of t.reaches) reachedBy[n]?.push(k);
  console.log(
    `${tests.length} tests, ${(tests.reduce((s, t) => s + t.ms, 0) / 1000).toFixed(1)} s of processor time; ${count} mutants, ${reachedBy.filter((r) => r.length === 0).length} that make no difference in any test`,
  );
  if (process.env["TFX_MUTANTS_DEBUG"]) console.log(slowest(tests));
  if (job.open.length === 0) {
    const before = new Set([...atLoad, ...files.flatMap((f) => f.reaches)]);
    reachedBy.forEach((by, n) => {
      if (by.length === 0 && !before.has(n)) each(n, { verdict: "missed", how: idle(n) });
    });
    return warm.end();
  }

  const [kills, tries] = [tests.map(() => 0), tests.map(() => 0)];
  const power = (k: number): number => ((kills[k] ?? 0) + 1) / ((tries[k] ?? 0) + 2) / ((tests[k]?.ms ?? 0) + 2);

  const lame = new Set(tests.filter((t) => t.failed !== null).map((t) => `${t.file} ${t.name}`));

  /**
   * In a process where the mutant is awake from the beginning, with the files whose collection or tests reach it, the quick ones first:
   * tables of tests are made while they are collected, and what the compiler remembers of a graph that a file made once (a bound, a
   * linear form) would answer for the mutant.
   */
  const tryFresh = async (n: number): Promise<Outcome> => {
    let left = Math.min(enough, 10_000);
    const cost = (f: Loaded): number =>
      f.ms + tests.reduce((sum, t) => sum + (t.file.endsWith(`/${f.file}`) ? t.ms : 0), 0);
    const byTests = new Set((reachedBy[n] ?? []).map((k) => tests[k]?.file));
    const reaching = files
      .filter((f) => atLoad.has(n) || f.reaches.includes(n) || [...byTests].some((t) => t?.endsWith(`/${f.file}`)))
      .toSorted((a, b) => cost(a) - cost(b))
      .filter((f) => (left -= cost(f)) > 0)
      .map((f) => f.file);
    if (reaching.length === 0) return { verdict: "missed", how: "" };
    const fresh = await start(path, n, reaching);
    const { loaded } = fresh;
    if (loaded === "died") return { verdict: "caught", how: "does not end while tests are collected" };
    const fault = loaded.answer === "loaded" ? loaded.files.find((f) => f.failed !== null) : undefined;
    const order =
      loaded.answer === "loaded" ? [...loaded.tests.keys()].filter((k) => !lame.has(loaded.tests[k] ?? "")) : [];
    const answer =
      fault !== undefined
        ? null
        : await fresh.ask({ ask: "try", mutant: n, tests: order, limits: order.map(() => 20_000) });
    fresh.end();
    if (fault !== undefined) return { verdict: "caught", how: `${fault.file} does not load: ${fault.failed}` };
    if (answer === "died") return { verdict: "caught", how: "does not end" };
    const test =
      answer?.answer === "tried" && answer.verdict !== "missed" && loaded.answer === "loaded"
        ? loaded.tests[answer.test ?? 0]
        : undefined;
    return test === undefined
      ? { verdict: "missed", how: "" }
      : {
          verdict: "caught",
          how: `${test.split("/test/")[1]}: ${answer?.answer === "tried" ? answer.how : ""}`,
          ...(isFixedText({ file: test }) ? { fixed: true } : {}),
        };
  };

  const tryOne = async (lane: { warm: Process }, n: number): Promise<Outcome> => {
    // Fixed texts last: what other tests notice is not theirs to catch.
    const byPower = (reachedBy[n] ?? []).toSorted((a, b) => power(b) - power(a));
    const within = (ks: readonly number[]): readonly number[] => {
      let left = enough;
      return ks.filter((k) => (left -= tests[k]?.ms ?? 0) > 0);
    };
    const isFixed = (k: number): boolean => {
      const t = tests[k];
      return t !== undefined && isFixedText(t);
    };
    const order = [...within(byPower.filter((k) => !isFixed(k))), ...within(byPower.filter(isFixed))];
    if (order.length === 0) {
      const fresh = await tryFresh(n);
      return fresh.verdict === "missed" ? { verdict: "missed", how: idle(n) } : fresh;
    }
    const answer = await lane.warm.ask({
      ask: "try",
      mutant: n,
      tests: order,
      limits: order.map((k) => limitOf(tests[k]?.ms ?? 0)),
    });
    if (answer === "died") {
      lane.warm = await start(path, -1);
      return { verdict: "caught", how: "does not end" };
    }
    if (answer.answer !== "tried") throw new Error("out of step");
    for (const k of order.slice(0, answer.ran)) tries[k] = (tries[k] ?? 0) + 1;
    if (answer.test !== null) kills[answer.test] = (kills[answer.test] ?? 0) + 1;
    switch (answer.verdict) {
      case "caught":
        return {
          verdict: "caught",
          how: `${tests[answer.test ?? 0]?.name}: ${answer.how}`,
          ...(answer.test !== null && isFixed(answer.test) ? { fixed: true } : {}),
        };
      case "missed":
        return tryFresh(n);
      case "tainted": {
        lane.warm.end();
        lane.warm = await start(path, -1);
        return tryFresh(n);
      }
    }
  };

  let next = 0;
  const work = async (lane: { warm: Process }): Promise<void> => {
    for (let n = open[next++]; n !== undefined && Date.now() < deadline; n = open[next++]) {
      progress(`${next} of ${open.length} mutants`);
      each(n, await tryOne(lane, n));
    }
    lane.warm.end();
  };
  const more = Array.from({ length: Math.min(job.jobs, open.length) - 1 }, async () => ({
    warm: await start(path, -1),
  }));
  await Promise.all([work({ warm }), ...more.map(async (lane) => work(await lane))]);
  progress("");
};
