/** The kernels of the standard library at sizes small enough for differences. */
import { readCatalogue, type Entry } from "../../src/cli/catalogue.ts";
import type { Spec } from "../../src/check/spec.ts";
import type { Numbers, Ways } from "./differences.ts";

const TINY: Numbers = {
  B: 1,
  H: 2,
  G: 2,
  R: 2,
  X: 2,
  N: 4,
  M: 5,
  D: 4,
  E: 3,
  C: 3,
  P: 3,
  L: 5,
  K: 2,
  F: 3,
  V: 5,
  S: 2,
  A: 2,
  J: 6,
};
/** More queries than keys: rows without a cell. */
const EMPTY_ROWS: Numbers = { N: 5, M: 3 };
const ONNX: Numbers = { C: 2, Z: 1, MB: 1, MH: 1, MI: 4, MJ: 5 };
const SPECIAL: Readonly<Record<string, Numbers>> = { mla_attention: { L: 4, R: 4 } };

export const { entries } = readCatalogue();

/** The results with cotangents. */
export const floatResults = (spec: Spec): readonly string[] =>
  spec.results
    .filter((r) => r.dtype === "f32" || r.dtype === "f16" || spec.typeVars.some((t) => t.name === r.dtype))
    .map((r) => r.name);

/** How a kernel is called; `empty`: with rows that have no cell, where causal masks make them. */
export const waysOf = (e: Entry, empty = false): Ways => {
  const all = { ...TINY, ...(e.folder === "onnx" ? ONNX : {}), ...SPECIAL[e.kernel], ...(empty ? EMPTY_ROWS : {}) };
  const sizes = Object.fromEntries(e.spec.sizes.map((s) => [s, all[s] ?? 3]));
  const open = e.spec.scalars.filter((s) => s.init === null && e.sizes.statics[s.name] === undefined);
  const value = (dtype: string): number => (dtype === "f32" ? 0.7 : 1);
  const pick = (isStatic: boolean): Numbers =>
    Object.fromEntries(open.filter((s) => s.isStatic === isStatic).map((s) => [s.name, value(s.dtype)]));
  return { sizes, statics: { ...e.sizes.statics, ...pick(true) }, scalars: pick(false) };
};
