/** Safetensors files: a length, a header in JSON, the bytes of the tensors. Pure; a file is not read whole. */
import { elementsOf, NpyError, type NpyArray, type NpyType } from "./npy.ts";

/** A tensor of a file: its bytes lie from `begin` to `end` of the file. */
export type SafeEntry = {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
};

const BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I8: 1,
  U8: 1,
  U32: 4,
  BOOL: 1,
};

const NAMES: Readonly<Record<NpyType, string>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  int64: "I64",
  int32: "I32",
  int8: "I8",
  uint8: "U8",
  uint32: "U32",
  bool: "BOOL",
};

/** Longest header that is read: the format's own bound. */
const LONGEST = 100_000_000;

/** How long the header is, from the first 8 bytes. Throws NpyError for what cannot be a safetensors file. */
export const safetensorsHeader = (start: Uint8Array, fileBytes: number): number => {
  if (start.length < 8) throw new NpyError("not a safetensors file (shorter than 8 bytes)");
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = Number(view.getBigUint64(0, true));
  if (length > LONGEST || 8 + length > fileBytes)
    throw new NpyError("not a safetensors file (the length of its header does not fit)");
  return length;
};

const isShape = (x: unknown): x is readonly number[] =>
  Array.isArray(x) && x.every((n) => Number.isInteger(n) && (n as number) >= 0);

/** The tensors of a file by name, from the bytes of its header. Throws NpyError. */
export const safetensorsEntries = (header: Uint8Array, fileBytes: number): ReadonlyMap<string, SafeEntry> => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(header));
  } catch {
    throw new NpyError("not a safetensors file (its header is not JSON)");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new NpyError("not a safetensors file (its header is no object)");
  const start = 8 + header.length;
  const found = new Map<string, SafeEntry>();
  for (const [name, about] of Object.entries(parsed as Readonly<Record<string, unknown>>)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = (about ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof dtype !== "string" || !isShape(shape) || !isShape(offsets) || offsets.length !== 2)
      throw new NpyError(`${name}: dtype, shape or data_offsets are missing in the header`);
    const [from = 0, to = 0] = offsets;
    if (to < from || start + to > fileBytes) throw new NpyError(`${name}: its bytes lie outside of the file`);
    found.set(name, { dtype, shape, begin: start + from, end: start + to });
  }
  return found;
};

/** bfloat16 is the upper half of a float32. */
const widened = (bytes: Uint8Array): Float32Array => {
  const out = new Uint32Array(bytes.length / 2);
  for (let n = 0; n < out.length; n++) out[n] = ((bytes[2 * n] ?? 0) | ((bytes[2 * n + 1] ?? 0) << 8)) << 16;
  return new Float32Array(out.buffer);
};

/** A tensor from its bytes; bfloat16 as float32, which has all its values. Throws NpyError. */
export const safetensorsArray = (name: string, { dtype, shape }: SafeEntry, bytes: Uint8Array): NpyArray => {
  const size = BYTES[dtype];
  if (size === undefined)
    throw new NpyError(`${name}: element type ${dtype} is not supported; use one of ${Object.keys(BYTES).join(", ")}`);
  const count = shape.reduce((a, b) => a * b, 1);
  if (count * size !== bytes.length)
    throw new NpyError(
      `${name}: shape (${shape.join(", ")}) of ${dtype} needs ${count * size} bytes, the file has ${bytes.length}`,
    );
  if (dtype === "BF16") return { dtype: "float32", shape, data: widened(bytes) };
  const type = (Object.entries(NAMES) as [NpyType, string][]).find(([, n]) => n === dtype)?.[0] ?? "float32";
  return { dtype: type, shape, data: elementsOf(type, bytes.slice().buffer as ArrayBuffer) };
};

/** The bytes of a file, the header padded so that tensors begin at a multiple of 8. */
export const writeSafetensors = (arrays: ReadonlyMap<string, NpyArray>): Uint8Array => {
  // The widest elements first, so that every tensor lies at a multiple of its element.
  const sorted = [...arrays].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let at = 0;
  const header = Object.fromEntries(
    sorted.map(([name, { dtype, shape, data }]) => {
      const begin = at;
      at += data.byteLength;
      return [name, { dtype: NAMES[dtype], shape, data_offsets: [begin, at] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + length + at).fill(0x20, 8, 8 + length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  let from = 8 + length;
  for (const [, { data }] of sorted) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), from);
    from += data.byteLength;
  }
  return out;
};
