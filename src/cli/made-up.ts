/** Sizes that `tfx run --random` takes where nobody gave any: a head or two, rows of a few vectors; small enough for a CPU. */
import type { Spec } from "../check/spec.ts";
import { UsageError } from "./errors.ts";

const BY_NAME: Readonly<Record<string, number>> = { B: 1, H: 2, G: 2, R: 2, N: 64, M: 64, D: 32, E: 32, V: 256, P: 16 };
const OTHERWISE = 16;

/** The sizes of a kernel that are neither known nor parameters. */
const missingSizes = (spec: Spec, known: Readonly<Record<string, number>>): readonly string[] =>
  spec.sizes.filter((name) => known[name] === undefined && !spec.scalars.some((s) => s.name === name));

/** Values for the sizes that are not known; without a seed for made-up data, a UsageError that names all of them. */
export const sizesMadeUp = (
  spec: Spec,
  known: Readonly<Record<string, number>>,
  seed: number | undefined,
): Readonly<Record<string, number>> => {
  const missing = missingSizes(spec, known);
  if (missing.length > 0 && seed === undefined) {
    const what = missing.length === 1 ? `the size ${missing[0]} is` : `the sizes ${missing.join(", ")} are`;
    throw new UsageError(`${what} not known; give ${missing.map((name) => `--dim ${name}=…`).join(" ")}`);
  }
  return Object.fromEntries(missing.map((name) => [name, BY_NAME[name] ?? OTHERWISE]));
};
