/** The catalogue of what a call of the compiler can have wrong besides the file: TFX6xxx. */
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
      "`compile` takes a text and `{ file, target, resolveImport }`, where `target` is one of `TARGETS` or made like it, and " +
      "`resolveImport` a function that gives `{ file, text }` for a path, or null where there is no such file. `dims`, `statics` and " +
      "`types` are records, `kernel` is a name, `parts` a whole number from 1 to 65535, `schedule` a function from schedule to schedule.",
  },
  TFX6004: {
    title: "no prelude",
    explain:
      "Functions like `softmax` and `relu` are written in TFX, in the prelude. The compiler does no IO: it asks `resolveImport` for " +
      '`"std/prelude"`, whose text is in `tfx-lang/stdlib/prelude.tfx`.',
  },
};
