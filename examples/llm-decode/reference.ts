/** The same decoder as a plain program in f64: what `train.ts` learns from, and what the kernels are compared with. */
import { MODEL, turn, type Weights } from "./model.ts";

const { V, D, H, G, R, E, F, M, layers } = MODEL;

export type Step = { readonly hidden: Float64Array; readonly probabilities: (temperature: number) => Float64Array };

/** x W, of [inputs, outputs]. */
const times = (x: Float64Array, w: Float32Array, outputs: number): Float64Array => {
  const y = new Float64Array(outputs);
  for (let d = 0; d < x.length; d++) for (let f = 0; f < outputs; f++) y[f]! += x[d]! * w[d * outputs + f]!;
  return y;
};
const sum = (x: Float64Array): number => x.reduce((a, b) => a + b, 0);
const norm = (x: Float64Array, gain: Float32Array): Float64Array => {
  const scale = 1 / Math.sqrt(sum(x.map((v) => v * v)) / x.length + 1e-6);
  return x.map((v, d) => v * scale * gain[d]!);
};
const softmax = (z: Float64Array): Float64Array => {
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const total = sum(e);
  return e.map((v) => v / total);
};
const rotated = (x: Float64Array, angles: Float64Array): Float64Array =>
  x.map((v, n) => {
    const [start, e, half] = [n - (n % E), n % E, E / 2];
    const partner = e < half ? -x[start + e + half]! : x[start + e - half]!;
    return v * angles[e % half]! + partner * angles[half + (e % half)]!;
  });

/** A function from a token to what comes after it; it remembers the last M tokens. */
export const createReference = (weights: Weights): ((token: number) => Step) => {
  const w = (name: string): Float32Array => weights.get(name)!;
  const gain = w("gain");
  const caches = Array.from({ length: layers }, () => [] as { readonly k: Float64Array; readonly v: Float64Array }[]);
  let position = 0;
  return (token) => {
    const angles = new Float64Array(E);
    turn(position++, angles);
    let x = Float64Array.from(w("table").subarray(token * D, (token + 1) * D));
    caches.forEach((cache, n) => {
      const h = norm(x, gain);
      const q = rotated(times(h, w(`${n}.q`), H * E), angles);
      cache.push({ k: rotated(times(h, w(`${n}.k`), G * E), angles), v: times(h, w(`${n}.v`), G * E) });
      if (cache.length > M) cache.shift();
      const o = new Float64Array(H * E);
      for (let head = 0; head < H; head++) {
        const at = Math.floor(head / R) * E;
        const scores = Float64Array.from(cache, ({ k }) => {
          let dot = 0;
          for (let e = 0; e < E; e++) dot += q[head * E + e]! * k[at + e]!;
          return dot / Math.sqrt(E);
        });
        softmax(scores).forEach((p, j) => {
          for (let e = 0; e < E; e++) o[head * E + e]! += p * cache[j]!.v[at + e]!;
        });
      }
      const mid = times(o, w(`${n}.out`), D).map((v, d) => v + x[d]!);
      const m = norm(mid, gain);
      const up = times(m, w(`${n}.up`), F);
      const wide = times(m, w(`${n}.gate`), F).map((v, f) => (v / (1 + Math.exp(-v))) * up[f]!);
      x = times(wide, w(`${n}.down`), D).map((v, d) => v + mid[d]!);
    });
    const hidden = norm(x, gain);
    return { hidden, probabilities: (t) => softmax(times(hidden, w("head"), V).map((z) => z / t)) };
  };
};

/** The word at the part `u` of the likeliest words that together have probability `top`, as sorting finds it. */
export const draw = (p: Float64Array, top: number, u: number): number => {
  const order = Array.from(p.keys()).sort((a, b) => p[b]! - p[a]! || a - b);
  const kept: number[] = [];
  let total = 0;
  for (const word of order) {
    if (total >= top) break;
    kept.push(word);
    total += p[word]!;
  }
  let begun = 0;
  for (const word of kept) {
    if (u * total < begun + p[word]!) return word;
    begun += p[word]!;
  }
  return kept.at(-1) ?? 0;
};
