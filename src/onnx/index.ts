/** `tfx-lang/onnx`: kernels for the nodes of an ONNX model. It carries the standard library. */
export { compileNode } from "./compile.ts";
export type { CompiledNode, NodeBuffer, NodeKernel, NodeOptions, OnnxNode, OnnxTensorType } from "./node.ts";
