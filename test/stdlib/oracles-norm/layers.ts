/** Residual forms, feed-forward layers, embeddings and output heads as the papers have them, naively. */
import { at, dot, erf, rows, sigmoid, transpose, type Round, type Row } from "./arith.ts";
import { layerNorm, layernorm, logSoftmax, softmax, unit } from "./norms.ts";
import type { Arrays, Oracle } from "./run.ts";

const EPS = Math.fround(1e-5);
const plus = (r: Round, x: Row, y: Row): Row => x.map((v, n) => r(v + at(y, n)));
const ln = (r: Round, x: Row, gamma: Row, beta: Row): Row =>
  layernorm(r, { x, gamma, beta }, { D: gamma.length }, {})["y"] ?? [];

export const prenorm: Oracle = (r, { x, f, gamma, beta }) => {
  const stream = plus(r, x!, f!);
  return { stream, y: ln(r, stream, gamma!, beta!) };
};
export const postnorm: Oracle = (r, { x, f, gamma, beta }) => ({ y: ln(r, plus(r, x!, f!), gamma!, beta!) });
/** x + LN(f) */
export const sandwich: Oracle = (r, { x, f, gamma, beta }) => ({ y: plus(r, x!, ln(r, f!, gamma!, beta!)) });
export const sandwichNext: Oracle = (r, inputs, sizes, scalars) => {
  const stream = sandwich(r, inputs, sizes, scalars)["y"]!;
  return { stream, y: ln(r, stream, inputs["gamma_next"]!, inputs["beta_next"]!) };
};
export const prePost: Oracle = (r, { x, f, gamma, beta, gamma_next, beta_next }) => {
  const stream = ln(r, plus(r, x!, f!), gamma!, beta!);
  return { stream, y: ln(r, stream, gamma_next!, beta_next!) };
};
export const residualDual: Oracle = (r, { post, dual, f, gamma, beta }, _sizes, { s = 1 }) => ({
  post_next: ln(r, plus(r, post!, f!), gamma!, beta!),
  dual_next: dual!.map((v, n) => r(v + r(s * at(f, n)))),
});
export const residualDualOut: Oracle = (r, { post, dual, gamma, beta }) => ({
  y: plus(r, post!, ln(r, dual!, gamma!, beta!)),
});
/** LN(alpha x + f), alpha = (2 L)^(1/4). */
export const deepnorm: Oracle = (r, { x, f, gamma, beta }, _sizes, { layers = 12, alpha }) => {
  const a = alpha ?? r((2 * layers) ** 0.25);
  return {
    y: ln(
      r,
      x!.map((v, n) => r(r(a * v) + at(f, n))),
      gamma!,
      beta!,
    ),
  };
};
export const normformer: Oracle = (r, { x, f, lambda }, { D }) => ({
  y: x!.map((v, n) => r(r(at(lambda, n % D!) * v) + at(f, n))),
});
export const scaled: Oracle = (r, { x, f }, _sizes, { alpha = 1 }) => ({
  y: x!.map((v, n) => r(r(alpha * v) + at(f, n))),
});

/** Block `k` of the three that `m` stacks, times a vector. */
const times = (r: Round, m: Row, k: number, v: Row): Row =>
  rows(m, v.length)
    .slice(k * v.length, (k + 1) * v.length)
    .map((row) => dot(r, row, v));
const gruRows = (inputs: Arrays, D: number, f: (y: Row, x: Row) => Row): Arrays => {
  const x = rows(inputs["x"]!, D);
  return { o: rows(inputs["y"]!, D).flatMap((y, n) => f(y, x[n] ?? [])) };
};
/** PyTorch's GRUCell with input y and hidden state x. */
export const gruGate: Oracle = (r, { w, u, b, c, ...inputs }, { D }) =>
  gruRows(inputs, D!, (y, x) => {
    const input = (k: number): Row => plus(r, times(r, w!, k, y), b!.slice(k * D!));
    const state = (k: number): Row => plus(r, times(r, u!, k, x), c!.slice(k * D!));
    const [rt, zt] = [0, 1].map((k) => plus(r, input(k), state(k)).map((v) => sigmoid(r, v)));
    const reset = state(2).map((v, d) => r(v * at(rt, d)));
    const n = plus(r, input(2), reset).map((v) => r(Math.tanh(v)));
    return n.map((v, d) => r(r(r(1 - at(zt, d)) * v) + r(at(zt, d) * at(x, d))));
  });
/** arXiv 1910.06764: r acts on x before Ug. */
export const gruGateGtrxl: Oracle = (r, { w, u, ...inputs }, { D }, { bg = 2 }) =>
  gruRows(inputs, D!, (y, x) => {
    const rt = plus(r, times(r, w!, 0, y), times(r, u!, 0, x)).map((v) => sigmoid(r, v));
    const zt = plus(r, times(r, w!, 1, y), times(r, u!, 1, x)).map((v) => sigmoid(r, r(v - bg)));
    const reset = x.map((v, d) => r(v * at(rt, d)));
    const h = plus(r, times(r, w!, 2, y), times(r, u!, 2, reset)).map((v) => r(Math.tanh(v)));
    return h.map((v, d) => r(r(r(1 - at(zt, d)) * at(x, d)) + r(at(zt, d) * v)));
  });

type Activation = (r: Round, x: number) => number;
export const relu: Activation = (_r, x) => Math.max(x, 0);
export const silu: Activation = (r, x) => r(x * sigmoid(r, x));
/** x Phi(x), Phi the distribution function of the standard normal. */
export const gelu: Activation = (r, x) => r(r(x * 0.5) * r(1 + r(erf(r(x / Math.SQRT2)))));
export const geluTanh: Activation = (r, x) =>
  r(r(x * 0.5) * r(1 + r(Math.tanh(r(Math.sqrt(2 / Math.PI) * r(x + r(0.044715 * r(x * r(x * x)))))))));
export const relu2: Activation = (r, x) => r(relu(r, x) * relu(r, x));

const project = (r: Round, x: Row, w: Row, D: number, F: number): Row => {
  const columns = transpose(w, F);
  return rows(x, D).flatMap((row) => columns.map((column) => dot(r, row, column)));
};
/** f(x W + b), and the residual, where they are inputs. */
export const linear =
  (f: Activation = (_r, x) => x, half = 1): Oracle =>
  (r, { x, w, b, r: residual }, { D, F }) => ({
    y: project(r, x!, w!, D!, F!).map((v, n) => {
      const y = f(r, b === undefined ? v : r(v + at(b, n % F!)));
      return residual === undefined ? y : r(at(residual, n) + r(half * y));
    }),
  });
/** f(x W) * (x V) */
export const glu =
  (f: Activation): Oracle =>
  (r, { x, w, v }, { D, F }) => {
    const value = project(r, x!, v!, D!, F!);
    return { y: project(r, x!, w!, D!, F!).map((g, n) => r(f(r, g) * at(value, n))) };
  };

/** h softmax(h) */
const soluRow = (r: Round, h: Row): Row => softmax(r, h).map((p, d) => r(p * at(h, d)));
export const solu: Oracle = (r, { h }, { D }) => ({ y: rows(h!, D!).flatMap((row) => soluRow(r, row)) });
export const soluNorm: Oracle = (r, { h, gamma, beta }, { D }) => ({
  y: ln(
    r,
    rows(h!, D!).flatMap((row) => soluRow(r, row)),
    gamma!,
    beta!,
  ),
});
export const postActNorm: Oracle = (r, { h, gamma, beta }) => ({
  y: ln(
    r,
    h!.map((v) => gelu(r, v)),
    gamma!,
    beta!,
  ),
});

const embedded = (token: Row, table: Row, D: number): Row[] => token.map((id) => table.slice(id * D, (id + 1) * D));
export const xval: Oracle = (r, { token, value, table }, { D }) => ({
  y: embedded(token!, table!, D!).flatMap((row, t) => row.map((v) => r(at(value, t) * v))),
});
export const l2normEmbed: Oracle = (r, { token, table }, { D }) => ({
  y: embedded(token!, table!, D!).flatMap((row) => unit(r, row, 1e-12).map((v) => r(r(Math.sqrt(D!)) * v))),
});
export const postEmbNorm: Oracle = (r, { token, table, pos, gamma, beta }, { N, D }) => ({
  y: embedded(token!, table!, D!).flatMap((row, n) => {
    const e = row.map((v, d) => r(v + at(pos, (n % N!) * D! + d)));
    return layerNorm(r, e, EPS).map((v, d) => r(r(v * at(gamma, d)) + at(beta, d)));
  }),
});
/** Feature (s, c) of token t is that of token t - shift(s). */
export const tokenShift =
  (shift: (s: number, S: number) => number): Oracle =>
  (_r, { x }, { N, S, C }) => ({
    y: x!.map((_, n) => {
      const width = S! * C!;
      const [sample, t, k] = [Math.floor(n / (N! * width)), Math.floor(n / width) % N!, n % width];
      const source = t - shift(Math.floor(k / C!), S!);
      return source < 0 || source >= N! ? 0 : at(x, (sample * N! + source) * width + k);
    }),
  });

export const mos: Oracle = (r, { h, pi, w }, { N, K, D, V }) => ({
  y: Array.from({ length: N! }, (_, t) => {
    const parts = Array.from({ length: K! }, (_k, k) => {
      const hidden = h!.slice((t * K! + k) * D!, (t * K! + k + 1) * D!);
      return softmax(
        r,
        rows(w!, D!).map((word) => dot(r, hidden, word)),
      );
    });
    return Array.from({ length: V! }, (_v, v) =>
      parts.reduce((s, part, k) => r(s + r(at(pi, t * K! + k) * at(part, v))), 0),
    );
  }).flat(),
});
/** exp(z) sigmoid(z) over its sum; shifted by the maximum, which changes nothing. */
export const sigsoftmax: Oracle = (r, { z }, { V }) => ({
  y: rows(z!, V!).flatMap((row) => {
    const m = Math.max(...row);
    const p = row.map((v) => r(r(Math.exp(r(v - m))) * sigmoid(r, v)));
    const total = p.reduce((s, v) => r(s + v), 0);
    return p.map((v) => r(v / total));
  }),
});
/** log(exp(z) sigmoid(z)) = 2 z - log(1 + exp(z)), then as log-softmax. */
export const logSigsoftmax: Oracle = (r, { z }, { V }) => ({
  y: rows(z!, V!).flatMap((row) => {
    const p = row.map((v) => r(r(2 * v) - r(v > 30 ? v : Math.log1p(Math.exp(v)))));
    return logSoftmax(r, p);
  }),
});
