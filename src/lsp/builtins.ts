/** What the language itself defines, in words; the names are those of the checker. */
import { BUILTIN_NAMES, usageOf } from "../check/builtins.ts";

const WORDS: Readonly<Record<string, string>> = {
  exp: "e to the power of x",
  log: "natural logarithm; of 0 it is -inf",
  exp2: "2 to the power of x",
  log2: "logarithm to base 2",
  sqrt: "square root",
  rsqrt: "1 / sqrt(x)",
  tanh: "hyperbolic tangent",
  sin: "sine of x radians",
  cos: "cosine of x radians",
  erf: "error function",
  abs: "absolute value",
  sign: "-1, 0 or 1",
  floor: "largest integer that is not larger",
  ceil: "smallest integer that is not smaller",
  round: "nearest integer, halves to the even one",
  float: "an integer or a condition as a float",
  int: "a float without its fraction, or a condition as 0 or 1",
  sum: "sum over the cells that exist; 0 of none",
  prod: "product over the cells that exist; 1 of none",
  max: "maximum over the cells that exist, -inf of none; of several arguments the larger one",
  min: "minimum over the cells that exist, inf of none; of several arguments the smaller one",
  mean: "mean over the cells that exist; 0 of none",
  var: "biased variance over the cells that exist",
  any: "whether a condition holds at some cell",
  all: "whether a condition holds at every cell",
  count: "at how many cells a condition holds",
  argmax: "first index that attains the maximum",
  argmin: "first index that attains the minimum",
  kth_largest: "the k-th largest value, repeats counted",
  cumsum: "running sum: at j the sum over the cells 0..j",
  pow: "x to the power of y",
  size: "the size of an index, an integer",
  stop_gradient: "x itself, which a gradient takes for a constant",
  concat: "one value for each part of a union index",
  prev: "inside its own `let`: the value one index before, s0 before the first",
};

/** Usage and meaning of a builtin; null when there is none of that name. */
export const builtinOf = (name: string): { readonly usage: string; readonly words: string } | null =>
  BUILTIN_NAMES.includes(name) ? { usage: usageOf(name, null), words: WORDS[name] ?? "" } : null;
