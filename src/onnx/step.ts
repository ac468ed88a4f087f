/** What an operator chooses: kernels of the standard library, or texts, with sizes, values and buffers. */
import type { NodeBuffer, OnnxTensorType } from "./node.ts";
import type { Read, Sizes } from "./read.ts";

/** One kernel, not compiled yet. */
export type Step = {
  /** Of the standard library, without `std/`; with `text`, a name for messages. */
  readonly file: string;
  readonly text?: string;
  readonly kernel: string;
  readonly sizes: Readonly<Sizes>;
  /** Names of the sizes that the compiler is told. */
  readonly known: readonly string[];
  readonly statics?: Readonly<Record<string, number>>;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, string>>;
  readonly buffers: Readonly<Record<string, NodeBuffer>>;
};

export type Choice = {
  readonly steps: readonly Step[];
  /** Of the node, by name; those that nobody reads may be there. */
  readonly outputs: Readonly<Record<string, OnnxTensorType>>;
};

/** An operator: null when the node has faults (which it has added). */
export type Chooser = (r: Read) => Choice | null;

export const ZEROS: NodeBuffer = { kind: "zeros" };

/** The buffer of an input of the node; zeros where it is left out. */
export const from = (r: Read, name: string): NodeBuffer =>
  r.inputs.has(name) ? { kind: "input", index: r.operator.inputs.findIndex((p) => p.name === name) } : ZEROS;

/** The buffers of inputs that a kernel calls as the node does; those that are left out are left out. */
export const given = (r: Read, names: readonly string[]): Record<string, NodeBuffer> =>
  Object.fromEntries(names.filter((n) => r.inputs.has(n)).map((n) => [n, from(r, n)]));

/** The buffer of an output of the node. */
export const into = (r: Read, name: string): NodeBuffer =>
  r.wanted.has(name) ? { kind: "output", index: r.operator.outputs.indexOf(name) } : { kind: "unused" };
