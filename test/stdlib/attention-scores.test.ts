/** Softmax attention of the standard library with other scores, and with gates on its output, against the papers' formulas. */
import { describe } from "vitest";
import * as scores from "./oracles/scores.ts";
import { calls, given, selfCalls } from "./oracles/runs.ts";
import type { Case } from "./oracles/run.ts";
import { suite } from "./oracles/suite.ts";

const DE = { D: 6, E: 8 };
const BH = { B: 2, H: 3 };
const usual = calls(BH);
/** Queries and keys that are normalised have no huge scores. */
const withoutHuge = usual.filter((r) => r.note !== "huge scores");

const CASES: readonly Case[] = [
  {
    file: "attention/softcap",
    kernel: "softcap_attention",
    oracle: scores.softcapped,
    known: DE,
    statics: { cap: 50 },
    runs: usual,
  },
  {
    file: "attention/shaw",
    kernel: "shaw_attention",
    oracle: scores.shaw,
    known: { D: 6 },
    statics: { C: 4 },
    runs: usual,
  },
  { file: "attention/transformer_xl", kernel: "transformer_xl", oracle: scores.transformerXl, known: DE, runs: usual },
  {
    file: "attention/cosine_sim",
    kernel: "cosine_attention",
    oracle: scores.cosine,
    known: DE,
    runs: [
      ...withoutHuge,
      { note: "a zero query", sizes: { B: 1, H: 1, N: 3, M: 5 }, inputs: given("q", [0]) },
      { note: "sharp", sizes: { B: 1, H: 1, N: 9, M: 9 }, inputs: given("g", [300]) },
    ],
  },
  {
    file: "attention/cosine_sim",
    kernel: "cosine_grouped",
    oracle: scores.cosineGrouped,
    known: { G: 3, D: 5, E: 8 },
    statics: { scale: 10 },
    runs: withoutHuge,
  },
  {
    file: "attention/qk_rmsnorm",
    kernel: "qk_rmsnorm_attention",
    oracle: scores.qkRmsNorm,
    known: DE,
    runs: [...withoutHuge, { note: "a zero query", sizes: { B: 1, H: 1, N: 3, M: 5 }, inputs: given("q", [0]) }],
  },
  {
    file: "attention/l2_distance",
    kernel: "l2_attention",
    oracle: scores.l2,
    known: DE,
    runs: [
      ...withoutHuge,
      {
        note: "distances of 1e4",
        sizes: { B: 1, H: 1, N: 17, M: 17 },
        inputs: (name, count, random) =>
          name === "q"
            ? Array.from({ length: count }, () => 30 + random() / 20)
            : name === "k"
              ? Array.from({ length: count }, () => -30 + random() / 20)
              : null,
      },
    ],
  },
  {
    file: "attention/forgetting",
    kernel: "forgetting_attention",
    oracle: scores.forgetting,
    known: DE,
    runs: [
      ...selfCalls(BH),
      { note: "gates open", sizes: { B: 1, H: 1, N: 40 }, inputs: given("forget", [60]) },
      { note: "gates shut", sizes: { B: 1, H: 1, N: 12 }, inputs: given("forget", [-40]) },
    ],
  },
  {
    file: "attention/forgetting_per_row",
    kernel: "forgetting_per_row",
    oracle: scores.forgettingPerRow,
    known: { ...DE, C: 4 },
    runs: selfCalls(BH),
  },
  {
    file: "attention/cope",
    kernel: "cope_attention",
    oracle: scores.cope,
    known: DE,
    runs: [...selfCalls({ ...BH, P: 6 }), { note: "one position", sizes: { B: 1, H: 1, N: 9, P: 1 } }],
  },
  {
    file: "attention/mla",
    kernel: "mla_attention",
    oracle: scores.mla,
    known: { D: 6, R: 4, L: 10, E: 8 },
    runs: calls(BH).slice(0, 4),
  },
  { file: "attention/value_residual", kernel: "value_residual", oracle: scores.valueResidual, known: DE, runs: usual },
  {
    file: "attention/gated_values",
    kernel: "gated_values",
    oracle: scores.gatedValues,
    known: { ...DE, C: 12 },
    runs: withoutHuge,
  },
  {
    file: "attention/head_gate",
    kernel: "head_gate",
    oracle: scores.headGate,
    known: { ...DE, C: 12 },
    runs: withoutHuge,
  },
  { file: "attention/head_scale", kernel: "head_scale", oracle: scores.headScale, known: DE, runs: usual },
  { file: "attention/belief", kernel: "belief_attention", oracle: scores.belief, known: DE, runs: selfCalls(BH) },
  {
    file: "attention/attn_on_attn",
    kernel: "attention_on_attention",
    oracle: scores.attentionOnAttention,
    known: { C: 12, F: 10 },
    runs: [
      { note: "ragged", sizes: { B: 2, N: 19 } },
      { note: "one query", sizes: { B: 1, N: 1 } },
    ],
  },
  {
    file: "attention/attn_on_attn",
    kernel: "attention_glu",
    oracle: scores.attentionGlu,
    known: { C: 12, F: 10 },
    runs: [
      { note: "ragged", sizes: { B: 2, N: 19 } },
      { note: "one query", sizes: { B: 1, N: 1 } },
    ],
  },
];

describe("scores and gates", () =>
  suite(CASES, ["softcap_attention", "cope_attention", "forgetting_per_row", "gated_values"]));
