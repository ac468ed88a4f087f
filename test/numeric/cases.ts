/** Ragged cases for every kernel of the language reference and of `fixtures/variants.tfx`. */
import type { Case } from "./harness.ts";

const RAGGED = { B: 2, H: 3, N: 37, M: 53, D: 15, E: 21 };
const SQUARE = { B: 1, H: 2, N: 37, D: 16, E: 20 };
const DE = ["D", "E"];

export const LANGUAGE: readonly Case[] = [
  { kernel: "flash_attention", sizes: RAGGED, known: DE },
  { kernel: "flash_attention", sizes: { ...RAGGED, N: 53, M: 37, D: 16, E: 8 }, known: DE },
  { kernel: "flash_attention", sizes: { ...RAGGED, N: 1, D: 64, E: 64 }, known: DE },
  { kernel: "gemma2", sizes: { B: 2, G: 2, R: 3, N: 37, M: 53, D: 15 }, known: ["D", "G", "R"], scalars: { w: 9 } },
  { kernel: "persistent_memory", sizes: { B: 2, H: 2, N: 37, M: 41, D: 16, P: 5 }, known: ["D", "P"] },
  { kernel: "talking_heads", sizes: { B: 2, H: 3, G: 2, X: 4, N: 19, M: 23, D: 8, E: 12 }, known: ["H", "G", "X", "D", "E"] },
  { kernel: "topk_attention", sizes: { B: 2, H: 2, N: 37, M: 53, D: 15 }, known: ["D"] },
  { kernel: "cosine_attention", sizes: { B: 2, H: 2, N: 37, M: 53, D: 15 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { N: 37, D: 120 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { N: 5, D: 53 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 37, D: 768 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 37, D: 21 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 7, D: 1 }, known: ["D"] },
  {
    kernel: "paged_decode", sizes: { B: 2, G: 2, R: 3, D: 16, C: 9, P: 4, L: 4 }, known: ["D", "G", "R", "P"],
    inputs: (name, count, random) => (name === "pages" ? Array.from({ length: count }, () => Math.floor(random() * 9)) : name === "length" ? [13, 5] : null),
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
    kernel: "packed_documents", sizes: SQUARE, known: DE,
    inputs: (name, count) => (name === "doc" ? Array.from({ length: count }, (_, n) => Math.floor((n % 37) / 11)) : null),
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
    kernel: "prefix_lm", sizes: { ...SQUARE, B: 2 }, known: DE,
    inputs: (name) => (name === "prefix" ? [7, 20] : null),
  },
  { kernel: "sink_window", sizes: SQUARE, known: DE, scalars: { w: 6 } },
  { kernel: "sub_norm_attention", sizes: RAGGED, known: DE },
  { kernel: "matmul_bias", sizes: { N: 37, D: 53, F: 24 }, known: ["D", "F"] },
  { kernel: "group_norm", sizes: { N: 3, G: 4, C: 3, P: 35 }, known: ["C", "P"] },
  { kernel: "hard_attention", sizes: RAGGED, known: DE },
  { kernel: "stick_breaking_bias", sizes: SQUARE, known: DE },
];
