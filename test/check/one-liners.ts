/** The one-liners of the language reference, each as they stand there, in the smallest kernel around them. */
const QKV = "q: f32[b: B, h: H, i: N, d: D], k: f32[b, h, j: M, d], v: f32[b, h, j, e: E]";
const SCORES = "s: f32[b: B, h: H, i: N, j: M]";

type OneLiner = { readonly name: string; readonly source: string; readonly indices: string };

const kernel = (name: string, params: string, result: string, body: string): OneLiner => ({
  name,
  source: `kernel ${name}(${params}) -> ${result} {\n${body}\n}\n`,
  indices: result,
});

export const ONE_LINERS: readonly OneLiner[] = [
  kernel("sigmoid_attention", `${SCORES}, b0: f32`, "p: f32[b, h, i, j]", "p  = sigmoid(s + b0)"),
  kernel("relu2_attention", SCORES, "p: f32[b, h, i, j]", "p  = relu(s) * relu(s) / max(sum[j](abs(s)), 1)"),
  kernel(
    "learned_sink",
    `${SCORES}, sink: f32[h]`,
    "p: f32[b, h, i, j]",
    "let m = max(max[j](s), sink)\np  = exp(s - m) / (exp(sink - m) + sum[j](exp(s - m)))",
  ),
  kernel(
    "alibi",
    `${QKV}, slope: f32[h]`,
    "o: f32[b, h, i, e]",
    "let s  = sum[d](q * k) / sqrt(D) - slope * (i + M - N - j)\no = sum[j](softmax[j](s) * v)",
  ),
  kernel(
    "shaw",
    `${QKV}, rel: f32[h, u: N + M - 1, d]`,
    "o: f32[b, h, i, e]",
    "let s  = sum[d](q * k) + sum[d](q * rel[h, i - j + M - 1, d])\no = sum[j](softmax[j](s) * v)",
  ),
  kernel(
    "packed_documents",
    "s0: f32[b: B, h: H, i: N, j: N], doc: i32[b, i]",
    "p: f32[b, h, i, j]",
    "let s  = s0 where doc[b, i] == doc[b, j] and j <= i\np = softmax[j](s)",
  ),
  kernel("entropy", `p: f32[b: B, h: H, i: N, j: M]`, "h1: f32[b, h, i]", "h1 = -sum[j](p * log(p))"),
  kernel("column_mass", `p: f32[b: B, h: H, i: N, j: M]`, "c: f32[b, h, j]", "c  = sum[i](p)"),
  kernel(
    "differential_attention",
    "s1: f32[b: B, h: H, i: N, j: M], s2: f32[b, h, i, j], v: f32[b, h, j, e: E], lambda: f32",
    "o: f32[b, h, i, e]",
    "o  = sum[j](softmax[j](s1) * v) - lambda * sum[j](softmax[j](s2) * v)",
  ),
  kernel(
    "rope_prologue",
    "q: f32[b: B, h: H, i: N, d: D], cos: f32[i, d], sin: f32[i, d]",
    "qr: f32[b, h, i, d]",
    "qr = q * cos[i, d] + rotate_half[d](q) * sin[i, d]",
  ),
];
