/**
 * `npm run train -- --steps 300 [--attention NAME]`: trains a character transformer on this machine's adapter (a CPU one where there is no
 * GPU), tells the loss, and writes some text. `--save FILE` and `--resume FILE` keep a run; `--page` serves a page that does the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openGpu, restartFor } from "../../src/cli/gpu.ts";
import { ATTENTIONS, type AttentionName } from "./attentions.ts";
import { fromFile, toFile } from "./checkpoint.ts";
import { createRun, type Checkpoint } from "./run.ts";
import { vocabularyOf } from "./text.ts";
import { SIZES, type Config } from "./transformer.ts";

class Misuse extends Error {}

const OPTIONS = {
  steps: { type: "string", default: "300" },
  attention: { type: "string", default: "causal" },
  norm: { type: "string", default: "rmsnorm" },
  hidden: { type: "string", default: String(SIZES.hidden) },
  memory: { type: "string", default: String(SIZES.memory) },
  seed: { type: "string", default: "1" },
  sample: { type: "string", default: "160" },
  adapter: { type: "string", default: "auto" },
  save: { type: "string" },
  resume: { type: "string" },
  page: { type: "boolean" },
} as const;

const options = () => {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
};

const whole = (name: string, text: string | undefined): number => {
  if (!/^\d{1,9}$/.test(text ?? "")) throw new Misuse(`--${name} ${text}: not a whole number`);
  return Number(text);
};

const among = <T extends string>(name: string, text: string | undefined, known: readonly T[]): T => {
  const found = known.find((k) => k === text);
  if (found === undefined) throw new Misuse(`--${name} ${text}: there are ${known.join(", ")}`);
  return found;
};

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const resumed = (file: string | undefined): Checkpoint | undefined => {
  if (file === undefined) return undefined;
  try {
    return fromFile(readFileSync(file));
  } catch (error) {
    throw new Misuse(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const bar = (part: number): string => "#".repeat(Math.round(24 * part)).padEnd(24, ".");

const train = async (given: ReturnType<typeof options>): Promise<void> => {
  const text = readFileSync(beside("text.txt"), "utf8");
  const from = resumed(given.resume);
  const config: Config = from?.config ?? {
    attention: among("attention", given.attention, Object.keys(ATTENTIONS) as AttentionName[]),
    norm: among("norm", given.norm, ["rmsnorm", "scalenorm"]),
    sizes: { ...SIZES, hidden: whole("hidden", given.hidden), memory: whole("memory", given.memory) },
    vocabulary: vocabularyOf(text).size,
  };
  const [count, sample] = [whole("steps", given.steps), whole("sample", given.sample)];
  const seed = from?.seed ?? whole("seed", given.seed);
  const gpu = await openGpu(given.adapter ?? "auto", { subgroups: true });
  try {
    const { device, target } = gpu;
    const kernels = readFileSync(beside("model.tfx"), "utf8");
    const run = await createRun({
      device,
      target,
      text,
      kernels,
      config,
      seed,
      ...(from === undefined ? {} : { from }),
    });
    console.log(
      `${config.attention}, ${config.norm}, ${run.parameters} parameters, ${run.kernels} kernels, ` +
        `${(run.bytes / 2 ** 20).toFixed(1)} MiB, on ${target.name}`,
    );
    const isTerminal = process.stdout.isTTY === true;
    const end = run.steps() + count;
    let smooth = NaN;
    for (const start = performance.now(), first = run.steps(); run.steps() < end;) {
      const loss = await run.step();
      smooth = Number.isNaN(smooth) ? loss : 0.9 * smooth + 0.1 * loss;
      const n = run.steps();
      const ms = (performance.now() - start) / (n - first);
      const line = `step ${n}  loss ${loss.toFixed(4)}  mean ${smooth.toFixed(4)}  ${ms.toFixed(0)} ms`;
      if (isTerminal) process.stdout.write(`\r[${bar((n - first) / count)}] ${line} `);
      else if (n % 10 === 0 || n === end) console.log(line);
    }
    if (isTerminal && count > 0) process.stdout.write("\n");
    if (given.save !== undefined) {
      writeFileSync(given.save, toFile(await run.save()));
      console.log(given.save);
    }
    if (sample > 0) console.log(`\n${await run.sample("a kernel ", sample)}`);
    run.destroy();
  } finally {
    gpu.close();
  }
};

try {
  const given = options();
  if (given.page === true) await import("./page/tasks.ts");
  else {
    const ended = await restartFor("auto");
    if (ended === null) await train(given);
    else process.exitCode = ended;
  }
} catch (error) {
  if (!(error instanceof Misuse) && !(error instanceof Error && error.name === "UsageError")) throw error;
  console.error(`train: ${error.message}`);
  process.exitCode = 2;
}
