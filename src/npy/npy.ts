/** NumPy's `.npy` files, versions 1 to 3, little endian: bytes to typed array and back. Pure. */

/** NumPy's names of the element types that can be read and written. */
export type NpyType = "float16" | "float32" | "float64" | "int8" | "int32" | "int64" | "uint8" | "uint32" | "bool";

export type NpyData =
  Float16Array | Float32Array | Float64Array | Int8Array | Int32Array | BigInt64Array | Uint8Array | Uint32Array;

/** An array in C order. bool: a Uint8Array of 0 and 1. */
export type NpyArray = { readonly dtype: NpyType; readonly shape: readonly number[]; readonly data: NpyData };

/** A file that is not an `.npy` file, or holds what this library has no use for. */
export class NpyError extends Error {
  override name = "NpyError";
}

type Format = { readonly descr: string; readonly bytes: number; readonly make: (buffer: ArrayBuffer) => NpyData };

const FORMATS: Readonly<Record<NpyType, Format>> = {
  float16: { descr: "<f2", bytes: 2, make: (b) => new (halfArray())(b) },
  float32: { descr: "<f4", bytes: 4, make: (b) => new Float32Array(b) },
  float64: { descr: "<f8", bytes: 8, make: (b) => new Float64Array(b) },
  int8: { descr: "|i1", bytes: 1, make: (b) => new Int8Array(b) },
  int32: { descr: "<i4", bytes: 4, make: (b) => new Int32Array(b) },
  int64: { descr: "<i8", bytes: 8, make: (b) => new BigInt64Array(b) },
  uint8: { descr: "|u1", bytes: 1, make: (b) => new Uint8Array(b) },
  uint32: { descr: "<u4", bytes: 4, make: (b) => new Uint32Array(b) },
  bool: { descr: "|b1", bytes: 1, make: (b) => new Uint8Array(b) },
};

const halfArray = (): typeof Float16Array => {
  if (typeof Float16Array === "undefined") throw new NpyError("float16 needs a JavaScript engine with Float16Array");
  return Float16Array;
};

/** The elements of a type in a buffer of their own. */
export const elementsOf = (dtype: NpyType, buffer: ArrayBuffer): NpyData => FORMATS[dtype].make(buffer);

const MAGIC = "\x93NUMPY";

type Header = {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly end: number;
};

const parseShape = (text: string): readonly number[] => {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop();
  return parts.map((part) => {
    if (!/^\d+L?$/.test(part)) throw new NpyError(`the header's shape (${text}) is not a list of numbers`);
    return parseInt(part, 10);
  });
};

const readHeader = (bytes: Uint8Array): Header => {
  const ascii = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 10 || ascii(0, 6) !== MAGIC)
    throw new NpyError("not an .npy file (it does not start with \\x93NUMPY)");
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw new NpyError(`version ${version} of the format is not known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const end =
    start + (version === 1 ? view.getUint16(8, true) : bytes.length < 12 ? Infinity : view.getUint32(8, true));
  if (end > bytes.length) throw new NpyError("the file ends inside its header");
  const header = ascii(start, end);
  const shape = /['"]shape['"]\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header)?.[1];
  const descr = /['"]descr['"]\s*:\s*(['"]([^'"]*)['"]|\[)/.exec(header);
  if (shape === undefined || fortran === undefined || descr === null)
    throw new NpyError("the header lacks descr, fortran_order or shape");
  if (descr[2] === undefined) throw new NpyError("structured arrays are not supported");
  return { descr: descr[2], fortran: fortran === "True", shape: parseShape(shape), end };
};

const typeOf = (descr: string): NpyType => {
  for (const [name, format] of Object.entries(FORMATS) as [NpyType, Format][]) {
    // A single byte has no order, and "=" was written by a little-endian machine if anyone.
    if (format.descr.slice(1) === descr.slice(1) && (format.bytes === 1 || "<=".includes(descr.charAt(0)))) return name;
  }
  if (descr.startsWith(">"))
    throw new NpyError(`big-endian arrays (${descr}) are not supported; convert with .astype("<${descr.slice(1)}")`);
  throw new NpyError(`element type ${descr} is not supported; use one of ${Object.keys(FORMATS).join(", ")}`);
};

/** The same values with the last index fastest. */
const toRowMajor = (data: NpyData, shape: readonly number[]): NpyData => {
  const result = data.slice();
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  for (let at = 0; at < data.length; at++) {
    const from = index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0);
    result[at] = data[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
  return result;
};

/** Reads a file's bytes. Fortran order is converted. Throws NpyError. */
export const readNpy = (bytes: Uint8Array): NpyArray => {
  const { descr, fortran, shape, end } = readHeader(bytes);
  const dtype = typeOf(descr);
  const count = shape.reduce((a, b) => a * b, 1);
  const length = count * FORMATS[dtype].bytes;
  if (bytes.length - end < length) {
    throw new NpyError(
      `shape (${shape.join(", ")}) of ${dtype} needs ${length} bytes, the file has ${bytes.length - end}`,
    );
  }
  const data = FORMATS[dtype].make(new Uint8Array(bytes.subarray(end, end + length)).buffer);
  return { dtype, shape, data: fortran && shape.length > 1 ? toRowMajor(data, shape) : data };
};

/** The bytes of a version 1.0 file (2.0 if the header needs it), data aligned to 64 bytes. Throws NpyError if shape and data disagree. */
export const writeNpy = (array: NpyArray): Uint8Array => {
  const { dtype, shape, data } = array;
  if (shape.reduce((a, b) => a * b, 1) !== data.length) {
    throw new NpyError(`shape (${shape.join(", ")}) does not fit ${data.length} elements`);
  }
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const dict = `{'descr': '${FORMATS[dtype].descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const version = dict.length + 64 < 65536 ? 1 : 2;
  const start = version === 1 ? 10 : 12;
  const header = `${dict.padEnd(Math.ceil((start + dict.length + 1) / 64) * 64 - start - 1)}\n`;
  const bytes = new Uint8Array(start + header.length + data.byteLength);
  const put = (text: string, at: number): void =>
    bytes.set(
      Array.from(text, (c) => c.charCodeAt(0)),
      at,
    );
  put(MAGIC, 0);
  bytes[6] = version;
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  put(header, start);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + header.length);
  return bytes;
};
