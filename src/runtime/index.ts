/** The runtime: an artifact on a WebGPU device. Imports nothing of the compiler. */
export type { TypedArray } from "./arrays.ts";
export { checkRequirements, requestDevice } from "./device.ts";
export { createKernel } from "./kernel.ts";
export type {
  BufferRange,
  EncodeOptions,
  Input,
  Kernel,
  KernelOptions,
  Prepared,
  RunOptions,
  RunResult,
} from "./call.ts";
export type { KernelFactory, KernelSignature, TypedKernel, TypedRun } from "./typed.ts";
