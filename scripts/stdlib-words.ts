/** The parts of `docs/stdlib.md` that nothing can be asked for. */

export const INTRODUCTION = [
  "# The standard library",
  "",
  "Written by `npx node scripts/stdlib-table.ts` from the files' headers and from what the compiler makes of them;",
  "`--no-gpu` keeps the errors that are here. `npx tfx list` prints the same without memory and errors.",
  "",
  "- **class**: the form of the kernel. K1: one pass with an online softmax; K1r: the same from the last key to the first with a",
  "  running sum; K1m: several such states or signed weights; K0: weights without a normaliser; Kk: selection of k keys; K2s: row",
  "  statistics, then exact weights; K2c: column statistics first; KX: across layers; N1: a norm of rows; EW: elementwise; G2: matrix",
  "  products with an epilogue; P: makes a table for another kernel; R: a plain sum; scan: along a sequence with a state.",
  "- **derived plan**: what the compiler found, for the target `baseline`: passes over the streamed axis and what is carried along it",
  "  for a row (`sum[e]`: one for each e). **state bytes** are those of what is carried; `a + b`: one number for each kernel.",
  "- **peak bytes**: all buffers of the compiled kernel: inputs, results and scratch between kernels. Sizes: B=1, H=8 (G=2 groups of",
  "  R=4), N=M=4096, D=E=64; a row of a norm, residual or feed-forward layer is D=512 wide, F=2048, V=32000.",
  "- **naive bytes**: inputs and results, and the most that is alive at once between them if the text runs one operation at a time,",
  "  as eager frameworks do. An operation is a reduction (matrix product, row maximum, ...) or the elementwise expression between two",
  "  reductions; it writes one f32 tensor (conditions: a byte a cell), which is freed after its last reader. Expressions that read",
  "  only inputs and positions (masks, gathers, rotated keys) cost nothing. For softmax attention that is S and P, 8 bytes for each",
  "  of H N M.",
  "- **error**: the largest distance to the f64 value of the text, at small sizes that are no multiples of anything, normal random",
  "  inputs, worst result. Bold: more than twice the error of the same formula in f32, which the tests do not allow.",
];

type Feature = {
  readonly feature: string;
  readonly file: string;
  /** Where the file's first kernel is another. */
  readonly kernel?: string;
  /** The file whose naive form is the feature's, where its own is a part of it. */
  readonly naiveOf?: string;
  readonly note?: string;
};

export const NOT_FLASH: readonly Feature[] = [
  { feature: "sigmoid", file: "std/attention/sigmoid" },
  { feature: "hard", file: "std/attention/hard" },
  { feature: "top-k", file: "std/attention/topk" },
  { feature: "inverted (slot)", file: "std/attention/inverted" },
  { feature: "talking heads", file: "std/attention/talking_heads" },
  {
    feature: "selective",
    file: "std/attention/selective_step",
    naiveOf: "std/attention/dense",
    note: "one query row a call, M numbers carried from row to row; the naive form keeps S and P of all rows",
  },
  { feature: "Cog", file: "std/attention/cog" },
  { feature: "learned sink", file: "std/attention/sink" },
  { feature: "softcap", file: "std/attention/softcap" },
  { feature: "CoPE", file: "std/attention/cope" },
  { feature: "T5 bias", file: "std/position/t5_bias" },
  { feature: "dynamic bias", file: "std/position/dynamic_pos_bias", kernel: "dynamic_pos_bias" },
  {
    feature: "residual attention",
    file: "std/attention/residual_concat",
    note: "O(N L d): queries and keys of the L = 4 layers so far in place of the scores",
  },
  {
    feature: "residual attention, materialised",
    file: "std/attention/residual",
    note: "N x M scores in and out, as the caller asks",
  },
];

export const GRAPH_ONLY: readonly (readonly [string, string])[] = [
  ["weight tying, shared layers", "the same buffer is bound twice"],
  [
    "layer order (sandwich reordering, parallel attention and MLP, U-Net skips)",
    "the order in which the host calls kernels",
  ],
  ["Macaron's order", "the same; its half step is `std/ffn/macaron`"],
  [
    "recurrence (Transformer-XL's cache, ERNIE-Doc's enhanced recurrence)",
    "the host hands a layer's states to the next segment; the attention over them is `std/attention/transformer_xl`",
  ],
  [
    "memory tokens between blocks",
    "the host puts rows into the sequence; the attention is `std/attention/memory_tokens`",
  ],
  ["no positions (NoPE)", "`std/attention/causal` as it is"],
  ["no biases (PaLM)", "a choice of kernel: `linear_no_bias`, `layernorm_no_bias`"],
  ["initial values (SmallInit, DeepNorm's beta, FixNorm's range)", "numbers that training starts from"],
  ["random choices (forgetful mask, Gumbel noise, dropout)", "the host draws them; `std/attention/fcm` takes the mask"],
  ["straight-through gradients (hard, top-k)", "a rule of the backward pass, which TFX does not have"],
  ["sampling, beam search, KV-cache layout", "the host's; `std/attention/paged_decode` reads pages as they lie"],
];
