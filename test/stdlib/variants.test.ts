/** Further variants of the standard library against their sources' formulas. */
import { describe } from "vitest";
import * as o from "./oracles-norm/variants.ts";
import type { StdCase } from "./oracles-norm/run.ts";
import { suite } from "./oracles-norm/suite.ts";

type Fill = NonNullable<StdCase["inputs"]>;
const ATTENTION = { B: 2, H: 3, D: 6, E: 8 };
const attention = (file: string, kernel: string, oracle: StdCase["oracle"], more: Partial<StdCase> = {}): StdCase[] =>
  [
    { N: 19, M: 23 },
    { N: 1, M: 13 },
    { N: 9, M: 4 },
    { N: 3, M: 0 },
  ].map((sizes) => ({
    file,
    kernel,
    oracle,
    sizes: { ...ATTENTION, ...sizes },
    known: ["D", "E"],
    ...more,
  }));
const without = (sizes: StdCase["sizes"], name: string): StdCase["sizes"] =>
  Object.fromEntries(Object.entries(sizes).filter(([n]) => n !== name));
const noise: Fill = (name, count, random) =>
  name === "g" ? Array.from({ length: count }, () => -Math.log(-Math.log(0.001 + 0.998 * random()))) : null;
const frequencies: Fill = (name, count) =>
  name === "freq" ? Array.from({ length: count }, (_, c) => 10000 ** (-c / count)) : null;
const tokens: Fill = (name, count) =>
  name === "token" ? Array.from({ length: count }, (_, t) => [0, 6, 3, -1, 7][t % 5] ?? 0) : null;

const CASES: readonly StdCase[] = [
  ...attention("attention/value_rmsnorm", "value_rmsnorm_attention", o.valueRmsnorm),
  {
    file: "attention/value_rmsnorm",
    kernel: "value_rmsnorm_attention",
    oracle: o.valueRmsnorm,
    sizes: { ...ATTENTION, N: 5, M: 5 },
    known: ["D", "E"],
    inputs: (name, count) => (name === "v" ? Array.from({ length: count }, () => 0) : null),
    note: "values 0",
  },
  ...attention("attention/gumbel", "gumbel_attention", o.gumbel, { inputs: noise }),
  ...attention("attention/gumbel", "gumbel_attention", o.gumbel, {
    inputs: noise,
    scalars: { temperature: 0.25 },
    note: "cold",
  }).slice(0, 1),
  ...attention("attention/qk_max", "qk_max", o.qkMax, { known: ["D"] }).map((c) => ({
    ...c,
    sizes: without(c.sizes, "E"),
  })),
  ...[
    { N: 37, C: 6 },
    { N: 1, C: 1 },
  ].map((s): StdCase => ({
    file: "position/sinusoidal",
    kernel: "sinusoidal",
    oracle: o.sinusoidal,
    sizes: { B: 2, ...s },
    known: ["C"],
    scalars: { scale: 0.3 },
    inputs: frequencies,
  })),
  {
    file: "position/sinusoidal",
    kernel: "sinusoidal",
    oracle: o.sinusoidal,
    sizes: { B: 1, N: 5, C: 8 },
    known: [],
    scalars: { scale: 1, offset: 40 },
    inputs: frequencies,
    note: "offset",
  },
  {
    file: "position/sinusoidal",
    kernel: "learned_positions",
    oracle: o.learnedPositions,
    sizes: { B: 2, N: 13, D: 15, P: 20 },
    known: ["D"],
    scalars: { scale: 0.25 },
  },
  {
    file: "position/sinusoidal",
    kernel: "learned_positions",
    oracle: o.learnedPositions,
    sizes: { B: 2, N: 13, D: 15, P: 10 },
    known: [],
    scalars: { offset: -2 },
    note: "beyond the table",
  },
  {
    file: "ffn/mult_bias",
    kernel: "geglu_mult_bias",
    oracle: o.gegluMultBias,
    sizes: { N: 7, D: 37, F: 21 },
    known: ["D"],
  },
  {
    file: "ffn/mult_bias",
    kernel: "geglu_mult_bias",
    oracle: o.gegluMultBias,
    sizes: { N: 1, D: 1, F: 3 },
    known: ["D"],
  },
  {
    file: "ffn/mult_bias",
    kernel: "deep_embed",
    oracle: o.deepEmbed,
    sizes: { N: 7, D: 37, V: 7 },
    known: ["D"],
    inputs: tokens,
  },
];

describe("further variants", () => suite(CASES, ["geglu_mult_bias"]));
