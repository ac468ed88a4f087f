/**
 * What the compiler hands over: plain JSON. `NAME.wgsl` holds `wgsl`, `NAME.json` the rest.
 */
import type { SizeExpr } from "../base/size.ts";
import type { StorageType } from "../base/storage-type.ts";

/** A default value over sizes and other scalars, evaluated on the host in f64. */
export type ScalarExpr = number | string | readonly [string, ScalarExpr] | readonly [string, ScalarExpr, ScalarExpr];

/** One dimension of a tensor as the caller sees it; the names of its axes (several: a product axis) and its extent. */
export type DimInfo = { readonly axes: readonly string[]; readonly extent: SizeExpr };

export type TensorInfo = {
  readonly name: string;
  readonly role: "input" | "output" | "scratch";
  /** Element type. f16 as half floats, bool as one u32 an element, i8/u8 four and i4/u4 eight to a 32-bit word (little end first). */
  readonly dtype: StorageType;
  readonly dims: readonly DimInfo[];
  readonly binding: number;
  /** A kernel binds the tensor as vec4s: the buffer's size must be a multiple of 16 bytes (f16: 8). */
  readonly vector: 1 | 2 | 4;
};

/** A field of the uniform struct, 4 bytes at `offset`. */
export type UniformField = { readonly name: string; readonly type: "i32" | "u32" | "f32"; readonly offset: number };

export type DispatchInfo = {
  readonly entryPoint: string;
  readonly workgroupSize: number;
  /** Workgroups; the runtime lays n of them out as x = min(n, 65535), y = ceil(n / x) and the kernel ignores the surplus. */
  readonly groups: SizeExpr;
  /** Bindings that this entry point uses (binding 0 is the uniform struct). */
  readonly bindings: readonly number[];
  readonly workgroupBytes: number;
};

/**
 * Where the lines of the WGSL come from. A run `[from, to, span, …]` of `lines` says that the lines `from` to `to` (the first is 1) are made
 * of these `spans`, the nearest first; a span `[file, start, end]` is a half-open range of UTF-16 offsets in one of `files`. Declarations
 * come from the parameter's, the entry point from the kernel, helper functions from what calls them. For people and tools: no runtime reads it.
 */
export type SourceMap = {
  readonly files: readonly string[];
  readonly spans: readonly (readonly [file: number, start: number, end: number])[];
  readonly lines: readonly (readonly number[])[];
};

export type Artifact = {
  readonly version: 1;
  readonly kernel: string;
  readonly doc: string;
  readonly wgsl: string;
  readonly target: string;
  readonly requires: { readonly features: readonly string[]; readonly limits: Readonly<Record<string, number>> };
  /** Sizes fixed at compile time. */
  readonly constants: Readonly<Record<string, number>>;
  /** Size symbols given at run time, taken from the shapes. */
  readonly sizes: readonly string[];
  readonly scalars: readonly {
    readonly name: string;
    readonly type: "f32" | "i32" | "u32" | "bool";
    readonly init: ScalarExpr | null;
  }[];
  /** Inputs, outputs and scratch, in binding order. */
  readonly tensors: readonly TensorInfo[];
  readonly uniforms: readonly UniformField[];
  readonly uniformBytes: number;
  readonly dispatches: readonly DispatchInfo[];
  readonly sourceMap: SourceMap;
  /** The plan in one line, as `tfx run` prints it. */
  readonly plan: string;
};
