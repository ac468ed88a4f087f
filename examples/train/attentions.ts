/** The attentions that the transformer may have: kernels of the standard library, each with what it learns besides q, k and v. */
import type { Layer } from "../../src/train/index.ts";

export type Sizes = {
  /** Sequences of a batch, and characters of each. */
  readonly batch: number;
  readonly length: number;
  readonly width: number;
  readonly heads: number;
  readonly depth: number;
  /** Of the feed-forward layer; 0: there is none. */
  readonly hidden: number;
  /** Vectors of persistent memory, a head. */
  readonly memory: number;
};

/** A block as an attention sees it. Names of buffers, made by `own`; `learn` declares a parameter. */
export type Place = {
  readonly sizes: Sizes;
  /** Which block, from 0. */
  readonly block: number;
  /** The normed residual stream. */
  readonly x: string;
  readonly own: (name: string) => string;
  /** A parameter that begins with normal numbers of this deviation around `mean`. */
  readonly learn: (name: string, shape: readonly number[], deviation: number, mean?: number) => string;
};

export type Attention = {
  /** Heads of queries and keys, and their features. */
  readonly queries?: (sizes: Sizes) => { readonly heads: number; readonly dim: number };
  /** Without rotary positions: the order is in the recurrence. */
  readonly isOrdered?: true;
  /** From `q`, `k` and `v` to `o`. */
  readonly layers: (place: Place) => readonly Layer[];
};

/** Features of a head. */
export const dimOf = ({ width, heads }: Sizes): number => width / heads;

/** One kernel of the library over q, k, v; `more` are its other tensors. */
const kernel = (file: string, name: string, { own }: Place, more: Partial<Layer> = {}): Layer => ({
  file: `std/attention/${file}`,
  kernel: name,
  ...more,
  buffers: { q: own("q"), k: own("k"), v: own("v"), o: own("o"), ...more.buffers },
});

export const ATTENTIONS = {
  causal: { layers: (at) => [kernel("causal", "causal_attention", at)] },
  memory: {
    layers: (at) => {
      const { heads, memory } = at.sizes;
      const dim = dimOf(at.sizes);
      const mk = at.learn("mk", [heads, memory, dim], dim ** -0.5);
      const mv = at.learn("mv", [heads, memory, dim], memory ** -0.5);
      return [kernel("persistent_memory", "persistent_memory", at, { buffers: { mk, mv } })];
    },
  },
  talking: {
    layers: (at) => {
      const { heads } = at.sizes;
      const wl = at.learn("wl", [heads, heads], heads ** -0.5);
      const ww = at.learn("ww", [heads, heads], heads ** -0.5);
      return [kernel("talking_heads", "talking_heads", at, { buffers: { wl, ww } })];
    },
  },
  topk: { layers: (at) => [kernel("topk", "topk_attention", at, { statics: { top: 8 } })] },
  differential: {
    queries: (sizes) => ({ heads: 2 * sizes.heads, dim: dimOf(sizes) / 2 }),
    layers: (at) => {
      const dim = dimOf(at.sizes);
      const lq = at.learn("lq", [2, dim / 2], 0.1);
      const lk = at.learn("lk", [2, dim / 2], 0.1);
      const gamma = at.learn("go", [dim], 0, 1);
      const init = 0.8 - 0.6 * Math.exp(-0.3 * at.block);
      return [kernel("differential", "differential_attention", at, { buffers: { lq, lk, gamma }, scalars: { init } })];
    },
  },
  recurrent: {
    isOrdered: true,
    layers: (at) => {
      const { batch, length, width, heads } = at.sizes;
      const dim = dimOf(at.sizes);
      const [a, g] = [at.own("a"), at.own("g")];
      const w = at.learn("wg", [width, width], width ** -0.5);
      return [
        { file: "std/ffn/mlp", kernel: "linear_no_bias", buffers: { x: at.x, w, y: a } },
        { file: "model.tfx", kernel: "decay", sizes: { B: batch, N: length, H: heads }, buffers: { x: a, g } },
        kernel("gated_linear_recurrent", "gated_linear_attention_recurrent", at, {
          buffers: { g, s0: "nothing" },
          scalars: { scale: dim ** -0.5 },
        }),
      ];
    },
  },
  sink: {
    layers: (at) => [
      kernel("sink", "sink_attention", at, { buffers: { sink: at.learn("sink", [at.sizes.heads], 0) } }),
    ],
  },
  softcap: { layers: (at) => [kernel("softcap", "softcap_attention", at)] },
} satisfies Readonly<Record<string, Attention>>;

export type AttentionName = keyof typeof ATTENTIONS;
