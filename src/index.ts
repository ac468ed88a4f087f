/**
 * The public API: text in, kernels and diagnostics out. Runs in a browser and does no IO. What runs a kernel is
 * `tfx-lang/runtime`, what formats a file inside Prettier is `tfx-lang/prettier`.
 *
 * The prelude is carried. Other files of the standard library are the module `tfx-lang/std`, which `compileAsync` loads when a
 * text uses them (a chunk of its own in a bundle); `compile` takes them as `resolveImport: std`.
 */
export { compile } from "./compile.ts";
export type { Compiled, CompileOptions, CompileResult } from "./compile.ts";
export { compileAsync } from "./compile-async.ts";
export type { CompileAsyncOptions, ResolveImportAsync } from "./compile-async.ts";
export type { ResolveImport } from "./check/check.ts";
export type {
  Artifact,
  DimInfo,
  DispatchInfo,
  ScalarExpr,
  SourceMap,
  TensorInfo,
  UniformField,
} from "./codegen/artifact.ts";
export { BASELINE, CPU_TUNING, GPU_TUNING, TARGETS } from "./base/target.ts";
export type { Target, Tuning } from "./base/target.ts";
export { originOfLine } from "./codegen/source-map.ts";
export { formatProgram } from "./format/format.ts";
export type { Formatted } from "./format/format.ts";
export type { Schedule } from "./ir/schedule/schedule.ts";
export { evalSize, printSize } from "./base/size.ts";
export type { SizeExpr } from "./base/size.ts";
export type { Diagnostic, Label } from "./base/diagnostic.ts";
export { formatGithub, formatJson, renderDiagnostic } from "./base/render.ts";
export type { RenderOptions, Sources } from "./base/render.ts";
export type { Span } from "./base/span.ts";
