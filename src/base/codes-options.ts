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
      "`compile` takes a text and `{ file, target }`, where `target` is one of `TARGETS` or made like it. " +
      "`resolveImport` is a function that gives `{ file, text }` for a path, or null where there is no such file. `dims`, `statics` and " +
      "`types` are records, `kernel` is a name, `parts` a whole number from 1 to 65535, `chunk` one from 1 to 1024, `schedule` a function from schedule to schedule, `onPass` a function that is told of passes.",
  },
  TFX6004: {
    title: "standard library not at hand",
    explain:
      "`compile` carries the prelude; the other files of the standard library are a module of their own, `tfx-lang/std`, so that a " +
      "page need not load them. `compileAsync` loads it when a file uses `std/…`; `compile` takes `resolveImport: std`.",
  },
};
