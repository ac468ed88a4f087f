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

/** Eight bits an element, or words as the kernel reads them. */
const PACKED = ["Uint8Array", "Uint32Array", "Int32Array"];
const NIBBLES = [...PACKED, "Int8Array"];

/** Typed arrays that hold each element type; the first is what outputs come as. */
const ACCEPTS: Readonly<Record<Dtype, readonly string[]>> = {
  f32: ["Float32Array"],
  f16: ["Float16Array", "Uint16Array"],
  i32: ["Int32Array"],
  u32: ["Uint32Array"],
  bool: ["Uint8Array", "Uint32Array", "Array"],
  i8: ["Int8Array", ...PACKED],
  u8: PACKED,
  i4: NIBBLES,
  u4: NIBBLES,
};
/** Bits of an element: the number in the type's name; a bool is a word. */
const bitsOf = (t: TensorInfo): number => +t.dtype.slice(1) || 32;
/** Bytes of so many elements. */
const sizeOf = (t: TensorInfo, count: number): number => Math.ceil((count * bitsOf(t)) / 8);

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of the buffer for `count` elements: whole words, whole vectors, never empty. */
export const bufferBytes = (t: TensorInfo, count: number): number => {
  const unit = Math.max(4, (t.dtype === "f16" ? 2 : 4) * t.vector);
  return Math.max(unit, roundUp(sizeOf(t, count), unit));
};

/** The elements that an array holds, or undefined where its padding hides that (packed types in words). Throws for a wrong type. */
export const countOf = (t: TensorInfo, data: TypedArray | readonly boolean[]): number | undefined => {
  const type = data.constructor.name;
  const [bits, arrays] = [bitsOf(t), ACCEPTS[t.dtype]];
  if (!arrays.includes(type))
    throw new Error(`${t.name}: ${t.dtype} elements come in a ${arrays.join(" or ")}, not in a ${type}`);
  return bits > 8 || (bits === 8 && type.endsWith("8Array")) ? data.length : undefined;
};

/** The bytes to upload. Throws when there are fewer or more than `count` elements need (packed types may fill their last word). */
export const toBytes = (t: TensorInfo, data: TypedArray | readonly boolean[], count: number): Uint8Array => {
  const flat =
    t.dtype === "bool"
      ? Uint32Array.from(data as ArrayLike<unknown> as ArrayLike<number>, (x) => +!!x)
      : (data as TypedArray);
  const bytes = new Uint8Array(flat.buffer, flat.byteOffset, flat.byteLength);
  const need = sizeOf(t, count);
  if (bytes.length < need || bytes.length > roundUp(need, bitsOf(t) < 16 ? 4 : 1))
    throw new Error(`${t.name} has ${bytes.length} bytes, but ${count} elements of ${t.dtype} need ${need}`);
  return bytes;
};

/** The caller's array of `count` elements from the bytes of a buffer (a copy). f16: Uint16Array where there is no Float16Array. */
export const fromBytes = (t: TensorInfo, bytes: ArrayBuffer, count: number): TypedArray => {
  const data = bytes.slice(0, sizeOf(t, count));
  if (t.dtype === "bool") return Uint8Array.from(new Uint32Array(data), (x) => +!!x);
  const make = (globalThis as unknown as Record<string, new (data: ArrayBuffer) => TypedArray>)[ACCEPTS[t.dtype][0]!];
  return new (make ?? Uint16Array)(data);
};
