/** The runs that most kernels share. */
import type { Run } from "./run.ts";

type More = Pick<Run, "scalars" | "inputs">;
type Sizes = Run["sizes"];
type Fill = NonNullable<Run["inputs"]>;

/** One input with these values, repeated or cut to its length. */
export const given =
  (input: string, values: readonly number[]): ((name: string, count?: number) => number[] | null) =>
  (name, count = values.length) =>
    name === input ? Array.from({ length: count }, (_, i) => values[i % values.length] ?? 0) : null;

/** Queries and keys so large that all scores are near 1e4 but differ by a few units: rounding of the scores decides the error. */
export const HUGE: Fill = (name, count, random) => {
  if (name === "q") return Array.from({ length: count }, () => 60 + random());
  return name === "k" ? Array.from({ length: count }, () => 60 + (random() - 0.5) / 10) : null;
};

const both =
  (first: Fill | undefined, second: Fill): Fill =>
  (...args) =>
    first?.(...args) ?? second(...args);

/** Ragged; one query; more queries than keys (empty rows under a causal mask); no key; scores near 1e4. */
export const calls = (sizes: Sizes, more: More = {}): Run[] => [
  { note: "ragged", sizes: { N: 19, M: 23, ...sizes }, ...more },
  { note: "one query", sizes: { ...sizes, N: 1, M: 13 }, ...more },
  { note: "more queries than keys", sizes: { ...sizes, N: 23, M: 9 }, ...more },
  { note: "no key", sizes: { ...sizes, N: 3, M: 0 }, ...more },
  { note: "huge scores", sizes: { ...sizes, N: 17, M: 17 }, ...more, inputs: both(more.inputs, HUGE) },
];

/** The same for kernels with as many keys as queries. */
export const selfCalls = (sizes: Sizes, more: More = {}): Run[] => [
  { note: "ragged", sizes: { N: 23, ...sizes }, ...more },
  { note: "one token", sizes: { ...sizes, N: 1 }, ...more },
  { note: "huge scores", sizes: { ...sizes, N: 17 }, ...more, inputs: both(more.inputs, HUGE) },
];
