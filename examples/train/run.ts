/** A run of the transformer on a device, that goes on from where it was left: what the command and the page share. */
import type { Target } from "../../src/base/target.ts";
import { std } from "../../src/std/library.ts";
import { createTraining, planTraining } from "../../src/train/index.ts";
import { seeded } from "./random.ts";
import { batchOf, choose, vocabularyOf } from "./text.ts";
import { transformer, type Config } from "./transformer.ts";

export type Checkpoint = {
  readonly config: Config;
  readonly seed: number;
  /** Steps that were made. */
  readonly steps: number;
  readonly state: Readonly<Record<string, Float32Array>>;
};

export type Run = {
  readonly parameters: number;
  /** Kernels, and bytes of all buffers. */
  readonly kernels: number;
  readonly bytes: number;
  readonly steps: () => number;
  /** One step; its loss. */
  readonly step: () => Promise<number>;
  /** So many characters that follow a text. */
  readonly sample: (prompt: string, count: number) => Promise<string>;
  readonly save: () => Promise<Checkpoint>;
  readonly destroy: () => void;
};

export type RunOptions = {
  readonly device: GPUDevice;
  readonly target: Target;
  readonly text: string;
  /** The text of `model.tfx`. */
  readonly kernels: string;
  readonly config: Config;
  readonly seed: number;
  readonly from?: Checkpoint;
};

const RATE = 3e-3;
/** Steps that the rate takes to be all there. */
const WARM = 20;

/** Compiles everything and writes what the parameters begin with. */
export const createRun = async ({ device, target, text, kernels, config, seed, from }: RunOptions): Promise<Run> => {
  const { sizes } = config;
  const vocabulary = vocabularyOf(text);
  const data = vocabulary.encode(text);
  const { model, start, tables, parameters } = transformer(config);
  const resolveImport = (path: string) => (path === "model.tfx" ? { file: path, text: kernels } : std(path));
  const training = await createTraining(device, await planTraining(model, { target, resolveImport }));
  training.write({ ...start(seeded(seed)), ...tables });
  if (from !== undefined) training.load(from.state);
  let steps = from?.steps ?? 0;

  const next = async (before: Int32Array, temperature: number, random: () => number): Promise<number> => {
    const token = new Int32Array(sizes.batch * sizes.length);
    const seen = before.subarray(-sizes.length);
    token.set(seen);
    await training.forward({ token, target: token.map(() => -100) });
    const logits = (await training.read("logits")) as Float32Array;
    const at = (seen.length - 1) * vocabulary.size;
    return choose(logits.subarray(at, at + vocabulary.size), temperature, random);
  };
  return {
    parameters,
    kernels: training.plan.artifacts.length,
    bytes: training.bytes,
    steps: () => steps,
    step: () => {
      steps++;
      // The batch is of the seed and the step alone, so that a run that goes on takes the same ones.
      const batch = batchOf(data, sizes.batch, sizes.length, seeded(seed * 1_000_003 + steps));
      return training.step({ inputs: batch, scalars: { step: steps, lr: RATE * Math.min(1, steps / WARM) } });
    },
    sample: async (prompt, count) => {
      const random = seeded(seed + steps);
      let all = vocabulary.encode(prompt);
      for (let n = 0; n < count; n++) all = Int32Array.of(...all, await next(all, 0.7, random));
      return vocabulary.decode(all);
    },
    save: async () => ({ config, seed, steps, state: await training.save() }),
    destroy: training.destroy,
  };
};
