/** Softmax attention with other scores than q·k/√d, and with outputs that go through a gate. */
import { count, dot, logSigmoid, rmsNorm, root, sigmoid, softcap, softmax, total, unit, type Round } from "./arith.ts";
import {
  attention,
  causal,
  mixed,
  rows,
  scaled,
  scoreRow,
  shapeOf,
  type Formula,
  type Numbers,
  type Oracle,
  type Tensors,
} from "./attend.ts";

type Score = (r: Round, t: Tensors, n: Numbers) => Formula["score"];

/** Causal softmax attention over a score. */
export const over =
  (score: Score, more: (r: Round, t: Tensors, n: Numbers) => Partial<Formula> = () => ({})): Oracle =>
  (r, t, n) =>
    attention(r, shapeOf(n), { score: score(r, t, n), seen: causal(n), value: t.v, ...more(r, t, n) });

export const softcapped = over((r, t, n) => {
  const s = scaled(r, t, n);
  return (b, h, i, j) => softcap(r, s(b, h, i, j), n.cap);
});

/** arXiv 1803.02155, eq. 3 and 4: value and key each with a vector of the clipped distance. */
export const shaw: Oracle = (r, t, n) => {
  const x = (i: number, j: number): number => Math.min(Math.max(j - (i + n.M - n.N), -n.C), n.C) + n.C;
  const key: Score = () => (b, h, i, j) => {
    const plain = dot(
      r,
      n.D,
      (d) => t.q(b, h, i, d),
      (d) => t.k(b, h, j, d),
    );
    return r(
      r(
        plain +
          dot(
            r,
            n.D,
            (d) => t.q(b, h, i, d),
            (d) => t.rk(x(i, j), d),
          ),
      ) / root(r, n.D),
    );
  };
  return {
    o: rows([n.B, n.H, n.N], (b = 0, h = 0, i = 0) => {
      const p = softmax(r, scoreRow(n.M, { score: key(r, t, n) }, b, h, i));
      return count(n.D).map((e) => r(mixed(r, p, (j) => t.v(b, h, j, e)) + mixed(r, p, (j) => t.rv(x(i, j), e))));
    }),
  };
};

/** arXiv 1901.02860, section 3.3: the four terms. */
export const transformerXl = over((r, t, n) => (b, h, i, j) => {
  const x = i + n.M - n.N - j;
  const k = (d: number): number => t.k(b, h, j, d);
  const position = (d: number): number => t.r(h, x, d);
  const q = (d: number): number => t.q(b, h, i, d);
  const u = (d: number): number => t.u(h, d);
  const w = (d: number): number => t.w(h, d);
  const four = [dot(r, n.D, q, k), dot(r, n.D, q, position), dot(r, n.D, u, k), dot(r, n.D, w, position)];
  return r(total(r, 4, (x4) => four[x4] ?? NaN) / root(r, n.D));
});

export const cosine = over(
  (r, t, n) => (b, h, i, j) =>
    r(
      t.g(h) *
        dot(
          r,
          n.D,
          unit(r, n.D, (d) => t.q(b, h, i, d)),
          unit(r, n.D, (d) => t.k(b, h, j, d)),
        ),
    ),
);

/** Features of a head: G groups of D. */
export const cosineGrouped = over((r, t, n) => (b, h, i, j) => {
  const group = (g: number): number =>
    dot(
      r,
      n.D,
      unit(r, n.D, (d) => t.q(b, h, i, g * n.D + d)),
      unit(r, n.D, (d) => t.k(b, h, j, g * n.D + d)),
    );
  return r(n.scale * total(r, n.G, group));
});

export const qkRmsNorm = over((r, t, n) => (b, h, i, j) => {
  const eps = n.eps ?? Math.fround(1e-6);
  const q = rmsNorm(r, n.D, (d) => t.q(b, h, i, d), eps);
  const k = rmsNorm(r, n.D, (d) => t.k(b, h, j, d), eps);
  return r(
    dot(
      r,
      n.D,
      (d) => r(q(d) * t.gq(h, d)),
      (d) => r(k(d) * t.gk(h, d)),
    ) / root(r, n.D),
  );
});

export const l2 = over((r, t, n) => (b, h, i, j) => {
  const x = (d: number): number => r(t.q(b, h, i, d) - t.k(b, h, j, d));
  return r(-dot(r, n.D, x, x) / root(r, n.D));
});

/** arXiv 2503.02130: the decay between key and query, summed gate by gate. */
export const forgetting = over((r, t, n) => {
  const s = scaled(r, t, n);
  return (b, h, i, j) => r(s(b, h, i, j) + total(r, i - j, (l) => logSigmoid(r, t.forget(b, h, j + 1 + l))));
});

/** Gates of each pair, summed from key j + 1 to the query. */
export const forgettingPerRow = over((r, t, n) => {
  const s = scaled(r, t, n);
  const gate = (b: number, h: number, i: number, l: number): number =>
    logSigmoid(
      r,
      r(
        dot(
          r,
          n.C,
          (c) => t.fq(b, h, i, c),
          (c) => t.fk(b, h, l, c),
        ) / root(r, n.C),
      ),
    );
  return (b, h, i, j) => r(s(b, h, i, j) + total(r, i - j, (l) => gate(b, h, i, j + 1 + l)));
});

/** arXiv 2405.18719, eq. 3-6: gates counted from the key to the query, positions between two rows of the table. */
export const cope = over((r, t, n) => {
  const s = scaled(r, t, n);
  return (b, h, i, j) => {
    const p = Math.min(
      total(r, i - j + 1, (l) => sigmoid(r, s(b, h, i, j + l))),
      n.P - 1,
    );
    const at = (x: number): number =>
      dot(
        r,
        n.D,
        (d) => t.q(b, h, i, d),
        (d) => t.table(h, x, d),
      );
    const [low, high] = [at(Math.floor(p)), at(Math.ceil(p))];
    const part = r(p - Math.floor(p));
    return r(s(b, h, i, j) + r(r(part * high) + r(r(1 - part) * low)));
  };
});

/** Keys and values of the latent written out: k = W_uk c, v = W_uv c. */
export const mla = over(
  (r, t, n) => (b, h, i, j) => {
    const key = (d: number): number =>
      dot(
        r,
        n.L,
        (l) => t.wk(h, d, l),
        (l) => t.c(b, j, l),
      );
    const plain = dot(r, n.D, (d) => t.q(b, h, i, d), key);
    return r(
      r(
        plain +
          dot(
            r,
            n.R,
            (x) => t.qr(b, h, i, x),
            (x) => t.kr(b, j, x),
          ),
      ) / root(r, n.D + n.R),
    );
  },
  (r, t, n) => ({
    value: (b, h, j, e) =>
      dot(
        r,
        n.L,
        (l) => t.wv(h, l, e),
        (l) => t.c(b, j, l),
      ),
  }),
);

export const valueResidual = over(scaled, (r, t) => ({
  value: (b, h, j, e) => r(r(t.mix(b, h, j) * t.v(b, h, j, e)) + r(r(1 - t.mix(b, h, j)) * t.first(b, h, j, e))),
}));

/** The output of plain causal attention times a factor. */
const times =
  (factor: (r: Round, t: Tensors, n: Numbers) => (b: number, h: number, i: number, e: number) => number): Oracle =>
  (r, t, n) => {
    const { o } = over(scaled)(r, t, n);
    const f = factor(r, t, n);
    let x = 0;
    return {
      o: rows([n.B, n.H, n.N], (b = 0, h = 0, i = 0) => count(n.E).map((e) => r((o?.[x++] ?? NaN) * f(b, h, i, e)))),
    };
  };
export const gatedValues = times(
  (r, t, n) => (b, h, i, e) =>
    sigmoid(
      r,
      r(
        dot(
          r,
          n.C,
          (c) => t.x(b, i, c),
          (c) => t.w(h, c, e),
        ) + t.bias(h, e),
      ),
    ),
);
export const headGate = times(
  (r, t, n) => (b, h, i) =>
    sigmoid(
      r,
      r(
        dot(
          r,
          n.C,
          (c) => t.x(b, i, c),
          (c) => t.w(h, c),
        ) + t.bias(h),
      ),
    ),
);
export const headScale = times((_, t) => (_b, h) => t.gamma(h));

/** arXiv 1908.06954, eq. 3-5. */
export const attentionOnAttention: Oracle = (r, { q, a, wq, wv, bias }, { B, N, C, F }) => ({
  y: rows([B, N], (b = 0, i = 0) =>
    count(F).map((f) => {
      const linear = (x: number): number =>
        r(
          r(
            dot(
              r,
              C,
              (c) => q(b, i, c),
              (c) => wq(x, c, f),
            ) +
              dot(
                r,
                C,
                (c) => a(b, i, c),
                (c) => wv(x, c, f),
              ),
          ) + bias(x, f),
        );
      return r(linear(0) * sigmoid(r, linear(1)));
    }),
  ),
});
export const attentionGlu: Oracle = (r, { a, w, bias }, { B, N, C, F }) => ({
  y: rows([B, N], (b = 0, i = 0) =>
    count(F).map((f) => {
      const linear = (x: number): number =>
        r(
          dot(
            r,
            C,
            (c) => a(b, i, c),
            (c) => w(x, c, f),
          ) + bias(x, f),
        );
      return r(linear(0) * sigmoid(r, linear(1)));
    }),
  ),
});

/** O less its component along the token's own value. */
export const belief: Oracle = (r, t, n) => {
  const { o } = over(scaled)(r, t, n);
  return {
    o: rows([n.B, n.H, n.N], (b = 0, h = 0, i = 0) => {
      const at = ((b * n.H + h) * n.N + i) * n.E;
      const own = unit(r, n.E, (e) => t.v(b, h, i, e));
      const along = dot(r, n.E, (e) => o?.[at + e] ?? NaN, own);
      return count(n.E).map((e) => r((o?.[at + e] ?? NaN) - r(along * own(e))));
    }),
  };
};
