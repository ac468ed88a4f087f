/** Several residual streams, skips between layers and gates, cell by cell as their papers have them. */
import { at, dot, mean, rows, sigmoid, square, sum, type Round, type Row } from "./arith.ts";
import type { Oracle } from "./run.ts";

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** Row-major over a shape. */
const cells = (shape: readonly number[], f: (...index: number[]) => number): number[] => {
  const [n, ...rest] = shape;
  return n === undefined ? [f()] : count(n).flatMap((i) => cells(rest, (...more) => f(i, ...more)));
};
/** Reads a row-major array by index. */
const reader =
  (values: Row, ...shape: number[]) =>
  (...index: number[]): number =>
    at(
      values,
      index.reduce((n, i, k) => n * (shape[k] ?? 1) + i, 0),
    );
const total = (r: Round, n: number, f: (i: number) => number): number => sum(r, count(n).map(f));
const softmax = (r: Round, x: Row): number[] => {
  const m = Math.max(...x);
  const e = x.map((v) => r(Math.exp(r(v - m))));
  const s = sum(r, e);
  return e.map((v) => r(v / s));
};
const rmsNorm = (r: Round, x: Row, gamma: Row, eps: number): number[] => {
  const rms = r(Math.sqrt(r(r(dot(r, x, x) / x.length) + eps)));
  return x.map((v, d) => r(r(v / rms) * at(gamma, d)));
};

/** arXiv 2409.19606, section 2: (h_0, H') = WCᵀ H with WC = [A_m, A_r]. */
export const hyperWidth: Oracle = (r, { x, am, ar }, { N, S, D }) => {
  const [h, mix] = [reader(x!, N!, S!, D!), reader(ar!, S!, S!)];
  return {
    branch: cells([N!, D!], (t = 0, d = 0) => total(r, S!, (s) => r(at(am, s) * h(t, s, d)))),
    mixed: cells([N!, S!, D!], (t = 0, p = 0, d = 0) => total(r, S!, (s) => r(mix(s, p) * h(t, s, d)))),
  };
};
/** Ĥ = Bᵀ f + H'. */
export const hyperDepth: Oracle = (r, { mixed, f, beta }, { N, S, D }) => {
  const [m, b] = [reader(mixed!, N!, S!, D!), reader(f!, N!, D!)];
  return { x: cells([N!, S!, D!], (t = 0, p = 0, d = 0) => r(m(t, p, d) + r(at(beta, p) * b(t, d)))) };
};
/** Eq. 10 to 13: s ∘ tanh(norm(H) W) + A, for all three kinds side by side. */
export const hyperWeights: Oracle = (r, { x, gamma, w, a, scale }, { N, S, D }) => {
  const [weight, fixed] = [reader(w!, D!, S! + 2), reader(a!, S!, S! + 2)];
  const normed = rows(x!, D!).map((row) => {
    const mu = mean(r, row);
    const centred = row.map((v) => r(v - mu));
    const deviation = r(
      Math.sqrt(
        r(
          mean(
            r,
            centred.map((v) => square(r, v)),
          ) + Math.fround(1e-5),
        ),
      ),
    );
    return centred.map((v, d) => r(r(v / deviation) * at(gamma, d)));
  });
  return {
    h: cells([N!, S!, S! + 2], (t = 0, s = 0, z = 0) => {
      const product = total(r, D!, (d) => r(at(normed[t * S! + s], d) * weight(d, z)));
      return r(fixed(s, z) + r(at(scale, z) * r(Math.tanh(product))));
    }),
  };
};
export const hyperWidthDynamic: Oracle = (r, { x, h }, { N, S, D }) => {
  const [stream, w] = [reader(x!, N!, S!, D!), reader(h!, N!, S!, S! + 2)];
  return {
    branch: cells([N!, D!], (t = 0, d = 0) => total(r, S!, (s) => r(w(t, s, 0) * stream(t, s, d)))),
    mixed: cells([N!, S!, D!], (t = 0, p = 0, d = 0) => total(r, S!, (s) => r(w(t, s, p + 1) * stream(t, s, d)))),
  };
};
export const hyperDepthDynamic: Oracle = (r, { mixed, f, h }, { N, S, D }) => {
  const [m, b, w] = [reader(mixed!, N!, S!, D!), reader(f!, N!, D!), reader(h!, N!, S!, S! + 2)];
  return { x: cells([N!, S!, D!], (t = 0, s = 0, d = 0) => r(m(t, s, d) + r(w(t, s, S! + 1) * b(t, d)))) };
};

/** arXiv 2512.24880, eq. 7: α (RMSNorm(vec x) φ) + b. */
export const mhcLogits: Oracle = (r, { x, gamma, w, a, b }, { N, S, D, Z }) => {
  const weight = reader(w!, S! * D!, Z!);
  const normed = rows(x!, S! * D!).map((row) => rmsNorm(r, row, gamma!, Math.fround(1e-6)));
  return {
    y: cells([N!, Z!], (t = 0, z = 0) => {
      const product = total(r, S! * D!, (c) => r(at(normed[t], c) * weight(c, z)));
      return r(r(at(a, z) * product) + at(b, z));
    }),
  };
};
/** Eq. 9: columns, then rows are divided by their sums. `m[p][s]`. */
const sinkhorn = (r: Round, m: readonly Row[]): number[][] => {
  const columns = count(m.length).map((s) => total(r, m.length, (p) => at(m[p], s)));
  return m.map((row) => {
    const c = row.map((v, s) => r(v / at(columns, s)));
    const all = sum(r, c);
    return c.map((v) => r(v / all));
  });
};
export const mhcWeights: Oracle = (r, { y }, { S }) => ({
  h: rows(y!, 2 * S! + S! * S!).flatMap((row) => {
    let m: number[][] = rows(row.slice(2 * S!), S!).map((x) => x.map((v) => r(Math.exp(v))));
    for (let n = 0; n < 5; n++) m = sinkhorn(r, m);
    return count(S!).flatMap((s) => [
      sigmoid(r, at(row, s)),
      ...count(S!).map((p) => at(m[p], s)),
      r(2 * sigmoid(r, at(row, S! + s))),
    ]);
  }),
});
export const mhcStep: Oracle = (r, { h }, { S }) => ({
  h_next: rows(h!, S! * (S! + 2)).flatMap((token) => {
    const w = rows(token, S! + 2);
    const m = sinkhorn(
      r,
      count(S!).map((p) => count(S!).map((s) => at(w[s], p + 1))),
    );
    return w.flatMap((row, s) => [at(row, 0), ...count(S!).map((p) => at(m[p], s)), at(row, S! + 1)]);
  }),
});

/** arXiv 2505.11881, eq. 3. */
export const orthogonal: Oracle = (r, { x, f }, { D }, { eps = 1e-6 }) => {
  const branch = rows(f!, D!);
  return {
    y: rows(x!, D!).flatMap((row, t) => {
      const along = r(dot(r, row, branch[t] ?? []) / r(dot(r, row, row) + Math.fround(eps)));
      return row.map((v, d) => r(v + r(at(branch[t], d) - r(along * v))));
    }),
  };
};
/** arXiv 2605.06169: J is the mean over the tokens; J(Z) = (1 - α) J(X) + α J(F), Z - J(Z) = X - J(X) + β (F - J(F)). */
export const mvSplit: Oracle = (r, { x, f, alpha, beta }, { B, N, D }) => {
  const [stream, branch] = [reader(x!, B!, N!, D!), reader(f!, B!, N!, D!)];
  const meanOf = (read: typeof stream, b: number, d: number): number => r(total(r, N!, (t) => read(b, t, d)) / N!);
  return {
    y: cells([B!, N!, D!], (b = 0, t = 0, d = 0) => {
      const [jx, jf] = [meanOf(stream, b, d), meanOf(branch, b, d)];
      const centred = r(r(stream(b, t, d) - jx) + r(at(beta, d) * r(branch(b, t, d) - jf)));
      return r(centred + r(r(r(1 - at(alpha, d)) * jx) + r(at(alpha, d) * jf)));
    }),
  };
};

/** Hidden states of all layers, weighed for one token. */
const mixture = (r: Round, p: Row, layer: (l: number) => number): number =>
  total(r, p.length, (l) => r(at(p, l) * layer(l)));
export const lime: Oracle = (r, { x, hidden, gamma, w, bias }, { N, D, L }) => {
  const state = reader(hidden!, L!, N!, D!);
  return {
    y: rows(x!, D!).flatMap((row, t) => {
      const n = rmsNorm(r, row, gamma!, Math.fround(1e-5));
      const p = softmax(
        r,
        rows(w!, D!).map((v, l) => r(dot(r, n, v) + at(bias, l))),
      );
      return count(D!).map((d) => mixture(r, p, (l) => state(l, t, d)));
    }),
  };
};
export const limeStatic: Oracle = (r, { hidden, w }, { N, D, L }) => {
  const [state, p] = [reader(hidden!, L!, N!, D!), softmax(r, w!)];
  return { y: cells([N!, D!], (t = 0, d = 0) => mixture(r, p, (l) => state(l, t, d))) };
};
/** arXiv 2603.15031: keys are normalised, values are not. */
export const attentionResidual: Oracle = (r, { h, w, gamma }, { N, D, L }) => {
  const state = reader(h!, L!, N!, D!);
  return {
    y: count(N!).flatMap((t) => {
      const layer = (l: number): number[] => count(D!).map((d) => state(l, t, d));
      const p = softmax(
        r,
        count(L!).map((l) => dot(r, w!, rmsNorm(r, layer(l), gamma!, Math.fround(1e-6)))),
      );
      return count(D!).map((d) => mixture(r, p, (l) => state(l, t, d)));
    }),
  };
};
/** W [skip; x] */
export const unetSkip: Oracle = (r, { skip, x, w }, { D }) => {
  const behind = rows(x!, D!);
  return {
    y: rows(skip!, D!).flatMap((row, t) => rows(w!, 2 * D!).map((v) => dot(r, v, [...row, ...(behind[t] ?? [])]))),
  };
};
/** x + σ(W c + b) f */
export const adaptiveLayerscale: Oracle = (r, { x, f, cond, w, bias }, { B, N, D, C }) => {
  const [stream, branch, weight] = [reader(x!, B!, N!, D!), reader(f!, B!, N!, D!), rows(w!, C!)];
  return {
    y: cells([B!, N!, D!], (b = 0, t = 0, d = 0) => {
      const gate = sigmoid(r, r(dot(r, weight[d] ?? [], cond!.slice(b * C!, (b + 1) * C!)) + at(bias, d)));
      return r(stream(b, t, d) + r(gate * branch(b, t, d)));
    }),
  };
};
/** a σ(silu(x U) V + silu(a U') V' + b) */
export const hybridGate: Oracle = (r, { a, x, ux, vx, uh, vh, bias }, { D, C, R }) => {
  const low = (input: Row, u: Row): number[] =>
    count(R!).map((k) => {
      const v = total(r, input.length, (d) => r(at(input, d) * at(u, d * R! + k)));
      return r(v * sigmoid(r, v));
    });
  const inputs = rows(x!, D!);
  return {
    y: rows(a!, C!).flatMap((row, t) => {
      const [gx, gh] = [low(inputs[t] ?? [], ux!), low(row, uh!)];
      return row.map((v, c) => {
        const gate = (g: Row, m: Row): number => total(r, R!, (k) => r(at(g, k) * at(m, k * C! + c)));
        return r(v * sigmoid(r, r(r(gate(gx, vx!) + gate(gh, vh!)) + at(bias, c))));
      });
    }),
  };
};
