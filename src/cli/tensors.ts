/** The inputs of a run: from `.npy` files, or made up. */
import { existsSync } from "node:fs";
import type { Spec } from "../check/spec.ts";
import type { StorageType } from "../base/storage-type.ts";
import { evalSize, printSize, sizeNames } from "../base/size.ts";
import { toStorage, type Stored } from "../npy/convert.ts";
import type { NpyArray } from "../npy/npy.ts";
import { formatOf, listed, openArrays, type ArrayFile } from "./arrays.ts";
import { DeviceError, UsageError, usage } from "./errors.ts";
import type { Gpu } from "./gpu.ts";
import type { Files } from "./options.ts";
import { createRandom, randomData } from "./random.ts";
import { dimsOf, integersOf, storageOf } from "./request.ts";
import { inferSizes } from "./sizes.ts";

/** `FILE` or, of an archive, `FILE:NAME`. */
export const partsOf = (path: string): { readonly file: string; readonly entry: string | null } => {
  const at = path.lastIndexOf(":");
  const file = path.slice(0, at);
  return at > 0 && formatOf(file) !== "npy" && !existsSync(path)
    ? { file, entry: path.slice(at + 1) }
    : { file: path, entry: null };
};

/** Keeps archives open, so that one is read once for several inputs. */
const opener = () => {
  const open = new Map<string, ArrayFile>();
  return (path: string, what: string): ArrayFile => {
    const found = open.get(path) ?? openArrays(path, what);
    open.set(path, found);
    return found;
  };
};

/** Reads `--input` files: `q=FILE`, `q=ARCHIVE:NAME`, or an archive whose tensors have the names of inputs. Throws UsageError. */
export const readInputs = (inputs: Files, names: readonly string[]): ReadonlyMap<string, NpyArray> => {
  const open = opener();
  const found = new Map<string, NpyArray>();
  for (const path of inputs.whole) {
    const { names: there, read } = open(path, "--input ");
    if (there === null) throw new UsageError(`--input ${path}: which input is it? Give --input NAME=${path}`);
    const ours = there.filter((n) => names.includes(n));
    if (ours.length === 0)
      throw new UsageError(`--input ${path}: ${listed(there)}, none of which is an input; inputs: ${names.join(", ")}`);
    for (const name of ours) {
      if (found.has(name)) throw new UsageError(`${name} is given twice`);
      found.set(name, read(name));
    }
  }
  for (const [name, path] of inputs.named) {
    if (found.has(name)) throw new UsageError(`${name} is given twice`);
    const { file, entry } = partsOf(path);
    const what = `--input ${name}: `;
    const { names: there, read } = open(file, what);
    const asked = entry ?? (there?.includes(name) === false && there.length === 1 ? (there[0] ?? name) : name);
    if (there?.includes(asked) === false)
      throw new UsageError(
        `${what}${file} has no tensor ${asked}; ${listed(there)}${entry === null ? `; give --input ${name}=${file}:NAME` : ""}`,
      );
    found.set(name, read(asked));
  }
  return found;
};

/** Sizes from the arrays, from `given` and from parameters that are sizes (`scalars`: values chosen for them). */
export const sizesOf = (
  spec: Spec,
  arrays: ReadonlyMap<string, NpyArray>,
  given: Readonly<Record<string, number>>,
  scalars: Readonly<Record<string, number>> = {},
): Record<string, number> => {
  const tensors = spec.tensors.flatMap((tensor) => {
    const array = arrays.get(tensor.name);
    return array === undefined ? [] : [{ name: tensor.name, dims: dimsOf(spec, tensor.dims), shape: array.shape }];
  });
  let known = integersOf(spec, scalars, given);
  for (let before = -1; before !== Object.keys(known).length;) {
    before = Object.keys(known).length;
    known = integersOf(spec, scalars, inferSizes(tensors, known));
  }
  return known;
};

/** The shape of a tensor of the signature. Throws UsageError when a size is not known, or when there is none. */
export const shapeOf = (spec: Spec, name: string, sizes: Readonly<Record<string, number>>): readonly number[] => {
  const tensor = [...spec.tensors, ...spec.results].find((t) => t.name === name);
  return dimsOf(spec, tensor?.dims ?? []).map(({ axes, extent }) => {
    const names = sizeNames(extent);
    const unknown = names.find((symbol) => sizes[symbol] === undefined);
    if (unknown !== undefined) {
      const parameter = spec.scalars.find((s) => s.name === unknown);
      const option = parameter === undefined ? "--dim" : parameter.isStatic ? "--static" : "--set";
      throw new UsageError(`the size ${unknown} (of \`${name}\`) is not known; give ${option} ${unknown}=…`);
    }
    const value = evalSize(extent, (symbol) => sizes[symbol] ?? 0);
    if (Number.isInteger(value) && value >= 0) return value;
    const where = `axis \`${axes.join(" x ")}\` of \`${name}\``;
    const given = names.map((symbol) => `${symbol} = ${sizes[symbol]}`).join(", ");
    const text = typeof extent === "object" ? `${printSize(extent)} is ${value} with ${given}` : given;
    throw new UsageError(`${where}: ${text}; a size is a whole number >= 0`);
  });
};

const BITS: Readonly<Record<StorageType, number>> = {
  f32: 32,
  f16: 16,
  i32: 32,
  u32: 32,
  bool: 32,
  i8: 8,
  u8: 8,
  i4: 4,
  u4: 4,
};

/** Throws DeviceError when a tensor of the signature does not fit into a buffer of the device. Nothing is allocated. */
export const checkRoom = (
  spec: Spec,
  sizes: Readonly<Record<string, number>>,
  types: Readonly<Record<string, StorageType>>,
  { device, target }: Gpu,
): void => {
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  for (const { name, dtype, dims } of [...spec.tensors, ...spec.results]) {
    const shape = shapeOf(spec, name, sizes);
    const count = shape.reduce((a, b) => a * b, 1);
    const bytes = (count * BITS[storageOf(spec, dtype, types)]) / 8;
    if (bytes <= most && count <= 2 ** 31 - 1) continue;
    const axes = dimsOf(spec, dims).map((dim, i) => `${dim.axes.join(" x ")}: ${shape[i]}`);
    if (bytes <= most)
      throw new DeviceError(
        `\`${name}\` [${axes.join(", ")}] has ${count} elements, more than 2147483647: indices are i32`,
      );
    throw new DeviceError(
      `\`${name}\` [${axes.join(", ")}] needs ${bytes} bytes, but a buffer of ${target.name} holds ${most}`,
    );
  }
};

export type InputData = {
  readonly name: string;
  readonly type: StorageType;
  readonly shape: readonly number[];
  readonly data: Stored;
};

/** Throws UsageError when an input has neither an array nor, with a seed, a reason to be made up. */
export const checkComplete = (spec: Spec, arrays: ReadonlyMap<string, unknown>, seed: number | null): void => {
  const missing = spec.tensors.filter((tensor) => !arrays.has(tensor.name)).map((tensor) => tensor.name);
  if (seed === null && missing.length > 0) {
    throw new UsageError(`no data for ${missing.join(", ")}: give --input ${missing[0]}=FILE.npy, or --random SEED`);
  }
};

/** Every input of the kernel, from its array or made up from `seed`. */
export const collectInputs = (
  spec: Spec,
  arrays: ReadonlyMap<string, NpyArray>,
  sizes: Readonly<Record<string, number>>,
  types: Readonly<Record<string, StorageType>>,
  seed: number | null,
): readonly InputData[] => {
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
