/** Attention over learned memory: arXiv 1907.01470 and 2006.11527, with keys and values really concatenated. */
import { count, dot, root, softmax } from "./arith.ts";
import { attention, causal, mixed, rows, scaled, shapeOf, tau, type Formula, type Oracle } from "./attend.ts";

/** Context after P memory keys; `bias` is added to the context's keys, `seen` is asked with the context's key number. */
const withMemory =
  (more: (n: Parameters<Oracle>[2]) => { span: number; back?: (i: number, s: number) => number }): Oracle =>
  (r, t, n) => {
    const { span, back } = more(n);
    const { P, M, N, D, B, H } = n;
    const own = (i: number): number => i + M - N;
    const key = (b: number, h: number, i: number, j: number, d: number): number => {
      if (j < P) return r(root(r, D) * t.mk(h, j, d));
      const k = t.k(b, h, j - P, d);
      return back === undefined ? k : r(k + t.p(back(i, j - P), d));
    };
    return {
      o: attention(
        r,
        { B, H, N, M: P + M, E: D },
        {
          score: (b, h, i, j) =>
            r(
              dot(
                r,
                D,
                (d) => t.q(b, h, i, d),
                (d) => key(b, h, i, j, d),
              ) / root(r, D),
            ),
          seen: (_b, _h, i, j) => j < P || (j - P <= own(i) && j - P > own(i) - span),
          value: (b, h, j, e) => (j < P ? r(root(r, P) * t.mv(h, j, e)) : t.v(b, h, j - P, e)),
        },
      ).o,
    };
  };

export const persistent = withMemory(() => ({ span: Infinity }));
export const persistentRelative = withMemory((n) => ({
  span: n.span ?? n.L,
  back: (i, s) => Math.min(Math.max(i + n.M - n.N - s, 0), n.L - 1),
}));

/** Two softmaxes, outputs added. */
export const attnSplit: Oracle = (r, t, n) => {
  const context = attention(r, shapeOf(n), { score: scaled(r, t, n), seen: causal(n), value: t.v }).o;
  const memory = attention(
    r,
    { ...shapeOf(n), M: n.P },
    {
      score: (b, h, i, m) =>
        dot(
          r,
          n.D,
          (d) => t.q(b, h, i, d),
          (d) => t.mk(h, m, d),
        ),
      value: (_b, h, m, e) => r(root(r, n.P) * t.mv(h, m, e)),
    },
  ).o;
  return { o: context.map((x, c) => r(x + (memory[c] ?? NaN))) };
};

/** Heads below `context` as without memory, the others as attention to the memory alone. */
export const headSplit: Oracle = (r, t, n) => {
  const score = scaled(r, t, n);
  const shape = shapeOf(n);
  const context = attention(r, shape, { score, seen: causal(n), value: t.v }).o;
  const memory = attention(
    r,
    { ...shape, M: n.P },
    {
      score: (b, h, i, m) =>
        dot(
          r,
          n.D,
          (d) => t.q(b, h, i, d),
          (d) => t.mk(h, m, d),
        ),
      value: (_b, h, m, e) => r(root(r, n.P) * t.mv(h, m, e)),
    },
  ).o;
  const perHead = n.N * n.D;
  return { o: context.map((x, c) => (Math.floor(c / perHead) % n.H < n.context ? x : (memory[c] ?? NaN))) };
};

/** softmax(x Uᵀ) W */
export const singleHead: Oracle = (r, { q, mk, mv }, { B, N, P, C }) => ({
  o: rows([B, N], (b = 0, i = 0) => {
    const p = softmax(
      r,
      count(P).map((m) =>
        dot(
          r,
          C,
          (c) => q(b, i, c),
          (c) => mk(m, c),
        ),
      ),
    );
    return count(C).map((c) => mixed(r, p, (m) => r(root(r, P) * mv(m, c))));
  }),
});
export const feedForward: Oracle = (r, { x, u, w }, { B, N, P, C }) => ({
  y: rows([B, N], (b = 0, i = 0) => {
    const p = softmax(
      r,
      count(P).map((m) =>
        dot(
          r,
          C,
          (c) => x(b, i, c),
          (c) => u(m, c),
        ),
      ),
    );
    return count(C).map((c) => mixed(r, p, (m) => w(m, c)));
  }),
});

const tokens =
  (decoder: boolean): Oracle =>
  (r, t, n) => ({
    o: attention(r, shapeOf(n), {
      score: scaled(r, t, n),
      seen: (b, _h, i, j) => (j < n.memory || j - n.memory < t.length(b)) && (!decoder || j <= i),
      value: t.v,
    }).o,
  });
export const memoryTokens = tokens(false);
export const memoryTokensCausal = tokens(true);

export const memoryCtrl: Oracle = (r, t, n) => {
  const M = n.P + n.N;
  const seen: Formula["seen"] = (b, _h, _i, j) => j < n.P || j - n.P < t.length(b);
  const shape = { B: n.B, H: n.H, M, E: n.E };
  return {
    om: attention(r, { ...shape, N: n.P }, { score: scaled(r, { ...t, q: t.qm, k: t.km }, n), seen, value: t.vm }).o,
    o: attention(r, { ...shape, N: n.N }, { score: scaled(r, t, n), seen, value: t.v }).o,
  };
};

export const memoryWrite: Oracle = (r, t, n) => {
  const key = (b: number, h: number, j: number, d: number): number =>
    j < n.P ? t.mk(b, h, j, d) : t.k(b, h, j - n.P, d);
  return {
    o: attention(
      r,
      { B: n.B, H: n.H, N: n.P, M: n.P + n.N, E: n.E },
      {
        score: (b, h, i, j) =>
          r(
            tau(r, n.D) *
              dot(
                r,
                n.D,
                (d) => t.q(b, h, i, d),
                (d) => key(b, h, j, d),
              ),
          ),
        seen: (b, _h, _i, j) => j < n.P || j - n.P < t.length(b),
        value: (b, h, j, e) => (j < n.P ? t.mv(b, h, j, e) : t.v(b, h, j - n.P, e)),
      },
    ).o,
  };
};
export const memoryRead: Oracle = (r, t, n) => ({
  o: attention(
    r,
    { ...shapeOf(n), M: n.P },
    {
      score: (b, h, i, m) =>
        r(
          tau(r, n.D) *
            dot(
              r,
              n.D,
              (d) => t.q(b, h, i, d),
              (d) => t.mk(b, h, m, d),
            ),
        ),
      value: t.mv,
    },
  ).o,
});
