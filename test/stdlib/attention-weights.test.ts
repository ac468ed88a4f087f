/** Attention of the standard library with other weights than a softmax's, against the papers' formulas. */
import { describe } from "vitest";
import * as weights from "./oracles/weights.ts";
import { calls, given, selfCalls } from "./oracles/runs.ts";
import type { Case } from "./oracles/run.ts";
import { suite } from "./oracles/suite.ts";

const DE = { D: 6, E: 8 };
const usual = calls({ B: 2, H: 3 });
/** Weights of one size each: a sum over huge scores would only show that large numbers have large errors. */
const withoutHuge = usual.filter((r) => r.note !== "huge scores");

const CASES: readonly Case[] = [
  {
    file: "attention/sink",
    kernel: "sink_attention",
    oracle: weights.sink,
    known: DE,
    runs: [...usual, { note: "sink above all", sizes: { B: 1, H: 2, N: 7, M: 7 }, inputs: given("sink", [200, 2]) }],
  },
  { file: "attention/softmax1", kernel: "softmax1_attention", oracle: weights.softmax1, known: DE, runs: usual },
  {
    file: "attention/sigmoid",
    kernel: "sigmoid_attention",
    oracle: weights.sigmoidAttention,
    known: DE,
    runs: [...usual, { note: "no bias", sizes: { B: 1, H: 1, N: 9, M: 9 }, scalars: { bias: 0 } }],
  },
  { file: "attention/relu2", kernel: "relu2_attention", oracle: weights.relu2, known: DE, runs: usual },
  { file: "attention/relu2", kernel: "relu_attention", oracle: weights.relu, known: DE, runs: usual },
  {
    file: "attention/topk",
    kernel: "topk_attention",
    oracle: weights.topk,
    known: DE,
    statics: { top: 4 },
    runs: [
      ...withoutHuge,
      { note: "k >= M", sizes: { B: 1, H: 1, N: 5, M: 3 } },
      {
        note: "ties",
        sizes: { B: 1, H: 1, N: 11, M: 11 },
        inputs: (name, count) =>
          name === "q" || name === "k" ? Array.from({ length: count }, (_, x) => (Math.floor(x / 6) % 3) - 1) : null,
      },
      {
        note: "scores up to 1e4",
        sizes: { B: 1, H: 1, N: 9, M: 20 },
        inputs: (name, count, random) =>
          name === "q" ? Array.from({ length: count }, () => (random() - 0.5) * 12000) : null,
      },
    ],
  },
  {
    file: "attention/hard",
    kernel: "hard_attention",
    oracle: weights.hard,
    known: DE,
    runs: [
      ...withoutHuge,
      {
        note: "ties",
        sizes: { B: 1, H: 1, N: 11, M: 11 },
        inputs: (name, count) =>
          name === "q" || name === "k" ? Array.from({ length: count }, (_, x) => (Math.floor(x / 6) % 3) - 1) : null,
      },
    ],
  },
  { file: "attention/cog", kernel: "cog_attention", oracle: weights.cog, known: DE, runs: usual },
  {
    file: "attention/laser",
    kernel: "laser_attention",
    oracle: weights.laser,
    known: DE,
    runs: [
      ...usual,
      {
        note: "values beyond the clamp",
        sizes: { B: 1, H: 1, N: 9, M: 9 },
        inputs: (name, count, random) =>
          name === "v" ? Array.from({ length: count }, () => (random() - 0.5) * 100) : null,
      },
    ],
  },
  {
    file: "attention/differential",
    kernel: "differential_attention",
    oracle: weights.differential,
    known: DE,
    runs: calls(
      { B: 2, H: 3 },
      {
        inputs: (name, count, random) =>
          name === "lq" || name === "lk" ? Array.from({ length: count }, () => random() / 5) : null,
      },
    ),
  },
  { file: "attention/inverted", kernel: "inverted_attention", oracle: weights.inverted, known: DE, runs: usual },
  {
    file: "attention/linear_attention",
    kernel: "linear_attention",
    oracle: weights.linear,
    known: DE,
    runs: selfCalls({ B: 2, H: 3 }),
  },
  {
    file: "attention/talking_heads",
    kernel: "talking_heads",
    oracle: weights.talkingHeads,
    known: { H: 3, X: 4, G: 2, ...DE },
    runs: calls({ B: 2 }),
  },
  {
    file: "attention/talking_heads",
    kernel: "talking_heads_residual",
    oracle: weights.talkingHeadsResidual,
    known: { H: 3, ...DE },
    runs: [
      ...calls({ B: 2 }, { scalars: { offset: 1 } }).slice(0, 3),
      { note: "pre-scale-post only", sizes: { B: 1, N: 9, M: 9 } },
    ],
  },
];

describe("weights", () =>
  suite(CASES, ["sink_attention", "sigmoid_attention", "topk_attention", "inverted_attention", "talking_heads"]));
