/** The catalogue of what a call can have wrong besides a file: TFX60xx of the compiler, TFX61xx of an ONNX node. */
import type { CodeEntry } from "./codes.ts";

/** Title and explanation of every code about options. */
export const OPTION_CODES: Readonly<Record<string, CodeEntry>> = {
  TFX6001: {
    title: "option for a name that is not there",
    explain:
      "Sizes (`dims`), static parameters (`statics`) and type variables (`types`) are given by the names of the kernel's signature. " +
      "A scalar parameter that is not `static` is a value of the run, not of the compilation.",
  },
  TFX6002: {
    title: "value that does not fit",
    explain:
      "A size is a whole number from 0 to 2147483647, because indices are i32, and so is the number of elements of a tensor. A static " +
      "parameter is a number of its type, a bool 0 or 1. A type variable stands for one of the types that the signature lists.",
  },
  TFX6003: {
    title: "option of the wrong form",
    explain:
      "`compile` takes a text and `{ file, target }`, where `target` is one of `TARGETS` or made like it. " +
      "`resolveImport` is a function that gives `{ file, text }` for a path, or null where there is no such file. `dims`, `statics` and " +
      "`types` are records, `kernel` is a name, `parts` a whole number from 1 to 65535, `schedule` a function from schedule to schedule, `onPass` a function that is told of passes.",
  },
  TFX6004: {
    title: "standard library not at hand",
    explain:
      "`compile` carries the prelude; the other files of the standard library are a module of their own, `tfx-lang/std`, so that a " +
      "page need not load them. `compileAsync` loads it when a file uses `std/…`; `compile` takes `resolveImport: std`.",
  },
  TFX6101: {
    title: "ONNX operator without a kernel",
    explain:
      "`compileNode` of tfx-lang/onnx has kernels for attention, normalizations and a few functions of single numbers; docs/onnx.md lists " +
      "them. An operator is one of a domain from a version of its operator set on; versions that are newer than the tables here are " +
      "refused, since an operator may mean something else there.",
  },
  TFX6102: {
    title: "attribute that an ONNX operator has not",
    explain:
      "Attributes are those that the operator has in the version of the node. One that is not known may change what the node means, so it is " +
      "refused, never passed over. Some are known and have no kernel, like the subgraphs of FlexAttention.",
  },
  TFX6103: {
    title: "attribute of a value that no kernel has",
    explain:
      "The attribute is known. Its value is of another type, out of its range, one that no kernel computes, or missing and needed.",
  },
  TFX6104: {
    title: "inputs that an ONNX node cannot have",
    explain:
      "Inputs and outputs stand at their positions; null is an optional input that is left out. Kernels take float32 and float16 (float64 as " +
      "float32), one type for all inputs that the operator wants alike, bool masks, and int64 lengths and positions, which are i32 in a buffer.",
  },
  TFX6105: {
    title: "shapes of an ONNX node that do not fit",
    explain:
      "The operator wants dims of its inputs to be equal, to be multiples of each other, or to broadcast. Shapes are numbers: a node is " +
      "compiled for those it runs with, and the artifacts are shared by all that differ in batch and length (`artifacts`).",
  },
  TFX6106: {
    title: "ONNX node in double precision",
    explain:
      "WebGPU has no double precision. The kernel takes, computes and gives float32; whoever fills the buffers rounds what was float64. This is " +
      "a warning.",
  },
};
