/** ONNX operators written from their definitions, naively, in f64 and in f32. 4-D arrays are [batch, head, token, feature]. */
import { dot, sum, type Round, type Row } from "./arith.ts";

export type Array4 = { readonly shape: readonly number[]; readonly values: Row };

/** The element at an index. */
const element = (t: Array4, ...index: readonly number[]): number =>
  t.values[index.reduce((n, i, d) => n * (t.shape[d] ?? 1) + i, 0)] ?? NaN;

/** [batch, token, heads * feature] as [batch, head, token, feature]. */
export const splitHeads = (t: Array4, heads: number): Array4 => {
  const [B = 1, N = 1, W = 1] = t.shape;
  const D = W / heads;
  const values: number[] = [];
  for (let b = 0; b < B; b++)
    for (let h = 0; h < heads; h++)
      for (let n = 0; n < N; n++) for (let d = 0; d < D; d++) values.push(element(t, b, n, h * D + d));
  return { shape: [B, heads, N, D], values };
};

/** And back. */
export const joinHeads = (t: Array4): Array4 => {
  const [B = 1, H = 1, N = 1, D = 1] = t.shape;
  const values: number[] = [];
  for (let b = 0; b < B; b++)
    for (let n = 0; n < N; n++)
      for (let h = 0; h < H; h++) for (let d = 0; d < D; d++) values.push(element(t, b, h, n, d));
  return { shape: [B, N, H * D], values };
};

const row = (t: Array4, b: number, h: number, n: number): Row => {
  const [, H = 1, N = 1, D = 1] = t.shape;
  const from = ((b * H + h) * N + n) * D;
  return t.values.slice(from, from + D);
};

export type AttentionOptions = {
  readonly Q: Array4;
  readonly K: Array4;
  readonly V: Array4;
  readonly pastKey?: Array4;
  readonly pastValue?: Array4;
  /** bool as 0 and 1. */
  readonly mask?: Array4 & { readonly isBool: boolean };
  readonly nonpad?: Row;
  readonly scale?: number;
  readonly isCausal: boolean;
  readonly left: number;
  readonly right: number;
  readonly softcap: number;
  readonly mode: number;
};

/** Whether key j exists for the query, and what the mask adds. */
const bias = (o: AttentionOptions, b: number, h: number, i: number, j: number): number => {
  const past = o.pastKey?.shape[2] ?? 0;
  const N = o.Q.shape[2] ?? 0;
  const offset = o.nonpad === undefined ? past : (o.nonpad[b] ?? 0) - N;
  const at = offset + i;
  if (o.nonpad !== undefined && j >= (o.nonpad[b] ?? 0)) return -Infinity;
  if (o.isCausal && j > at) return -Infinity;
  if (o.left >= 0 && j < at - o.left) return -Infinity;
  if (o.right >= 0 && j > at + o.right) return -Infinity;
  if (o.mask === undefined) return 0;
  const shape = [1, 1, 1, 1, ...o.mask.shape].slice(-4);
  const [MB = 1, MH = 1, MI = 1, MJ = 1] = shape;
  if (j >= MJ) return -Infinity;
  const value = element({ shape, values: o.mask.values }, MB === 1 ? 0 : b, MH === 1 ? 0 : h, MI === 1 ? 0 : i, j);
  return o.mask.isBool ? (value !== 0 ? 0 : -Infinity) : value;
};

/** ai.onnx Attention, opsets 23 to 25: Y and qk_matmul_output. */
export const attention = (r: Round, o: AttentionOptions): { readonly Y: Array4; readonly qk: number[] } => {
  const [B = 1, H = 1, N = 1, D = 1] = o.Q.shape;
  const [, G = 1, M = 1] = o.K.shape;
  const E = o.V.shape[3] ?? 1;
  const past = o.pastKey?.shape[2] ?? 0;
  const key = (b: number, g: number, j: number): Row =>
    j < past ? row(o.pastKey!, b, g, j) : row(o.K, b, g, j - past);
  const value = (b: number, g: number, j: number): Row =>
    j < past ? row(o.pastValue!, b, g, j) : row(o.V, b, g, j - past);
  const values: number[] = [];
  const qk: number[] = [];
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let i = 0; i < N; i++) {
        const g = Math.floor((h * G) / H);
        const keys = Array.from({ length: past + M }, (_, j) => j);
        const raw = keys.map((j) => r((o.scale ?? r(1 / Math.sqrt(D))) * dot(r, row(o.Q, b, h, i), key(b, g, j))));
        const soft = raw.map((s) => (o.softcap > 0 ? r(o.softcap * r(Math.tanh(r(s / o.softcap)))) : s));
        const biased = soft.map((s, j) => r(s + bias(o, b, h, i, j)));
        const m = Math.max(...biased);
        const e = biased.map((s) => (m === -Infinity ? 0 : r(Math.exp(r(s - m)))));
        const total = sum(r, e);
        const p = e.map((x) => (total === 0 ? 0 : r(x / total)));
        for (let d = 0; d < E; d++) values.push(p.reduce((s, w, j) => r(s + r(w * (value(b, g, j)[d] ?? NaN))), 0));
        qk.push(...([raw, soft, biased, p][o.mode] ?? []));
      }
  return { Y: { shape: [B, H, N, E], values }, qk };
};

export type LinearOptions = {
  readonly q: Array4;
  readonly k: Array4;
  readonly v: Array4;
  /** [batch, head, token, 1 or feature]. */
  readonly decay?: Array4;
  /** [batch, 1 or head, token, 1]. */
  readonly beta?: Array4;
  readonly erase?: Array4;
  readonly past?: Array4;
  readonly scale: number;
};

/** ai.onnx LinearAttention, opset 27, token by token: the output [batch, head, token, feature] and the last state. */
export const linearAttention = (r: Round, o: LinearOptions): { readonly output: Array4; readonly state: number[] } => {
  const [B = 1, H = 1, N = 1, D = 1] = o.q.shape;
  const [, G = 1] = o.k.shape;
  const E = o.v.shape[3] ?? 1;
  const values = Array<number>(B * H * N * E).fill(0);
  const states: number[] = [];
  for (let b = 0; b < B; b++)
    for (let g = 0; g < G; g++) {
      const S = Array.from({ length: D }, (_, d) =>
        o.past === undefined ? Array<number>(E).fill(0) : [...row(o.past, b, g, d)],
      );
      for (let t = 0; t < N; t++) {
        const [k, v] = [row(o.k, b, g, t), row(o.v, b, g, t)];
        const decay = o.decay === undefined ? null : row(o.decay, b, g, t);
        if (decay !== null)
          S.forEach((s, d) => s.forEach((x, e) => (s[e] = r(x * r(Math.exp(decay[d % decay.length] ?? NaN))))));
        const erase = o.erase === undefined ? null : row(o.erase, b, g, t);
        const beta = o.beta === undefined ? null : (row(o.beta, b, g % (o.beta.shape[1] ?? 1), t)[0] ?? NaN);
        const u = v.map((x, e) => {
          if (beta === null) return x;
          const kept = k.reduce((a, kd, d) => r(a + r((S[d]?.[e] ?? NaN) * r(kd * (erase?.[d] ?? 1)))), 0);
          return r(beta * r(x - kept));
        });
        S.forEach((s, d) => s.forEach((x, e) => (s[e] = r(x + r((k[d] ?? NaN) * (u[e] ?? NaN))))));
        for (let h = (g * H) / G; h < ((g + 1) * H) / G; h++)
          for (let e = 0; e < E; e++)
            values[((b * H + h) * N + t) * E + e] = r(
              o.scale * row(o.q, b, h, t).reduce((a, x, d) => r(a + r(x * (S[d]?.[e] ?? NaN))), 0),
            );
      }
      states.push(...S.flat());
    }
  return { output: { shape: [B, H, N, E], values }, state: states };
};
