/**
 * The long campaign: `npm run fuzz -- --programs 10000 --seed 1 --stacks swiftshader,lavapipe,deno --shrink`. Random programs are
 * compared with the interpreter at every level of the compiler, under chosen and random schedules, and on real WebGPU
 * implementations. One failure of each kind is made short and written to `--out`. Exit code 1 when anything was wrong.
 */
import { restartFor } from "../src/cli/gpu.ts";
import { parseArgs } from "node:util";
import { watch } from "./fuzz/watch.ts";
import { campaign, keep, shrunk, type Failure } from "../test/campaign/campaign.ts";
import { signature } from "../test/campaign/levels.ts";
import type { Stack, StackName } from "../test/gpu/stacks.ts";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    stacks: { type: "string", default: "none" },
    shrink: { type: "boolean", default: false },
    out: { type: "string", default: "test/campaign/corpus" },
    /** Seconds that making one program short may take. */
    patience: { type: "string", default: "20" },
    /** Gradients of the programs against differences of their meaning, in place of the compiler's levels. */
    gradients: { type: "boolean", default: false },
    /** Seconds after which no more programs are made. */
    within: { type: "string", default: "1e9" },
  },
});

if (values.gradients) {
  const { gradientVerdict } = await import("../test/grad/campaign.ts");
  const counts = new Map<string, number>();
  for (let n = 0; n < Number(values.programs); n++) {
    const seed = Number(values.seed) + n;
    const verdict = await gradientVerdict(seed);
    const isFault = verdict.kind === "wrong" || verdict.kind === "crashed";
    if (isFault) console.log(`seed ${seed}, ${verdict.kind}: ${verdict.what}`);
    const key = verdict.kind === "refused" ? `refused: ${verdict.what.replace(/`[^`]*`/g, "…")}` : verdict.kind;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [kind, n] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${n} ${kind}`);
  process.exit(counts.has("wrong") || counts.has("crashed") ? 1 : 0);
}

// SwiftShader in this process needs the libraries of its driver from the start.
const restarted = values.stacks.includes("swiftshader") ? await restartFor("swiftshader") : null;
if (restarted !== null) process.exit(restarted);

const openStacks = async (names: string): Promise<readonly Stack[]> => {
  if (names === "none") return [];
  await import("../test/gpu/setup.ts");
  const { stacks } = await import("../test/gpu/stacks.ts");
  const all = await stacks(names.split(",") as StackName[]);
  for (const s of all) if (!s.available) console.log(`${s.name} is left out: ${s.reason}`);
  return all.filter((s) => s.available);
};

const programs = Number(values.programs);
const start = performance.now();
let shown = 0;
const progress = (done: number, failures: number, refused: number): void => {
  const now = performance.now();
  if (now - shown < (process.stderr.isTTY ? 200 : 10_000) && done < programs) return;
  shown = now;
  const rate = done / ((now - start) / 1000);
  const line = `${done}/${programs}  ${failures} failed  ${refused} refused  ${rate.toFixed(1)} programs/s`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
};

const stacks = await openStacks(values.stacks);
const stop = (): boolean => performance.now() - start > 1000 * Number(values.within);
const failed = ({ program, verdict }: Failure): void => {
  const what = "what" in verdict ? `, ${verdict.where}: ${verdict.what.split("\n")[0]}` : "";
  process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}seed ${program.seed} ${verdict.kind}${what}\n`);
};
const tally = await campaign({ programs, seed: Number(values.seed), stacks, begun: watch(), progress, failed, stop });
if (process.stderr.isTTY) process.stderr.write("\n");
const refused = [...tally.refused.values()].reduce((a, b) => a + b, 0);
const counted = (kind: string): number => tally.failures.filter((f) => f.verdict.kind === kind).length;
console.log(
  `${tally.programs} programs from seed ${values.seed}: ${tally.right} right, ${counted("wrong")} wrong, ${counted("crashed")} crashed, ${refused} refused, ${tally.invalid} not well typed`,
);
for (const [reason, n] of [...tally.refused].sort((a, b) => b[1] - a[1])) console.log(`  refused ${n}: ${reason}`);

const kinds = new Map<string, Failure[]>();
for (const f of tally.failures) kinds.set(signature(f.verdict), [...(kinds.get(signature(f.verdict)) ?? []), f]);
for (const [kind, failures] of [...kinds].sort((a, b) => b[1].length - a[1].length)) {
  const [first] = failures as [Failure];
  const short = values.shrink ? await shrunk(first, stacks, 1000 * Number(values.patience)) : first;
  const seeds = failures.map((f) => f.program.seed);
  console.log(`\n${failures.length} x ${kind} (seeds ${seeds.slice(0, 8).join(", ")}${seeds.length > 8 ? ", …" : ""})`);
  const { source, ...rest } = short.program;
  console.log(
    `${"what" in short.verdict ? `${short.verdict.where}: ${short.verdict.what}` : ""}\n${source}${JSON.stringify(rest)}`,
  );
  if (values.shrink) keep(values.out, `seed-${first.program.seed}`, short);
}
process.exit(tally.failures.length > 0 || tally.invalid > 0 ? 1 : 0);
