/** Scaled dot-product attention under masks and head maps. */
import { count, dot, logSumExp, root, softmax, type Round } from "./arith.ts";
import {
  attention,
  causal,
  mixed,
  rows,
  scaled,
  shapeOf,
  tau,
  type Formula,
  type Numbers,
  type Oracle,
  type Tensors,
} from "./attend.ts";

type Seen = (t: Tensors, n: Numbers) => NonNullable<Formula["seen"]>;
type HeadMap = (h: number, n: Numbers) => number;

/** softmax(scale q·k) v over what a mask shows; `heads` gives the key-value head of a query head. */
const masked =
  (seen: Seen, heads: HeadMap = (h) => h): Oracle =>
  (r, t, n) =>
    attention(r, shapeOf(n), {
      score: (b, h, i, j) =>
        r(
          (n.scale ?? tau(r, n.D)) *
            dot(
              r,
              n.D,
              (d) => t.q(b, h, i, d),
              (d) => t.k(b, heads(h, n), j, d),
            ),
        ),
      seen: seen(t, n),
      value: (b, h, j, e) => t.v(b, heads(h, n), j, e),
    });

const causally: Seen = (_, n) => causal(n);
const upTo: Seen =
  ({ length }) =>
  (b, _h, _i, j) =>
    j < length(b);

export const dense = masked(() => () => true);
export const causalAttention = masked(causally);
export const gqa = masked(causally, (h, { R }) => Math.floor(h / R));
export const gqaModulo = masked(causally, (h, { G }) => h % G);
export const padded = masked(upTo);
export const keyMasked = masked(
  ({ keep }) =>
    (b, _h, _i, j) =>
      keep(b, j) === 1,
);

/** Arrays of one key-value head for all. */
export const mqa: Oracle = (r, t, n) =>
  masked(causally)(r, { ...t, k: (b, _h, j, d) => t.k(b!, j!, d!), v: (b, _h, j, e) => t.v(b!, j!, e!) }, n);

export const slidingWindow = masked((_, { N, M, w }) => (_b, _h, i, j) => {
  const own = i + M - N;
  return j <= own && j > own - w;
});
export const twoSidedWindow = masked((_, { N, M, left, right }) => (_b, _h, i, j) => {
  const own = i + M - N;
  return own - left <= j && j <= own + right;
});
export const prefixLm = masked(
  ({ prefix }, { N, M }) =>
    (b, _h, i, j) =>
      j < prefix(b) || j <= i + M - N,
);
export const packed = masked(
  ({ doc }) =>
    (b, _h, i, j) =>
      doc(b, i) === doc(b, j) && j <= i,
);
export const packedBounds: Oracle = (r, t, n) =>
  masked(
    ({ first, last }) =>
      (_b, _h, i, j) =>
        first(i) <= j && j <= last(i),
  )(
    r,
    {
      ...t,
      q: (_b, h, i, d) => t.q(h!, i!, d!),
      k: (_b, h, j, d) => t.k(h!, j!, d!),
      v: (_b, h, j, e) => t.v(h!, j!, e!),
    },
    n,
  );
export const pool: Oracle = (r, t, n) => masked(upTo)(r, { ...t, q: (_b, h, i, d) => t.q(h!, i!, d!) }, n);
export const blockSparse = masked(
  ({ blocks }, { P }) =>
    (_b, _h, i, j) =>
      blocks(Math.floor(i / P), Math.floor(j / P)) === 1,
);
export const forgetful = masked(
  ({ forgotten }) =>
    (b, _h, i, j) =>
      j <= i && (j === 0 || forgotten(b, j) === 0),
);

/** Keys and values of one query row: o and lse. */
const oneRow = (
  r: Round,
  { D, E }: { D: number; E: number },
  keys: readonly number[],
  q: (d: number) => number,
  k: (j: number, d: number) => number,
  v: (j: number, e: number) => number,
): { o: number[]; lse: number } => {
  const s = keys.map((j) => r(tau(r, D) * dot(r, D, q, (d) => k(j, d))));
  const p = softmax(r, s);
  return { o: count(E).map((e) => mixed(r, p, (x) => v(keys[x] ?? NaN, e))), lse: logSumExp(r, s) };
};

export const decode: Oracle = (r, { q, k, v, length }, { B, G, R, D, E }) => {
  const lse: number[] = [];
  const y = rows([B, G * R], (b = 0, h = 0) => {
    const g = Math.floor(h / R);
    const row = oneRow(
      r,
      { D, E },
      count(length(b)),
      (d) => q(b, h, d),
      (j, d) => k(b, g, j, d),
      (j, e) => v(b, g, j, e),
    );
    lse.push(row.lse);
    return row.o;
  });
  return { y, lse };
};

/** Chunk c holds the keys c P … c P + P - 1. */
export const decodeSplit: Oracle = (r, { q, k, v, length }, { B, G, R, C, P, D, E }) => {
  const lse: number[] = [];
  const y = rows([C, B, G * R], (c = 0, b = 0, h = 0) => {
    const g = Math.floor(h / R);
    const keys = count(P)
      .map((j) => c * P + j)
      .filter((j) => j < length(b));
    const row = oneRow(
      r,
      { D, E },
      keys,
      (d) => q(b, h, d),
      (j, d) => k(b, g, j, d),
      (j, e) => v(b, g, j, e),
    );
    lse.push(row.lse);
    return row.o;
  });
  return { y, lse };
};

/** The pages of a sequence laid out one after the other, then attention over them. */
export const pagedDecode: Oracle = (r, { q, pool_k, pool_v, pages, length }, { B, G, R, P, D }) => {
  const lse: number[] = [];
  const y = rows([B, G * R], (b = 0, h = 0) => {
    const g = Math.floor(h / R);
    const place = count(length(b)).map((j) => [pages(b, Math.floor(j / P)), j % P] as const);
    const at = (j: number): readonly [number, number] => place[j] ?? [NaN, NaN];
    const row = oneRow(
      r,
      { D, E: D },
      count(length(b)),
      (d) => q(b, h, d),
      (j, d) => pool_k(...at(j), g, d),
      (j, e) => pool_v(...at(j), g, e),
    );
    lse.push(row.lse);
    return row.o;
  });
  return { y, lse };
};

/** Weights exp(lse_c) / Σ exp(lse_c), after the definition of a partial result o_c = Σ exp(s) v / exp(lse_c). */
export const merge: Oracle = (r, { o_part, lse_part }, { C, N, E }) => {
  const parts = (t: number): (number | null)[] =>
    count(C).map((c) => (lse_part(c, t) === -Infinity ? null : lse_part(c, t)));
  return {
    o: rows([N], (t = 0) => count(E).map((e) => mixed(r, softmax(r, parts(t)), (c) => o_part(c, t, e)))),
    lse: count(N).map((t) => logSumExp(r, parts(t))),
  };
};

/** k = ks k8, v = vs v8. */
export const quantized: Oracle = (r, t, n) =>
  attention(r, shapeOf(n), {
    score: (b, h, i, j) => {
      const g = Math.floor(h / n.R);
      return r(
        dot(
          r,
          n.D,
          (d) => t.q(b, h, i, d),
          (d) => r(t.ks(b, g, j) * t.k(b, g, j, d)),
        ) / root(r, n.D),
      );
    },
    seen: causal(n),
    value: (b, h, j, e) => r(t.vs(b, Math.floor(h / n.R), j) * t.v(b, Math.floor(h / n.R), j, e)),
  });

/** arXiv 2012.11747, eq. 4. */
export const residual: Oracle = (r, t, n) => {
  const score = scaled(r, t, n);
  const s = (b: number, h: number, i: number, j: number): number => r(score(b, h, i, j) + t.prev(b, h, i, j));
  const { o } = attention(r, shapeOf(n), { score: s, seen: causal(n), value: t.v });
  return { o, s: rows([n.B, n.H, n.N], (b = 0, h = 0, i = 0) => count(n.M).map((j) => s(b, h, i, j))) };
};

/** The layers' score matrices added one by one. */
export const residualConcat: Oracle = (r, t, n) => ({
  o: attention(r, shapeOf(n), {
    score: (b, h, i, j) =>
      count(n.L).reduce(
        (s, l) =>
          r(
            s +
              r(
                dot(
                  r,
                  n.D,
                  (d) => t.q(b, h, i, l, d),
                  (d) => t.k(b, h, j, l, d),
                ) / root(r, n.D),
              ),
          ),
        0,
      ),
    seen: causal(n),
    value: t.v,
  }).o,
});
