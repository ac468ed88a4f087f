/** A node to artifacts: its operator chooses kernels, the compiler makes them. */
import type { Artifact } from "../codegen/artifact.ts";
import { hasErrors, type Diagnostic } from "../base/diagnostic.ts";
import { compile } from "../compile.ts";
import { std } from "../std/library.ts";
import { attention, flexAttention, linearAttention } from "./attention.ts";
import type { CompiledNode, NodeKernel, NodeOptions, OnnxNode } from "./node.ts";
import {
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  logSoftmax,
  lpNormalization,
  rmsNormalization,
  softmax,
} from "./norms.ts";
import { gelu, rotaryEmbedding, swish } from "./pointwise.ts";
import { readNode } from "./read.ts";
import type { Chooser, Step } from "./step.ts";

const CHOOSERS: Readonly<Record<string, Chooser>> = {
  Attention: attention,
  FlexAttention: flexAttention,
  LinearAttention: linearAttention,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LpNormalization: lpNormalization,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  Gelu: gelu,
  Swish: swish,
  RotaryEmbedding: rotaryEmbedding,
};

type Made = { readonly artifact: Artifact | null; readonly diagnostics: readonly Diagnostic[] };

const make = (step: Step, { target, artifacts }: NodeOptions): Made => {
  const { kernel, statics = {}, types } = step;
  const dims = Object.fromEntries(step.known.map((n) => [n, step.sizes[n] ?? 0]));
  const source = step.text === undefined ? std(`std/${step.file}`) : { file: `${step.file}.tfx`, text: step.text };
  if (source === null) throw new Error(`there is no std/${step.file}`);
  const key = JSON.stringify([step.file, step.text, kernel, dims, statics, types]);
  const known = artifacts?.get(key);
  if (known !== undefined) return { artifact: known, diagnostics: [] };
  const options = { file: source.file, kernel, dims, statics, types, target, resolveImport: std };
  const { artifacts: made, diagnostics } = compile(source.text, options);
  const [artifact = null] = made;
  if (artifact !== null) artifacts?.set(key, artifact);
  // What a kernel of the library warns about is no news for the user of a node.
  return { artifact, diagnostics: diagnostics.filter((d) => d.severity === "error") };
};

/**
 * The kernels of an ONNX node. Never throws for a bad node: what no kernel has (an operator, an attribute, a value, a type, a shape) is a
 * diagnostic that names it, and there are no kernels then.
 */
export const compileNode = (node: OnnxNode, options: NodeOptions): CompiledNode => {
  const none = (diagnostics: readonly Diagnostic[]): CompiledNode => ({ kernels: [], outputs: [], diagnostics });
  const read = readNode(node);
  if (!("faults" in read)) return none(read);
  const chooser = CHOOSERS[read.op];
  if (chooser === undefined) throw new Error(`the operator ${read.op} is in the table, but chooses no kernels`);
  const choice = chooser(read);
  if (choice === null) return none(read.faults);
  const made = choice.steps.map((step) => ({ step, ...make(step, options) }));
  const diagnostics = [...read.faults, ...made.flatMap((m) => m.diagnostics)];
  if (hasErrors(diagnostics)) return none(diagnostics);
  const kernels = made.flatMap(({ step, artifact }): readonly NodeKernel[] => {
    if (artifact === null) throw new Error(`${step.file}: neither a kernel nor a reason`);
    const { sizes, scalars = {}, buffers } = step;
    return [{ artifact, file: step.text === undefined ? `std/${step.file}` : step.file, sizes, scalars, buffers }];
  });
  const outputs = read.operator.outputs.map((name) => (read.wanted.has(name) ? (choice.outputs[name] ?? null) : null));
  return { kernels, outputs, diagnostics };
};
