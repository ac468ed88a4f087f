/** The operators that have kernels: attributes, inputs and outputs by version, as the ONNX operator documents have them. */

export type Attribute = {
  readonly kind: "int" | "float" | "string";
  /** The version of the operator set that brought it. */
  readonly since?: number;
  readonly required?: true;
  /** The values that kernels have; all of the kind when absent. */
  readonly values?: readonly (number | string)[];
  readonly min?: number;
};

/** `types`: what an input may be. "T": float32, float16 or float64, the same for all inputs of the letter; "S": a second such letter. */
export type Parameter = {
  readonly name: string;
  readonly types: readonly ("T" | "S" | "bool" | "int64")[];
  readonly since?: number;
  readonly optional?: true;
};

export type Operator = {
  readonly domain: string;
  readonly since: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Attributes that ONNX has and no kernel, with what to do instead. */
  readonly without?: Readonly<Record<string, string>>;
  readonly inputs: readonly Parameter[];
  readonly outputs: readonly string[];
};

/** The newest operator sets that these tables are written from. */
export const NEWEST: Readonly<Record<string, number>> = { "": 27, "ai.onnx.preview": 1 };

const needed = (name: string, type: "T" | "S" | "int64" = "T"): Parameter => ({ name, types: [type] });
const optional = (name: string, type: "T" | "S" | "int64" = "T"): Parameter => ({
  name,
  types: [type],
  optional: true,
});

const FLOAT: Attribute = { kind: "float" };
const INT: Attribute = { kind: "int" };
const FLAG: Attribute = { kind: "int", values: [0, 1] };
const COUNT: Attribute = { kind: "int", min: 1 };
/** TensorProto's float, half, bfloat16 and double. */
const PRECISION: Attribute = { kind: "int", values: [1, 10, 16, 11] };
/** Statistics are f32. */
const STASH: Attribute = { kind: "int", values: [1] };
const WINDOW: Attribute = { kind: "int", since: 25, min: -1 };
const MOD = "a subgraph of the model is no input: it is a line of a .tfx kernel to write (std/onnx/flex_attention)";
const X = [needed("X")];

const along = (since: number): Operator => ({
  domain: "",
  since,
  attributes: { axis: INT },
  inputs: [needed("input")],
  outputs: ["output"],
});

export const OPERATORS: Readonly<Record<string, Operator>> = {
  Attention: {
    domain: "",
    since: 23,
    attributes: {
      is_causal: FLAG,
      kv_num_heads: COUNT,
      q_num_heads: COUNT,
      qk_matmul_output_mode: { kind: "int", values: [0, 1, 2, 3] },
      scale: FLOAT,
      softcap: { kind: "float", min: 0 },
      softmax_precision: PRECISION,
      left_window_size: WINDOW,
      right_window_size: WINDOW,
    },
    inputs: [
      needed("Q"),
      needed("K"),
      needed("V"),
      { name: "attn_mask", types: ["T", "bool"], optional: true },
      optional("past_key"),
      optional("past_value"),
      { ...optional("nonpad_kv_seqlen", "int64"), since: 24 },
    ],
    outputs: ["Y", "present_key", "present_value", "qk_matmul_output"],
  },
  FlexAttention: {
    domain: "ai.onnx.preview",
    since: 1,
    attributes: { scale: FLOAT, softmax_precision: PRECISION },
    without: { score_mod: MOD, prob_mod: MOD },
    inputs: [needed("Q"), needed("K"), needed("V")],
    outputs: ["Y"],
  },
  LinearAttention: {
    domain: "",
    since: 27,
    attributes: {
      // A hint, without effect on what is computed.
      chunk_size: INT,
      kv_num_heads: { ...COUNT, required: true },
      q_num_heads: { ...COUNT, required: true },
      scale: FLOAT,
      update_rule: { kind: "string", values: ["linear", "gated", "delta", "gated_delta"] },
    },
    inputs: [
      needed("query"),
      needed("key"),
      needed("value"),
      optional("past_state", "S"),
      optional("decay"),
      optional("beta"),
      optional("erase_gate"),
    ],
    outputs: ["output", "present_state"],
  },
  LayerNormalization: {
    domain: "",
    since: 17,
    attributes: { axis: INT, epsilon: FLOAT, stash_type: STASH },
    inputs: [...X, needed("Scale"), optional("B")],
    outputs: ["Y", "Mean", "InvStdDev"],
  },
  RMSNormalization: {
    domain: "",
    since: 23,
    attributes: { axis: INT, epsilon: FLOAT, stash_type: STASH },
    inputs: [...X, needed("scale")],
    outputs: ["Y"],
  },
  GroupNormalization: {
    domain: "",
    since: 18,
    attributes: { epsilon: FLOAT, num_groups: { ...COUNT, required: true }, stash_type: { ...STASH, since: 21 } },
    inputs: [...X, needed("scale"), needed("bias")],
    outputs: ["Y"],
  },
  InstanceNormalization: {
    domain: "",
    since: 6,
    attributes: { epsilon: FLOAT },
    inputs: [needed("input"), needed("scale"), needed("B")],
    outputs: ["output"],
  },
  LpNormalization: {
    ...along(1),
    attributes: { axis: INT, p: { kind: "int", values: [1, 2] } },
  },
  Softmax: along(1),
  LogSoftmax: along(1),
  Gelu: {
    domain: "",
    since: 20,
    attributes: { approximate: { kind: "string", values: ["none", "tanh"] } },
    inputs: X,
    outputs: ["Y"],
  },
  Swish: { domain: "", since: 24, attributes: { alpha: FLOAT }, inputs: X, outputs: ["Y"] },
  RotaryEmbedding: {
    domain: "",
    since: 23,
    attributes: {
      interleaved: FLAG,
      num_heads: { kind: "int", min: 0 },
      rotary_embedding_dim: { kind: "int", min: 0 },
    },
    inputs: [needed("X"), needed("cos_cache"), needed("sin_cache"), optional("position_ids", "int64")],
    outputs: ["Y"],
  },
};
