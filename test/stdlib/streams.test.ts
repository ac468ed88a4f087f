/** Residual streams, skips between layers and gates of the standard library against their papers' formulas. */
import { describe, expect, test } from "vitest";
import * as o from "./oracles-norm/streams.ts";
import type { StdCase } from "./oracles-norm/run.ts";
import { suite } from "./oracles-norm/suite.ts";

const HYPER = "residual/hyper_connection";
const several = (
  file: string,
  kernel: string,
  oracle: StdCase["oracle"],
  known: readonly string[],
  ...sizes: StdCase["sizes"][]
): StdCase[] => sizes.map((s) => ({ file, kernel, sizes: s, known, oracle }));
const streams = (kernel: string, oracle: StdCase["oracle"]): StdCase[] =>
  several(
    HYPER,
    kernel,
    oracle,
    ["S", "D"],
    { N: 5, S: 4, D: 37 },
    { N: 3, S: 1, D: 1 },
    { N: 1, S: 3, D: 64 },
    { N: 0, S: 2, D: 8 },
  );

/** Weights as they are after the constraints: positive, at most 1. */
const positive: NonNullable<StdCase["inputs"]> = (name, count, random) =>
  name === "h" ? Array.from({ length: count }, () => 0.05 + random()) : null;
/** A stream near zero: the branch is taken nearly whole. */
const small: NonNullable<StdCase["inputs"]> = (name, count, random) =>
  name === "x" ? Array.from({ length: count }, () => 1e-4 * random()) : null;

const CASES: readonly StdCase[] = [
  ...streams("hyper_width", o.hyperWidth),
  ...streams("hyper_depth", o.hyperDepth),
  // Not D = 1: the norm of a row without variance is rounding times 1 / sqrt(eps).
  ...several(HYPER, "hyper_weights", o.hyperWeights, ["S", "D"], { N: 5, S: 4, D: 37 }, { N: 3, S: 1, D: 16 }),
  ...streams("hyper_width_dynamic", o.hyperWidthDynamic),
  ...streams("hyper_depth_dynamic", o.hyperDepthDynamic),
  ...several(
    "residual/mhc",
    "mhc_logits",
    o.mhcLogits,
    ["S", "D", "Z"],
    { N: 5, S: 4, D: 37, Z: 24 },
    { N: 1, S: 1, D: 3, Z: 3 },
  ),
  ...several("residual/mhc", "mhc_weights", o.mhcWeights, ["S"], { N: 7, S: 4 }, { N: 3, S: 2 }, { N: 2, S: 1 }),
  ...several("residual/mhc", "mhc_step", o.mhcStep, ["S"], { N: 7, S: 4 }, { N: 2, S: 1 }).map((c) => ({
    ...c,
    inputs: positive,
  })),
  ...several("residual/orthogonal", "orthogonal_residual", o.orthogonal, ["D"], { N: 5, D: 53 }, { N: 3, D: 1 }),
  {
    file: "residual/orthogonal",
    kernel: "orthogonal_residual",
    sizes: { N: 5, D: 30 },
    known: ["D"],
    oracle: o.orthogonal,
    inputs: small,
    note: "near zero",
  },
  ...several(
    "residual/mv_split",
    "mv_split",
    o.mvSplit,
    ["D"],
    { B: 2, N: 37, D: 15 },
    { B: 1, N: 1, D: 8 },
    { B: 1, N: 300, D: 3 },
  ),
  ...several("residual/lime", "lime", o.lime, ["D", "L"], { N: 5, D: 37, L: 5 }, { N: 3, D: 8, L: 1 }),
  ...several("residual/lime", "lime_static", o.limeStatic, ["L"], { N: 5, D: 37, L: 5 }, { N: 3, D: 1, L: 1 }),
  ...several(
    "residual/attention_residual",
    "attention_residual",
    o.attentionResidual,
    ["D"],
    { N: 5, D: 37, L: 5 },
    { N: 3, D: 8, L: 1 },
    { N: 2, D: 16, L: 70 },
  ),
  ...several("residual/unet_skip", "unet_skip", o.unetSkip, ["D"], { N: 5, D: 37, F: 21 }, { N: 1, D: 1, F: 3 }),
  ...several(
    "norm/adaptive_layerscale",
    "adaptive_layerscale",
    o.adaptiveLayerscale,
    ["C"],
    { B: 2, N: 5, D: 37, C: 15 },
    { B: 1, N: 3, D: 1, C: 1 },
  ),
  ...several(
    "attention/hyga",
    "hybrid_gate",
    o.hybridGate,
    ["C", "D", "R"],
    { N: 5, C: 36, D: 37, R: 6 },
    { N: 1, C: 1, D: 1, R: 1 },
  ),
];

describe("residual streams and gates", () => suite(CASES, ["hyper_weights", "mhc_step"]));

test("five steps bring the mixing matrix near a doubly stochastic one", () => {
  const y = Array.from({ length: 24 }, (_, i) => Math.sin(i));
  const h = o.mhcWeights((x) => x, { y }, { S: 4 }, {})["h"] ?? [];
  for (let p = 0; p < 4; p++) {
    const row = [0, 1, 2, 3].reduce((n, s) => n + (h[6 * s + p + 1] ?? NaN), 0);
    const column = [0, 1, 2, 3].reduce((n, q) => n + (h[6 * p + q + 1] ?? NaN), 0);
    expect([row, column].map((x) => Math.abs(x - 1) < 1e-3)).toEqual([true, true]);
  }
});
