/** From the element types of `.npy` files to the storage types of kernels, and back. */
import type { StorageType } from "../base/storage-type.ts";
import { NpyError, type NpyArray, type NpyData, type NpyType } from "./npy.ts";

/** One element each: f16 as half floats, bool as u32 of 0 and 1, i4 and u4 as bytes. */
export type Stored = Float32Array | Float16Array | Int32Array | Uint32Array | Int8Array | Uint8Array;

const INTEGER_RANGES: Readonly<Record<"i32" | "u32" | "i8" | "u8" | "i4" | "u4" | "bool", readonly [number, number]>> =
  {
    i32: [-(2 ** 31), 2 ** 31 - 1],
    u32: [0, 2 ** 32 - 1],
    i8: [-128, 127],
    u8: [0, 255],
    i4: [-8, 7],
    u4: [0, 15],
    bool: [0, 1],
  };

const isFloat = (dtype: NpyType): boolean => dtype.startsWith("float");

/** Typed arrays of a storage type. */
export const allocate = (to: StorageType, length: number): Stored => {
  switch (to) {
    case "f32":
      return new Float32Array(length);
    case "f16":
      return new Float16Array(length);
    case "i32":
      return new Int32Array(length);
    case "u32":
    case "bool":
      return new Uint32Array(length);
    case "i8":
    case "i4":
      return new Int8Array(length);
    case "u8":
    case "u4":
      return new Uint8Array(length);
  }
};

const place = (array: NpyArray, flat: number): string => {
  const index: number[] = [];
  for (let axis = array.shape.length - 1, rest = flat; axis >= 0; axis--) {
    const extent = array.shape[axis] ?? 1;
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return `[${index.join(", ")}]`;
};

/**
 * The values as a kernel stores them. Floats are rounded to the nearest; integers must fit; bool takes bool or integers that are 0
 * or 1; floats and integers are never mixed. Throws NpyError with the first value that does not fit.
 */
export const toStorage = (array: NpyArray, to: StorageType): Stored => {
  const result = allocate(to, array.data.length);
  if (to === "f32" || to === "f16") {
    if (!isFloat(array.dtype)) throw new NpyError(`expected floats for ${to}, found ${array.dtype}`);
    for (let i = 0; i < result.length; i++) result[i] = Number(array.data[i]);
    return result;
  }
  if (isFloat(array.dtype))
    throw new NpyError(`expected ${to === "bool" ? "bool" : "integers"} for ${to}, found ${array.dtype}`);
  if (array.dtype === "bool" && to !== "bool") throw new NpyError(`expected integers for ${to}, found bool`);
  const [low, high] = INTEGER_RANGES[to];
  for (let i = 0; i < result.length; i++) {
    const value = Number(array.data[i]);
    if (value < low || value > high)
      throw new NpyError(`${value} at ${place(array, i)} does not fit ${to} (${low} to ${high})`);
    result[i] = value;
  }
  return result;
};

/** As the runtime takes and gives them: i4 and u4 two to a byte, the first in the low half; the others as they are. */
export const pack = (data: Stored, type: StorageType): Stored => {
  if (type !== "i4" && type !== "u4") return data;
  const packed = new Uint8Array(Math.ceil(data.length / 2));
  for (let i = 0; i < data.length; i++)
    packed[i >> 1] = (packed[i >> 1] ?? 0) | (((data[i] ?? 0) & 15) << (4 * (i & 1)));
  return packed;
};

/** The inverse of {@link pack} for `length` elements. */
export const unpack = (data: Stored, type: StorageType, length: number): Stored => {
  if (type !== "i4" && type !== "u4") return data;
  const result = allocate(type, length);
  for (let i = 0; i < length; i++) {
    const nibble = ((data[i >> 1] ?? 0) >> (4 * (i & 1))) & 15;
    result[i] = type === "i4" && nibble > 7 ? nibble - 16 : nibble;
  }
  return result;
};

const NPY_TYPES: Readonly<Record<StorageType, NpyType>> = {
  f32: "float32",
  f16: "float16",
  i32: "int32",
  u32: "uint32",
  bool: "bool",
  i8: "int8",
  u8: "uint8",
  i4: "int8",
  u4: "uint8",
};

/** An array ready to be written. bool becomes bytes, i4 and u4 one byte an element. */
export const fromStorage = (data: Stored, shape: readonly number[], from: StorageType): NpyArray => {
  const values: NpyData = from === "bool" ? Uint8Array.from(data, (x) => (x === 0 ? 0 : 1)) : data;
  return { dtype: NPY_TYPES[from], shape, data: values };
};
