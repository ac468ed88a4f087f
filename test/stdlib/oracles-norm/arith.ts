/** Sums and functions over a rounding function, from left to right as a naive program has them. */

/** Rounds the result of one operation. */
export type Round = (x: number) => number;
export type Row = readonly number[];

export const sum = (r: Round, xs: Row): number => xs.reduce((a, x) => r(a + x), 0);
export const mean = (r: Round, xs: Row): number => r(sum(r, xs) / xs.length);
export const dot = (r: Round, a: Row, b: Row): number => a.reduce((s, x, i) => r(s + r(x * (b[i] ?? NaN))), 0);
export const square = (r: Round, x: number): number => r(x * x);
export const length2 = (r: Round, xs: Row): number => r(Math.sqrt(dot(r, xs, xs)));
export const sigmoid = (r: Round, x: number): number => r(1 / r(1 + r(Math.exp(-x))));

/** The error function by its series, and by the continued fraction of erfc beyond 3: good to 1e-15. */
export const erf = (x: number): number => {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let term = a;
    let total = a;
    for (let n = 1; Math.abs(term) > 1e-18; n++) {
      term *= (-a * a) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  let f = 0;
  for (let n = 60; n > 0; n--) f = n / 2 / (a + f);
  return Math.sign(x) * (1 - Math.exp(-a * a) / ((a + f) * Math.sqrt(Math.PI)));
};

/** Cuts an array in rows of `n`. */
export const rows = (xs: Row, n: number): Row[] =>
  Array.from({ length: n === 0 ? 0 : xs.length / n }, (_, i) => xs.slice(i * n, (i + 1) * n));

/** The matrix with rows and columns exchanged; `n` columns. */
export const transpose = (xs: Row, n: number): Row[] =>
  Array.from({ length: n }, (_, j) => rows(xs, n).map((row) => row[j] ?? NaN));

/** An element, which must be there. */
export const at = (xs: Row | undefined, i: number): number => xs?.[i] ?? NaN;
