/** What `compileNode` refuses, and by what name. */
import { describe, expect, test } from "vitest";
import { ONNX_CODES } from "../../src/base/codes-onnx.ts";
import { renderDiagnostic } from "../../src/base/render.ts";
import { BASELINE } from "../../src/base/target.ts";
import { errorPage } from "../../src/check/error-page.ts";
import { compileNode, type OnnxNode, type OnnxTensorType } from "../../src/onnx/index.ts";

const f32 = (...shape: readonly number[]): OnnxTensorType => ({ type: "float32", shape });
const of = (type: string, t: OnnxTensorType): OnnxTensorType => ({ ...t, type });
const Q = f32(2, 6, 4, 8);
const K = f32(2, 3, 5, 8);
const ATTENTION: OnnxNode = { op: "Attention", opset: 25, inputs: [Q, K, K] };
const LINEAR: OnnxNode = {
  op: "LinearAttention",
  opset: 27,
  attributes: { q_num_heads: 2, kv_num_heads: 2 },
  inputs: [f32(1, 3, 8), f32(1, 3, 8), f32(1, 3, 8), null, f32(1, 3, 2), f32(1, 3, 1)],
};
const NORM: OnnxNode = { op: "LayerNormalization", opset: 17, inputs: [f32(2, 3, 4), f32(4)] };
const ROTARY: OnnxNode = {
  op: "RotaryEmbedding",
  opset: 23,
  inputs: [f32(1, 2, 3, 8), f32(9, 4), f32(9, 4), of("int64", f32(1, 3))],
};

const said = (node: unknown): readonly string[] => {
  const { kernels, diagnostics } = compileNode(node as OnnxNode, { target: BASELINE });
  expect(kernels.length === 0).toBe(diagnostics.some((d) => d.severity === "error"));
  return diagnostics.map((d) => `${d.code} ${d.message}${d.help === null ? "" : ` | ${d.help}`}`);
};
const withAttributes = (node: OnnxNode, attributes: Readonly<Record<string, unknown>>): OnnxNode => ({
  ...node,
  attributes: { ...node.attributes, ...attributes },
});
const withInput = (node: OnnxNode, n: number, t: OnnxTensorType | null): OnnxNode => {
  const inputs = [...node.inputs];
  while (inputs.length < n) inputs.push(null);
  inputs[n] = t;
  return { ...node, inputs };
};

test.each([ATTENTION, LINEAR, NORM, ROTARY].map((n) => [n.op, n] as const))("%s as it is has a kernel", (_, node) =>
  expect(said(node)).toEqual([]),
);

describe("operators", () => {
  test.each<readonly [unknown, string]>([
    [
      { ...ATTENTION, op: "Atention" },
      "TFX6101 no kernel for the operator `Atention` of ai.onnx | did you mean `Attention`?",
    ],
    [{ ...ATTENTION, op: "Conv" }, "TFX6101 no kernel for the operator `Conv` of ai.onnx"],
    [{ ...ATTENTION, op: "constructor" }, "TFX6101 no kernel for the operator `constructor` of ai.onnx"],
    [
      { ...ATTENTION, domain: "com.microsoft" },
      'TFX6101 no kernel for the operator `Attention` of com.microsoft | `Attention` is of the domain ""',
    ],
    [{ ...ATTENTION, opset: 22 }, "TFX6101 `Attention` came with opset 23, the node is of opset 22"],
    [{ ...ATTENTION, opset: 99 }, "TFX6101 opset 99 of ai.onnx is not known here; the newest that is known is 27"],
    [null, "TFX6104 the node is null, not { op, opset, inputs }"],
    [{ op: "Attention", opset: "23", inputs: [] }, 'TFX6104 `opset` is "23", not the version of an operator set'],
    [{ ...ATTENTION, inputs: [{}] }, "TFX6104 `inputs[0]` is neither null nor { type, shape } with whole numbers"],
    [{ ...ATTENTION, inputs: [f32(-1)] }, "TFX6104 `inputs[0]` is neither null nor { type, shape } with whole numbers"],
    [{ ...ATTENTION, outputs: ["Y"] }, "TFX6104 `outputs` is not a list of booleans by position"],
  ])("%j", (node, message) => expect(said(node)).toEqual([message]));
});

describe("attributes", () => {
  test.each<readonly [OnnxNode, string]>([
    [withAttributes(ATTENTION, { scal: 2 }), "TFX6102 `Attention` has no attribute `scal` | did you mean `scale`?"],
    [
      withAttributes(ATTENTION, { toString: 2 }),
      "TFX6102 `Attention` has no attribute `toString` | attributes: is_causal, kv_num_heads, q_num_heads, qk_matmul_output_mode, scale, softcap, softmax_precision, left_window_size, right_window_size",
    ],
    [
      withAttributes({ ...ATTENTION, opset: 24 }, { left_window_size: 2 }),
      "TFX6102 `Attention` has no attribute `left_window_size` | it came with opset 25, the node is of opset 24",
    ],
    [
      {
        op: "FlexAttention",
        domain: "ai.onnx.preview",
        opset: 1,
        attributes: { score_mod: {} },
        inputs: [Q, K, K],
      },
      "TFX6102 the attribute `score_mod` of `FlexAttention` is not supported | a subgraph of the model is no input: it is a line of a .tfx kernel to write (std/onnx/flex_attention)",
    ],
    [
      withAttributes(ATTENTION, { qk_matmul_output_mode: 4 }),
      "TFX6103 the attribute `qk_matmul_output_mode` of `Attention` is 4: kernels have 0, 1, 2, 3",
    ],
    [withAttributes(ATTENTION, { scale: "1" }), 'TFX6103 the attribute `scale` of `Attention` is "1": not a number'],
    [
      withAttributes(ATTENTION, { is_causal: 0.5 }),
      "TFX6103 the attribute `is_causal` of `Attention` is 0.5: not a whole number",
    ],
    [
      withAttributes(ATTENTION, { left_window_size: -2 }),
      "TFX6103 the attribute `left_window_size` of `Attention` is -2: it is at least -1",
    ],
    [
      withAttributes(NORM, { stash_type: 16 }),
      "TFX6103 the attribute `stash_type` of `LayerNormalization` is 16: kernels have 1",
    ],
    [
      withAttributes(NORM, { axis: 3 }),
      "TFX6103 the attribute `axis` of `LayerNormalization` is 3, but `X` has 3 dims",
    ],
    [
      withAttributes(LINEAR, { update_rule: "hebb" }),
      'TFX6103 the attribute `update_rule` of `LinearAttention` is "hebb": kernels have "linear", "gated", "delta", "gated_delta"',
    ],
    [{ ...LINEAR, attributes: { q_num_heads: 2 } }, "TFX6103 `LinearAttention` needs the attribute `kv_num_heads`"],
    [
      withInput({ ...ROTARY, inputs: [f32(1, 3, 16), ...ROTARY.inputs.slice(1)] }, 3, of("int64", f32(1, 3))),
      "TFX6103 `RotaryEmbedding` needs the attribute `num_heads` where `X` has 3 dims",
    ],
    [
      withAttributes(ATTENTION, { q_num_heads: 4 }),
      "TFX6105 the attribute `q_num_heads` of `Attention` is 4, but the shapes say 6",
    ],
  ])("%j", (node, message) => expect(said(node)[0]).toBe(message));
});

describe("inputs and outputs", () => {
  test.each<readonly [OnnxNode, string]>([
    [withInput(ATTENTION, 1, null), "TFX6104 `Attention` needs the input `K` at position 1"],
    [withInput(ATTENTION, 7, Q), "TFX6104 `Attention` of opset 25 has 7 inputs, none at position 7"],
    [
      withInput({ ...ATTENTION, opset: 23 }, 6, of("int64", f32(2))),
      "TFX6104 `Attention` of opset 23 has 6 inputs, none at position 6",
    ],
    [
      withInput(ATTENTION, 1, of("float16", K)),
      "TFX6104 the input `K` of `Attention` is float16: other inputs of the node are float32",
    ],
    [
      withInput(ATTENTION, 0, of("bfloat16", Q)),
      "TFX6104 the input `Q` of `Attention` is bfloat16: it may be float32, float16, float64",
    ],
    [
      withInput(ATTENTION, 3, of("int64", f32(4, 5))),
      "TFX6104 the input `attn_mask` of `Attention` is int64: it may be float32, float16, float64, bool",
    ],
    [
      withInput(ATTENTION, 6, of("int32", f32(2))),
      "TFX6104 the input `nonpad_kv_seqlen` of `Attention` is int32: it may be int64",
    ],
    [
      withInput(ATTENTION, 4, f32(2, 3, 1, 8)),
      "TFX6104 `Attention` has one of `past_key` and `past_value` without the other",
    ],
    [
      { ...withInput(ATTENTION, 6, of("int64", f32(2))), outputs: [true, true] },
      "TFX6104 `Attention` has `nonpad_kv_seqlen` and `present_key`: the operator forbids it",
    ],
    [
      { ...ATTENTION, outputs: [true, false, false, false, true] },
      "TFX6104 `Attention` has 4 outputs, none at position 4",
    ],
    [withInput(LINEAR, 4, null), 'TFX6104 the rule "gated_delta" of `LinearAttention` needs input `decay`'],
    [
      withAttributes(LINEAR, { update_rule: "gated" }),
      'TFX6104 the rule "gated" of `LinearAttention` has no input `beta`',
    ],
  ])("%j", (node, message) => expect(said(node)[0]).toBe(message));
});

describe("shapes", () => {
  test.each<readonly [OnnxNode, string]>([
    [withInput(ATTENTION, 1, f32(2, 3, 5)), "TFX6105 the input `K` of `Attention` has 3 dims, expected 4"],
    [
      withInput(ATTENTION, 2, f32(2, 3, 6, 8)),
      "TFX6105 the input `V` of `Attention` has 6 at dim 2, expected 5 as of `K`",
    ],
    [withInput(ATTENTION, 0, f32(2, 4, 4, 8)), "TFX6105 4 query heads of `Attention` are no multiple of 3 key heads"],
    [withInput(ATTENTION, 3, f32(3, 5)), "TFX6105 `attn_mask` of shape [3, 5] does not broadcast to [2, 6, 4, 5]"],
    [
      withInput(
        withInput(
          withInput(withAttributes(ATTENTION, { q_num_heads: 3, kv_num_heads: 1 }), 0, f32(2, 4, 8)),
          1,
          f32(2, 5, 8),
        ),
        2,
        f32(2, 5, 8),
      ),
      "TFX6105 the last dim of `Q` of `Attention` is 8, no multiple of `q_num_heads` 3",
    ],
    [withInput(NORM, 1, f32(3)), "TFX6105 `Scale` of shape [3] does not broadcast to [2, 3, 4]"],
    [
      withInput(ROTARY, 1, f32(9, 3)),
      "TFX6105 the input `sin_cache` of `RotaryEmbedding` has 4 at dim 1, expected 3 as of `cos_cache`",
    ],
    [
      withAttributes(ROTARY, { rotary_embedding_dim: 4 }),
      "TFX6105 4 of 8 features are rotated, but the caches have 4 angles: half as many are needed",
    ],
    [withInput(LINEAR, 5, f32(1, 3, 3)), "TFX6105 the last dim of `beta` is 3, neither 2 (heads) nor 1"],
    [
      { op: "GroupNormalization", opset: 21, attributes: { num_groups: 3 }, inputs: [f32(1, 4, 5), f32(4), f32(4)] },
      "TFX6105 4 channels of `GroupNormalization` are no multiple of `num_groups` 3",
    ],
  ])("%j", (node, message) => expect(said(node)[0]).toBe(message));
});

test("what the compiler refuses is told too", () => {
  const half = (...shape: readonly number[]): OnnxTensorType => of("float16", f32(...shape));
  expect(said({ op: "Softmax", opset: 13, inputs: [half(2, 3)] })[0]).toMatch(/^TFX4005 /);
});

test("double precision is a warning", () => {
  const double = (t: OnnxTensorType): OnnxTensorType => of("float64", t);
  expect(said({ ...NORM, inputs: NORM.inputs.map((t) => t && double(t)) })).toEqual([
    "TFX6106 `LayerNormalization` is of float64: kernels take, compute and give float32",
  ]);
  expect(said(withAttributes(ATTENTION, { softmax_precision: 11 }))).toEqual([
    "TFX6106 `softmax_precision` of `Attention` is double: kernels compute in float32",
  ]);
});

test("nodes of one kind share an artifact at other batches and lengths", () => {
  const artifacts = new Map();
  const options = { target: BASELINE, artifacts };
  const [first] = compileNode(ATTENTION, options).kernels;
  const [second] = compileNode(
    { ...ATTENTION, inputs: [f32(1, 6, 9, 8), f32(1, 3, 7, 8), f32(1, 3, 7, 8)] },
    options,
  ).kernels;
  expect(second?.artifact).toBe(first?.artifact);
  expect(second?.sizes).toMatchObject({ B: 1, N: 9, M: 7 });
  const [other] = compileNode(withAttributes(ATTENTION, { is_causal: 1 }), options).kernels;
  expect(other?.artifact).not.toBe(first?.artifact);
  expect(artifacts.size).toBe(2);
});

test("every tensor of a kernel has a buffer, and every output that is asked for is written", () => {
  const node: OnnxNode = { ...ATTENTION, outputs: [true, true, false, true] };
  const { kernels, outputs } = compileNode(node, { target: BASELINE });
  const [kernel] = kernels;
  const names = kernel?.artifact.tensors.filter((t) => t.role !== "scratch").map((t) => t.name);
  expect(Object.keys(kernel?.buffers ?? {}).sort()).toEqual([...(names ?? [])].sort());
  expect(kernel?.buffers).toMatchObject({
    Q: { kind: "input", index: 0 },
    past_key: { kind: "zeros" },
    present_key: { kind: "output", index: 1 },
    present_value: { kind: "unused" },
    qk: { kind: "output", index: 3 },
  });
  expect(outputs.map((t) => t?.shape ?? null)).toEqual([[2, 6, 4, 8], [2, 3, 5, 8], null, [2, 6, 4, 5]]);
});

/** The page of each code, with the node it is said of. */
const PAGES: Readonly<Record<string, OnnxNode>> = {
  TFX6101: { ...ATTENTION, op: "Atention" },
  TFX6102: withAttributes(ATTENTION, { scal: 2 }),
  TFX6103: withAttributes(ATTENTION, { qk_matmul_output_mode: 4 }),
  TFX6104: withInput(ATTENTION, 1, null),
  TFX6105: withInput(ATTENTION, 3, f32(3, 5)),
  TFX6106: withAttributes(ATTENTION, { softmax_precision: 11 }),
};

test.each(Object.keys(ONNX_CODES))("docs/errors/%s.md", async (code) => {
  const node = PAGES[code];
  if (node === undefined) throw new Error(`no node is said to give ${code}`);
  const [found] = compileNode(node, { target: BASELINE }).diagnostics;
  expect(found?.code).toBe(code);
  const source = `compileNode(${JSON.stringify(node)}, { target: BASELINE })`;
  const rendered = found === undefined ? "" : renderDiagnostic(found, () => undefined, { color: false });
  const page = errorPage(code, ONNX_CODES[code]!, { source, rendered });
  await expect(page).toMatchFileSnapshot(`../../docs/errors/${code}.md`);
});
