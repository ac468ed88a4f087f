/** The catalogue of what `compileNode` refuses of an ONNX node: TFX61xx. */
import type { CodeEntry } from "./codes.ts";

/** Title and explanation of every code about ONNX nodes. */
export const ONNX_CODES: Readonly<Record<string, CodeEntry>> = {
  TFX6101: {
    title: "ONNX operator without a kernel",
    explain:
      "`compileNode` of tfx-lang/onnx has kernels for attention, normalizations and a few functions of single numbers; docs/onnx.md lists " +
      "them. An operator is one of a domain from a version of its operator set on; versions that are newer than the tables here are " +
      "refused, since an operator may mean something else there.",
  },
  TFX6102: {
    title: "attribute that an ONNX operator has not",
    explain:
      "Attributes are those that the operator has in the version of the node. One that is not known may change what the node means, so it is " +
      "refused, never passed over. Some are known and have no kernel, like the subgraphs of FlexAttention.",
  },
  TFX6103: {
    title: "attribute of a value that no kernel has",
    explain:
      "The attribute is known. Its value is of another type, out of its range, one that no kernel computes, or missing and needed.",
  },
  TFX6104: {
    title: "inputs that an ONNX node cannot have",
    explain:
      "Inputs and outputs stand at their positions; null is an optional input that is left out. Kernels take float32 and float16 (float64 as " +
      "float32), one type for all inputs that the operator wants alike, bool masks, and int64 lengths and positions, which are i32 in a buffer.",
  },
  TFX6105: {
    title: "shapes of an ONNX node that do not fit",
    explain:
      "The operator wants dims of its inputs to be equal, to be multiples of each other, or to broadcast. Shapes are numbers: a node is " +
      "compiled for those it runs with, and the artifacts are shared by all that differ in batch and length (`artifacts`).",
  },
  TFX6106: {
    title: "ONNX node in double precision",
    explain:
      "WebGPU has no double precision. The kernel takes, computes and gives float32; whoever fills the buffers rounds what was float64. This is " +
      "a warning.",
  },
};
