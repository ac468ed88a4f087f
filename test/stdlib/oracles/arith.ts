/** Arithmetic over a rounding function, left to right, as a naive program has it. */

/** Rounds the result of one operation: the identity gives the reference, `Math.fround` the naive f32 program. */
export type Round = (x: number) => number;

/** A row of scores; null where the mask hides the key. */
export type Scores = readonly (number | null)[];

export const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** f(0) + f(1) + … */
export const total = (r: Round, n: number, f: (i: number) => number): number => {
  let s = 0;
  for (let i = 0; i < n; i++) s = r(s + f(i));
  return s;
};

/** a(0) b(0) + a(1) b(1) + … */
export const dot = (r: Round, n: number, a: (i: number) => number, b: (i: number) => number): number => {
  let s = 0;
  for (let i = 0; i < n; i++) s = r(s + r(a(i) * b(i)));
  return s;
};

export const exp = (r: Round, x: number): number => r(Math.exp(x));
export const log = (r: Round, x: number): number => r(Math.log(x));
export const root = (r: Round, x: number): number => r(Math.sqrt(x));
export const sigmoid = (r: Round, x: number): number => r(1 / r(1 + exp(r, -x)));
export const logSigmoid = (r: Round, x: number): number => r(Math.min(x, 0) - r(Math.log1p(exp(r, -Math.abs(x)))));
export const softplus = (r: Round, x: number): number => r(Math.max(x, 0) + r(Math.log1p(exp(r, -Math.abs(x)))));
export const silu = (r: Round, x: number): number => r(x * sigmoid(r, x));
export const softcap = (r: Round, x: number, cap: number): number => r(cap * r(Math.tanh(r(x / cap))));

/** The visible scores of a row. */
const visible = (row: Scores): number[] => row.filter((s) => s !== null);
export const rowMax = (row: Scores): number => visible(row).reduce((m, s) => Math.max(m, s), -Infinity);

/** exp(s - m) of the visible keys, 0 of the others. */
export const exponentials = (r: Round, row: Scores, m: number): number[] =>
  row.map((s) => (s === null ? 0 : exp(r, r(s - m))));

/** exp(s - max) / sum; all 0 in a row without a visible key. */
export const softmax = (r: Round, row: Scores): number[] => {
  const e = exponentials(r, row, rowMax(row));
  const sum = total(r, e.length, (j) => e[j] ?? NaN);
  return e.map((x) => (sum === 0 ? 0 : r(x / sum)));
};

/** log of the sum of exponentials; -inf in a row without a visible key. */
export const logSumExp = (r: Round, row: Scores): number => {
  const m = rowMax(row);
  if (m === -Infinity) return -Infinity;
  const e = exponentials(r, row, m);
  return r(
    m +
      log(
        r,
        total(r, e.length, (j) => e[j] ?? NaN),
      ),
  );
};

/** x / |x| over n features, the length taken as at least 1e-12. */
export const unit = (r: Round, n: number, x: (d: number) => number): ((d: number) => number) => {
  const length = Math.max(root(r, dot(r, n, x, x)), 1e-12);
  return (d) => r(x(d) / length);
};

/** x / sqrt(mean(x²) + eps) over n features. */
export const rmsNorm = (r: Round, n: number, x: (d: number) => number, eps: number): ((d: number) => number) => {
  const rms = root(r, r(r(dot(r, n, x, x) / n) + eps));
  return (d) => r(x(d) / rms);
};
