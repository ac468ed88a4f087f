/** What a caller says of a model: kernels in a chain, over buffers with names. Types only. */
import type { Target } from "../base/target.ts";
import type { ResolveImport } from "../check/check.ts";
import type { Spec } from "../check/spec.ts";
import type { Save } from "../grad/gradient.ts";

/** One kernel of the chain. */
export type Layer = {
  /** The `.tfx` file, as a `use` would name it. */
  readonly file: string;
  readonly kernel: string;
  /**
   * The buffer of each tensor and each result. A tensor left out is the buffer of its own name, a result left out is nobody else's.
   * The result `d_x` is the cotangent of the buffer `x`: the way back begins there.
   */
  readonly buffers?: Readonly<Record<string, string>>;
  /** Sizes that the shapes do not tell. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly statics?: Readonly<Record<string, number>>;
  /** What the backward kernel is handed, as `tfx grad --save`; `auto` where left out. */
  readonly save?: Save;
};

export type Shape = readonly number[];

export type Model = {
  /** What is trained, by name: f32 tensors. They lie side by side in one buffer, `p`, their gradients in `g`. */
  readonly parameters: Readonly<Record<string, Shape>>;
  /** What the caller writes: batches, tables. A buffer stays as it is until it is written again. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** In the order of the forward pass. A buffer is written once. */
  readonly layers: readonly Layer[];
  /**
   * The optimizer: kernels over the lists `p` and `g`. A result `x_next` takes the place of the tensor `x` after the step; a tensor that
   * nothing gives is state, which begins with zeros.
   */
  readonly update: readonly Layer[];
  /** The buffer whose mean a step tells. */
  readonly loss: string;
  /** Buffers to be read after a step, which no other may take the place of. */
  readonly keep?: readonly string[];
};

export type PlanOptions = {
  readonly target: Target;
  /** Finds the files of the layers and what they `use`. The standard library where left out. */
  readonly resolveImport?: ResolveImport;
};

/** A call of a kernel, with everything that it is made of. */
export type KernelCall = {
  /** The kernel, or that part of one which gives some of its results. */
  readonly spec: Spec;
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly statics: Readonly<Record<string, number>>;
  /** The buffer of each tensor and result. */
  readonly buffers: Readonly<Record<string, string>>;
};
