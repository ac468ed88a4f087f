/** Scaled dot-product attention of the standard library under its masks and head maps, against the papers' formulas. */
import { describe } from "vitest";
import * as masks from "./oracles/masks.ts";
import { calls, given, HUGE, selfCalls } from "./oracles/runs.ts";
import type { Case } from "./oracles/run.ts";
import { halves, suite } from "./oracles/suite.ts";

const DE = { D: 6, E: 8 };
const RAGGED = { D: 15, E: 21 };
const lengths = (...of: number[]) => given("length", of);

const CASES: readonly Case[] = [
  {
    file: "attention/dense",
    kernel: "dense_attention",
    oracle: masks.dense,
    known: RAGGED,
    runs: calls({ B: 2, H: 3 }),
  },
  {
    file: "attention/causal",
    kernel: "causal_attention",
    oracle: masks.causalAttention,
    known: RAGGED,
    runs: calls({ B: 2, H: 3 }),
  },
  {
    file: "attention/gqa",
    kernel: "gqa_attention",
    oracle: masks.gqa,
    known: { D: 15, E: 20, G: 2, R: 3 },
    runs: calls({ B: 2 }),
  },
  {
    file: "attention/gqa",
    kernel: "gqa_modulo",
    oracle: masks.gqaModulo,
    known: { ...DE, G: 2, R: 3 },
    runs: calls({ B: 2 }),
  },
  { file: "attention/mqa", kernel: "mqa_attention", oracle: masks.mqa, known: DE, runs: calls({ B: 2, H: 3 }) },
  {
    file: "attention/sliding_window",
    kernel: "sliding_window",
    oracle: masks.slidingWindow,
    known: DE,
    runs: [
      ...calls({ B: 2, H: 3 }, { scalars: { w: 5 } }),
      { note: "own key only", sizes: { B: 1, H: 1, N: 9, M: 9 }, scalars: { w: 1 } },
      { note: "no key", sizes: { B: 1, H: 1, N: 4, M: 7 }, scalars: { w: 0 } },
    ],
  },
  {
    file: "attention/sliding_window",
    kernel: "two_sided_window",
    oracle: masks.twoSidedWindow,
    known: DE,
    runs: [
      ...calls({ B: 2, H: 3 }, { scalars: { left: 3, right: 5 } }),
      { note: "wider than all", sizes: { B: 1, H: 1, N: 9, M: 7 }, scalars: { left: 1000, right: 1000 } },
    ],
  },
  {
    file: "attention/prefix_lm",
    kernel: "prefix_lm",
    oracle: masks.prefixLm,
    known: DE,
    runs: calls({ B: 2, H: 3 }, { inputs: given("prefix", [3, 0]) }),
  },
  {
    file: "attention/padded",
    kernel: "padded_attention",
    oracle: masks.padded,
    known: DE,
    runs: calls({ B: 2, H: 3 }, { inputs: lengths(9, 0) }),
  },
  {
    file: "attention/padded",
    kernel: "key_masked_attention",
    oracle: masks.keyMasked,
    known: DE,
    runs: [
      ...calls({ B: 2, H: 3 }),
      { note: "nothing kept", sizes: { B: 1, H: 1, N: 5, M: 7 }, inputs: given("keep", [0, 0, 0, 0, 0, 0, 0]) },
    ],
  },
  {
    file: "attention/packed",
    kernel: "packed_attention",
    oracle: masks.packed,
    known: DE,
    runs: selfCalls(
      { B: 2, H: 3 },
      {
        inputs: (name, count) =>
          name === "doc" ? Array.from({ length: count }, (_, t) => Math.floor((t * 7) / 31) % 4) : null,
      },
    ),
  },
  {
    file: "attention/packed",
    kernel: "packed_bounds",
    oracle: masks.packedBounds,
    known: DE,
    runs: selfCalls(
      { H: 3 },
      {
        inputs: (name, count) =>
          name === "first"
            ? Array.from({ length: count }, (_, t) => (t % 8 === 7 ? 9 : 5 * Math.floor(t / 5)))
            : name === "last"
              ? Array.from({ length: count }, (_, t) => (t % 8 === 7 ? 2 : 5 * Math.floor(t / 5) + 4))
              : null,
      },
    ),
  },
  {
    file: "attention/cross",
    kernel: "cross_attention",
    oracle: masks.padded,
    known: DE,
    runs: calls({ B: 2, H: 3 }, { inputs: lengths(21, 4) }),
  },
  {
    file: "attention/cross",
    kernel: "attention_pool",
    oracle: masks.pool,
    known: DE,
    runs: calls({ B: 2, H: 3 }, { inputs: lengths(21, 0) }).slice(1),
  },
  {
    file: "attention/decode",
    kernel: "decode",
    oracle: masks.decode,
    known: { ...DE, G: 2, R: 3 },
    runs: [
      { note: "part of the cache", sizes: { B: 3, M: 23 }, inputs: lengths(17, 0, 23) },
      { note: "one key", sizes: { B: 1, M: 1 }, inputs: lengths(1) },
      { note: "long", sizes: { B: 1, M: 300 }, inputs: lengths(299) },
      {
        note: "huge scores",
        sizes: { B: 1, M: 70 },
        inputs: (name, count, random) => lengths(69)(name) ?? HUGE(name, count, random),
      },
    ],
  },
  {
    file: "attention/decode",
    kernel: "decode_split",
    oracle: masks.decodeSplit,
    known: { ...DE, G: 2, R: 3 },
    runs: [
      { note: "empty chunks", sizes: { B: 3, C: 4, P: 7 }, inputs: lengths(17, 0, 28) },
      { note: "one chunk", sizes: { B: 1, C: 1, P: 70 }, inputs: lengths(66) },
    ],
  },
  {
    file: "attention/merge",
    kernel: "merge",
    oracle: masks.merge,
    known: { E: 8 },
    runs: [
      { note: "three parts", sizes: { C: 3, N: 17 } },
      {
        note: "empty parts",
        sizes: { C: 2, N: 3 },
        inputs: given("lse_part", [-Infinity, 1, -Infinity, 2, -Infinity, -Infinity]),
      },
      {
        note: "far apart",
        sizes: { C: 4, N: 5 },
        inputs: (name, count, random) =>
          name === "lse_part" ? Array.from({ length: count }, () => 1e4 * random()) : null,
      },
    ],
  },
  {
    file: "attention/paged_decode",
    kernel: "paged_decode",
    oracle: masks.pagedDecode,
    known: { D: 6, G: 2, R: 3, P: 4 },
    runs: [
      {
        note: "scattered pages",
        sizes: { B: 3, C: 9, L: 5 },
        inputs: (name) =>
          name === "pages"
            ? [8, 2, 5, -1, -1, -1, -1, -1, -1, -1, 3, 0, 7, 1, 4]
            : name === "length"
              ? [11, 0, 20]
              : null,
      },
    ],
  },
  {
    file: "attention/block_sparse",
    kernel: "block_sparse",
    oracle: masks.blockSparse,
    known: DE,
    statics: { P: 4 },
    runs: [
      { note: "ragged blocks", sizes: { B: 2, H: 3, N: 19, M: 23, X: 5, Y: 6 } },
      {
        note: "an empty row of blocks",
        sizes: { B: 1, H: 1, N: 7, M: 8, X: 2, Y: 2 },
        inputs: given("blocks", [1, 0, 0, 0]),
      },
    ],
  },
  {
    file: "attention/fcm",
    kernel: "forgetful_causal",
    oracle: masks.forgetful,
    known: DE,
    runs: selfCalls({ B: 2, H: 3 }),
  },
  {
    file: "attention/residual",
    kernel: "residual_attention",
    oracle: masks.residual,
    known: DE,
    runs: calls({ B: 2, H: 3 }),
  },
  {
    file: "attention/residual_concat",
    kernel: "residual_concat",
    oracle: masks.residualConcat,
    known: { ...DE, L: 3 },
    runs: calls({ B: 2, H: 3 }),
  },
  {
    file: "attention/quantized",
    kernel: "int8_attention",
    oracle: masks.quantized,
    known: { D: 16, E: 8, G: 2, R: 3 },
    runs: calls(
      { B: 2 },
      {
        inputs: (name, count, random) =>
          name === "k" || name === "v"
            ? Array.from({ length: count }, () => Math.floor(random() * 255) - 127)
            : name === "ks" || name === "vs"
              ? Array.from({ length: count }, () => random() / 60)
              : null,
      },
    ),
  },
  {
    file: "attention/quantized",
    kernel: "int4_attention",
    oracle: masks.quantized,
    known: { D: 16, E: 8, G: 2, R: 3 },
    runs: calls(
      { B: 2 },
      {
        inputs: (name, count, random) =>
          name === "k" || name === "v"
            ? Array.from({ length: count }, () => Math.floor(random() * 16) - 8)
            : name === "ks" || name === "vs"
              ? Array.from({ length: count }, () => random() / 4)
              : null,
      },
    ),
  },
];

describe("masks and head maps", () => suite(CASES, ["gqa_modulo", "decode", "int4_attention"]));
describe("half floats", () =>
  halves(
    CASES.map((c) => ({ ...c, known: { ...c.known, D: 8, E: 6 } })),
    ["dense_attention", "causal_attention", "gqa_attention"],
  ));
