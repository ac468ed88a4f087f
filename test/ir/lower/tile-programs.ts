/** Programs for tiles of rows and cells: what is contracted, exchanged, staged and merged, in kernels that have tiles and in some that have none. */
import type { TilesSchedule } from "../../../src/ir/schedule/schedule.ts";
import type { Program } from "../../campaign/program.ts";
import { tiles } from "../../property/schedules.ts";

/** Small tiles, of which there are many. */
export const SHAPES: readonly TilesSchedule[] = [
  tiles(4, 2, 1, 4, 4, 4, true),
  tiles(6, 2, 2, 4, 8, 8, false),
  tiles(8, 4, 1, 4, 4, 16, true),
  tiles(2, 2, 3, 8, 4, 4, false),
];

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

const NOTHING = "nothing is contracted over features: there is nothing for two dimensions of lanes";
const VARIES = "a result varies along the stream: it is written cell by cell";

export const attention =
  "q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, e: E], w: f32[j, e], u: f32[i, e], a: i32[i], b: i32[j], g: f32[j], n: i32[j, e], f: f32[h: 2, j], p: f32";
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
  `o: f32[i, e] { ${s} let l = min[j](s)\n o = sum[j](exp(l - s) * v) }`,
  `(o: f32[i, e], m2: f32[i], l: f32[i]) { ${m} o = sum[j](softmax[j](s) * v)\n m2 = m\n l = logsumexp[j](s) }`,
  `(o: f32[i, e], z: f32[e, i]) { ${m} o = sum[j](exp(s - m) * v)\n z = sum[j](exp(s - m) * v) + u }`,
  `o: f32[i, e] { ${s} o = sum[j](s * (if w > 0 then v else g)) }`,
  `o: f32[i, e] { ${s} let t = v where b > 1\n o = sum[j](s * t) }`,
  `o: f32[i, e] { ${s} o = sum[j](softmax[j](s + g) * v) + sum[j](g * v) }`,
  `o: f32[i, e] { ${s} let x = sum[j](s * s)\n o = sum[j](tanh(s) * v) / sqrt(x + 1) + float(i) }`,
  `o: f32[i] { let m = max[j](b)\n o = sum[j](exp(float(b - m)) * sum[d](q * k)) }`,
  `o: f32[i, e] { ${s} o = max[j](s * v) }`,
  `o: f32[i, e, d] { o = sum[j](v * k * a) }`,
  `o: f32[i, e] { ${s} let m = max[j](s + v)\n o = sum[j](exp(s + v - m)) }`,
  `o: f32[i, e] { ${s} let t = v where j < int(p * 4)\n o = sum[j](t * s) }`,
  `o: f32[i, e] { ${s} o = sum[j]((if s > 0 then 1 else 2) * v * float(if s > p then b else j)) }`,
  `o: f32[i, e] { ${s} o = sum[j](s * (v + u)) }`,
  `o: f32[i, e] { ${s} o = sum[j](s * v * float(n)) }`,
  `o: f32[i] { ${s} let y = sum[j](s * v)\n o = sum[e](y * u) }`,
  `o: f32[i, e] { ${s} let y = sum[j](s * v)\n o = y[e = E - 1 - e] }`,
  `o: f32[i, e] { ${s} let y = sum[j](s * v)\n o = sum[j](exp(g) * y) }`,
  `o: f32[i, e, h] { ${s} let y = sum[j](s * v)\n o = y * f[j = i] }`,
  `o: f32[i] { o = sum[j](sum[d](q + k) * g) }`,
  `o: f32[i, e] { ${s} let t = s where j < 0\n o = sum[j](t * v) + sum[j](s) }`,
  `o: f32[i] { ${s} let t = s where j < 0\n o = max[j](t) + sum[j](s * s) }`,
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

/** All cells of the stream are there for every row, and known to be. */
const WHOLE: readonly string[] = [
  `o: f32[i, e] { ${s} o = sum[j](softmax[j](s) * v) }`,
  `o: f32[i] { ${s} let t = s where a > 1\n o = max[j](t) }`,
];

/** Attention-like programs that have no tiles, with the numbers of features and the reasons; those above are their near misses. */
export const REFUSED: readonly (readonly [text: string, D: number, E: number, reasons: readonly string[]])[] = [
  [`o: f32[i] { o = sum[j, h](sum[d](q * k) * f) }`, 4, 4, ["tiles walk one axis, the stream is (j, h)"]],
  [`o: f32[j] { o = sum[e](v * w) }`, 4, 4, [NOTHING]],
  [
    `o: f32[i, j] { ${s} let t[i, j] = 0.5 * prev[j](t, 0) + s\n o = t }`,
    4,
    4,
    ["a recurrence walks its stream in order: lanes cannot share it", VARIES, "the size of `j` is not known", NOTHING],
  ],
  [`o: f32[i, j] { ${s} o = softmax[j](s) }`, 4, 4, [VARIES, "the size of `j` is not known"]],
  [`o: i32[i] { ${s} o = argmax[j](s) }`, 4, 4, ["partial results of `argmax` cannot be merged over lanes"]],
  [`o: f32[i] { ${s} o = kth_largest[j](s, 3) }`, 4, 4, ["partial results of `kth` cannot be merged over lanes"]],
  [
    `o: f32[i] { ${s} o = sum[j](s * cumsum[j](s)) }`,
    4,
    4,
    ["a running sum walks its stream in order: lanes cannot share it"],
  ],
  [
    `o: i32[i, e] { ${s} o = sum[j](if s > 0 then n else 0) }`,
    4,
    4,
    ["`o` is no sum of f32, and carries a value a feature", "`o` reads an integer or a condition of scores"],
  ],
  [`o: f32[i, e] { ${s} let t = s * v where v > 0\n o = sum[j](t) }`, 4, 4, ["a condition of `o` varies along `e`"]],
  [`o: f32[i, e] { ${s} let t = s * v where s > 0\n o = sum[j](t) }`, 4, 4, ["a condition of `o` is made of scores"]],
  [
    `o: f32[i, e] { let t = v where sum[d](k) > 0\n o = sum[j](t * sum[d](q * k)) }`,
    4,
    4,
    ["a condition of `o` is made of scores"],
  ],
  [`o: f32[i, e] { ${s} o = sum[j](if s > 0 then v else w) }`, 4, 4, ["`o` reads an integer or a condition of scores"]],
  [
    `o: f32[i, e] { ${s} o = sum[j](s * v * float(e)) }`,
    4,
    6,
    ["`o` reads `e`, no multiple of 4, other than with the cells of the stream"],
  ],
  [
    `o: f32[i, e] { ${s} let y = sum[j](s * v)\n o = y / max[e](y) }`,
    4,
    4,
    ["`o` reduces over features that lanes hold apart"],
  ],
  [`o: f32[i] { o = sum[j](float(a) * g) }`, 4, 4, [NOTHING]],
  [`o: f32[i] { o = sum[j](sum[d](q * k)) }`, 3, 4, [NOTHING]],
  [`o: f32[i] { o = sum[j](exp(-sum[d](abs(q - k)))) }`, 6, 4, [NOTHING]],
  [`o: f32[i] { o = sum[j](max[d](q * k)) }`, 8, 4, [NOTHING]],
  [`o: f32[i] { let r = q where d < 3\n o = sum[j](exp(sum[d](r * k))) }`, 8, 4, [NOTHING]],
  [`o: f32[i] { o = sum[j](exp(sum[d, e](q * k * u * v))) }`, 4, 4, [NOTHING]],
];

const FEATURES: readonly (readonly [number, number])[] = [
  [8, 8],
  [12, 5],
  [4, 6],
];
const SIZES = { N: 7, M: 19 };

/** Programs with a kernel that has tiles. */
export const TILED: readonly (readonly [string, Program])[] = [
  ...ATTENTION.map((text, n) => [text, attention, ["D", "E"] as readonly string[], n] as const),
  ...GROUPED.map((text, n) => [text, grouped, ["H", "R", "D", "E"] as readonly string[], n] as const),
  ...PARTS.map((text, n) => [text, parts, ["D", "E", "P"] as readonly string[], n] as const),
  ...WHOLE.map((text, n) => [text, attention, ["D", "E", "M"] as readonly string[], n] as const),
].map(([text, head, known, n]) => {
  const [D, E] = FEATURES[n % 3]!;
  return [
    `D ${D}, E ${E}: ${text.replaceAll(/\n */g, "; ")}`,
    program(
      head,
      text,
      { ...SIZES, ...(known.includes("M") ? { M: 16 } : {}), D, E, H: 2, R: 2, P: n === 2 ? 0 : 3 },
      known,
    ),
  ];
});
