/** Compares what a kernel gave with the f64 meaning of its spec, and that with what f32 arithmetic would have given. */
import type { Spec } from "../check/spec.ts";
import { interpret, type Inputs } from "../meaning/interpret.ts";

export type Accuracy = {
  readonly output: string;
  /** Largest distance to the f64 value; Infinity when one side is not a number or only one is infinite. */
  readonly error: number;
  /** The same for the naive program in f32. */
  readonly naive: number;
  /** Largest error that is allowed: twice the naive one, at least 1e-6 of the largest value, f16 results half an ulp more. */
  readonly allowed: number;
  readonly ok: boolean;
  /** Cells of which the meaning itself is not a number: nothing can be compared there. */
  readonly undefinedCells: number;
};

/**
 * The distance between neighbouring half floats at a value. WGSL does not say to which of its two neighbours a device rounds what it
 * stores, so a whole step is right.
 */
export const ulpOfF16 = (value: number): number =>
  2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1e-30))) - 10);

const distance = (a: number, b: number): number => {
  if (a === b) return 0;
  const d = Math.abs(a - b);
  return Number.isNaN(d) ? Infinity : d;
};

const largest = (n: number, value: (i: number) => number): number => {
  let max = 0;
  for (let i = 0; i < n; i++) max = Math.max(max, value(i));
  return max;
};

/** The largest distance between two arrays of one length; Infinity where only one is a number or infinite. */
export const largestDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length ? largest(a.length, (i) => distance(a[i] ?? NaN, b[i] ?? NaN)) : Infinity;

/** One output. `isF16`: stored as half floats; `isExact`: integers and bools. */
export const compare = (
  output: string,
  found: ArrayLike<number>,
  reference: Float64Array,
  naiveF32: ArrayLike<number>,
  { isF16, isExact }: { readonly isF16: boolean; readonly isExact: boolean },
): Accuracy => {
  const n = reference.length;
  const at = (values: ArrayLike<number>, i: number): number => values[i] ?? NaN;
  const error = largestDistance(found, reference);
  const naive = largestDistance(naiveF32, reference);
  const scale = largest(n, (i) => (Number.isFinite(at(reference, i)) ? Math.abs(at(reference, i)) : 0));
  const base = isExact ? 0 : Math.max(Number.isFinite(naive) ? 2 * naive : 0, 1e-6 * scale);
  const rounding = (i: number): number => (isF16 ? ulpOfF16(at(reference, i)) : 0);
  const excess = largest(n, (i) => distance(at(found, i), at(reference, i)) - base - rounding(i));
  const allowed = base + (isF16 ? ulpOfF16(scale) : 0);
  const undefinedCells = reference.reduce((count, x) => count + (Number.isNaN(x) ? 1 : 0), 0);
  return { output, error, naive, allowed, ok: found.length === n && excess <= 0, undefinedCells };
};

/** All outputs of a run, against what the checked program means. `types`: the choice of its type variables. */
export const accuracy = (
  { spec, types = {} }: { readonly spec: Spec; readonly types?: Readonly<Record<string, string>> | undefined },
  inputs: Inputs,
  outputs: Readonly<Record<string, ArrayLike<number>>>,
): readonly Accuracy[] => {
  const reference = interpret(spec, inputs);
  const naive = interpret(spec, inputs, "f32");
  return spec.results.map(({ name, dtype }) => {
    const stored = types[dtype] ?? spec.typeVars.find((v) => v.name === dtype)?.options[0] ?? dtype;
    const kind = { isF16: stored === "f16", isExact: stored !== "f32" && stored !== "f16" };
    return compare(name, outputs[name] ?? [], reference[name] ?? new Float64Array(), naive[name] ?? [], kind);
  });
};
