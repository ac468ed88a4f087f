/** The planner's part of the catalogue of messages: TFX3xxx what is fused and what is not, TFX4xxx what a plan must know. */
import type { CodeEntry } from "./codes.ts";

/** Title and explanation of every code that planning and lowering can report. */
export const PLAN_CODES: Readonly<Record<string, CodeEntry>> = {
  TFX3001: {
    title: "cannot be fused yet",
    explain:
      "The meaning is clear, but no kernel for it can be generated at present. Most often a statistic (`var`, `argmax`, " +
      "`kth_largest`, `cumsum`) is asked for at every cell of another reduction. Compute it in a kernel of its own and " +
      "pass it in as a tensor, or write it with `sum` and `max`. A recurrence (`prev`) is carried by one lane for each index " +
      "along which its state is independent; along the others a lane holds the state whole, 256 numbers at most: a state " +
      "that is normalised or mixed along both of its sides does not fit.",
  },
  TFX3002: {
    title: "takes several passes",
    explain:
      "A note, not an error. A reduction can share a pass with another that depends on it when the dependence is a factor " +
      "(in a sum) or an addend (in a maximum) that can be corrected afterwards: this is how softmax attention takes one " +
      "pass. Where the dependence is inside something else, `relu(s - tau)` or a temperature, the first statistic must be " +
      "finished before the second begins. The further pass computes the cells again; no matrix of them is ever stored.",
  },
  TFX3003: {
    title: "cells that are there again",
    explain:
      "A warning. A reduction exists everywhere, also where its argument has no cell: there it is its identity, 0 for `sum`. " +
      "A condition that does not vary along the reduced axis therefore ends with it: with `s where j <= i`, `sum[h](w * s)` is 0 " +
      "for the other j, and a softmax over j counts these zeros. Ask for the condition behind the reduction, where the cells " +
      "should be gone: `let t = sum[h](w * s) where j <= i`.",
  },
  TFX4001: {
    title: "not enough workgroup storage",
    explain:
      "The schedule keeps more in workgroup memory than the target has. The message lists the buffers and the change of " +
      "the schedule that saves most. Without a schedule of your own the planner picks one that fits.",
  },
  TFX4002: {
    title: "size must be known",
    explain:
      "Values of this axis live in registers, so its size must be a constant of the generated code: head sizes, the " +
      "factors of a product axis, the row of a norm that is held on chip, what a recurrence carries. Give it with `--dim`, or write it in the " +
      "signature as `d: 64`. Sequence lengths, batch and heads stay free.",
  },
  TFX4003: {
    title: "static value needed",
    explain:
      "A `static` parameter is a constant of the generated code. It needs a default in the signature or a value at " +
      "compile time: `--static cap=50`.",
  },
  TFX4004: {
    title: "too many tensors",
    explain:
      "A kernel binds each tensor that it reads or writes to a storage buffer of its own, and the target has fewer, even with " +
      "kernels before it that put together what they can. Put tensors of one type together along a new axis " +
      "(`w: f32[m: 3, d, e]`), or ask for fewer results at once.",
  },
  TFX4005: {
    title: "no half floats",
    explain:
      "Tensors of `f16` need the WebGPU feature `shader-f16`, which the target lacks. Choose `--type T=f32`, or another " +
      "`--target`.",
  },
  TFX4006: {
    title: "too much is carried",
    explain:
      "What is carried along the stream lives in registers, and there are far too few for this many numbers a row: drivers " +
      "fail or take minutes. A feature axis (the head dim of the values, heads that are mixed) is too long; the columns of a " +
      "result do not depend on each other, so the kernel can be called for slices of them.",
  },
  TFX4007: {
    title: "schedule is not legal",
    explain:
      "A schedule that is given in place of the planner's must suit the kernel and the target, or the code written under it would " +
      "mean something else: lanes that share a row are a power of two and divide the workgroup, a tile is a whole number of blocks, " +
      "a broadcast needs a lane for every cell in each subgroup, four cells at a time need a stream that is a multiple of four and " +
      "hides none, a row held in registers must fit. The message lists what is wrong.",
  },
  TFX4008: {
    title: "a stream for each feature",
    explain:
      "A warning. A row can keep all features of its result (`e` of the values) only if it knows how many there are. Otherwise each " +
      "feature is a row of its own, and what does not depend on it, the scores and their softmax, is computed again for each: 16 " +
      "features take up to 16 times as long. Give the size with `--dim`, or write it in the signature. `tfx run` gives it by itself.",
  },
};
