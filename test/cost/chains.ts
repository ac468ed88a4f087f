/** Programs whose length is a number: chains of `let`s of every kind that a pass could walk more than once. */

const chain = (n: number, next: (before: string, at: number) => string): string =>
  Array.from({ length: n }, (_, at) => `  let a${at + 1} = ${next(`a${at}`, at)}\n`).join("");

const kernel = (params: string, result: string, lines: string): string =>
  `kernel k(${params}) -> y: f32[${result}] {\n${lines}}\n`;

const QKV = "q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, e: E]";

/** By name: a program with `n` lets, each made of the one before. */
export const CHAINS: Readonly<Record<string, (n: number) => string>> = {
  plain: (n) => kernel("x: f32[i: N]", "i", `  let a0 = x\n${chain(n, (a) => `${a} * 0.5 + 1`)}  y = a${n}\n`),
  "used twice": (n) =>
    kernel("x: f32[i: N]", "i", `  let a0 = x\n${chain(n, (a) => `${a} * ${a} - tanh(${a})`)}  y = a${n}\n`),
  "of whole numbers": (n) =>
    kernel(
      "x: f32[i: N], w: i32",
      "i",
      `  let a0 = i + w\n${chain(n, (a) => `max(${a} % 7, ${a} / 2)`)}  y = x[a${n}]\n`,
    ),
  "of sizes": (n) =>
    kernel("x: f32[i: N]", "i", `  let a0 = N\n${chain(n, (a) => `max(${a} - 1, ${a} / 2)`)}  y = x * a${n}\n`),
  "of choices": (n) =>
    kernel(
      "x: f32[i: N], c: f32[i]",
      "i",
      `  let a0 = x\n${chain(n, (a, at) => `if c > ${at} then ${a} * 2 else ${a} + c`)}  y = a${n}\n`,
    ),
  "of choices by index": (n) =>
    kernel(
      "x: f32[i: N], c: f32[i]",
      "i",
      `  let a0 = x\n${chain(n, (a, at) => `if i < ${at + 3} then ${a} * 2 else ${a} + c`)}  y = a${n}\n`,
    ),
  "of conditions": (n) =>
    kernel(
      "x: f32[i: N, j: M]",
      "i",
      `  let a0 = x > 0\n${chain(n, (a, at) => `(${a} and x < ${at}) or (not ${a} and j < i + ${at})`)}  let z = x where a${n}\n  y = sum[j](z)\n`,
    ),
  "with domains": (n) =>
    kernel(
      "x: f32[i: N, j: M], b: f32[j]",
      "i",
      `  let a0 = x where j <= i\n${chain(n, (a) => `${a} + ${a} * 0.5 where b > 0`)}  y = sum[j](a${n})\n`,
    ),
  "over a stream": (n) =>
    kernel(
      QKV,
      "i, e",
      `  let a0 = sum[d](q * k)\n${chain(n, (a) => `${a} + tanh(${a}) * 0.5`)}  y = sum[j](softmax[j](a${n}) * v)\n`,
    ),
  "behind a stream": (n) =>
    kernel(
      QKV,
      "i, e",
      `  let a0 = sum[j](softmax[j](sum[d](q * k)) * v)\n${chain(n, (a) => `${a} + tanh(${a}) * 0.5`)}  y = a${n}\n`,
    ),
  "of weights": (n) =>
    kernel(
      QKV,
      "i, e",
      `  let s = sum[d](q * k)\n  let m = max[j](s)\n  let a0 = exp(s - m)\n${chain(n, (a) => `${a} * ${a}`)}  y = sum[j](a${n} * v)\n`,
    ),
  "in a contraction": (n) =>
    kernel(
      QKV,
      "i, e",
      `  let a0 = q\n${chain(n, (a) => `${a} * ${a} + ${a}`)}  let s = sum[d](a${n} * k)\n  y = sum[j](softmax[j](s) * v)\n`,
    ),
  "in a recurrence": (n) =>
    kernel(
      "x: f32[t: N, d: D]",
      "t, d",
      `  let a0 = x\n${chain(n, (a) => `${a} * ${a} + ${a}`)}  let s[t, d] = prev[t](s, 0) * 0.5 + a${n}\n  y = s\n`,
    ),
  "in a union": (n) =>
    kernel(
      "x: f32[m: P, d: D], z: f32[s: M, d], q: f32[i: N, d]",
      "i, d",
      `  axis j = m | s\n  let a0 = x\n${chain(n, (a) => `${a} * ${a} + ${a}`)}  let b = concat[j](a${n}, z)\n  y = sum[j](softmax[j](sum[d](q * b)) * b)\n`,
    ),
  "of layers": (n) =>
    kernel(
      "x: f32[i: N, d: D], w: f32[d, e: E], u: f32[e, d]",
      "i, d",
      `  let a0 = x\n${chain(n, (a) => `relu(sum[e](u * sum[d](w * ${a})))`)}  y = a${n}\n`,
    ),
};

/**
 * Chains whose code itself grows with the square: pass p reads the statistics of all passes before it; a sum of integers that could leave
 * 32 bits is written out, so that it is exact.
 */
export const SQUARES: Readonly<Record<string, (n: number) => string>> = {
  means: (n) =>
    kernel(
      "x: f32[i: N, d: D]",
      "i, d",
      `  let a0 = x\n${chain(n, (a) => `${a} + ${a} * mean[d](${a})`)}  y = a${n}\n`,
    ),
  "exact sums": (n) =>
    kernel("x: f32[i: N], w: i32", "i", `  let a0 = i + w\n${chain(n, (a) => `${a} + ${a} % 7`)}  y = x[a${n}]\n`),
  "running sums": (n) =>
    kernel("x: f32[t: N]", "t", `  let a0 = x\n${chain(n, (a) => `cumsum[t](${a} * 0.5) + ${a}`)}  y = a${n}\n`),
};

/** A file of small kernels. */
export const kernels = (n: number): string =>
  Array.from(
    { length: n },
    (_, at) =>
      `/// Kernel ${at}.\n${(CHAINS["over a stream"] as (n: number) => string)(3).replace("kernel k(", `kernel k${at}(`)}`,
  ).join("\n");
