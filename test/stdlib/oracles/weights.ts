/** Attention with other weights than a softmax's. */
import {
  count,
  dot,
  exp,
  exponentials,
  log,
  root,
  rmsNorm,
  rowMax,
  sigmoid,
  softcap,
  softmax,
  total,
  type Round,
  type Scores,
} from "./arith.ts";
import {
  attention,
  causal,
  cells,
  mixed,
  qk,
  rows,
  scaled,
  scoreRow,
  shapeOf,
  type Formula,
  type Numbers,
  type Oracle,
  type Tensors,
} from "./attend.ts";

/** Causal attention over q·k/√d with weights of one's own. */
const weighted =
  (
    weights: (r: Round, row: Scores, t: Tensors, n: Numbers, h: number) => readonly number[],
    more: (r: Round, t: Tensors, n: Numbers) => Partial<Formula> = () => ({}),
  ): Oracle =>
  (r, t, n) =>
    attention(r, shapeOf(n), {
      score: scaled(r, t, n),
      seen: causal(n),
      value: t.v,
      weights: (row, _b, h) => weights(r, row, t, n, h),
      ...more(r, t, n),
    });

/** f of each visible score, 0 elsewhere. */
const each = (row: Scores, f: (s: number) => number): number[] => row.map((s) => (s === null ? 0 : f(s)));

/** One more logit that has no value. */
const withExtra = (r: Round, row: Scores, extra: number): { p: number[]; lse: number } => {
  const m = Math.max(rowMax(row), extra);
  const e = exponentials(r, row, m);
  const l = r(exp(r, r(extra - m)) + total(r, e.length, (j) => e[j] ?? NaN));
  return { p: e.map((x) => r(x / l)), lse: r(m + log(r, l)) };
};
export const sink = weighted(
  (r, row, t, _, h) => withExtra(r, row, t.sink(h)).p,
  (r, t) => ({ lse: (row, _b, h) => withExtra(r, row, t.sink(h)).lse }),
);
export const softmax1 = weighted(
  (r, row) => withExtra(r, row, 0).p,
  (r) => ({ lse: (row) => withExtra(r, row, 0).lse }),
);

export const sigmoidAttention = weighted((r, row, _, n) =>
  each(row, (s) => sigmoid(r, r(s + (n.bias ?? r(-Math.log(n.M)))))),
);
export const relu2 = weighted(
  (r, row) => each(row, (s) => r(Math.max(s, 0) ** 2)),
  (r, t, n) => ({ score: (b, h, i, j) => r(qk(r, t, n)(b, h, i, j) / n.M) }),
);
export const relu = weighted(
  (r, row, _, n) => each(row, (s) => r(Math.max(s, 0) / n.M)),
  () => ({ seen: () => true }),
);

/** The k-th largest visible score, by sorting; the smallest where there are fewer. */
const threshold = (row: Scores, k: number): number => {
  const sorted = row.filter((s) => s !== null).sort((a, b) => b - a);
  return sorted[Math.min(k, sorted.length) - 1] ?? Infinity;
};
export const topk = weighted((r, row, _, { top }) => {
  const t = threshold(row, top);
  return softmax(
    r,
    row.map((s) => (s !== null && s >= t ? s : null)),
  );
});

/** One-hot at the first largest score. */
export const hard = weighted((_, row) => {
  const best = row.indexOf(rowMax(row));
  return row.map((_s, j) => (j === best ? 1 : 0));
});

export const cog = weighted((r, row) => {
  const p = softmax(
    r,
    row.map((s) => (s === null ? null : Math.abs(s))),
  );
  return row.map((s, j) => (s === null ? 0 : Math.sign(s) * (p[j] ?? NaN)));
});

/** log(Σ p exp(v)), naively: values stay within ±15. */
export const laser: Oracle = (r, t, n) => ({
  o: attention(r, shapeOf(n), {
    score: scaled(r, t, n),
    seen: causal(n),
    value: (b, h, j, e) => exp(r, softcap(r, t.v(b, h, j, e), 15)),
  }).o.map((x) => log(r, x)),
});

/** arXiv 2410.05258, eq. 1-3; heads 2h and 2h + 1 are the two halves of head h. */
export const differential: Oracle = (r, t, n) => {
  const { B, H, N, M, D, E } = n;
  const init = n.init ?? Math.fround(0.8);
  const lambda = r(
    r(
      exp(
        r,
        dot(
          r,
          D,
          (d) => t.lq(0, d),
          (d) => t.lk(0, d),
        ),
      ) -
        exp(
          r,
          dot(
            r,
            D,
            (d) => t.lq(1, d),
            (d) => t.lk(1, d),
          ),
        ),
    ) + init,
  );
  const score = scaled(r, t, n);
  const map = (b: number, h: number, i: number): number[] =>
    softmax(r, scoreRow(M, { score, seen: causal(n) }, b, h, i));
  return {
    o: rows([B, H, N], (b = 0, h = 0, i = 0) => {
      const [p1, p2] = [map(b, 2 * h, i), map(b, 2 * h + 1, i)];
      const p = p1.map((x, j) => r(x - r(lambda * (p2[j] ?? NaN))));
      const a = count(E).map((e) => mixed(r, p, (j) => t.v(b, h, j, e)));
      const y = rmsNorm(r, E, (e) => a[e] ?? NaN, 1e-5);
      return count(E).map((e) => r(r(r(1 - init) * t.gamma(e)) * y(e)));
    }),
  };
};

/** Softmax down the columns of the score matrix, then rows divided by their sum. */
export const inverted: Oracle = (r, t, n) => {
  const score = scaled(r, t, n);
  return {
    o: rows([n.B, n.H], (b = 0, h = 0) => {
      const columns = count(n.M).map((j) =>
        softmax(
          r,
          count(n.N).map((i) => score(b, h, i, j)),
        ),
      );
      return count(n.N).flatMap((i) => {
        const p = columns.map((c) => c[i] ?? NaN);
        const sum = r(total(r, n.M, (j) => p[j] ?? NaN) + 1e-8);
        return count(n.E).map((e) =>
          mixed(
            r,
            p.map((x) => r(x / sum)),
            (j) => t.v(b, h, j, e),
          ),
        );
      });
    }),
  };
};

/** arXiv 2006.16236: φ(q)·φ(k), normalised by its sum. */
export const linear: Oracle = (r, t, n) => {
  const phi = (x: number): number => (x > 0 ? r(x + 1) : exp(r, x));
  return attention(r, shapeOf(n), {
    score: (b, h, i, j) =>
      dot(
        r,
        n.D,
        (d) => phi(t.q(b, h, i, d)),
        (d) => phi(t.k(b, h, j, d)),
      ),
    seen: causal(n),
    value: t.v,
    weights: (row) => {
      const a = each(row, (s) => s);
      const sum = total(r, a.length, (j) => a[j] ?? NaN);
      return a.map((x) => r(x / sum));
    },
  });
};

/** All heads' weights of a query. `mix(h, x)` weighs the scores, `after` the softmaxes; a gate on the weights if given. */
const talking = (
  r: Round,
  t: Tensors,
  n: Numbers,
  heads: { X: number; G: number },
  own: boolean,
  gated: boolean,
): number[] => {
  const { B, H, N, M, D, E } = n;
  const out = new Map<string, number>();
  for (let b = 0; b < B; b++)
    for (let i = 0; i < N; i++) {
      const s = (h: number, j: number): number =>
        r(
          dot(
            r,
            D,
            (d) => t.q(b, h, i, d),
            (d) => t.k(b, h, j, d),
          ) / root(r, D),
        );
      const p = count(heads.X).map((x) =>
        softmax(
          r,
          count(M).map((j) => {
            if (j > i + M - N) return null;
            const mix = dot(
              r,
              H,
              (h) => t.wl(x, h),
              (h) => s(h, j),
            );
            return own ? r(s(x, j) + mix) : mix;
          }),
        ),
      );
      for (let g = 0; g < heads.G; g++) {
        const w = count(M).map((j) => {
          const a =
            j > i + M - N
              ? 0
              : dot(
                  r,
                  heads.X,
                  (x) => t.ww(g, x),
                  (x) => p[x]?.[j] ?? NaN,
                );
          return gated && a !== 0
            ? r(
                a *
                  r(
                    (n.offset ?? 0) +
                      dot(
                        r,
                        H,
                        (h) => t.wg(g, h),
                        (h) => s(h, j),
                      ),
                  ),
              )
            : a;
        });
        for (let e = 0; e < E; e++)
          out.set(
            `${b},${g},${i},${e}`,
            mixed(r, w, (j) => t.v(b, g, j, e)),
          );
      }
    }
  return cells([B, heads.G, N, E], (...index) => out.get(index.join(",")) ?? NaN);
};
export const talkingHeads: Oracle = (r, t, n) => ({ o: talking(r, t, n, { X: n.X, G: n.G }, false, false) });
export const talkingHeadsResidual: Oracle = (r, t, n) => ({ o: talking(r, t, n, { X: n.H, G: n.H }, true, true) });
