/** Positions as rotations of queries and keys, or as biases on the logits. */
import { count, dot, root, silu, softplus, total, type Round } from "./arith.ts";
import {
  attention,
  qk,
  rows,
  scaled,
  shapeOf,
  type Formula,
  type Numbers,
  type Oracle,
  type Tensors,
} from "./attend.ts";
import { over } from "./scores.ts";

/** Rotates the pairs (first, second) of the first `width` features by the table's angle. */
const rotated =
  (
    r: Round,
    t: Tensors,
    at: number,
    x: (d: number) => number,
    width: number,
    pair: (d: number) => { c: number; other: number; first: boolean },
  ): ((d: number) => number) =>
  (d) => {
    if (d >= width) return x(d);
    const { c, other, first } = pair(d);
    const turned = r(x(other) * t.sin(at, c));
    return r(r(x(d) * t.cos(at, c)) + (first ? -turned : turned));
  };
const neighbours = (d: number): { c: number; other: number; first: boolean } => ({
  c: d >> 1,
  other: d ^ 1,
  first: d % 2 === 0,
});
const halves =
  (D: number) =>
  (d: number): { c: number; other: number; first: boolean } => ({
    c: d % (D / 2),
    other: (d + D / 2) % D,
    first: d < D / 2,
  });

const rope = (width: (n: Numbers) => number, pairs: (n: Numbers) => typeof neighbours): Oracle =>
  over((r, t, n) => (b, h, i, j) => {
    const q = rotated(r, t, i + n.M - n.N, (d) => t.q(b, h, i, d), width(n), pairs(n));
    const k = rotated(r, t, j, (d) => t.k(b, h, j, d), width(n), pairs(n));
    return r(dot(r, n.D, q, k) / root(r, n.D));
  });
export const ropeInterleaved = rope(
  (n) => n.D,
  () => neighbours,
);
export const ropeHalf = rope(
  (n) => n.D,
  (n) => halves(n.D),
);
export const ropePartial = rope(
  (n) => n.R,
  () => neighbours,
);

export const xpos = over((r, t, n) => (b, h, i, j) => {
  const at = i + n.M - n.N;
  const q = rotated(r, t, at, (d) => t.q(b, h, i, d), n.D, neighbours);
  const k = rotated(r, t, j, (d) => t.k(b, h, j, d), n.D, neighbours);
  return r(
    dot(
      r,
      n.D,
      (d) => r(q(d) * t.zeta(at, d >> 1)),
      (d) => r(k(d) / t.zeta(j, d >> 1)),
    ) / root(r, n.D),
  );
});

/** A bias on q·k/√d. */
const biased = (bias: (r: Round, t: Tensors, n: Numbers) => Formula["score"], all = false): Oracle =>
  over(
    (r, t, n) => {
      const [s, more] = [scaled(r, t, n), bias(r, t, n)];
      return (b, h, i, j) => r(s(b, h, i, j) + more(b, h, i, j));
    },
    () => (all ? { seen: () => true } : {}),
  );
export const alibi = biased((r, t, n) => (_b, h, i, j) => r(-t.slope(h) * (i + n.M - n.N - j)));
export const alibiBidirectional = biased(
  (r, t, n) => (_b, h, i, j) => r(-t.slope(h) * Math.abs(i + n.M - n.N - j)),
  true,
);
export const dynamicPosBias = biased((_, t, n) => (_b, h, i, j) => t.t(h, i + n.M - n.N - j + (n.N - 1)), true);

/** No 1/√d, as in T5. */
export const t5Bias: Oracle = (r, t, n) =>
  attention(r, shapeOf(n), {
    score: (b, h, i, j) =>
      r(r((n.scale ?? 1) * qk(r, t, n)(b, h, i, j)) + t.table(h, t.bucket(j - (i + n.M - n.N) + n.M - 1))),
    value: t.v,
  });

/** An MLP 1 -> C -> C -> H with SiLU between. */
export const positionTable: Oracle = (r, t, n) => ({
  t: rows([n.H], (h = 0) =>
    count(n.X).map((x) => {
      const at = t.at(x);
      const z = n.logs === 0 ? at : Math.sign(at) * r(Math.log(Math.abs(at) + 1));
      const a = count(n.C).map((c) => silu(r, r(r(z * t.w1(c)) + t.b1(c))));
      const b = count(n.C).map((f) =>
        silu(
          r,
          r(
            dot(
              r,
              n.C,
              (c) => t.w2(f, c),
              (c) => a[c] ?? NaN,
            ) + t.b2(f),
          ),
        ),
      );
      return r(
        dot(
          r,
          n.C,
          (f) => t.w3(h, f),
          (f) => b[f] ?? NaN,
        ) + t.b3(h),
      );
    }),
  ),
});

/** arXiv 2509.10534: magnitudes times the cosine of the angle between key and query. */
export const pope = over((r, t, n) => (b, h, i, j) => {
  const at = i + n.M - n.N;
  const cosine = (d: number): number => {
    const along = r(r(t.cos(j, d) * t.dc(h, d)) - r(t.sin(j, d) * t.ds(h, d)));
    const across = r(r(t.sin(j, d) * t.dc(h, d)) + r(t.cos(j, d) * t.ds(h, d)));
    return r(r(t.cos(at, d) * along) + r(t.sin(at, d) * across));
  };
  const size = (d: number): number => r(softplus(r, t.q(b, h, i, d)) * softplus(r, t.k(b, h, j, d)));
  return r(total(r, n.D, (d) => r(size(d) * cosine(d))) / root(r, n.D));
});

export const relativeProjection = biased(
  (r, t, n) => (b, h, i, j) =>
    dot(
      r,
      n.R,
      (x) => t.w(b, h, i, x),
      (x) => t.bank(x, Math.min(i + n.M - n.N - j, n.L - 1)),
    ),
);

/** arXiv 2104.09864, eq. 15. */
export const ropeTable: Oracle = (r, { t, theta }, { N, C, stretch }) => {
  const table = (f: (x: number) => number): number[] =>
    rows([N], (i = 0) => count(C).map((c) => r(f(r(r(t(i) / (stretch ?? 1)) * theta(c))))));
  return { co: table(Math.cos), si: table(Math.sin) };
};
