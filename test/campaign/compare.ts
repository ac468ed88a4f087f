/** Whether numbers are what the interpreter says. */
import { ulpOfF16 } from "../../src/cli/accuracy.ts";
import type { Measures } from "../../src/meaning/interpret.ts";

/** Allowed in f64, relative to the scale of a cell: the order of the operations is free, nothing else is. */
const F64 = 1e-9;
/** Decisions nearer than this may fall either way, in f64 and in f32. */
const TIE = { f64: 1e-12, f32: 2 ** -19 };
/** Allowed in f32, relative to the scale, beside twice the error of naive f32: what WGSL allows its functions. */
const F32 = 2 ** -20;
/** Beyond this f32 may overflow on the way. */
const HUGE = 1e30;
const TINY = 1e-30;

export type Difference = {
  readonly result: string;
  readonly cell: number;
  readonly found: number;
  readonly expected: number;
  readonly allowed: number;
};

const far = (found: number, expected: number, allowed: number): boolean =>
  found !== expected && !(Math.abs(found - expected) <= allowed);

/** The worst cell of a result evaluated in f64; null: all is well. */
export const compare64 = (
  result: string,
  found: ArrayLike<number> | undefined,
  { values, scales, margins }: Measures,
): Difference | null => {
  if (found?.length !== values.length)
    return { result, cell: -1, found: found?.length ?? 0, expected: values.length, allowed: 0 };
  let worst: Difference | null = null;
  for (let n = 0; n < values.length; n++) {
    const [expected, is] = [values[n] as number, found[n] as number];
    if (Number.isNaN(expected) || (margins[n] as number) < TIE.f64) continue;
    const scale = scales[n] as number;
    if (Number.isFinite(expected) && !(scale < Infinity)) continue;
    const allowed = Number.isFinite(expected) ? F64 * scale + TINY : 0;
    if (far(is, expected, allowed)) worst = worse(worst, { result, cell: n, found: is, expected, allowed });
  }
  return worst;
};

const worse = (a: Difference | null, b: Difference): Difference => {
  const size = (d: Difference): number => {
    const e = Math.abs(d.found - d.expected) / (d.allowed || TINY);
    return Number.isNaN(e) ? Infinity : e;
  };
  return a !== null && size(a) >= size(b) ? a : b;
};

/** Numbers of a device, or of f32 arithmetic. `naive`: what the interpreter gives in f32. */
export const compare32 = (
  result: string,
  dtype: string,
  found: ArrayLike<number> | undefined,
  naive: Float64Array,
  { values, scales, margins }: Measures,
): Difference | null => {
  if (found?.length !== values.length)
    return { result, cell: -1, found: found?.length ?? 0, expected: values.length, allowed: 0 };
  const isExact = dtype !== "f32" && dtype !== "f16";
  const counts = (n: number): boolean =>
    Number.isFinite(values[n]) &&
    Number.isFinite(naive[n]) &&
    (scales[n] as number) < HUGE &&
    !((margins[n] as number) < TIE.f32) &&
    (isExact || dtype === "f32" || Math.abs(values[n] as number) < 60000);
  let naiveError = 0;
  for (let n = 0; n < values.length; n++)
    if (counts(n)) naiveError = Math.max(naiveError, Math.abs((values[n] as number) - (naive[n] as number)));
  let worst: Difference | null = null;
  for (let n = 0; n < values.length; n++) {
    if (!counts(n)) continue;
    const expected = values[n] as number;
    const rounding = dtype === "f16" ? 1.01 * ulpOfF16(expected) : 0;
    const allowed = isExact ? 0 : Math.max(2 * naiveError, F32 * (scales[n] as number)) + rounding + TINY;
    if (far(found[n] as number, expected, allowed))
      worst = worse(worst, { result, cell: n, found: found[n] as number, expected, allowed });
  }
  return worst;
};
