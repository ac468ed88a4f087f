/** Programs for tiles of rows and cells: what is contracted, exchanged, staged and merged, in kernels that have tiles and in some that have none. */
import type { Program } from "../../campaign/program.ts";

const program = (head: string, body: string, sizes: Program["sizes"], known: readonly string[]): Program => ({
  source: `kernel k(${head}) -> ${body}\n`,
  sizes,
  known,
  scalars: { p: 0.75 },
  statics: {},
  types: {},
  data: {},
  parts: null,
  seed: 5,
});

const attention =
  "q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, e: E], w: f32[j, e], u: f32[i, e], a: i32[i], b: i32[j], g: f32[j], p: f32";
const s = "let s = 0.4 * sum[d](q * k)\n";
const m = `${s} let m = max[j](s)\n`;

const ATTENTION: readonly string[] = [
  `o: f32[i, e] { ${s} o = sum[j](softmax[j](s) * v) }`,
  `o: f32[i, e] { ${s} let t = s where j <= i + 2\n o = sum[j](softmax[j](t) * v) }`,
  `o: f32[i, e] { ${s} let t = s where a == b\n o = sum[j](softmax[j](t) * v) }`,
  `o: f32[i, e] { ${s} let t = s where j >= i\n o = sum[j](softmax[j](t) * v) * u }`,
  `o: f32[i, e] { ${m} o = sum[j]((s - m) * exp(s - m) * v) / sum[j](exp(s - m)) }`,
  `(o: f32[i, e], z: f32[i, e]) { ${m} o = sum[j](exp(s - m) * v)\n z = sum[j](exp(s - m) * w) }`,
  `(o: f32[i, e], z: f32[i, d]) { ${m} o = sum[j](exp(s - m) * v)\n z = sum[j](exp(s - m) * k) }`,
  `(o: f32[i, e], z: f32[i, e]) { ${s} o = sum[j](s * v * w)\n z = sum[j](g * v + w * s) }`,
  `o: f32[i, e] { let s = sum[d](abs(q - k))\n o = sum[j](exp(-s) * v) }`,
  `o: f32[i, e] { let s = sum[d](q * k * k)\n o = sum[j](s * v) }`,
  `o: f32[i, e] { let s = sum[d](q * k) * sum[e](u * w)\n o = sum[j](s * v) }`,
  `o: f32[i] { o = sum[j](sum[d](q * k) * sum[e](max(u, w))) }`,
  `o: f32[i] { ${s} let t = s where s > 0\n o = max[j](t) }`,
  `(o: f32[i], c: i32[i]) { ${s} o = logsumexp[j](s)\n c = sum[j](if s > 0 then b else 1) }`,
  `(o: f32[i], c: i32[i]) { ${s} o = min[j](s)\n c = max[j](if s > p then b else j) }`,
  `(o: f32[i], z: f32[i]) { ${s} o = var[j](s)\n z = prod[j](1 + 0.1 * s) }`,
  `o: f32[i, e] { ${s} let p2 = softmax[j](s)\n o = sum[j](max(p2 - 0.05, 0) * v) }`,
  `o: f32[i, e] { ${s} let n = min[j](s)\n o = sum[j](exp(n - s) * v) }`,
  `(o: f32[i, e], m2: f32[i], l: f32[i]) { ${m} o = sum[j](softmax[j](s) * v)\n m2 = m\n l = logsumexp[j](s) }`,
  `(o: f32[i, e], z: f32[e, i]) { ${m} o = sum[j](exp(s - m) * v)\n z = sum[j](exp(s - m) * v) + u }`,
  `o: f32[i, e] { ${s} o = sum[j](s * (if w > 0 then v else g)) }`,
  `o: f32[i, e] { ${s} let t = v where b > 1\n o = sum[j](s * t) }`,
  `o: f32[i, e] { ${s} o = sum[j](softmax[j](s + g) * v) + sum[j](g * v) }`,
  `o: f32[i, e] { ${s} let x = sum[j](s * s)\n o = sum[j](tanh(s) * v) / sqrt(x + 1) + float(i) }`,
];

const grouped = "q: f32[h: H, r: R, i: N, d: D], k: f32[h, j: M, d], v: f32[h, j, e: E], x: f32[i], f: f32[e, c: 5]";
const GROUPED: readonly string[] = [
  `o: f32[h, r, i, e] { o = sum[j](softmax[j](sum[d](q * k)) * v) }`,
  `o: f32[i, h, r, e] { let s = sum[d](q * k) * x\n let t = s where j <= i\n o = sum[j](softmax[j](t) * v) }`,
  `o: f32[h, r, i, c] { let y = sum[j](softmax[j](sum[d](q * k)) * v)\n o = sum[e](y * f) }`,
];

const parts = "q: f32[i: N, d: D], k: f32[c: P, d], l: f32[j: M, d], v: f32[c, e: E], w: f32[j, e]";
const PARTS: readonly string[] = [
  `o: f32[i, e] { axis t = c | j\n let s = sum[d](q * concat[t](k, l))\n o = sum[t](softmax[t](s) * concat[t](v, w)) }`,
  `o: f32[i, e] { axis t = c | j\n let s = sum[d](q * concat[t](k, l)) where t <= i + 3\n o = sum[t](softmax[t](s) * concat[t](v, w)) }`,
  `o: f32[i] { axis t = c | j\n o = max[t](sum[d](q * concat[t](k, l))) }`,
];

const FEATURES: readonly (readonly [number, number])[] = [
  [8, 8],
  [12, 5],
  [4, 6],
];
const SIZES = { N: 7, M: 19 };

/** Programs with a kernel that has tiles. */
export const TILED: readonly (readonly [string, Program])[] = [
  ...ATTENTION.map((text, n) => [text, attention, ["D", "E"], n] as const),
  ...GROUPED.map((text, n) => [text, grouped, ["H", "R", "D", "E"], n] as const),
  ...PARTS.map((text, n) => [text, parts, ["D", "E", "P"], n] as const),
].map(([text, head, known, n]) => {
  const [D, E] = FEATURES[n % 3]!;
  return [
    `D ${D}, E ${E}: ${text.replaceAll(/\n */g, "; ")}`,
    program(head, text, { ...SIZES, D, E, H: 2, R: 2, P: 3 }, known),
  ];
});
