/** For each rule of src/ir/derive/rules programs on both sides of its condition: where it applies, and near misses. */

export type Program = {
  /** The rule's name. */
  readonly rule: string;
  readonly side: "applies" | "near miss";
  /** Why the condition holds or not. */
  readonly why: string;
  readonly text: string;
  /** Passes of the kernel that streams. */
  readonly passes: number;
  /** What one of the accumulators is, or is not. */
  readonly carries?: string;
  readonly lacks?: string;
  /** What the report says. */
  readonly note?: string;
  /** Cells of a chunk that recurrences are taken in. */
  readonly chunk?: number;
  /** Random data are in ±2 unless they have to be positive. */
  readonly data?: "positive";
};

const rows = (body: string, parameters = "x: f32[i: N, j: M]"): string =>
  `kernel k(${parameters}) -> y: f32[i] {\n${body.replaceAll(/^ */gm, "  ").trimEnd()}\n}\n`;
const features = (body: string): string =>
  `kernel k(x: f32[i: N, d: 3]) -> y: f32[i, d] {\n${body.replaceAll(/^ */gm, "  ").trimEnd()}\n}\n`;
const SIGNS = "signs of its factors are not known";
const BOUND = "nothing proves that the exponent stays bounded";

export const PROGRAMS: readonly Program[] = [
  {
    rule: "log of a product",
    side: "applies",
    why: "both factors are exponentials",
    passes: 1,
    text: rows("let l = sum[j](exp(x))\ny = sum[j](log(l * exp(x)))"),
  },
  {
    rule: "log of a product",
    side: "applies",
    why: "a square plus 1 is > 0, so the sum of squares may have any sign",
    passes: 1,
    carries: "log(1 + x[i, j] * x[i, j])",
    text: rows("let l = sum[j](x * x)\ny = sum[j](log(l * (1 + x * x)))"),
  },
  {
    rule: "log of a product",
    side: "near miss",
    why: "the data may be negative, both factors at once",
    passes: 2,
    note: SIGNS,
    data: "positive",
    text: rows("let l = sum[j](x)\ny = sum[j](log(x * l))"),
  },
  {
    rule: "log of a product",
    side: "near miss",
    why: "a choice around it does not tell the signs",
    passes: 2,
    text: rows("let l = sum[j](x)\ny = sum[j](if x * l > 0 then log(x * l) else 0)"),
  },

  {
    rule: "power of a product",
    side: "applies",
    why: "3 is an integer",
    passes: 1,
    carries: "x[i, j] ** 3",
    text: rows("let l = sum[j](x)\ny = sum[j]((x * l) ** 3)"),
  },
  {
    rule: "power of a product",
    side: "applies",
    why: "absolute values are >= 0",
    passes: 1,
    carries: "abs(x[i, j]) ** 0.5",
    text: rows("let l = sum[j](abs(x))\ny = sum[j]((abs(x) * l) ** 0.5)"),
  },
  {
    rule: "power of a product",
    side: "near miss",
    why: "a root, and the data may be negative, both factors at once",
    passes: 2,
    note: SIGNS,
    data: "positive",
    text: rows("let l = sum[j](x)\ny = sum[j]((x * l) ** 0.5)"),
  },

  {
    rule: "inverse of a product",
    side: "applies",
    why: "a product",
    passes: 1,
    carries: "1 / (1 + x[i, j] * x[i, j])",
    text: rows("let l = sum[j](x)\ny = sum[j](1 / (l * (1 + x * x)))"),
  },
  {
    rule: "inverse of a product",
    side: "near miss",
    why: "a sum",
    passes: 2,
    text: rows("let l = sum[j](x)\ny = sum[j](1 / (l + 20 + x * x))"),
  },

  {
    rule: "terms of a choice",
    side: "applies",
    why: "a sum of numbers is a number, whatever is chosen",
    passes: 1,
    carries: "if x[i, j] > 0 then x[i, j] else 0",
    text: rows("let l = sum[j](x)\ny = sum[j](if x > 0 then x * l else 1)"),
  },
  {
    rule: "terms of a choice",
    side: "near miss",
    why: "1 / l need not be a number where no x > 0 is chosen",
    passes: 2,
    note: "it may not be a number where the other branch is taken",
    text: rows("let l = sum[j](x)\ny = sum[j](if x > 0 then x / l else 1)"),
  },
  {
    rule: "terms of a choice",
    side: "near miss",
    why: "the condition is not known before l is",
    passes: 2,
    text: rows("let l = sum[j](x)\ny = sum[j](if l > x then x * l else 1)"),
  },

  {
    rule: "differences stay whole",
    side: "applies",
    why: "x - mean: taken apart it would cancel where the mean is large",
    passes: 2,
    text: rows("let m = mean[j](x)\ny = sum[j]((x - m) * x)"),
  },
  {
    rule: "differences stay whole",
    side: "near miss",
    why: "a product with the mean is no difference",
    passes: 1,
    text: rows("let m = mean[j](x)\ny = sum[j](m * x)"),
  },

  {
    rule: "sum that drifts with its gauge",
    side: "applies",
    why: "x - m beside exp(x - m)",
    passes: 1,
    carries: "(x[i, j] - max[j](x[i, j])) * exp(x[i, j] - max[j](x[i, j]))",
    text: rows("let m = max[j](x)\ny = sum[j]((x - m) * exp(x - m))"),
  },
  {
    rule: "sum that drifts with its gauge",
    side: "near miss",
    why: "x - 2 m does not move as the exponent does",
    passes: 2,
    text: rows("let m = max[j](x)\ny = sum[j]((x - 2 * m) * exp(x - m))"),
  },

  {
    rule: "exponential of a sum",
    side: "applies",
    why: "the logarithm of a finished sum comes off",
    passes: 1,
    text: rows("let l = logsumexp[j](x)\ny = sum[j](exp(x - l) * x)"),
  },
  {
    rule: "exponential of a sum",
    side: "near miss",
    why: "a mean is no extremum: e^x alone may overflow",
    passes: 2,
    text: rows("let m = mean[j](x)\ny = sum[j](exp(x - m))"),
  },

  {
    rule: "gauge",
    side: "applies",
    why: "|t| >= 0, and m is the maximum of x",
    passes: 1,
    text: rows("let m = max[j](x)\ny = sum[j](exp(abs(t) * (x - m)))", "x: f32[i: N, j: M], t: f32[i]"),
  },
  {
    rule: "gauge",
    side: "applies",
    why: "the maximum is over more cells than the sum",
    passes: 1,
    text: rows("let s = x where j > 1\nlet m = max[j](x)\ny = sum[j](exp(s - m))"),
  },
  {
    rule: "gauge",
    side: "near miss",
    why: "t may be negative: t (x - m) has no bound while m grows",
    passes: 2,
    note: BOUND,
    text: rows("let m = max[j](x)\ny = sum[j](exp(t * (x - m)))", "x: f32[i: N, j: M], t: f32[i]"),
  },
  {
    rule: "gauge",
    side: "near miss",
    why: "2 x - m <= x, which has no bound",
    passes: 2,
    note: BOUND,
    text: rows("let m = max[j](x)\ny = sum[j](exp(2 * x - m))"),
  },
  {
    rule: "gauge",
    side: "near miss",
    why: "the maximum leaves cells out that the sum has",
    passes: 2,
    note: BOUND,
    text: rows("let s = x where j > 1\nlet m = max[j](s)\ny = sum[j](exp(x - m))"),
  },
  {
    rule: "gauge",
    side: "near miss",
    why: "a minimum of logarithms is below the exponent, not above",
    passes: 2,
    note: BOUND,
    text: rows("let t = min[j](if x > 0 then log(x) else 100)\ny = sum[j](exp(x - t))"),
  },

  {
    rule: "constant gauge",
    side: "applies",
    why: "|s| <= 10, and softmax is the same for any shift",
    passes: 1,
    lacks: "max(",
    note: "no running maximum",
    text: rows("let s = 10 * tanh(x)\ny = sum[j](softmax[j](s) * v)", "x: f32[i: N, j: M], v: f32[j]"),
  },
  {
    rule: "constant gauge",
    side: "near miss",
    why: "the result shows the maximum itself in some rows",
    passes: 1,
    carries: "max[j](10 * tanh(x[i, j]))",
    note: "beyond the differences to it",
    text: rows(
      "let s = 10 * tanh(x)\ny = sum[j](softmax[j](s) * v) + (if i > 2 then max[j](s) else 0)",
      "x: f32[i: N, j: M], v: f32[j]",
    ),
  },
  {
    rule: "constant gauge",
    side: "near miss",
    why: "p * p without the maximum reaches e^100",
    passes: 1,
    carries: "max[j](50 * tanh(x[i, j]))",
    note: "exponents would reach 100",
    text: rows(
      "let s = 50 * tanh(x)\nlet p = exp(s - max[j](s))\ny = sum[j](p * p * v) / sum[j](p * p)",
      "x: f32[i: N, j: M], v: f32[j]",
    ),
  },
  {
    rule: "constant gauge",
    side: "near miss",
    why: "|s| <= 100 is too much",
    passes: 1,
    carries: "max[j](100 * tanh(x[i, j]))",
    text: rows("let s = 100 * tanh(x)\ny = sum[j](softmax[j](s) * v)", "x: f32[i: N, j: M], v: f32[j]"),
  },

  {
    rule: "statistics of shifted values",
    side: "applies",
    why: "the sum over all 3 cells, over 3, is the mean",
    passes: 2,
    carries: "x[i, d] - x[i, 0]",
    text: features("y = x - sum[d](x) / 3"),
  },
  {
    rule: "statistics of shifted values",
    side: "near miss",
    why: "one less: a variance would divide so, a mean does not",
    passes: 2,
    lacks: "x[i, 0]",
    text: features("y = x - sum[d](x) / (size(d) - 1)"),
  },
  {
    rule: "statistics of shifted values",
    side: "near miss",
    why: "twice the number of cells",
    passes: 2,
    lacks: "x[i, 0]",
    text: features("y = x - sum[d](x) / (2 * size(d))"),
  },
  {
    rule: "statistics of shifted values",
    side: "near miss",
    why: "a divisor that the data give",
    passes: 2,
    lacks: "x[i, d] - x[i, 0]",
    text: features("y = x - sum[d](x) / (2 + x[i, 1] * x[i, 1])"),
  },
  {
    rule: "statistics of shifted values",
    side: "near miss",
    why: "one cell does not exist",
    passes: 2,
    lacks: "x[i, 0]",
    text: features("let s = x where d > 0\ny = x - sum[d](s) / 3"),
  },

  {
    rule: "cells that add nothing",
    side: "applies",
    why: "the inner sum is 0 behind the diagonal",
    passes: 1,
    carries: "where j <= i",
    text: rows(
      "let s = x where j <= i\ny = sum[j](sum[h](w * s) * v)",
      "x: f32[i: N, j: M, h: 2], w: f32[h], v: f32[j]",
    ),
  },
  {
    rule: "cells that add nothing",
    side: "near miss",
    why: "1 is added to the inner sum",
    passes: 1,
    lacks: ") where j <= i",
    text: rows(
      "let s = x where j <= i\ny = sum[j]((sum[h](w * s) + 1) * v)",
      "x: f32[i: N, j: M, h: 2], w: f32[h], v: f32[j]",
    ),
  },
  {
    rule: "cells that add nothing",
    side: "near miss",
    why: "a maximum takes zeros in",
    passes: 1,
    lacks: ") where j <= i",
    text: rows(
      "let s = x where j <= i\ny = max[j](sum[h](w * s) * v)",
      "x: f32[i: N, j: M, h: 2], w: f32[h], v: f32[j]",
    ),
  },

  {
    rule: "condition on a whole sum",
    side: "applies",
    why: "j > 0 says nothing of h",
    passes: 1,
    carries: "if j > 0 then sum[h](",
    text: rows("let s = x where j > 0\ny = sum[j](exp(sum[h](w * s)))", "x: f32[i: N, j: M, h: 2], w: f32[h]"),
  },
  {
    rule: "condition on a whole sum",
    side: "near miss",
    why: "h > 0 leaves cells of the sum itself out",
    passes: 1,
    carries: "where h > 0",
    text: rows("let s = x where h > 0\ny = sum[j](exp(sum[h](w * s)))", "x: f32[i: N, j: M, h: 2], w: f32[h]"),
  },
  {
    rule: "cells of a piece",
    side: "applies",
    why: "the mean varies along u as the rows of x do, of which there are fewer",
    passes: 1,
    text: "kernel k(x: f32[p: H, c: M], z: f32[s: N]) -> y: f32[u: H + N] {\n  axis u = p | s\n  y = concat[u](mean[c](x), z)\n}\n",
    carries: "sum(x[p, c])",
    lacks: "[u",
    note: "it has the cells of `p` alone, what reads it has more",
  },
  {
    rule: "cells of a piece",
    side: "applies",
    why: "the second piece begins behind the first",
    passes: 1,
    text: "kernel k(x: f32[p: H, c: M], z: f32[s: N]) -> y: f32[u: N + H] {\n  axis u = s | p\n  y = concat[u](z, max[c](x) - 1)\n}\n",
    carries: "max(x[p, c])",
    lacks: "u",
  },
  {
    rule: "cells of a piece",
    side: "near miss",
    why: "the mean reads the index itself too",
    passes: 1,
    text: "kernel k(x: f32[p: H, c: M], z: f32[s: N]) -> y: f32[u: H + N] {\n  axis u = p | s\n  y = concat[u](mean[c](x * p), z)\n}\n",
    carries: "x[u, c]",
  },
  {
    rule: "cells of a piece",
    side: "near miss",
    why: "nothing says that x has no more rows than the result",
    passes: 1,
    text: "kernel k(x: f32[p: H, c: M], z: f32[s: N]) -> y: f32[s] {\n  y = if s < 2 then sum[c](x[p = s]) else z\n}\n",
    carries: "x[s, c]",
  },
  ...(
    [
      [
        "applies",
        "the gate is data, and the step adds k v",
        "g * prev[t](s, 0) + k * v",
        "sum[d](q * s)",
        "in chunks of 2",
      ],
      [
        "applies",
        "a choice that data decide: the state is forgotten or not",
        "if g > 0 then g * prev[t](s, 0) + k * v else k * v",
        "sum[d](q * s)",
        "in chunks of 2",
      ],
      [
        "near miss",
        "a sum over the state is taken within the step",
        "prev[t](s, 0) + k * (v - sum[d](k * prev[t](s, 0)))",
        "sum[d](q * s)",
        "not affine in it: `sum` over the state",
      ],
      [
        "near miss",
        "the state decides the choice",
        "if prev[t](s, 0) > 0 then g * prev[t](s, 0) else k * v",
        "sum[d](q * s)",
        "a choice that the state decides",
      ],
      [
        "near miss",
        "the state is read in another function than a sum",
        "g * prev[t](s, 0) + k * v",
        "sum[d](q * max(s, 0))",
        "not linear in it: `max` of the state",
      ],
      [
        "near miss",
        "the largest value is no sum",
        "g * prev[t](s, 0) + k * v",
        "max[d](q * s)",
        "otherwise than in a sum",
      ],
      [
        "near miss",
        "exp(k v) is no product of what is summed and of what is kept",
        "g * prev[t](s, 0) + exp(k * v)",
        "sum[d](q * s)",
        "does not part into",
      ],
      [
        "near miss",
        "whether a product is added depends on both features",
        "g * prev[t](s, 0) + (if k > v then k * v else 0)",
        "sum[d](q * s)",
        "does not part into",
      ],
      [
        "near miss",
        "the gate varies along what is kept",
        "v * prev[t](s, 0) + k * v",
        "sum[d](q * s)",
        "its coefficient varies along `e`",
      ],
    ] as const
  ).map(([side, why, step, read, note]): Program => ({
    rule: "recurrence in chunks",
    side,
    why,
    passes: 1,
    chunk: 2,
    note,
    text: `kernel k(q: f32[t: N, d: D], k: f32[t, d], v: f32[t, e: H], g: f32[t]) -> y: f32[t, e] {\n  let s[t, d, e] = ${step}\n  y = ${read}\n}\n`,
  })),
];
