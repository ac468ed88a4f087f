/** What a backend is: it writes a verified tile program as code of its language. WGSL is one (`wgsl/backend.ts`). */
import type { Origin } from "../base/span.ts";
import type { Target } from "../base/target.ts";
import type { TileKernel, TileProgram } from "../ir/tile/tile.ts";

/** One entry point of the code. */
export type Entry = {
  readonly name: string;
  /** The kernel as it is written: without what nothing mentions. */
  readonly kernel: TileKernel;
  /** Whether it reads the uniform struct, and which of the program's storage buffers it mentions, by number. */
  readonly readsUniforms: boolean;
  readonly storage: readonly number[];
};

export type Code = {
  readonly text: string;
  /** The expressions of the source that each line of the text is of. */
  readonly origins: readonly Origin[];
  /** WebGPU features that the code asks for. */
  readonly features: readonly string[];
  /** The kernels of the program, in order. */
  readonly entries: readonly Entry[];
  /** Fields of the uniform struct, in order, four bytes each. */
  readonly uniforms: readonly { readonly name: string; readonly type: "i32" | "u32" | "f32" }[];
};

export type Backend = {
  readonly name: string;
  /** The code of a program for a target. Throws on a program that the verifier would reject. */
  readonly write: (program: TileProgram, target: Target) => Code;
};
