/** Texts as numbers, batches of them, and the choice of a next character. */
import type { Random } from "./random.ts";

export type Vocabulary = {
  readonly size: number;
  readonly encode: (text: string) => Int32Array;
  readonly decode: (tokens: ArrayLike<number>) => string;
};

/** Every character of a text, in the order of their codes. A character that it has not becomes the first one. */
export const vocabularyOf = (text: string): Vocabulary => {
  const characters = [...new Set(text)].sort();
  const at = new Map(characters.map((c, n) => [c, n] as const));
  return {
    size: characters.length,
    encode: (t) => Int32Array.from(t, (c) => at.get(c) ?? 0),
    decode: (tokens) => Array.from(tokens, (n) => characters[n] ?? "").join(""),
  };
};

export type Batch = { readonly token: Int32Array; readonly target: Int32Array };

/** `batch` pieces of `length` characters from anywhere, each with the characters that follow. */
export const batchOf = (text: Int32Array, batch: number, length: number, random: Random): Batch => {
  const token = new Int32Array(batch * length);
  const target = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const from = Math.floor(random() * (text.length - length));
    token.set(text.subarray(from, from + length), b * length);
    target.set(text.subarray(from + 1, from + length + 1), b * length);
  }
  return { token, target };
};
/** A class by the probabilities that logits give at a temperature. */
export const choose = (logits: ArrayLike<number>, temperature: number, random: Random): number => {
  const all = Array.from(logits, (x) => x / temperature);
  const max = Math.max(...all);
  const weights = all.map((x) => Math.exp(x - max));
  let left = random() * weights.reduce((a, b) => a + b, 0);
  const found = weights.findIndex((w) => (left -= w) < 0);
  return found < 0 ? weights.length - 1 : found;
};
