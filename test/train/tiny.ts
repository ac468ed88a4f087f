/** Transformers so small that f64 by the meaning and SwiftShader are quick. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createReference, type Reference } from "../../examples/train/reference.ts";
import { batchOf, vocabularyOf } from "../../examples/train/text.ts";
import { seeded } from "../../examples/train/random.ts";
import { transformer, type Config, type Transformer } from "../../examples/train/transformer.ts";
import { std } from "../../src/std/library.ts";
import { deriveTraining, type Derived } from "../../src/train/index.ts";

const own = readFileSync(fileURLToPath(new URL("../../examples/train/model.tfx", import.meta.url)), "utf8");
export const resolveImport = (path: string) => (path === "model.tfx" ? { file: path, text: own } : std(path));

const TEXT = "the cat sat on the mat. the dog ate the fat rat. ";
const vocabulary = vocabularyOf(TEXT);
export const SIZES = { batch: 2, length: 12, width: 8, heads: 2, depth: 1, hidden: 8, memory: 3 };

export const tiny = (attention: Config["attention"], more: Partial<Config> = {}): Transformer =>
  transformer({ attention, norm: "rmsnorm", sizes: SIZES, vocabulary: vocabulary.size, ...more });

const derived = ({ model }: Transformer): Promise<Derived> => deriveTraining(model, { resolveImport });

export const reference = async (t: Transformer): Promise<Reference> => createReference(await derived(t), t.model.loss);

/** The batches and scalars of so many steps. */
export const stepsOf = (count: number, sizes = SIZES) => {
  const random = seeded(7);
  const data = vocabulary.encode(TEXT.repeat(4));
  return Array.from({ length: count }, (_, n) => ({
    inputs: batchOf(data, sizes.batch, sizes.length, random),
    scalars: { step: n + 1, lr: 3e-3 },
  }));
};
