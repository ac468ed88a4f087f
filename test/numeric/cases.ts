/** What the numeric tests run: ragged cases for every kernel of the language reference and of `fixtures/variants.tfx`, and the edges. */
import type { Case } from "./harness.ts";

const RAGGED = { B: 2, H: 3, N: 37, M: 53, D: 15, E: 21 };
const SQUARE = { B: 1, H: 2, N: 37, D: 16, E: 20 };
const DE = ["D", "E"];

const PAGED = { B: 2, G: 2, R: 3, D: 8, C: 9, P: 4, L: 4 };
const paged = (name: string, count: number, random: () => number): ArrayLike<number> | null =>
  name === "pages" ? Array.from({ length: count }, () => Math.floor(random() * 9)) : name === "length" ? [13, 5] : null;

export const LANGUAGE: readonly Case[] = [
  { kernel: "flash_attention", sizes: RAGGED, known: DE },
  { kernel: "flash_attention", sizes: { ...RAGGED, N: 53, M: 37, D: 16, E: 8 }, known: DE },
  { kernel: "flash_attention", sizes: { ...RAGGED, N: 1, D: 32, E: 32 }, known: DE },
  { kernel: "gemma2", sizes: { B: 2, G: 2, R: 3, N: 37, M: 53, D: 15 }, known: ["D", "G", "R"], scalars: { w: 9 } },
  { kernel: "persistent_memory", sizes: { B: 2, H: 2, N: 37, M: 41, D: 16, P: 5 }, known: ["D", "P"] },
  {
    kernel: "talking_heads",
    sizes: { B: 2, H: 3, G: 2, X: 4, N: 19, M: 23, D: 8, E: 12 },
    known: ["H", "G", "X", "D", "E"],
  },
  { kernel: "topk_attention", sizes: { B: 2, H: 2, N: 37, M: 53, D: 15 }, known: ["D"] },
  { kernel: "cosine_attention", sizes: { B: 2, H: 2, N: 37, M: 53, D: 15 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { N: 37, D: 120 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { N: 5, D: 53 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 37, D: 768 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 37, D: 21 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 7, D: 1 }, known: ["D"] },
  {
    kernel: "paged_decode",
    sizes: PAGED,
    known: ["D", "G", "R", "P"],
    inputs: paged,
  },
  { kernel: "linear_attention", sizes: { B: 2, H: 2, N: 37, D: 15, E: 21 }, known: DE },
];

export const VARIANTS: readonly Case[] = [
  { kernel: "sigmoid_attention", sizes: RAGGED, known: DE, scalars: { b0: -2 } },
  { kernel: "relu2_normalised", sizes: RAGGED, known: DE },
  { kernel: "relu2_normalised", sizes: { ...RAGGED, N: 53, M: 37 }, known: DE },
  { kernel: "sink_attention", sizes: RAGGED, known: DE },
  { kernel: "sink_attention", sizes: { ...RAGGED, N: 53, M: 37 }, known: DE },
  { kernel: "alibi_attention", sizes: RAGGED, known: DE },
  { kernel: "shaw_attention", sizes: RAGGED, known: DE },
  {
    kernel: "packed_documents",
    sizes: SQUARE,
    known: DE,
    inputs: (name, count) =>
      name === "doc" ? Array.from({ length: count }, (_, n) => Math.floor((n % 37) / 11)) : null,
  },
  { kernel: "entropy_attention", sizes: RAGGED, known: DE },
  { kernel: "column_mass", sizes: RAGGED, known: DE },
  { kernel: "differential_attention", sizes: RAGGED, known: DE, scalars: { lambda: 0.3 } },
  { kernel: "rope_attention", sizes: SQUARE, known: DE },
  { kernel: "cosine_static", sizes: RAGGED, known: DE },
  { kernel: "cosine_static", sizes: { ...RAGGED, N: 53, M: 37 }, known: DE },
  { kernel: "retnet_clamp", sizes: RAGGED, known: DE },
  { kernel: "threshold_relu", sizes: RAGGED, known: DE },
  { kernel: "data_temperature", sizes: RAGGED, known: DE },
  { kernel: "weights_returned", sizes: RAGGED, known: DE },
  { kernel: "row_softmax", sizes: { N: 37, D: 53 }, known: ["D"] },
  { kernel: "row_softmax", sizes: { N: 37, D: 64 }, known: ["D"] },
  { kernel: "row_softmax", sizes: { N: 37, D: 53 }, known: [] },
  {
    kernel: "prefix_lm",
    sizes: { ...SQUARE, B: 2 },
    known: DE,
    inputs: (name) => (name === "prefix" ? [7, 20] : null),
  },
  { kernel: "sink_window", sizes: SQUARE, known: DE, scalars: { w: 6 } },
  { kernel: "sub_norm_attention", sizes: RAGGED, known: DE },
  { kernel: "matmul_bias", sizes: { N: 37, D: 53, F: 24 }, known: ["D", "F"] },
  { kernel: "group_norm", sizes: { N: 3, G: 4, C: 3, P: 35 }, known: ["C", "P"] },
  { kernel: "hard_attention", sizes: RAGGED, known: DE },
  { kernel: "stick_breaking_bias", sizes: SQUARE, known: DE },
  { kernel: "output_absmax", sizes: RAGGED, known: DE },
  { kernel: "head_competition", sizes: RAGGED, known: [...DE, "H"] },
  { kernel: "output_absmax", sizes: { ...RAGGED, D: 16, E: 20 }, known: DE },
  { kernel: "masked_values", sizes: { N: 37, M: 53, D: 15, E: 21 }, known: DE },
  { kernel: "gated_delta_rule", sizes: { B: 2, H: 3, N: 37, D: 15, E: 21 }, known: DE },
  { kernel: "gated_delta_rule", sizes: { B: 1, H: 2, N: 1, D: 16, E: 20 }, known: ["D"] },
  {
    kernel: "shared_retention",
    sizes: { B: 2, G: 2, R: 3, N: 37, D: 15, E: 21 },
    known: ["D", "R"],
    inputs: (name) => (name === "length" ? [12, 37] : null),
  },
  { kernel: "stabilised_memory", sizes: { B: 2, H: 3, N: 37, D: 15, E: 21 }, known: ["D"] },
  { kernel: "smoothed_keys", sizes: RAGGED, known: DE },
  { kernel: "normed_retention", sizes: { B: 1, H: 2, N: 37, D: 16, E: 20 }, known: ["D"] },
  { kernel: "scan_statistics", sizes: { B: 3, N: 37, D: 15 }, known: ["D"] },
  { kernel: "scan_statistics", sizes: { B: 3, N: 1, D: 8 }, known: ["D", "N"] },
  { kernel: "flipping_state", sizes: { B: 3, N: 37, D: 13 }, known: ["D"] },
];

const flash = (sizes: Readonly<Record<string, number>>): Case => ({
  kernel: "flash_attention",
  sizes: { B: 1, H: 2, N: 9, M: 14, D: 16, E: 16, ...sizes },
  known: DE,
});

/** The same with head dims of about half: a shorter shader says as much about a second front end and compiles in half the time. */
export const halved = (cases: readonly Case[]): readonly Case[] =>
  cases.map((c) => ({
    ...c,
    sizes: Object.fromEntries(
      Object.entries(c.sizes).map(([n, v]) => [
        n,
        (n === "D" || n === "E") && v > 8 && v < 32 ? (v % 2 === 0 ? v / 2 : (v - 1) / 2) : v,
      ]),
    ),
  }));

/** Sizes at the ends of what they may be: one, nothing, more rows than keys. */
export const EDGES: readonly Case[] = [
  flash({ N: 1 }),
  flash({ M: 1 }),
  flash({ N: 1, M: 1, H: 1, D: 1, E: 1 }),
  flash({ M: 0 }),
  flash({ N: 33, M: 5 }),
  flash({ H: 1, N: 64, M: 64 }),
  flash({ D: 1, E: 3 }),
  flash({ D: 15, E: 15 }),
  flash({ D: 7, E: 40 }),
  { kernel: "gemma2", sizes: { B: 1, G: 1, R: 1, N: 1, M: 1, D: 1 }, known: ["D", "G", "R"], scalars: { w: 1 } },
  { kernel: "gemma2", sizes: { B: 1, G: 3, R: 1, N: 20, M: 7, D: 16 }, known: ["D", "G", "R"], scalars: { w: 3 } },
  { kernel: "sigmoid_attention", sizes: { B: 1, H: 1, N: 3, M: 0, D: 8, E: 8 }, known: DE, scalars: { b0: -2 } },
  { kernel: "entropy_attention", sizes: { B: 1, H: 1, N: 1, M: 1, D: 8, E: 8 }, known: DE },
  { kernel: "entropy_attention", sizes: { B: 1, H: 2, N: 2, M: 70, D: 8, E: 8 }, known: [...DE, "N"] },
  { kernel: "sink_attention", sizes: { B: 1, H: 2, N: 3, M: 0, D: 8, E: 8 }, known: DE },
  ...[1, 2, 3, 5, 120, 768, 1000, 4096].map((D): Case => ({
    kernel: "layer_norm_affine",
    sizes: { N: D > 1000 ? 3 : 5, D },
    known: ["D"],
  })),
  { kernel: "layer_norm_affine", sizes: { N: 1, D: 64 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 66, D: 48 }, known: [] },
  { kernel: "add_rms_norm", sizes: { N: 1, D: 1 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { N: 3, D: 4096 }, known: ["D"] },
];

/**
 * Head dims of models, one for each way in which a lane holds them: two rows, one row with a ragged value, one row, features in loops. Long
 * shaders, which software adapters take seconds to compile.
 */
export const HEADS: readonly Case[] = [
  flash({ D: 40, E: 40 }),
  flash({ D: 96, E: 17 }),
  flash({ D: 128, E: 128 }),
  flash({ D: 256, E: 256 }),
];

/** Half-float storage, f32 arithmetic. */
export const HALF: readonly Case[] = [
  { ...flash({ H: 3, N: 37, M: 53, D: 15, E: 21 }), types: { T: "f16" } },
  { ...flash({ H: 2, N: 53, M: 37, D: 16, E: 24 }), types: { T: "f16" } },
  {
    kernel: "gemma2",
    sizes: { B: 2, G: 2, R: 3, N: 37, M: 53, D: 15 },
    known: ["D", "G", "R"],
    scalars: { w: 9 },
    types: { T: "f16" },
  },
  { kernel: "add_rms_norm", sizes: { N: 37, D: 120 }, known: ["D"], types: { T: "f16" } },
  { kernel: "add_rms_norm", sizes: { N: 5, D: 53 }, known: ["D"], types: { T: "f16" } },
  { kernel: "layer_norm_affine", sizes: { N: 37, D: 768 }, known: ["D"], types: { T: "f16" } },
  { kernel: "layer_norm_affine", sizes: { N: 37, D: 21 }, known: ["D"], types: { T: "f16" } },
  { kernel: "paged_decode", sizes: PAGED, known: ["D", "G", "R", "P"], types: { T: "f16" }, inputs: paged },
];

/** `q` and `k` so large that scores reach about 10,000: exponentials of differences overflow unless the maximum is taken out. */
const large =
  (to: number) =>
  (name: string, count: number, random: () => number): ArrayLike<number> | null =>
    name === "q" || name === "k" ? Array.from({ length: count }, () => (random() * 2 - 1) * to) : null;

export const EXTREME: readonly Case[] = [
  { ...flash({ N: 37, M: 53 }), inputs: large(80) },
  {
    ...flash({ N: 37, M: 53 }),
    inputs: (name, count) =>
      name === "q"
        ? new Array<number>(count).fill(50)
        : name === "k"
          ? Array.from({ length: count }, (_, n) => (n % 2 === 0 ? -50 : -50.001))
          : null,
  },
  {
    kernel: "gemma2",
    sizes: { B: 1, G: 2, R: 2, N: 21, M: 30, D: 16 },
    known: ["D", "G", "R"],
    scalars: { w: 9 },
    inputs: large(80),
  },
  { kernel: "sink_attention", sizes: { B: 1, H: 2, N: 21, M: 30, D: 16, E: 8 }, known: DE, inputs: large(80) },
  {
    kernel: "sigmoid_attention",
    sizes: { B: 1, H: 2, N: 21, M: 30, D: 16, E: 8 },
    known: DE,
    scalars: { b0: -2 },
    inputs: large(80),
  },
  { kernel: "topk_attention", sizes: { B: 1, H: 2, N: 21, M: 30, D: 16 }, known: ["D"], inputs: large(80) },
  // Larger ones give weights of zero, whose p log p naive arithmetic makes NaN.
  { kernel: "entropy_attention", sizes: { B: 1, H: 2, N: 21, M: 30, D: 16, E: 8 }, known: DE, inputs: large(4) },
];

/** Standard normal numbers around a mean that dwarfs them. */
const around =
  (mean: number) =>
  (name: string, count: number, random: () => number): ArrayLike<number> | null =>
    name !== "x"
      ? null
      : Array.from(
          { length: count },
          () => mean + Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
        );

/** Rows whose mean is far above their deviation: within 2e-5 of f64 of the same f32 inputs. */
export const FAR_MEANS: readonly (Case & { readonly mean: number })[] = [1000, 10000].flatMap((mean) =>
  [48, 53, 768].map((D) => ({
    mean,
    kernel: "layer_norm_affine",
    sizes: { N: 9, D },
    known: ["D"],
    inputs: around(mean),
  })),
);
