/** Small programs for the lowering, by what they ask of it: conditions on cells, kinds of statistics, reads, layouts, recurrences. */
import type { Program } from "../../campaign/program.ts";

/** `N` rows, `M` cells: more than a step of the loop, no multiple of one. */
const SIZES = { N: 6, M: 21 };

const program = (source: string, more: Partial<Program> = {}): Program => ({
  source,
  sizes: SIZES,
  known: [],
  scalars: {},
  statics: {},
  types: {},
  data: {},
  parts: null,
  seed: 3,
  ...more,
});

const CONDITIONS: readonly string[] = [
  "j <= i",
  "j < i",
  "j > i",
  "not (j <= i)",
  "j >= i + 2",
  "j > i - 4 and j <= i",
  "i - j < w and i >= j",
  "abs(i - j) <= 2",
  "j <= i or j < 2",
  "j <= i and j > i - 3 or j < 2",
  "j >= 17 or j < i",
  "j % 3 == 0",
  "(i - j) % 3 == 0 and j <= i + 9",
  "j / 4 <= i / 2",
  "j / 8 == i / 3",
  "a == b",
  "a == b and j <= i + 12",
  "a != b",
  "not (a == b)",
  "a < b",
  "a <= b",
  "a > b",
  "a >= b",
  "b == 1 or j <= i",
  "b % 2 == 0",
  "b / 2 == a",
  "abs(b - a) < 2",
  "-a <= -b",
  "min(a, b) > 0",
  "max(a, b) < 3",
  "3 * a > 2 * b + 1",
  "(if a > 1 then b else a) > 0",
  "j < w",
  "j >= w and j < 2 * w + 4",
  "j < a * 4",
  "min(i, 3) <= j",
  "max(i, 3) >= j",
  "2 * j <= 3 * i",
  "5 * i - 2 * j >= 0",
  "j - i == 2",
  "j == 2 * i",
  "j != i",
  "c",
  "c and j > i",
  "not c or j < 4",
  "g and j <= i + 5",
  "float(j) < p * 10",
  "float(j) <= p * 10",
  "p * 10 > float(j)",
  "p * 4 <= float(j)",
  "float(j) > p * 4",
  "float(j) >= p * 4",
  "if i < 3 then j < 2 else j <= i",
  "t[u = i / 2, r = j / 16]",
  "t[u = i / 2, r = j / 16] and j <= i + 14",
  "k0 > 0",
  "a + b > j",
  "a - b <= i - 2",
  "a + b == j / 4",
  "a + b != i",
  "a - b == i - j",
  "3 * a + 5 * b - i > j",
  "a * b > j - 9",
  "not (j <= i or c) or not (j <= i or g)",
  "j <= i or j >= 12 and j <= i + 12",
  "j - 2147483647 <= a - 2147483640",
];

const masked = (condition: string): Program =>
  program(
    `kernel k(q: f32[i: N, d: 4], k: f32[j: M, d], v: f32[j, e: 3], a: i32[i], b: i32[j], c: bool[j], g: bool[i], k0: f32[j], t: bool[u: 3, r: 2], w: i32, p: f32) -> (o: f32[i, e], n: i32[i]) {
  let s = sum[d](q * k) where ${condition}
  o = sum[j](softmax[j](s) * v)
  n = count[j](${condition})
}
`,
    { scalars: { w: 5, p: 0.75 } },
  );

const over = "x: f32[i: N, j: M], z: f32[i, j], w: i32[i, j], v: f32[j], c: bool[i, j]";
const STATISTICS: readonly string[] = [
  "y: i32[i] { y = sum[j](if x > 0 then w else 0) }",
  "y: i32[i] { y = sum[j](w * j) }",
  "y: i32[i] { y = max[j](w) - min[j](w) }",
  "y: i32[i] { let s = w where c\n y = max[j](s) + min[j](s) }",
  "y: i32[i] { y = argmax[j](x) }",
  "y: i32[i] { y = argmin[j](x) }",
  "y: i32[i] { let s = x where c\n y = argmax[j](s) }",
  "y: i32[i] { y = argmax[j](w) }",
  "y: f32[i] { y = kth_largest[j](x, 3) }",
  "y: f32[i] { let s = x where c\n y = kth_largest[j](s, 2) }",
  "y: f32[i] { y = prod[j](1 + 0.1 * x) }",
  "y: f32[i] { let s = x where c\n y = prod[j](s) }",
  "y: f32[i] { y = var[j](x) }",
  "y: f32[i] { let s = x where c\n y = var[j](s) + mean[j](s) }",
  "y: f32[i] { let s = x where j < 0\n y = var[j](s) + sum[j](s) + prod[j](s) }",
  "y: f32[i] { let s = x where c\n y = max[j](s) - min[j](s) }",
  "y: f32[i] { y = logsumexp[j](x) }",
  "y: f32[i] { let m = max[j](x)\n let p = exp(x - m)\n let l = sum[j](p)\n y = sum[j](p / l * log(p / l)) }",
  "y: f32[i] { let m = min[j](x)\n y = sum[j](exp(m - x) * v) }",
  "(y: f32[i], u: f32[i]) { y = sum[j](x)\n let s = z where c\n u = sum[j](s) }",
  "(y: f32[i], u: i32[i], m: f32[i]) { y = sum[j](x * z)\n u = argmax[j](z)\n m = max[j](abs(x)) }",
  "y: f32[i, j] { y = cumsum[j](x) }",
  "y: f32[i, j] { let s = x where c\n y = cumsum[j](s) }",
  "y: f32[i, j] { y = softmax[j](x) }",
  "y: f32[i, j] { y = (x - mean[j](x)) / sqrt(var[j](x) + 0.001) * v }",
  "y: f32[i, j] { y = x / max[j](abs(x)) }",
  "y: f32[i] { let t = mean[j](x)\n y = sum[j](if x > t then x * z else 0) }",
  "y: f32[i] { let t = mean[j](x)\n let s = z where x > t\n y = max[j](s) }",
  "y: f32 { y = sum[i, j](x * z) }",
  "y: f32 { y = max[i](sum[j](x)) }",
  "y: f32[j] { y = sum[i](x) * v }",
  "y: bool[i] { y = sum[j](x) > 0 }",
  "y: f32[i] { y = sum[j](float(w) * x) + float(max[j](w)) }",
  "y: f32[i] { y = sum[u: 0..4](x[j = u] * v[j = u + 1]) }",
  "y: f32[i] { y = sum[j](x * sum[u: 0..3](v[j = (j + u) % M])) }",
];

const wide = "x: f32[i: N, j: M], v: f32[j, d: D], u: f32[i, d], w: f32[d, f: F]";
const FEATURES: readonly string[] = [
  "y: f32[i, d] { y = sum[j](x * v) }",
  "y: f32[i, d] { y = max[j](x * v) }",
  "y: f32[i, d] { y = sum[j](softmax[j](x) * v) + u }",
  "y: f32[i, d] { let o = sum[j](softmax[j](x) * v)\n y = o / sqrt(mean[d](o * o) + 0.01) }",
  "y: f32[i, f] { y = sum[d](u * w) }",
  "y: f32[i, f] { let o = sum[j](x * v)\n y = sum[d](o * w) }",
  "y: f32[d, i] { y = sum[j](x * v) }",
  "y: i32[i] { y = argmax[d](sum[j](x * v)) }",
  "y: f32[i] { y = sum[j](x * sum[d](u * v)) }",
  "y: f32[i, d] { y = u * 2 }",
  "y: f32[i, d] { y = u[d = D - 1 - d] + u }",
  "(y: f32[i, d], z: f32[d, i]) { y = u\n z = -u }",
  "y: f32[j, d] { y = v * v + v }",
  "y: f32[i, j] { y = x * sum[d](u * v) }",
  "y: f32[i] { y = max[d](u) }",
  "(y: f32[i, d], m: f32[i]) { let m0 = max[d](u)\n y = exp(u - m0)\n m = m0 }",
  "y: f32[i, d] { let s = v where v > 0\n y = sum[j](x * s) }",
  "y: f32[i, d] { y = softmax[d](u) }",
  "y: f32[i, d] { y = u[d = d - 1] + u[d = d + 4] }",
  "y: f32[i, d] { y = u[d = d - 4] - u[d = d + 1] }",
  "y: f32[i, d] { y = sum[j](x * v[d = d - 4]) }",
  "y: f32[i, d] { y = sum[j](x * v[d = d + 1]) }",
  "y: f32[i, d] { y = u[d = d / 4] * u[d = d % 4] }",
];

/** Large integers: what is made of them on the way is more than 32 bits hold, what is stored is not. */
const LARGE: readonly string[] = [
  "y: i32[i, j] { y = w + w[j = j + 1] - w }",
  "y: i32[i, j] { y = max(w + w[j = j + 1], 7) }",
  "y: i32[i, j] { y = -w }",
  "y: i32[i, j] { y = abs(w) }",
  "y: i32[i, j] { y = abs(w - 5) / 3 }",
  "y: i32[i, j] { y = (w + j) / 4 + (w - j) % 5 }",
  "y: bool[i, j] { y = w + w[j = j + 1] > 5 }",
  "y: bool[i, j] { y = w - w[j = j + 1] <= j }",
  "y: bool[i, j] { y = w == w[j = j + 1] + 1 }",
  "y: bool[i, j] { y = w + 1 != w[j = j + 1] }",
  "y: bool[i, j] { y = w < w[j = j + 1] }",
  "y: bool[i, j] { y = 2 * w >= 3 * w[j = j + 1] - 1 }",
  "y: f32[i, j] { y = x[j = w] }",
  "y: f32[i, j] { y = x[j = w + w[j = j + 1]] }",
  "y: f32[i] { let s = x where w + w[j = j + 1] > j\n y = sum[j](s) }",
  "y: i32[i] { y = max[j](w) }",
  "y: f32[i, j] { y = float(w) + float(w + 1) }",
];

/** Cells that are infinite. */
const INFINITE: readonly string[] = [
  "y: f32[i] { y = max[j](log(abs(x))) }",
  "y: f32[i] { y = min[j](-log(abs(x))) }",
  "y: f32[i] { let s = -log(abs(x)) where c\n y = min[j](s) }",
  "y: f32[i] { let s = log(abs(x)) where c\n y = max[j](s) - sum[j](z) }",
  "y: f32[i] { let s = log(max(x, 0))\n y = logsumexp[j](s) }",
  "y: f32[i] { let s = log(max(x, 0)) where c\n y = sum[j](softmax[j](s) * z) }",
  "y: i32[i] { let s = log(max(x, 0))\n y = argmax[j](s) }",
];

const READS: readonly string[] = [
  "y: f32[i, j] { y = x[j = j - 1] }",
  "y: f32[i, j] { y = x - x[j = j + 1] }",
  "y: f32[i, j] { y = x[j = M - 1 - j] }",
  "y: f32[i, j] { y = x[j = 2 * j] + x[j = j / 2] }",
  "y: f32[i, j] { y = x[i = w % 5, j = j] }",
  "y: f32[i, j] { y = v[j = w + 1] }",
  "y: f32[i] { y = sum[j](v[j = w]) }",
  "y: f32[i] { y = sum[j](x[j = j - 2] * v) }",
  "y: f32[i] { y = sum[j](x * v[j = i + j]) }",
  "y: f32[i] { y = x[j = min(i, M - 1)] }",
  "y: f32[i] { let s = x[j = j - 3] where j <= i + 8\n y = max[j](s) }",
  "y: i32[i, j] { y = w[j = j - 1] + w }",
  "y: bool[i, j] { y = c[j = j - 1] or x > 0 }",
  "y: i32[i, j] { y = w / 2 - w % 3 + abs(w - j) * sign(i - j) }",
  "y: i32[i, j] { y = int(floor(x * 3)) + int(ceil(z)) + int(round(x)) }",
  "y: f32[i, j] { y = if c then tanh(x) else erf(z) + sin(x) * cos(z) }",
  "y: f32[i, j] { y = abs(x) ** 1.5 + x ** 2 + x ** 3 }",
  "y: f32[i, j] { y = min(x, z) + max(x, 0.5) + log(1 + x * x) + exp(-abs(z)) }",
];

const RECURRENCES: readonly string[] = [
  "y: f32[i, j] { let h[i, j] = 0.5 * prev[j](h, 0) + x\n y = h }",
  "y: f32[i] { let h[i, j] = 0.5 * prev[j](h, 2) + x\n y = h[j = M - 1] }",
  "y: f32[i] { let h[i, j] = 0.5 * prev[j](h, 0) + x\n y = sum[j](h * z) }",
  "(y: f32[i, j], t: f32[i]) { let h[i, j] = max(prev[j](h, 0), x)\n y = h\n t = max[j](h) }",
  "y: f32[i, j] { let h[i, j] = 0.5 * prev[j](h, 1) + x where c\n y = h }",
  "y: f32[j] { let h[i, j] = 0.5 * prev[j](h, 0) + x\n y = sum[i](h) }",
];
const STATES: readonly string[] = [
  "y: f32[t, e] { let s[t, d, e] = 0.9 * prev[t](s, 0) + k * v\n y = sum[d](q * s) }",
  "y: f32[t, e] { let s[t, d, e] = prev[t](s, 0) + k * (v - sum[d](k * prev[t](s, 0)))\n y = sum[d](q * s) }",
  "(y: f32[t, e], z: f32[d, e]) { let s[t, d, e] = 0.5 * prev[t](s, 0) + k * v\n y = sum[d](q * s)\n z = s[t = T - 1] }",
];

const several =
  "x: f32[i: N, j: M], z: f32[i, j], v: f32[j, d: D], u: f32[i, d], w: f32[d, f: F], g: f32[j], c: bool[i, j]";
/** Plans of several kernels or passes. */
const PLANS: readonly string[] = [
  "y: f32[i] { y = sum[j](x * max[i](x)) }",
  "y: f32[i, j] { y = x - mean[i](x) - mean[j](x) }",
  "y: f32[i] { y = sum[j](x) / sum[i](sum[j](x * x)) }",
  "y: f32[i] { let t = sum[j](x)\n y = t - max[i](t) }",
  "(y: f32[i], s: f32) { let t = sum[j](x)\n y = t\n s = sum[i](t * t) }",
  "(y: f32[i], s: f32[j]) { y = sum[j](x * z)\n s = sum[i](x * z) }",
  "(y: f32[i], e: f32[i, j]) { y = sum[j](x)\n e = x * 2 }",
  "(y: f32[i, j], e: f32[i, j]) { y = softmax[j](x)\n e = x * z }",
  "(y: f32[i, d], e: f32[i, d]) { let o = sum[j](softmax[j](x) * v)\n y = o\n e = o * u + u }",
  "y: f32[i, f] { let h = sum[j](x * v)\n let r = max(h, 0)\n y = sum[d](r * w) }",
  "y: f32[i, f] { let h = u / sqrt(mean[d](u * u) + 0.1)\n y = sum[d](h * w) }",
  "y: f32[i, d] { let h = u + sum[j](x * v)\n y = h / sqrt(mean[d](h * h) + 0.1) }",
  "y: f32[i, d] { let h = u - mean[d](u)\n let k = h / sqrt(mean[d](h * h) + 0.1)\n y = k * sum[j](x) }",
  "y: f32[i] { let k = sum[d](v * v)\n y = sum[j](x * k) }",
  "y: f32[i] { let k = v / sqrt(sum[d](v * v) + 0.1)\n y = sum[j](exp(x) * sum[d](u * k)) }",
  "y: f32[i, d] { let s = x / sum[i](exp(x))\n y = sum[j](s * v) }",
  "y: f32[i, d] { let p = softmax[i](x)\n y = sum[j](p / sum[j](p) * v) }",
  "y: f32[i, d] { let p = softmax[i](softmax[j](x))\n y = sum[j](p * v) }",
  "y: f32[i] { let t = kth_largest[j](x, 4)\n let s = x where x >= t\n y = sum[j](softmax[j](s) * g) }",
  "y: f32[i] { let a = argmax[j](x)\n y = z[j = a] }",
  "y: f32[i] { let m = mean[j](x)\n let d2 = var[j](x)\n y = sum[j](max((x - m) / sqrt(d2 + 0.1), 0) * z) }",
  "y: f32[i, j] { let s = cumsum[j](x)\n y = s / sum[j](abs(x)) }",
  "y: f32[i, j] { y = cumsum[j](x / sum[j](abs(x))) }",
  "y: f32[i, j] { y = cumsum[i](x) }",
  "y: f32[i] { y = sum[j](x * cumsum[j](g)) }",
  "y: f32[i] { let s = x where c\n y = sum[j](if c then softmax[j](s) * z else 0) }",
  "y: f32[i] { let s = x where c\n let m = max[j](s)\n y = if m > 0 then m else sum[j](z) }",
  "y: f32[i] { let s = x where c\n y = log(sum[j](s * s)) }",
  "y: f32[i] { let s = x where c\n y = 1 / sum[j](exp(s)) }",
  "y: f32[i, d] { let s = x where c\n y = sum[j](softmax[j](s) * v) / sum[j](z) }",
  "y: f32[i] { let s = x where j < 0\n y = max[j](s) + sum[j](z) }",
  "y: f32[i, d] { let s = 5 * tanh(x)\n y = sum[j](softmax[j](s) * v) }",
  "y: f32[i, d] { let s = x * 0.3 + g\n y = sum[j](softmax[j](s) * v) }",
  "(y: f32[i, d], m: f32[i], l: f32[i]) { let s = x * 0.3\n y = sum[j](softmax[j](s) * v)\n m = max[j](s)\n l = logsumexp[j](s) }",
  "y: f32[i] { let s = x * 0.3\n let m = max[j](s)\n y = sum[j](if s == m then exp(s - m) * z else 0) }",
  "y: f32[i] { let s = x * 0.3\n let p = softmax[j](s)\n y = -sum[j](p * log(p)) }",
  "y: f32[i] { let m = max[j](x)\n y = sum[j](x * exp(x - m)) / sum[j](exp(x - m)) }",
  "y: f32[j] { y = g / sum[i, j](x * x) }",
  "y: f32[i, j] { y = x / sum[i, j](x * x) }",
  "(y: f32[j], s: f32) { y = g * sum[i, j](x)\n s = sum[i, j](z) }",
  "y: f32[d] { let p = softmax[j](sum[i](x))\n y = sum[j](p * v) }",
  "y: f32[i, j] { let h[i, j] = 0.5 * prev[j](h, 0) + x / sum[j](abs(x))\n y = h }",
  "y: f32[i] { let h[i, j] = 0.5 * prev[j](h, 0) + x\n y = mean[j](h) / sqrt(var[j](h) + 0.1) }",
  "y: f32[i, j] { let h[i, j] = 0.5 * prev[j](h, 0) + x\n y = h - h[j = j - 1] }",
  "y: f32[i, j] { let h[i, j] = 0.5 * prev[j](h, 0) + x\n let k[i, j] = max(prev[j](k, -9), h)\n y = h / (1 + abs(k)) }",
  "y: f32[i, j] { let h[i, j] = 0.5 * prev[j](h, 0) + x\n y = h + cumsum[j](z) }",
];

const titled = (kind: string, text: string, p: Program): readonly [string, Program] => [`${kind}: ${text}`, p];

export const LOWERED: readonly (readonly [string, Program])[] = [
  ...CONDITIONS.map((c) => titled("where", c, masked(c))),
  ...STATISTICS.map((s, n) =>
    titled(
      "statistic",
      s,
      program(`kernel k(${over}) -> ${s}\n`, { known: n % 3 === 0 ? ["M"] : [], parts: n % 4 === 1 ? 3 : null }),
    ),
  ),
  ...FEATURES.flatMap((s, n) =>
    [
      [4, 8],
      [3, 6],
      [9, 1],
    ].map(([D = 1, F = 1], k) =>
      titled(
        `features ${D}, ${F}`,
        s,
        program(`kernel k(${wide}) -> ${s}\n`, {
          sizes: { ...SIZES, D, F },
          known: ["D", "F"],
          parts: (n + k) % 5 === 1 ? 2 : null,
        }),
      ),
    ),
  ),
  ...PLANS.map((s, n) =>
    titled(
      "plan",
      s,
      program(`kernel k(${several}) -> ${s}\n`, {
        sizes: { ...SIZES, D: 4, F: 3 },
        known: n % 2 === 0 ? ["D", "F"] : ["D", "F", "N", "M"],
        parts: n % 6 === 2 ? 2 : null,
      }),
    ),
  ),
  ...READS.map((s, n) =>
    titled("read", s, program(`kernel k(${over}) -> ${s}\n`, { known: n % 2 === 0 ? ["M"] : [] })),
  ),
  ...LARGE.map((s) =>
    titled(
      "integers",
      s,
      program(`kernel k(${over}) -> ${s}\n`, {
        sizes: { N: 5, M: 6 },
        data: { w: { kind: "ints", from: -1073741823, to: 1073741823 } },
      }),
    ),
  ),
  ...INFINITE.map((s) =>
    titled(
      "infinite",
      s,
      program(`kernel k(${over}) -> ${s}\n`, { sizes: { N: 7, M: 2 }, data: { x: { kind: "ties" } } }),
    ),
  ),
  ...RECURRENCES.map((s) => titled("recurrence", s, program(`kernel k(${over}) -> ${s}\n`))),
  ...STATES.map((s) =>
    titled(
      "state",
      s,
      program(`kernel k(q: f32[t: T, d: D], k: f32[t, d], v: f32[t, e: E]) -> ${s}\n`, {
        sizes: { T: 7, D: 4, E: 5 },
        known: ["D", "E"],
      }),
    ),
  ),
];
