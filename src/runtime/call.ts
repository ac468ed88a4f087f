/** What a kernel is to its caller. Types only. */
import type { Artifact } from "../codegen/artifact.ts";
import type { TypedArray } from "./arrays.ts";
import type { Call } from "./sizes.ts";

/** A storage buffer of the caller, or a part of one (`offset` a multiple of 256, as WebGPU has it). */
export type BufferRange = GPUBuffer | { readonly buffer: GPUBuffer; readonly offset?: number; readonly size?: number };

export type Input = TypedArray | readonly boolean[] | BufferRange;

/**
 * One call. An input is a typed array (or booleans) or a buffer that stays the caller's; an output named in `outputs` is
 * left there and not read back.
 */
export type RunOptions = Call & {
  readonly inputs: Readonly<Record<string, Input>>;
  readonly outputs?: Readonly<Record<string, BufferRange>>;
  /** Runs so many times and tells the median time; 1 by default. */
  readonly repeat?: number;
};

export type RunResult = {
  readonly outputs: Record<string, TypedArray>;
  /** Milliseconds from submission to completion of all dispatches, without uploads and read-back. */
  readonly timeMs: number;
  /** Bytes of all buffers of the call at once: inputs, outputs, scratch, uniforms. */
  readonly peakBytes: number;
};

/** Buffers for `encode`: inputs and outputs by name. Sizes come from `shapes` or `sizes`. */
export type EncodeOptions = Call & { readonly buffers: Readonly<Record<string, BufferRange>> };

/** A call with its uniforms, scratch and bind groups made. */
export type Prepared = {
  /** Adds the dispatches to a pass; allocates nothing. */
  readonly encode: (pass: GPUComputePassEncoder) => void;
  /**
   * Other sizes or scalars for the same buffers, from what is submitted next on. Throws when a buffer or the scratch is too small:
   * prepare for the largest sizes.
   */
  readonly update: (call: Call) => void;
  /** Frees uniforms and scratch; call it after the last `queue.submit`. */
  readonly destroy: () => void;
};

export type Kernel = {
  readonly artifact: Artifact;
  /** Rejects with an Error in the user's names, with WebGPU's message, or with the reason why the device was lost. */
  readonly run: (options: RunOptions) => Promise<RunResult>;
  /** Adds the dispatches to a pass of the caller's; call what it returns after `queue.submit` to free scratch and uniforms. */
  readonly encode: (pass: GPUComputePassEncoder, options: EncodeOptions) => () => void;
  /** For a call that is made again and again. */
  readonly prepare: (options: EncodeOptions) => Prepared;
  /** Nothing lives between calls but pipelines, which the device collects; here for symmetry with other resources. */
  readonly destroy: () => void;
};

export type KernelOptions = { readonly label?: string };
