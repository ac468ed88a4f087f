/** A case as a node of a model: names become positions. */
import type { OnnxNode } from "../../src/onnx/index.ts";
import type { OnnxCase, OnnxTensor } from "./onnx-cases.ts";

/** The operators' inputs and outputs in order, by the names that the cases have for them. */
const POSITIONS: Readonly<Record<string, readonly [inputs: string, outputs: string]>> = {
  Attention: ["Q K V attn_mask past_key past_value nonpad_kv_seqlen", "Y present_key present_value qk_matmul_output"],
  FlexAttention: ["Q K V", "Y"],
  LinearAttention: ["query key value past_state decay beta erase_gate", "output present_state"],
  LayerNormalization: ["X W B", "Y Mean InvStdDev"],
  RMSNormalization: ["X W", "Y"],
  GroupNormalization: ["x scale bias", "y"],
  InstanceNormalization: ["x s bias", "y"],
  LpNormalization: ["x", "y"],
  Softmax: ["x", "y"],
  LogSoftmax: ["x", "y"],
  Gelu: ["x", "y"],
  Swish: ["x", "y"],
  RotaryEmbedding: ["input cos_cache sin_cache position_ids", "output"],
};

const names = (c: OnnxCase, side: 0 | 1): readonly string[] => {
  const found = POSITIONS[c.op]?.[side];
  if (found === undefined) throw new Error(`${c.name}: no positions of ${c.op}`);
  const list = found.split(" ");
  for (const name of Object.keys(side === 0 ? c.inputs : c.outputs))
    if (!list.includes(name)) throw new Error(`${c.name}: ${name} is not of ${c.op}`);
  return list;
};

/** The outputs in order. */
export const outputNames = (c: OnnxCase): readonly string[] => names(c, 1);
/** The tensors in order; null is left out. */
export const inputTensors = (c: OnnxCase): readonly (OnnxTensor | null)[] =>
  names(c, 0).map((n) => c.inputs[n] ?? null);

export const nodeOf = (c: OnnxCase): OnnxNode => {
  const domain = c.op === "FlexAttention" ? "ai.onnx.preview" : "";
  return {
    op: c.op,
    domain,
    // A case without one is of an operator whose newest version is older.
    opset: c.opset.find(([d]) => d === domain)?.[1] ?? 24,
    attributes: c.attributes,
    inputs: inputTensors(c).map((t) => t && { type: t.dtype, shape: t.shape }),
    outputs: outputNames(c).map((n) => n in c.outputs),
  };
};
