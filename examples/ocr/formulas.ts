/**
 * The recogniser's formulas as a naive program has them, one loop after the other, in f64 or in f32. Rows are
 * [position, channel].
 */
import { weight, type Array32 } from "./data.ts";

/** n values of an array from `at` on, `step` apart. */
type Strided = readonly [values: Float64Array, at: number, step: number];

/** Arithmetic that rounds each operation. */
export type Arithmetic = {
  readonly round: (x: number) => number;
  /** a(0) b(0) + a(1) b(1) + … from left to right. */
  readonly dot: (n: number, a: Strided, b: Strided) => number;
};

export const F64: Arithmetic = {
  round: (x) => x,
  dot: (n, [a, aAt, aStep], [b, bAt, bStep]) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += a[aAt + i * aStep]! * b[bAt + i * bStep]!;
    return sum;
  },
};

/** What a naive f32 program gives. */
export const F32: Arithmetic = {
  round: Math.fround,
  dot: (n, [a, aAt, aStep], [b, bAt, bStep]) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum = Math.fround(sum + Math.fround(a[aAt + i * aStep]! * b[bAt + i * bStep]!));
    return sum;
  },
};

export const HEADS = 8;
export const HEAD_DIM = 15;
/** Of the LayerNorms in the blocks. */
export const EPS = 1e-5;
export const FINAL_EPS = 1e-6;

const ONES = new Float64Array([1]);

/** (x - mean) / sqrt(var + eps) * gamma + beta of each row; biased variance. */
export const layerNorm = (
  { round: r, dot }: Arithmetic,
  x: Float64Array,
  gamma: Array32,
  beta: Array32,
  eps: number,
): Float64Array => {
  const width = gamma.data.length;
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += width) {
    const mean = r(dot(width, [x, at, 1], [ONES, 0, 0]) / width);
    const centred = x.subarray(at, at + width).map((v) => r(v - mean));
    const variance = r(dot(width, [centred, 0, 1], [centred, 0, 1]) / width);
    const scale = r(1 / r(Math.sqrt(r(variance + Math.fround(eps)))));
    centred.forEach((v, i) => (y[at + i] = r(r(r(v * scale) * gamma.data[i]!) + beta.data[i]!)));
  }
  return y;
};

/** x W + b. */
export const linear = ({ round: r, dot }: Arithmetic, x: Float64Array, w: Array32, b: Array32): Float64Array => {
  const [inner = 0, outer = 0] = w.shape;
  const matrix = Float64Array.from(w.data);
  return new Float64Array((x.length / inner) * outer).map((_, at) => {
    const [row, column] = [Math.floor(at / outer), at % outer];
    return r(dot(inner, [x, row * inner, 1], [matrix, column, outer]) + b.data[column]!);
  });
};

/** softmax(q k^T / sqrt(head dim)) v of [position, 3, head, head dim]; the result is [position, head, head dim]. */
const attention = ({ round: r, dot }: Arithmetic, qkv: Float64Array): Float64Array => {
  const width = HEADS * HEAD_DIM;
  const n = qkv.length / (3 * width);
  const scale = r(1 / r(Math.sqrt(HEAD_DIM)));
  const o = new Float64Array(n * width);
  const row = (i: number, head: number): void => {
    const q: Strided = [qkv, i * 3 * width + head, 1];
    const s = new Float64Array(n).map((_, j) => r(scale * dot(HEAD_DIM, q, [qkv, (j * 3 + 1) * width + head, 1])));
    const max = s.reduce((m, v) => Math.max(m, v), -Infinity);
    const p = s.map((v) => r(Math.exp(r(v - max))));
    const total = dot(n, [p, 0, 1], [ONES, 0, 0]);
    const weights: Strided = [p.map((v) => r(v / total)), 0, 1];
    for (let d = head; d < head + HEAD_DIM; d++) o[i * width + d] = dot(n, weights, [qkv, 2 * width + d, 3 * width]);
  };
  for (let i = 0; i < n; i++) for (let head = 0; head < width; head += HEAD_DIM) row(i, head);
  return o;
};

const add = ({ round: r }: Arithmetic, a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => r(v + b[i]!));
const swish = ({ round: r }: Arithmetic, x: Float64Array): Float64Array =>
  x.map((v) => r(v * r(1 / r(1 + r(Math.exp(-v))))));

/** Block 0 or 1. */
const transformerBlock = (a: Arithmetic, x: Float64Array, block: number): Float64Array => {
  const w = (name: string): Array32 => weight(`block${block}_${name}`);
  const first = layerNorm(a, x, w("ln1_gamma"), w("ln1_beta"), EPS);
  const o = attention(a, linear(a, first, w("qkv_w"), w("qkv_b")));
  const mid = add(a, x, linear(a, o, w("proj_w"), w("proj_b")));
  const second = layerNorm(a, mid, w("ln2_gamma"), w("ln2_beta"), EPS);
  const up = swish(a, linear(a, second, w("fc1_w"), w("fc1_b")));
  return add(a, mid, linear(a, up, w("fc2_w"), w("fc2_b")));
};

/** What both blocks and the final LayerNorm give. */
export const STAGES = ["block0_out", "block1_out", "final_ln_out"] as const;
export type Stage = (typeof STAGES)[number];

/** From the x of block 0 to the final LayerNorm. */
export const chain = (a: Arithmetic, x: Array32): Readonly<Record<Stage, Float64Array>> => {
  const block0 = transformerBlock(a, Float64Array.from(x.data), 0);
  const block1 = transformerBlock(a, block0, 1);
  const final = layerNorm(a, block1, weight("final_ln_gamma"), weight("final_ln_beta"), FINAL_EPS);
  return { block0_out: block0, block1_out: block1, final_ln_out: final };
};
