/** Gated linear attention over a whole sequence against its recurrence. */
import { describe, expect, test } from "vitest";
import { count, exp, total } from "./oracles/arith.ts";
import { rows, type Oracle, type Tensors } from "./oracles/attend.ts";
import { selfCalls } from "./oracles/runs.ts";
import type { Case, Run } from "./oracles/run.ts";
import { suite } from "./oracles/suite.ts";

/** arXiv 2312.06635, eq. 3, unrolled in log space: o_i = Σ_j (Σ_d q_id k_jd exp(C_id - C_jd)) v_j. */
const unrolled: Oracle = (r, t, { B, H, N, D, E }) => {
  const sums = new Map<string, number[]>();
  const C = (b: number, h: number, i: number, d: number): number => {
    const key = [b, h, d].join();
    const known = sums.get(key) ?? [];
    sums.set(key, known);
    while (known.length <= i) known.push(r((known.at(-1) ?? 0) + t.log_decay(b, h, known.length, d)));
    return known[i] ?? NaN;
  };
  return {
    o: rows([B, H, N], (b = 0, h = 0, i = 0) => {
      const weight = count(i + 1).map((j) =>
        total(r, D, (d) => r(r(t.q(b, h, i, d) * t.k(b, h, j, d)) * exp(r, r(C(b, h, i, d) - C(b, h, j, d))))),
      );
      return count(E).map((e) => total(r, i + 1, (j) => r((weight[j] ?? NaN) * t.v(b, h, j, e))));
    }),
  };
};

/** The recurrence itself: S ← diag(α) S + kᵀ v, o = q S. */
const recurrence: Oracle = (r, t, { B, H, N, D, E }) => {
  const out = new Map<string, number>();
  for (const b of count(B))
    for (const h of count(H)) {
      const S = count(D).map(() => count(E).map(() => 0));
      for (const i of count(N)) {
        S.forEach((row, d) =>
          row.forEach((s, e) => {
            row[e] = r(r(exp(r, t.log_decay(b, h, i, d)) * s) + r(t.k(b, h, i, d) * t.v(b, h, i, e)));
          }),
        );
        for (const e of count(E))
          out.set(
            [b, h, i, e].join(),
            total(r, D, (d) => r(t.q(b, h, i, d) * (S[d]?.[e] ?? NaN))),
          );
      }
    }
  return { o: rows([B, H, N], (b = 0, h = 0, i = 0) => count(E).map((e) => out.get([b, h, i, e].join()) ?? NaN)) };
};

/** Gates of 0.4 to 1; with `strong` some forget everything. */
const decays =
  (strong: boolean): NonNullable<Run["inputs"]> =>
  (name, n, random) =>
    name === "log_decay" ? Array.from({ length: n }, () => (strong && random() < 0.1 ? -100 : -random())) : null;

const CASES: readonly Case[] = [
  {
    file: "attention/gated_linear",
    kernel: "gated_linear_attention",
    oracle: unrolled,
    known: { D: 6, E: 8 },
    runs: [
      ...selfCalls({ B: 2, H: 3 }, { inputs: decays(false) }).filter((run) => run.note !== "huge scores"),
      { note: "long", sizes: { B: 1, H: 1, N: 130 }, inputs: decays(false) },
      { note: "gates that close", sizes: { B: 1, H: 2, N: 37 }, inputs: decays(true) },
    ],
  },
  {
    file: "attention/gated_linear",
    kernel: "gated_linear_attention",
    oracle: unrolled,
    known: { D: 15, E: 5, N: 19 },
    runs: [{ note: "all sizes known", sizes: { B: 1, H: 2 }, inputs: decays(false) }],
  },
];
describe("gated linear attention", () => suite(CASES, []));

test("unrolled and recurrent forms agree", () => {
  const n = { B: 1, H: 2, N: 17, D: 3, E: 2 } as Parameters<Oracle>[2];
  const read =
    (seed: number, low: number, high: number) =>
    (...index: readonly number[]): number =>
      low + (high - low) * (Math.abs(Math.sin(seed + index.reduce((s, x) => 7.3 * s + x, 1))) % 1);
  const t = {
    q: read(1, -1, 1),
    k: read(2, -1, 1),
    v: read(3, -1, 1),
    log_decay: read(4, -1, 0),
  } as unknown as Tensors;
  const [a, b] = [unrolled((x) => x, t, n)["o"] ?? [], recurrence((x) => x, t, n)["o"] ?? []];
  expect(a).toHaveLength(68);
  expect(Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? NaN))))).toBeLessThan(1e-13);
});
