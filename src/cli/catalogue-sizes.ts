/**
 * Sizes at which the catalogue counts and measures. The standard library calls sizes by the same letters throughout, so a
 * table of letters does for most kernels; what differs is said by folder, then by kernel.
 */
export type Sizes = Readonly<Record<string, number>>;

/** One head of 64 features, 8 heads, 4,096 queries and keys. */
const FULL: Sizes = {
  B: 1,
  H: 8,
  G: 2,
  R: 4,
  X: 8,
  N: 4096,
  M: 4096,
  D: 64,
  E: 64,
  C: 64,
  P: 16,
  L: 4096,
  K: 8,
  F: 2048,
  V: 32000,
  S: 4,
  A: 8,
  J: 4096,
  Z: 1,
  MB: 1,
  MH: 1,
  MI: 4096,
  MJ: 4096,
};

/** Small and ragged: no size is a multiple of a vector or a workgroup. */
const SMALL: Sizes = {
  B: 2,
  H: 3,
  G: 3,
  R: 2,
  X: 3,
  N: 13,
  M: 21,
  D: 6,
  E: 5,
  C: 7,
  P: 5,
  L: 9,
  K: 3,
  F: 11,
  V: 19,
  S: 3,
  A: 3,
  J: 37,
  Z: 1,
  MB: 1,
  MH: 1,
  MI: 13,
  MJ: 21,
};

type Folder = { readonly full?: Sizes; readonly small?: Sizes };

/** Where a row is a token of a model 512 wide, not a head. */
const ROWS: Folder = { full: { D: 512, C: 512 }, small: { D: 37, C: 9 } };

const FOLDERS: Readonly<Record<string, Folder>> = {
  embed: { ...ROWS, full: { D: 512, C: 128 } },
  ffn: ROWS,
  head: { ...ROWS, full: { D: 64, K: 8 }, small: { D: 6 } },
  norm: ROWS,
  // C is half of what is rotated, P the length of a cache.
  onnx: { full: { C: 32, P: 4096 }, small: { C: 2 } },
  residual: ROWS,
  train: ROWS,
};

type Special = Folder & {
  readonly statics?: Sizes;
  /** Sizes that the compiler is told before it asks. */
  readonly known?: readonly string[];
};

const KERNELS: Readonly<Record<string, Special>> = {
  // C is the width of the model here.
  attention_on_attention: { full: { C: 512, F: 512 } },
  attention_glu: { full: { C: 512, F: 512 } },
  gated_values: { full: { C: 512 } },
  head_gate: { full: { C: 512 } },
  // P x P blocks of scores, X x Y of them.
  block_sparse: { full: { P: 16, X: 256, Y: 256 }, small: { P: 16, X: 1, Y: 2 } },
  // C chunks of P keys, C pages of P keys of which a sequence has L, C partial results.
  decode_split: { full: { C: 32, P: 128 } },
  paged_decode: { full: { C: 256, P: 16, L: 256 } },
  merge: { full: { C: 8, N: 8 * 4096 } },
  cosine_grouped: { full: { G: 8, D: 8 } },
  cope_attention: { full: { P: 64 } },
  mla_attention: { full: { L: 512, R: 64 }, small: { L: 6, R: 4 } },
  persistent_memory: { full: { P: 1024 } },
  persistent_attn_split: { full: { P: 1024 } },
  persistent_head_split: { full: { P: 1024 } },
  persistent_single_head: { full: { P: 1024 } },
  feed_forward_attention: { full: { P: 1024 } },
  persistent_memory_relative: { full: { P: 1024 } },
  // L layers.
  residual_concat: { full: { L: 4 }, small: { L: 3 } },
  gru_gate_gtrxl: { full: { D: 256, F: 256 } },
  talking_heads: { full: { G: 8 }, small: { G: 2 } },
  position_table: { full: { X: 8191, C: 64 }, small: { X: 25 } },
  t5_bias: { full: { C: 32 } },
  relative_projection: { full: { R: 8, L: 512 } },
  rope_partial: { statics: { R: 4 } },
  rope_table: { full: { C: 32 } },
  groupnorm: { full: { N: 1, G: 32, C: 16, P: 4096 }, small: { N: 2, C: 3, P: 7 } },
  instancenorm: { full: { N: 1, C: 512, P: 4096 }, small: { N: 2, P: 7 } },
  l2norm_grouped: { full: { G: 8, C: 64 } },
  log_softmax_axis: { full: { C: 8 } },
  softmax_axis: { full: { C: 8 } },
  l1_normalization: { full: { C: 8 } },
  l2_normalization: { full: { C: 8 } },
  // A matrix of weights, N the shorter side; K tensors of a model.
  ...Object.fromEntries(
    ["muon_momentum", "muon_start", "muon_gram", "muon_polynomial", "muon_step"].map((k) => [
      k,
      { full: { N: 512, M: 2048 } },
    ]),
  ),
};

export type EntrySizes = {
  readonly full: Sizes;
  readonly small: Sizes;
  readonly statics: Sizes;
  /** Those of `full` that are this kernel's own, not what its letter stands for in the folder. */
  readonly own: Sizes;
  /** Sizes that the compiler is told before it asks: the features of a value, so that one kernel writes a whole row. */
  readonly known: readonly string[];
};

/** The sizes for a kernel of a folder; a letter that is nowhere gets 64, small 5. */
export const sizesFor = (folder: string, kernel: string, letters: readonly string[]): EntrySizes => {
  const [place, special] = [FOLDERS[folder] ?? {}, KERNELS[kernel] ?? {}];
  const pick = (of: "full" | "small", base: Sizes, other: number): Sizes => {
    const all: Sizes = { ...base, ...place[of], ...special[of] };
    return Object.fromEntries(letters.map((l) => [l, all[l] ?? other]));
  };
  return {
    full: pick("full", FULL, 64),
    small: pick("small", SMALL, 5),
    statics: special.statics ?? {},
    own: special.full ?? {},
    known: (special.known ?? ["E"]).filter((l) => letters.includes(l)),
  };
};
