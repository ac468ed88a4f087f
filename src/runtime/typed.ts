/** A kernel whose names TypeScript knows: what `import { attention } from "./attention.tfx"` gives. Types only. */
import type { Artifact } from "../codegen/artifact.ts";
import type { BufferRange, KernelOptions, Prepared, RunResult } from "./call.ts";

/** Everything of a kernel by name; the compiler writes it (`x.d.tfx.ts`). */
export type KernelSignature = {
  readonly inputs: object;
  readonly outputs: object;
  readonly scalars: object;
  readonly sizes: object;
  readonly shapes: object;
};

/** A field that may be left out when nothing in it is needed. */
type Field<Name extends string, T> = {} extends T ? { readonly [K in Name]?: T } : { readonly [K in Name]: T };
type CallOf<S extends KernelSignature> = Field<"scalars", S["scalars"]> & {
  readonly sizes?: Partial<S["sizes"]>;
  readonly shapes?: Partial<S["shapes"]>;
};
type BuffersOf<T> = { readonly [K in keyof T]: BufferRange };

/** One call: arrays, or buffers of the caller's. An output named in `outputs` stays in its buffer. */
export type TypedRun<S extends KernelSignature, Kept extends keyof S["outputs"] = never> = CallOf<S> & {
  readonly inputs: { readonly [K in keyof S["inputs"]]: S["inputs"][K] | BufferRange };
  readonly outputs?: { readonly [K in Kept]: BufferRange };
  readonly repeat?: number;
};

/** One call on buffers. */
type TypedEncode<S extends KernelSignature> = CallOf<S> & {
  readonly buffers: BuffersOf<S["inputs"]> & BuffersOf<S["outputs"]>;
};

export type TypedKernel<S extends KernelSignature> = {
  readonly artifact: Artifact;
  readonly run: <Kept extends keyof S["outputs"] = never>(
    call: TypedRun<S, Kept>,
  ) => Promise<Omit<RunResult, "outputs"> & { readonly outputs: Omit<S["outputs"], Kept> }>;
  /** Every input and every output has a buffer. */
  readonly encode: (pass: GPUComputePassEncoder, call: TypedEncode<S>) => () => void;
  readonly prepare: (call: TypedEncode<S>) => Omit<Prepared, "update"> & { readonly update: (call: CallOf<S>) => void };
  readonly destroy: () => void;
};

/** Makes the kernel on a device. `artifact`: what it is made from. */
export type KernelFactory<S extends KernelSignature> = ((
  device: GPUDevice,
  options?: KernelOptions,
) => Promise<TypedKernel<S>>) & { readonly artifact: Artifact };
