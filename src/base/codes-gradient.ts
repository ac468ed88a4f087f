/** The gradient's part of the catalogue of messages: TFX7xxx. */
import type { CodeEntry } from "./codes.ts";

/** Title and explanation of every code that `tfx grad` can report. */
export const GRADIENT_CODES: Readonly<Record<string, CodeEntry>> = {
  TFX7001: {
    title: "no gradient",
    explain:
      "A gradient says how a result changes when a parameter changes a little. Where the parameter goes only through what is constant " +
      "between jumps (`round`, `floor`, `int`, `sign`, `argmax`, a comparison, an index), the change is 0, and no gradient is made. A parameter " +
      "that was not named with `--wrt` is left out with this as a warning; one that was named is an error.",
  },
  TFX7002: {
    title: "gradient of something else",
    explain:
      "`--of` names results of floats, which get a cotangent each, and `--wrt` float parameters, tensors or `f32` scalars, whose gradients " +
      "become results. Left out, they mean all results and all tensors of floats.",
  },
  TFX7003: {
    title: "gradient that is not derived yet",
    explain:
      "The gradient has a meaning, but there is no rule for it at present, or no way to write it in the language.",
  },
};
