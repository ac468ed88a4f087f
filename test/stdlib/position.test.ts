/** Positions of the standard library, inside attention, against the papers' formulas. */
import { describe } from "vitest";
import * as position from "./oracles/position.ts";
import { calls } from "./oracles/runs.ts";
import type { Case } from "./oracles/run.ts";
import { suite } from "./oracles/suite.ts";

const DE = { D: 6, E: 8 };
const BH = { B: 2, H: 3 };
const usual = calls(BH);
type Table = (t: number, c: number) => number;

/** Tables as the papers define them, for heads of `width` features. */
const tables =
  (width: number) =>
  (name: string, count: number): number[] | null => {
    const half = width / 2;
    const angle: Table = (t, c) => t * 10000 ** ((-2 * c) / width);
    const zeta: Table = (t, c) => ((2 * c + 0.4 * width) / (1.4 * width)) ** (t / 512);
    const table = (f: Table): number[] => Array.from({ length: count }, (_, x) => f(Math.floor(x / half), x % half));
    if (name === "cos") return table((t, c) => Math.cos(angle(t, c)));
    if (name === "sin") return table((t, c) => Math.sin(angle(t, c)));
    return name === "zeta" ? table(zeta) : null;
  };

/** Every `step`-th position, and the frequencies of D = 16. */
const positions =
  (step: number) =>
  (name: string, count: number): number[] =>
    Array.from({ length: count }, (_, x) => (name === "t" ? x * step : 10000 ** (-x / 8)));

/** Angles of D = 6 features, and phases per head. */
const polar = (name: string, count: number): number[] | null => {
  const of = (f: (x: number) => number): number[] => Array.from({ length: count }, (_, x) => f(x));
  const angle = (x: number): number => Math.floor(x / 6) * 10000 ** (-(x % 6) / 6);
  if (name === "cos") return of((x) => Math.cos(angle(x)));
  if (name === "sin") return of((x) => Math.sin(angle(x)));
  if (name === "dc") return of((x) => Math.cos(-x / 3));
  return name === "ds" ? of((x) => Math.sin(-x / 3)) : null;
};

/** The paper's slopes: powers of two, interleaved where the number of heads is none. */
const slopes = (H: number): number[] => {
  const power = 2 ** Math.floor(Math.log2(H));
  const of = (n: number): number[] => Array.from({ length: n }, (_, h) => 2 ** ((-8 * (h + 1)) / n));
  return [...of(power), ...of(2 * power).filter((_, h) => h % 2 === 0)].slice(0, H);
};

/** T5's buckets of the distances x - (M - 1), bidirectional, 32 buckets up to 128. */
const bucket = (distance: number): number => {
  const n = Math.abs(distance);
  const near = n < 8 ? n : Math.min(8 + Math.floor((Math.log(n / 8) / Math.log(128 / 8)) * 8), 15);
  return near + (distance > 0 ? 16 : 0);
};
const buckets =
  (M: number) =>
  (name: string, count: number): number[] | null =>
    name === "bucket" ? Array.from({ length: count }, (_, x) => bucket(x - (M - 1))) : null;

const CASES: readonly Case[] = [
  {
    file: "position/rope_interleaved",
    kernel: "rope_interleaved",
    oracle: position.ropeInterleaved,
    known: DE,
    runs: calls(BH, { inputs: tables(6) }),
  },
  {
    file: "position/rope_half",
    kernel: "rope_half",
    oracle: position.ropeHalf,
    known: DE,
    runs: calls(BH, { inputs: tables(6) }),
  },
  {
    file: "position/rope_partial",
    kernel: "rope_partial",
    oracle: position.ropePartial,
    known: DE,
    statics: { R: 4 },
    runs: calls(BH, { inputs: tables(4) }),
  },
  { file: "position/xpos", kernel: "xpos", oracle: position.xpos, known: DE, runs: calls(BH, { inputs: tables(6) }) },
  {
    file: "position/rope_table",
    kernel: "rope_table",
    oracle: position.ropeTable,
    known: { C: 8 },
    runs: [
      { note: "near", sizes: { N: 19 }, inputs: positions(1) },
      { note: "far", sizes: { N: 64 }, inputs: positions(127) },
      { note: "interpolated", sizes: { N: 19 }, scalars: { stretch: 2.5 }, inputs: positions(13) },
    ],
  },
  ...[3, 4].map((H): Case => ({
    file: "position/alibi",
    kernel: "alibi",
    oracle: position.alibi,
    known: DE,
    runs: calls({ B: 2, H }, { inputs: (name) => (name === "slope" ? slopes(H) : null) }),
  })),
  {
    file: "position/alibi",
    kernel: "alibi_bidirectional",
    oracle: position.alibiBidirectional,
    known: DE,
    runs: calls(BH, { inputs: (name) => (name === "slope" ? slopes(3) : null) }),
  },
  {
    file: "position/t5_bias",
    kernel: "t5_bias",
    oracle: position.t5Bias,
    known: DE,
    runs: usual.map((run) => ({
      ...run,
      sizes: { ...run.sizes, C: 32 },
      inputs: (...a) => buckets(run.sizes["M"] ?? 0)(a[0], a[1]) ?? run.inputs?.(...a) ?? null,
    })),
  },
  {
    file: "position/dynamic_pos_bias",
    kernel: "position_table",
    oracle: position.positionTable,
    known: { C: 12, H: 3 },
    statics: { logs: 1 },
    runs: [
      {
        note: "distances",
        sizes: { X: 41 },
        inputs: (name, count) => (name === "at" ? Array.from({ length: count }, (_, x) => x - 20) : null),
      },
    ],
  },
  {
    file: "position/dynamic_pos_bias",
    kernel: "position_table",
    oracle: position.positionTable,
    known: { C: 12, H: 3 },
    statics: { logs: 0 },
    runs: [
      {
        note: "linear distances",
        sizes: { X: 9 },
        inputs: (name, count) => (name === "at" ? Array.from({ length: count }, (_, x) => x - 4) : null),
      },
    ],
  },
  {
    file: "position/dynamic_pos_bias",
    kernel: "dynamic_pos_bias",
    oracle: position.dynamicPosBias,
    known: DE,
    runs: usual,
  },
  {
    file: "position/rel_proj",
    kernel: "relative_projection",
    oracle: position.relativeProjection,
    known: { ...DE, R: 4 },
    runs: calls({ ...BH, L: 9 }),
  },
  {
    file: "position/pope",
    kernel: "pope",
    oracle: position.pope,
    known: DE,
    runs: calls(BH, { inputs: polar }).filter((r) => r.note !== "huge scores"),
  },
];

describe("positions", () => suite(CASES, ["rope_half", "t5_bias"]));
