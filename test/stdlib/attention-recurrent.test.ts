/** Attention with a state of the standard library, against the papers' recurrences. Keys of length 1 where the delta rule needs them. */
import { describe, expect, test } from "vitest";
import { BASELINE } from "../../src/base/target.ts";
import * as recurrent from "./oracles/recurrent.ts";
import type { Run } from "./oracles/run.ts";
import { compileCase, type Case } from "./oracles/run.ts";
import { halves, suite } from "./oracles/suite.ts";

const DE = { D: 6, E: 21 };

/** Gates in (0, 1), log gates below 0, unit keys. */
const gates: NonNullable<Run["inputs"]> = (name, count, random) => {
  if (name === "beta" || name === "gamma") return Array.from({ length: count }, random);
  if (name === "g") return Array.from({ length: count }, () => -random());
  if (name === "z0") return Array.from({ length: count }, () => random() + 1);
  if (name !== "k") return null;
  const k = Array.from({ length: count }, () => random() * 2 - 1);
  const length = (n: number): number => Math.hypot(...k.slice(n - (n % DE.D), n - (n % DE.D) + DE.D));
  return k.map((x, n) => x / length(n));
};

const runs: readonly Run[] = [
  { note: "ragged", sizes: { B: 2, H: 3, N: 37 }, inputs: gates },
  { note: "one token", sizes: { B: 2, H: 3, N: 1 }, inputs: gates },
  { note: "one head", sizes: { B: 1, H: 1, N: 70 }, inputs: gates },
];
const scaled: Run = { note: "scale", sizes: { B: 1, H: 2, N: 5 }, scalars: { scale: 0.3 }, inputs: gates };

const CASES: readonly Case[] = [
  { file: "attention/delta", kernel: "delta_attention", oracle: recurrent.delta, known: DE, runs: [...runs, scaled] },
  {
    file: "attention/delta",
    kernel: "delta_attention",
    oracle: recurrent.delta,
    known: { D: 15, E: 4 },
    runs: [
      {
        note: "fifteen features",
        sizes: { B: 1, H: 2, N: 9 },
        inputs: (name, count, random) =>
          name === "k" ? Array.from({ length: count }, () => (random() - 0.5) / 2) : gates(name, count, random),
      },
    ],
  },
  { file: "attention/gated_delta", kernel: "gated_delta_attention", oracle: recurrent.gatedDelta, known: DE, runs },
  {
    file: "attention/gated_delta",
    kernel: "gated_delta_attention_per_feature",
    oracle: recurrent.gatedDeltaPerFeature,
    known: DE,
    runs,
  },
  {
    file: "attention/gated_linear_recurrent",
    kernel: "gated_linear_attention_recurrent",
    oracle: recurrent.gatedLinear,
    known: DE,
    runs,
  },
  { file: "attention/retention", kernel: "retention", oracle: recurrent.retention, known: DE, runs: [...runs, scaled] },
  {
    file: "attention/retention",
    kernel: "retention_normalised",
    oracle: recurrent.retentionNormalised,
    known: DE,
    runs,
  },
  { file: "attention/mlstm", kernel: "mlstm", oracle: recurrent.mlstm, known: DE, runs },
  {
    file: "attention/linear_attention",
    kernel: "linear_attention_recurrent",
    oracle: recurrent.linearRecurrent,
    known: DE,
    runs,
  },
];

describe("recurrent attention", () => suite(CASES, ["gated_delta_attention", "mlstm"]));

describe("half floats", () => halves(CASES, ["gated_delta_attention", "retention"]));

test("each is one kernel with the state in registers", () => {
  for (const c of CASES) {
    const { plan } = compileCase(c, BASELINE);
    expect(plan.kernels.length, c.kernel).toBe(1);
    expect(plan.scratch, c.kernel).toEqual([]);
    expect(plan.kernels[0]?.scans.length, c.kernel).toBeGreaterThan(0);
    expect(plan.kernels[0]?.accumulators, c.kernel).toEqual([]);
  }
});
