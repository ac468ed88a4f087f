/** Between the caller's typed arrays and the bytes of buffers. */
import type { TensorInfo } from "../codegen/artifact.ts";

type Dtype = TensorInfo["dtype"];
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Float16Array;

const BITS: Readonly<Record<Dtype, number>> = {
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

/** Eight bits an element, or words as the kernel reads them. */
const PACKED = ["Int8Array", "Uint8Array", "Uint32Array", "Int32Array"];

/** Typed arrays that hold each element type; the first is what outputs come as. */
const ACCEPTS: Readonly<Record<Dtype, readonly string[]>> = {
  f32: ["Float32Array"],
  f16: ["Float16Array", "Uint16Array"],
  i32: ["Int32Array"],
  u32: ["Uint32Array"],
  bool: ["Uint8Array", "Uint32Array", "Array"],
  i8: PACKED,
  u8: PACKED.slice(1),
  i4: PACKED,
  u4: PACKED,
};

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of the buffer for `count` elements: whole words, whole vectors, never empty. */
export const bufferBytes = (t: TensorInfo, count: number): number => {
  const unit = Math.max(4, (t.dtype === "f16" ? 2 : 4) * t.vector);
  return Math.max(unit, roundUp((count * BITS[t.dtype]) / 8, unit));
};

/** The elements that an array holds, or undefined where its padding hides that (packed types in words). Throws for a wrong type. */
export const countOf = (t: TensorInfo, data: TypedArray | readonly boolean[]): number | undefined => {
  const type = data.constructor.name;
  if (!ACCEPTS[t.dtype].includes(type))
    throw new Error(`${t.name}: ${t.dtype} elements come in a ${ACCEPTS[t.dtype].join(" or ")}, not in a ${type}`);
  if (BITS[t.dtype] >= 16) return data.length;
  return BITS[t.dtype] === 8 && type.endsWith("8Array") ? data.length : undefined;
};

/** The bytes to upload. Throws when there are fewer or more than `count` elements need (packed types may fill their last word). */
export const toBytes = (t: TensorInfo, data: TypedArray | readonly boolean[], count: number): Uint8Array => {
  const flat =
    t.dtype === "bool"
      ? Uint32Array.from(data as ArrayLike<unknown> as ArrayLike<number>, (x) => (x ? 1 : 0))
      : (data as TypedArray);
  const bytes = new Uint8Array(flat.buffer, flat.byteOffset, flat.byteLength);
  const need = Math.ceil((count * BITS[t.dtype]) / 8);
  if (bytes.length < need || bytes.length > roundUp(need, BITS[t.dtype] < 16 ? 4 : 1))
    throw new Error(`${t.name} has ${bytes.length} bytes, but ${count} elements of ${t.dtype} need ${need}`);
  return bytes;
};

/** The caller's array of `count` elements from the bytes of a buffer (a copy). f16: Uint16Array where there is no Float16Array. */
export const fromBytes = (t: TensorInfo, bytes: ArrayBuffer, count: number): TypedArray => {
  const data = bytes.slice(0, Math.ceil((count * BITS[t.dtype]) / 8));
  switch (t.dtype) {
    case "f32":
      return new Float32Array(data);
    case "f16":
      return typeof Float16Array === "undefined" ? new Uint16Array(data) : new Float16Array(data);
    case "i32":
      return new Int32Array(data);
    case "u32":
      return new Uint32Array(data);
    case "bool":
      return Uint8Array.from(new Uint32Array(data), (x) => (x === 0 ? 0 : 1));
    case "i8":
      return new Int8Array(data);
    case "u8":
    case "i4":
    case "u4":
      return new Uint8Array(data);
  }
};
