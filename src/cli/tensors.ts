/** The inputs of a run: from `.npy` files, or made up. */
import { existsSync, readFileSync } from "node:fs";
import type { Spec, StorageType } from "../check/spec.ts";
import { evalSize, sizeNames } from "../ir/scalar/size.ts";
import { toStorage, type Stored } from "../npy/convert.ts";
import { readNpy, type NpyArray } from "../npy/npy.ts";
import { UsageError, usage } from "./errors.ts";
import type { Pairs } from "./options.ts";
import { createRandom, randomData } from "./random.ts";
import { dimsOf, storageOf } from "./request.ts";
import { inferSizes } from "./sizes.ts";

/** Reads `--input` files. */
export const readInputs = (inputs: Pairs): ReadonlyMap<string, NpyArray> =>
  new Map(
    [...inputs].map(([name, path]) => {
      if (!existsSync(path)) throw new UsageError(`--input ${name}: ${path}: no such file`);
      return [name, usage(`--input ${name}: ${path}`, () => readNpy(new Uint8Array(readFileSync(path))))];
    }),
  );

/** Sizes from the arrays and from `given`. */
export const sizesOf = (
  spec: Spec,
  arrays: ReadonlyMap<string, NpyArray>,
  given: Readonly<Record<string, number>>,
): Record<string, number> => {
  const tensors = spec.tensors.flatMap((tensor) => {
    const array = arrays.get(tensor.name);
    return array === undefined ? [] : [{ name: tensor.name, dims: dimsOf(spec, tensor.dims), shape: array.shape }];
  });
  return inferSizes(tensors, given);
};

/** The shape of a tensor of the signature. Throws UsageError when a size is not known. */
export const shapeOf = (spec: Spec, name: string, sizes: Readonly<Record<string, number>>): readonly number[] => {
  const tensor = [...spec.tensors, ...spec.results].find((t) => t.name === name);
  return dimsOf(spec, tensor?.dims ?? []).map(({ extent }) => {
    const unknown = sizeNames(extent).find((symbol) => sizes[symbol] === undefined);
    if (unknown !== undefined)
      throw new UsageError(`the size ${unknown} (of \`${name}\`) is not known; give --dim ${unknown}=…`);
    return evalSize(extent, (symbol) => sizes[symbol] ?? 0);
  });
};

export type InputData = {
  readonly name: string;
  readonly type: StorageType;
  readonly shape: readonly number[];
  readonly data: Stored;
};

/** Every input of the kernel, from its array or from `seed`; null seed: every input must have an array. */
export const collectInputs = (
  spec: Spec,
  arrays: ReadonlyMap<string, NpyArray>,
  sizes: Readonly<Record<string, number>>,
  types: Readonly<Record<string, StorageType>>,
  seed: number | null,
): readonly InputData[] => {
  const missing = spec.tensors.filter((tensor) => !arrays.has(tensor.name)).map((tensor) => tensor.name);
  if (seed === null && missing.length > 0) {
    throw new UsageError(`no data for ${missing.join(", ")}: give --input ${missing[0]}=FILE.npy, or --random SEED`);
  }
  const random = createRandom(seed ?? 0);
  const smallest = Math.min(...Object.values(sizes).filter((n) => n > 0), 8);
  return spec.tensors.map(({ name, dtype }) => {
    const type = storageOf(spec, dtype, types);
    const shape = shapeOf(spec, name, sizes);
    const array = arrays.get(name);
    const length = shape.reduce((a, b) => a * b, 1);
    const data =
      array === undefined
        ? randomData(type, length, smallest, random)
        : usage(`--input ${name}`, () => toStorage(array, type));
    return { name, type, shape, data };
  });
};
