/** Losses, optimizers and the like, from their papers' formulas, cell by cell. */
import { at, dot, rows } from "./arith.ts";
import type { Oracle } from "./run.ts";
import type { Round } from "./arith.ts";

const logSumExp = (r: Round, row: readonly number[]): number => {
  const m = Math.max(...row);
  return r(m + r(Math.log(row.reduce((s, v) => r(s + r(Math.exp(r(v - m)))), 0))));
};
const probabilities = (r: Round, row: readonly number[]): number[] => {
  const m = Math.max(...row);
  const e = row.map((v) => r(Math.exp(r(v - m))));
  const total = e.reduce((s, v) => r(s + v), 0);
  return e.map((v) => r(v / total));
};
const isClass = (target: number, V: number): boolean => target >= 0 && target < V;

export const crossEntropy =
  (given: number): Oracle =>
  (r, { z, target }, { V }, scalars) => {
    const smooth = scalars["smooth"] ?? given;
    const all = rows(z!, V!);
    const counts = all.map((_, t) => isClass(at(target, t), V!));
    return {
      loss: all.map((row, t) => {
        if (counts[t] !== true) return 0;
        const mean = r(row.reduce((s, v) => r(s + v), 0) / V!);
        const own = r(r(1 - smooth) * at(row, at(target, t)));
        return r(r(logSumExp(r, row) - own) - (smooth === 0 ? 0 : r(smooth * mean)));
      }),
      d_z: all.flatMap((row, t) =>
        probabilities(r, row).map((p, c) => {
          const wanted = r(r(1 - smooth) * (c === at(target, t) ? 1 : 0)) + (smooth === 0 ? 0 : r(smooth / V!));
          return counts[t] === true ? r(p - r(wanted)) : 0;
        }),
      ),
    };
  };

export const crossEntropyHead: Oracle = (r, { h, w, target }, { D, V }) => {
  const words = rows(w!, D!);
  const logits = rows(h!, D!).map((token) => words.map((word) => dot(r, token, word)));
  const counts = logits.map((_, t) => isClass(at(target, t), V!));
  return {
    lse: logits.map((row) => logSumExp(r, row)),
    loss: logits.map((row, t) => (counts[t] === true ? r(logSumExp(r, row) - at(row, at(target, t))) : 0)),
    d_h: logits.flatMap((row, t) => {
      const p = probabilities(r, row);
      return Array.from({ length: D! }, (_, d) => {
        const mean = p.reduce((s, x, c) => r(s + r(x * at(words[c], d))), 0);
        return counts[t] === true ? r(mean - at(words[at(target, t)], d)) : 0;
      });
    }),
  };
};

export const crossEntropyHeadWeights: Oracle = (r, { h, w, target, lse }, { D, V }) => {
  const tokens = rows(h!, D!);
  return {
    d_w: rows(w!, D!).flatMap((word, c) => {
      const shares = tokens.map((token, t) => {
        const p = r(Math.exp(r(dot(r, token, word) - at(lse, t))));
        return isClass(at(target, t), V!) ? r(p - (at(target, t) === c ? 1 : 0)) : 0;
      });
      return Array.from({ length: D! }, (_, d) => shares.reduce((s, x, t) => r(s + r(x * at(tokens[t], d))), 0));
    }),
  };
};

export const adamw: Oracle = (r, { p, g, m, v }, _sizes, scalars) => {
  const of = (name: string, otherwise: number): number => r(scalars[name] ?? otherwise);
  const [lr, b1, b2, eps] = [of("lr", 1e-3), of("beta1", 0.9), of("beta2", 0.999), of("eps", 1e-8)];
  const [decay, step] = [of("decay", 1e-2), of("step", 1)];
  const mean = g!.map((x, n) => r(r(b1 * at(m, n)) + r(r(1 - b1) * x)));
  const square = g!.map((x, n) => r(r(b2 * at(v, n)) + r(r(r(1 - b2) * x) * x)));
  const [c1, c2] = [r(1 - r(b1 ** step)), r(1 - r(b2 ** step))];
  return {
    m_next: mean,
    v_next: square,
    p_next: p!.map((x, n) => {
      const size = r(r(Math.sqrt(r(at(square, n) / c2))) + eps);
      return r(r(x * r(1 - r(lr * decay))) - r(r(r(lr / c1) * at(mean, n)) / size));
    }),
  };
};

export const lion: Oracle = (r, { p, g, m }, _sizes, scalars) => {
  const of = (name: string, otherwise: number): number => r(scalars[name] ?? otherwise);
  const [lr, b1, b2, decay] = [of("lr", 1e-4), of("beta1", 0.9), of("beta2", 0.99), of("decay", 0)];
  const mix = (b: number, n: number): number => r(r(b * at(m, n)) + r(r(1 - b) * at(g, n)));
  return {
    m_next: p!.map((_, n) => mix(b2, n)),
    p_next: p!.map((x, n) => r(x - r(lr * r(Math.sign(mix(b1, n)) + r(decay * x))))),
  };
};

const squares = (r: Round, x: readonly number[]): number => x.reduce((s, v) => r(s + r(v * v)), 0);
export const squaredNorm: Oracle = (r, { g }) => ({ s: [squares(r, g!)] });
export const clipByNorm: Oracle = (r, { g, squares: all }, _sizes, scalars) => {
  const norm = r(Math.sqrt(all!.reduce((s, v) => r(s + v), 0)));
  const factor = Math.min(1, r((scalars["limit"] ?? 1) / r(norm + 1e-6)));
  return { y: g!.map((x) => r(x * factor)) };
};

export const embedding: Oracle = (_r, { token, table }, { V, D }) => ({
  y: token!.flatMap((id) =>
    isClass(id, V!) ? table!.slice(id * D!, (id + 1) * D!) : Array.from({ length: D! }, () => 0),
  ),
});
export const embeddingGrad: Oracle = (r, { token, d_y }, { V, D }) => ({
  d_table: Array.from({ length: V! * D! }, (_, n) => {
    const [v, d] = [Math.floor(n / D!), n % D!];
    return token!.reduce((s, id, t) => (id === v ? r(s + at(d_y, t * D! + d)) : s), 0);
  }),
});

export const muonMomentum: Oracle = (r, { g, m }, _sizes, scalars) => {
  const mu = r(scalars["mu"] ?? 0.95);
  const next = g!.map((x, n) => r(r(mu * at(m, n)) + x));
  return { m_next: next, x: g!.map((x, n) => r(x + r(mu * at(next, n)))) };
};
export const muonStart: Oracle = (r, { x, squares: all }) => {
  const norm = r(r(Math.sqrt(all!.reduce((s, v) => r(s + v), 0))) + 1e-7);
  return { y: x!.map((v) => r(v / norm)) };
};
export const muonGram: Oracle = (r, { x }, { M }) => {
  const all = rows(x!, M!);
  return { a: all.flatMap((p) => all.map((q) => dot(r, p, q))) };
};
/** Products of matrices with N columns on the left and W on the right. */
const times = (r: Round, p: readonly number[], q: readonly number[], N: number, W: number): number[] =>
  rows(p, N).flatMap((row) =>
    Array.from({ length: W }, (_, j) => row.reduce((s, x, k) => r(s + r(x * at(q, k * W + j))), 0)),
  );
export const muonPolynomial: Oracle = (r, { a }, { N }, scalars) => {
  const [b, c] = [r(scalars["b"] ?? -4.775), r(scalars["c"] ?? 2.0315)];
  return { y: times(r, a!, a!, N!, N!).map((x, n) => r(r(b * at(a, n)) + r(c * x))) };
};
export const muonStep: Oracle = (r, { x, y }, { N, M }, scalars) => {
  const a = r(scalars["a"] ?? 3.4445);
  return { x_next: times(r, y!, x!, N!, M!).map((v, n) => r(r(a * at(x, n)) + v)) };
};
