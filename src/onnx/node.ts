/** An ONNX node as a caller describes it, and what it becomes. Types only. */
import type { Artifact } from "../codegen/artifact.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Target } from "../base/target.ts";

/** An element type as ONNX Runtime Web spells it ("float32", "float16", "float64", "int64", "bool"), and a shape. */
export type OnnxTensorType = { readonly type: string; readonly shape: readonly number[] };

export type OnnxNode = {
  /** The operator's name: "Attention". */
  readonly op: string;
  /** "" (as is "ai.onnx", and the default) or "ai.onnx.preview". */
  readonly domain?: string;
  /** The version of the domain's operator set that the model imports. */
  readonly opset: number;
  /** Those that the node has; the others have the operator's defaults. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** By position; null is an optional input that is left out. */
  readonly inputs: readonly (OnnxTensorType | null)[];
  /** By position, which outputs somebody reads; the first alone by default. */
  readonly outputs?: readonly boolean[];
};

/** Where a tensor of a kernel comes from or goes to. */
export type NodeBuffer =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "output"; readonly index: number }
  /** An input that the node leaves out. */
  | { readonly kind: "zeros" }
  /** Made by a kernel of the node, read by a later one: the same name is the same buffer. */
  | { readonly kind: "between"; readonly name: string }
  /** Written, and read by nobody. */
  | { readonly kind: "unused" };

/** One kernel of a node, with what a call of it needs. */
export type NodeKernel = {
  readonly artifact: Artifact;
  /** The file of the standard library that it is of, or `onnx/…` for a text made for the node. */
  readonly file: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars: Readonly<Record<string, number>>;
  /** Every input and output of the artifact. */
  readonly buffers: Readonly<Record<string, NodeBuffer>>;
};

export type CompiledNode = {
  /** In the order they run; empty with an error in `diagnostics`. */
  readonly kernels: readonly NodeKernel[];
  /** By position; null for an output that is not asked for. */
  readonly outputs: readonly (OnnxTensorType | null)[];
  readonly diagnostics: readonly Diagnostic[];
};

export type NodeOptions = {
  readonly target: Target;
  /** Artifacts that were made before for this target, which this call adds to: nodes of one kind at other sizes share them. */
  readonly artifacts?: Map<string, Artifact>;
};
