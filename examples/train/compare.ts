/**
 * `npm run train:compare -- [STEPS] [ATTENTION]`: the loss of a small transformer on this machine's adapter beside the same steps in f64 by
 * the meaning of the kernels. Exit code 1 where they differ by more than 1e-3.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openGpu, restartFor } from "../../src/cli/gpu.ts";
import { std } from "../../src/std/library.ts";
import { createTraining, deriveTraining, planTraining } from "../../src/train/index.ts";
import type { AttentionName } from "./attentions.ts";
import { seeded } from "./random.ts";
import { createReference } from "./reference.ts";
import { batchOf, vocabularyOf } from "./text.ts";
import { transformer } from "./transformer.ts";

const SIZES = { batch: 2, length: 16, width: 8, heads: 2, depth: 1, hidden: 8, memory: 4 };
const beside = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");

const compare = async (count: number, attention: AttentionName): Promise<number> => {
  const text = beside("text.txt");
  const kernels = beside("model.tfx");
  const vocabulary = vocabularyOf(text);
  const data = vocabulary.encode(text);
  const t = transformer({ attention, norm: "rmsnorm", sizes: SIZES, vocabulary: vocabulary.size });
  const resolveImport = (path: string) => (path === "model.tfx" ? { file: path, text: kernels } : std(path));
  const gpu = await openGpu("auto", { subgroups: true });
  try {
    const plan = await planTraining(t.model, { target: gpu.target, resolveImport });
    const training = await createTraining(gpu.device, plan);
    const exact = createReference(await deriveTraining(t.model, { resolveImport }), t.model.loss);
    const start = { ...t.start(seeded(1)), ...t.tables };
    training.write(start);
    exact.write(start);
    let worst = 0;
    for (let step = 1; step <= count; step++) {
      const inputs = batchOf(data, SIZES.batch, SIZES.length, seeded(1_000_003 + step));
      const call = { inputs, scalars: { step, lr: 3e-3 } };
      const [found, expected] = [await training.step(call), exact.step(call)];
      worst = Math.max(worst, Math.abs(found - expected));
      if (step % 50 === 0 || step === count)
        console.log(
          `step ${step}  loss ${found.toFixed(6)}  in f64 ${expected.toFixed(6)}  largest difference ${worst.toExponential(1)}`,
        );
    }
    training.destroy();
    return worst;
  } finally {
    gpu.close();
  }
};

const [steps = "500", attention = "causal"] = process.argv.slice(2);
const ended = await restartFor("auto");
process.exitCode = ended ?? ((await compare(Number(steps), attention as AttentionName)) <= 1e-3 ? 0 : 1);
