/** `name=value` options, collected into a map. */
import { UsageError } from "./errors.ts";

export type Pairs = ReadonlyMap<string, string>;

/** For commander: each occurrence adds a pair. */
export const collectPairs = (text: string, previous: Pairs | undefined): Pairs => {
  const at = text.indexOf("=");
  if (at <= 0) throw new UsageError(`expected NAME=VALUE, found "${text}"`);
  const name = text.slice(0, at);
  if (previous?.has(name)) throw new UsageError(`${name} is given twice`);
  return new Map([...(previous ?? []), [name, text.slice(at + 1)]]);
};

/** Files of tensors: `name=file`, and archives without a name, which stand for all that they have. */
export type Files = { readonly named: Pairs; readonly whole: readonly string[] };

export const NO_FILES: Files = { named: new Map(), whole: [] };

/** For commander: each occurrence adds a file. A name is a word; what has no `name=` in front is an archive. */
export const collectFiles = (text: string, previous: Files = NO_FILES): Files => {
  if (/^[A-Za-z_]\w*=/.test(text)) return { ...previous, named: collectPairs(text, previous.named) };
  if (!/\.(npz|safetensors)$/.test(text)) collectPairs(text, undefined);
  if (previous.whole.includes(text)) throw new UsageError(`${text} is given twice`);
  return { ...previous, whole: [...previous.whole, text] };
};

const numberOf = (name: string, text: string): number => {
  if (text === "true") return 1;
  if (text === "false") return 0;
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw new UsageError(`${name}=${text}: not a number`);
  return value;
};

/** Values of scalars: numbers, `true` and `false`. */
export const numbers = (pairs: Pairs | undefined): Record<string, number> =>
  Object.fromEntries([...(pairs ?? [])].map(([name, text]) => [name, numberOf(name, text)]));

/** The largest size: WGSL's indices are i32. */
const MAX_SIZE = 2 ** 31 - 1;

/** Sizes: whole numbers from 0. */
export const sizes = (pairs: Pairs | undefined): Record<string, number> =>
  Object.fromEntries(
    [...(pairs ?? [])].map(([name, text]) => {
      if (!/^\d+$/.test(text)) throw new UsageError(`${name}=${text}: a size is a whole number`);
      if (Number(text) > MAX_SIZE) throw new UsageError(`${name}=${text}: a size is at most ${MAX_SIZE}`);
      return [name, Number(text)];
    }),
  );

export const strings = (pairs: Pairs | undefined): Record<string, string> => Object.fromEntries(pairs ?? []);
