/** Random kernels as source text, in the shapes that papers use: attention with any score, mask and normaliser, and row programs. */
import fc from "fast-check";
import type { Case } from "../numeric/harness.ts";

export type Generated = { readonly source: string; readonly case: Case };

/** Parts that need parameters of their own name them; a kernel declares what its text mentions. */
const PARAMETERS: Readonly<Record<string, string>> = {
  bias: "bias: f32[h, i, j]",
  slope: "slope: f32[h]",
  rel: "rel: f32[h, z: N + M - 1]",
  relk: "relk: f32[h, y: N + M - 1, d]",
  sink: "sink: f32[h]",
  tau: "tau: f32[b, h]",
  doc: "doc: i32[b, i]",
  seg: "seg: i32[b, j]",
  len: "len: i32[b]",
  keep: "keep: bool[b, j]",
  w: "w: i32",
  c0: "c0: f32",
};

const mentioned = (text: string): readonly string[] =>
  Object.entries(PARAMETERS).flatMap(([name, declaration]) =>
    new RegExp(`\\b${name}\\b`).test(text) ? [declaration] : [],
  );

const number = fc.constantFrom("0.5", "2", "0.1", "3", "1.5");

const dot = fc.constantFrom(
  "sum[d](q * k)",
  "sum[d](q * k) / sqrt(D)",
  "sum[d](l2_norm[d](q) * l2_norm[d](k))",
  "-0.2 * sum[d]((q - k) ** 2)",
  "sum[d](q * k) / sqrt(D) + sum[d](q * relk[h, i - j + M - 1, d])",
  "sum[d](relu(q) * relu(k))",
  "sum[d]((q + 0.3) * (k * k))",
);

/** A score: an expression over one cell (i, j). */
const score = fc.letrec<{ s: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    { weight: 4, arbitrary: dot },
    { weight: 1, arbitrary: fc.constantFrom("bias", "0.1 * (i - j)", "rel[h, i - j + M - 1]") },
  ),
  s: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: tie("leaf") },
    { weight: 1, arbitrary: fc.tuple(tie("s"), number).map(([s, n]) => `${n} * (${s})`) },
    { weight: 1, arbitrary: fc.tuple(tie("s"), number).map(([s, n]) => `softcap(${s}, ${n})`) },
    { weight: 1, arbitrary: tie("s").map((s) => `(${s}) + bias`) },
    { weight: 1, arbitrary: tie("s").map((s) => `(${s}) - slope * (i + M - N - j)`) },
    { weight: 1, arbitrary: tie("s").map((s) => `(${s}) + rel[h, i - j + M - 1]`) },
    { weight: 1, arbitrary: tie("s").map((s) => `tau * (${s})`) },
    { weight: 1, arbitrary: tie("s").map((s) => `c0 + abs(${s})`) },
    { weight: 1, arbitrary: tie("s").map((s) => `if (i + j) % 2 == 0 then ${s} else 0.5 - (${s})`) },
    { weight: 1, arbitrary: fc.tuple(tie("leaf"), tie("leaf")).map(([p, q]) => `(${p}) * tanh(${q})`) },
    { weight: 1, arbitrary: fc.tuple(tie("leaf"), tie("leaf")).map(([p, q]) => `max(${p}, ${q})`) },
  ),
})).s;

const atom = fc.constantFrom(
  "causal(i, j)",
  "window(i, j, w)",
  "j <= i",
  "j >= i",
  "j < len",
  "doc == seg",
  "keep",
  "(i + j) % 3 != 0",
  "j < 2",
  "i / 2 == j / 2",
  "j != i",
  "i + j < N",
  "j > M",
  "abs(i - j) <= w",
  "j * 2 <= i + 1",
);
const mask = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  { weight: 5, arbitrary: atom },
  { weight: 2, arbitrary: fc.tuple(atom, atom).map(([p, q]) => `${p} and ${q}`) },
  { weight: 2, arbitrary: fc.tuple(atom, atom).map(([p, q]) => `(${p} or ${q})`) },
  { weight: 1, arbitrary: fc.tuple(atom, atom, atom).map(([p, q, r]) => `(${p} or ${q}) and not (${r})`) },
);

/** Statements that define `p` from `s`. */
const normaliser = fc.constantFrom(
  "let p = softmax[j](s)",
  "let p = softmax[j](s)",
  "let p = sigmoid(s)",
  "let p = relu(s) * relu(s) / max(sum[j](abs(s)), 1)",
  "let m = max(max[j](s), sink)\n  let p = exp(s - m) / (exp(sink - m) + sum[j](exp(s - m)))",
  "let p = s",
  "let p = s / max(sum[j](abs(s)), 1)",
  "let p = s * rsqrt(1 + sum[j](s * s))",
  "let t = mean[j](abs(s)) + 1\n  let p = softmax[j](s / t)",
  "let t = mean[j](s)\n  let p = relu(s - t)",
  "let p = s - max[j](s)",
  "let a = softmax[j](s)\n  let p = a * (2 - a)",
  "let p = exp(s - logsumexp[j](s))",
  "let a = softmax[j](s)\n  let p = a - softmax[j](0.5 * s)",
  "let r = s where s >= kth_largest[j](s, 3)\n  let p = softmax[j](r)",
  "let p = softmax[j](s) where j % 2 == 0",
  "let p = min(s, 1) / (1 + max(count[j](s > 0), 1))",
);

/** Further results: declaration and statement. */
const extra = fc.constantFrom(
  ["lse: f32[b, h, i]", "lse = logsumexp[j](s)"],
  ["top: f32[b, h, i]", "top = max[j](s) where any[j](s == s)"],
  ["low: f32[b, h, i]", "low = sum[j](min(s, 0))"],
  ["mass: f32[b, h, i]", "mass = sum[j](p)"],
  ["sq: f32[b, h, i]", "sq = sum[j](p * p)"],
  ["weights: f32[b, h, i, j]", "weights = p"],
  ["columns: f32[b, h, j]", "columns = sum[i](p)"],
  ["seen: i32[b, h, i]", "seen = count[j](s == s)"],
  ["best: i32[b, h, i]", "best = argmax[j](s)"],
  ["norm: f32[b, h, i]", "norm = sqrt(sum[e](sum[j](p * v) ** 2))"],
  ["spread: f32[b, h, i]", "spread = sum[j](p * (i - j))"],
) as fc.Arbitrary<readonly [string, string]>;

const result = fc.constantFrom(
  "sum[j](p * v)",
  "sum[j](p * v)",
  "sum[j](p * v) * c0",
  "rms_norm[e](sum[j](p * v), 1e-3)",
  "sum[j](p * tanh(v))",
  "sum[j](p * v) + v[j = 0]",
);

const some = (max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max }) }, { weight: 1, arbitrary: fc.constant(max * 3) });
const width = fc.constantFrom(1, 2, 3, 4, 5, 8);

const givenInputs: NonNullable<Case["inputs"]> = (name, count, random) => {
  const ints = (to: number): readonly number[] => Array.from({ length: count }, () => Math.floor(random() * to));
  return name === "doc" || name === "seg" ? ints(3) : name === "len" ? ints(9) : null;
};

/** Attention with everything at random. */
export const attention: fc.Arbitrary<Generated> = fc
  .record({
    score,
    mask,
    normaliser,
    result,
    extras: fc.uniqueArray(extra, { maxLength: 2, selector: ([d]) => d }),
    sizes: fc.record({
      B: fc.constantFrom(1, 2),
      H: fc.constantFrom(1, 2),
      N: some(8),
      M: some(9),
      D: width,
      E: width,
    }),
    allKnown: fc.boolean(),
  })
  .map((a): Generated => {
    const body = [
      `let s = ${a.score}${a.mask === "" ? "" : ` where ${a.mask}`}`,
      a.normaliser,
      `o = ${a.result}`,
      ...a.extras.map(([, s]) => s),
    ].join("\n  ");
    const used = mentioned(body);
    // `p` is not read by every set of extras; the results are.
    const results = ["o: f32[b, h, i, e]", ...a.extras.map(([d]) => d)].join(", ");
    const source = `kernel fuzz(\n  q: f32[b: B, h: H, i: N, d: D], k: f32[b, h, j: M, d], v: f32[b, h, j, e: E],${used.map((u) => `\n  ${u},`).join("")}\n) -> (${results}) {\n  ${body}\n}\n`;
    return {
      source,
      case: {
        kernel: "fuzz",
        sizes: a.sizes,
        known: a.allKnown ? Object.keys(a.sizes) : ["D", "E"],
        scalars: { ...(/\bw: i32/.test(source) ? { w: 3 } : {}), ...(/\bc0: f32/.test(source) ? { c0: 0.75 } : {}) },
        inputs: givenInputs,
      },
    };
  });

const rowStep = fc.constantFrom(
  "let a = x",
  "let a = x + r",
  "let a = silu(x)",
  "let a = 3 + 0.5 * x",
  "let a = x * gain",
  "let a = x where d % 2 == 0",
  "let a = x * r where d < lim",
  "let a = x - x[d = 0]",
  "let a = cumsum[d](x)",
  "let a = rotate_half[d](x)",
);
const rowBody = fc.constantFrom(
  "layer_norm[d](a, 1e-3)",
  "rms_norm[d](a, 1e-3)",
  "softmax[d](a)",
  "a / (1 + sum[d](abs(a)))",
  "l2_norm[d](a)",
  "a - mean[d](a)",
  "(a - mean[d](a)) / (1 + max[d](abs(a - mean[d](a))))",
  "log_softmax[d](a)",
  "a * rsqrt(var[d](a) + 0.1)",
  "a - max[d](a) + min[d](a)",
  "softmax[d](a / (1 + var[d](a)))",
  "layer_norm[d](rms_norm[d](a, 1e-3), 1e-3)",
  "a + 0",
);
const rowEnd = fc.constantFrom("", " * gain", " * gain + r", " + x", " * gain[d = D - 1 - d]");
const rowExtra = fc.constantFrom(
  ["m: f32[t]", "m = mean[d](a)"],
  ["s: f32[t]", "s = sum[d](a * a)"],
  ["c: f32[d]", "c = sum[t](x)"],
  ["a2: f32[t, d]", "a2 = a * a"],
  ["big: f32[t]", "big = logsumexp[d](a)"],
) as fc.Arbitrary<readonly [string, string]>;

/** Row programs: a prologue, statistics over the row, an epilogue. */
export const rows: fc.Arbitrary<Generated> = fc
  .record({
    step: rowStep,
    body: rowBody,
    end: rowEnd,
    extras: fc.uniqueArray(rowExtra, { maxLength: 2, selector: ([d]) => d }),
    sizes: fc.record({ N: some(5), D: fc.constantFrom(2, 4, 6, 8, 16, 36, 70) }),
    known: fc.constantFrom(["D"], ["N", "D"], []),
  })
  .map((a): Generated => {
    const body = [
      a.step,
      `y = ${/ where /.test(a.step) ? `if ${a.step.split(" where ")[1]} then ${a.body} else 0` : a.body}${a.end}`,
      ...a.extras.map(([, s]) => s),
    ].join("\n  ");
    const uses = (name: string, declaration: string): string =>
      new RegExp(`\\b${name}\\b`).test(body) ? `, ${declaration}` : "";
    const guarded = body.replace(
      "a2 = a * a",
      / where /.test(a.step) ? `a2 = if ${a.step.split(" where ")[1]} then a * a else 0` : "a2 = a * a",
    );
    const source = `kernel fuzz(x: f32[t: N, d: D]${uses("r", "r: f32[t, d]")}${uses("gain", "gain: f32[d]")}${uses("lim", "lim: i32[t]")}) -> (${["y: f32[t, d]", ...a.extras.map(([d]) => d)].join(", ")}) {\n  ${guarded}\n}\n`;
    return {
      source,
      case: {
        kernel: "fuzz",
        sizes: a.sizes,
        known: a.known,
        inputs: (name, count, random) =>
          name === "lim" ? Array.from({ length: count }, () => 1 + Math.floor(random() * 5)) : null,
      },
    };
  });
