/** What is measured: sizes, inputs, and the f64 meaning of each case. */

export type AttentionCase = {
  readonly kind: "attention";
  readonly name: string;
  readonly causal: boolean;
  /** Batch. */
  readonly B: number;
  /** Heads. */
  readonly H: number;
  /** Rows, and as many keys. */
  readonly N: number;
  /** Features of a head. */
  readonly D: number;
};

export type NormCase = {
  readonly kind: "norm";
  readonly name: string;
  readonly norm: "layer" | "rms";
  readonly rows: number;
  readonly features: number;
};

export type Case = AttentionCase | NormCase;

/** Of all norms here, as of every peer's call. */
export const EPS = 1e-5;

const attention = (name: string, causal: boolean): AttentionCase => ({
  kind: "attention",
  name,
  causal,
  B: 1,
  H: 8,
  N: 512,
  D: 64,
});

export const CASES: readonly Case[] = [
  attention("causal", true),
  attention("full", false),
  { kind: "norm", name: "layernorm", norm: "layer", rows: 512, features: 768 },
  { kind: "norm", name: "rmsnorm", norm: "rms", rows: 512, features: 768 },
];

export const titleOf = (c: Case): string =>
  c.kind === "attention"
    ? `${c.causal ? "causal" : "full"} attention ${c.B}x${c.H}x${c.N}x${c.D}, f32`
    : `${c.norm === "layer" ? "LayerNorm" : "RMSNorm"} ${c.rows}x${c.features}, f32`;

export type Inputs = Readonly<Record<string, Float32Array>>;

/** Pseudo-random numbers in [-1, 1) from a seed (mulberry32). */
export const randomArray = (n: number, seed: number): Float32Array => {
  let a = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  });
};

/** Attention: q, k, v of [B, H, N, D]. Norms: x of [rows, features], gamma and beta of [features]. */
export const inputsOf = (c: Case): Inputs => {
  if (c.kind === "attention") {
    const n = c.B * c.H * c.N * c.D;
    return { q: randomArray(n, 1), k: randomArray(n, 2), v: randomArray(n, 3) };
  }
  return {
    x: randomArray(c.rows * c.features, 1),
    gamma: randomArray(c.features, 2),
    ...(c.norm === "layer" ? { beta: randomArray(c.features, 3) } : {}),
  };
};

const get = (inputs: Inputs, name: string): Float32Array => inputs[name] ?? new Float32Array();

/** One row of the result, by the definition, in f64. `head` counts over batch and heads. */
const attentionRow = (c: AttentionCase, inputs: Inputs, head: number, i: number): Float64Array => {
  const [q, k, v] = [get(inputs, "q"), get(inputs, "k"), get(inputs, "v")];
  const { N, D } = c;
  const at = (row: number): number => (head * N + row) * D;
  const s = Float64Array.from({ length: c.causal ? i + 1 : N }, (_, j) => {
    let dot = 0;
    for (let d = 0; d < D; d++) dot += q[at(i) + d]! * k[at(j) + d]!;
    return dot / Math.sqrt(D);
  });
  const max = s.reduce((a, b) => Math.max(a, b), -Infinity);
  const p = s.map((x) => Math.exp(x - max));
  const total = p.reduce((a, b) => a + b, 0);
  const out = new Float64Array(D);
  p.forEach((weight, j) => {
    for (let d = 0; d < D; d++) out[d]! += (weight / total) * v[at(j) + d]!;
  });
  return out;
};

const normRow = (c: NormCase, inputs: Inputs, row: number): Float64Array => {
  const [x, gamma, beta] = [get(inputs, "x"), get(inputs, "gamma"), get(inputs, "beta")];
  const xs = Float64Array.from(x.subarray(row * c.features, (row + 1) * c.features));
  const mean = c.norm === "layer" ? xs.reduce((a, b) => a + b, 0) / c.features : 0;
  const square = xs.reduce((a, b) => a + (b - mean) ** 2, 0) / c.features;
  return xs.map((value, d) => ((value - mean) / Math.sqrt(square + EPS)) * gamma[d]! + (beta[d] ?? 0));
};

/** Rows of the result: [B, H, N] flat, or the norm's rows. */
export const rowsOf = (c: Case): number => (c.kind === "attention" ? c.B * c.H * c.N : c.rows);

/** One row of the result by the definition, in f64, of the inputs as stored. */
export const referenceRow = (c: Case, inputs: Inputs, row: number): Float64Array =>
  c.kind === "attention" ? attentionRow(c, inputs, Math.floor(row / c.N), row % c.N) : normRow(c, inputs, row);

/** All rows. */
export const referenceOf = (c: Case, inputs: Inputs): Float64Array => {
  const rows = Array.from({ length: rowsOf(c) }, (_, row) => referenceRow(c, inputs, row));
  const width = rows[0]?.length ?? 0;
  const out = new Float64Array(rows.length * width);
  rows.forEach((row, n) => out.set(row, n * width));
  return out;
};

/** [B, H, N, D] as [B, N, H, D]. With H and N exchanged: the way back. */
export const swapHeads = (c: Pick<AttentionCase, "B" | "H" | "N" | "D">, x: Float32Array): Float32Array => {
  const out = new Float32Array(x.length);
  const { B, H, N, D } = c;
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let n = 0; n < N; n++) {
        const from = ((b * H + h) * N + n) * D;
        out.set(x.subarray(from, from + D), ((b * N + n) * H + h) * D);
      }
  return out;
};
