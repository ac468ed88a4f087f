/** Sizes from the shapes of arrays: each dimension of a signature is an equation. */
import { evalSize, printSize, sizeNames, type SizeExpr } from "../base/size.ts";
import { UsageError } from "./errors.ts";

/** One dimension of a tensor: the names of its axes and its extent over size symbols. */
export type Dim = { readonly axes: readonly string[]; readonly extent: SizeExpr };
export type Shaped = { readonly name: string; readonly dims: readonly Dim[]; readonly shape: readonly number[] };

type Equation = { readonly what: string; readonly extent: SizeExpr; readonly found: number };

/** `d: D`, `(g, r): G * R`. */
const printDim = ({ axes, extent }: Dim): string =>
  `${axes.length === 1 ? axes.join("") : `(${axes.join(", ")})`}: ${printSize(extent)}`;

const tuple = (shape: readonly number[]): string => `(${shape.join(", ")})`;

const equations = (tensor: Shaped): readonly Equation[] => {
  const { name, dims, shape } = tensor;
  if (dims.length !== shape.length) {
    const expected = `${dims.length} dimension${dims.length === 1 ? "" : "s"} [${dims.map(printDim).join(", ")}]`;
    throw new UsageError(`\`${name}\` has shape ${tuple(shape)}, expected ${expected}`);
  }
  return dims.map((dim, i) => ({
    what: `dimension ${i + 1} of \`${name}\` ${tuple(shape)}, axis ${dim.axes.map((axis) => `\`${axis}\``).join(" x ")}`,
    extent: dim.extent,
    found: shape[i] ?? 0,
  }));
};

/** The only unknown of an expression that is linear in it, or null. */
const solve = ({ extent, found }: Equation, known: ReadonlyMap<string, number>): readonly [string, number] | null => {
  const unknown = sizeNames(extent).filter((name) => !known.has(name));
  const [name] = unknown;
  if (name === undefined || unknown.length > 1) return null;
  const at = (x: number): number => evalSize(extent, (symbol) => known.get(symbol) ?? x);
  const value = (found - at(0)) / (at(1) - at(0));
  return Number.isInteger(value) && value >= 0 && at(value) === found ? [name, value] : null;
};

/**
 * All sizes that follow from the shapes, beside the `given` ones. Throws UsageError when shapes contradict each other.
 * Sizes that stay unknown are left out.
 */
export const inferSizes = (
  tensors: readonly Shaped[],
  given: Readonly<Record<string, number>>,
): Record<string, number> => {
  const known = new Map(Object.entries(given));
  const all = tensors.flatMap(equations);
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const equation of all) {
      const solved = solve(equation, known);
      if (solved !== null) known.set(...solved);
    }
  }
  for (const { what, extent, found } of all) {
    if (sizeNames(extent).some((name) => !known.has(name))) continue;
    const expected = evalSize(extent, (name) => known.get(name) ?? 0);
    if (expected === found) continue;
    const names = sizeNames(extent).map((name) => `${name} = ${known.get(name)}`);
    const because =
      typeof extent === "number"
        ? ""
        : ` = ${printSize(extent)}${typeof extent === "string" ? "" : ` with ${names.join(", ")}`}`;
    throw new UsageError(`${what}: found ${found}, expected ${expected}${because}`);
  }
  return Object.fromEntries(known);
};
