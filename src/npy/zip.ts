/** ZIP archives, as far as `.npz` files are ones: stored and deflated entries below 4 GiB. Pure: who calls brings the inflater. */
import { NpyError } from "./npy.ts";

export type ZipEntry = { readonly name: string; readonly bytes: Uint8Array };

/** Undoes raw deflate. */
export type Inflate = (bytes: Uint8Array) => Uint8Array;

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/** The checksum of ZIP. */
const crc32 = (bytes: Uint8Array): number => {
  let c = 0xffffffff;
  for (const byte of bytes) c = (CRC_TABLE[(c ^ byte) & 255] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
};

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where the last record begins: a comment may stand behind it. */
const endOf = (bytes: Uint8Array): number => {
  const view = viewOf(bytes);
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - 65535); at--)
    if (view.getUint32(at, true) === END) return at;
  throw new NpyError("not a whole ZIP archive (its directory is not there)");
};

/** The names of an archive, and the bytes of each when they are asked for. Throws NpyError, `read` too. */
export const readZip = (
  bytes: Uint8Array,
  inflate: Inflate,
): { readonly names: readonly string[]; readonly read: (name: string) => Uint8Array } => {
  const view = viewOf(bytes);
  const end = endOf(bytes);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries = new Map<
    string,
    { method: number; flags: number; crc: number; packed: number; size: number; local: number }
  >();
  for (let n = 0; n < count; n++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL)
      throw new NpyError("the directory of the ZIP archive is broken");
    const length = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length));
    entries.set(name, {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      local: view.getUint32(at + 42, true),
    });
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  const read = (name: string): Uint8Array => {
    const e = entries.get(name);
    if (e === undefined) throw new NpyError(`no entry ${name}`);
    if ([e.packed, e.size, e.local].includes(0xffffffff))
      throw new NpyError(`${name}: entries of 4 GiB and more are not supported`);
    if ((e.flags & 1) !== 0) throw new NpyError(`${name} is encrypted`);
    if (e.local + 30 > bytes.length || view.getUint32(e.local, true) !== LOCAL)
      throw new NpyError(`${name}: the archive is broken`);
    const start = e.local + 30 + view.getUint16(e.local + 26, true) + view.getUint16(e.local + 28, true);
    if (start + e.packed > bytes.length) throw new NpyError(`${name}: the archive ends inside`);
    const packed = bytes.subarray(start, start + e.packed);
    if (e.method !== 0 && e.method !== 8)
      throw new NpyError(`${name}: compression ${e.method} is not supported; use savez or savez_compressed`);
    const found = e.method === 0 ? packed : inflated(name, packed, inflate);
    if (found.length !== e.size || crc32(found) !== e.crc) throw new NpyError(`${name}: its checksum does not fit`);
    return found;
  };
  return { names: [...entries.keys()], read };
};

const inflated = (name: string, bytes: Uint8Array, inflate: Inflate): Uint8Array => {
  try {
    return inflate(bytes);
  } catch {
    throw new NpyError(`${name}: its compressed bytes are broken`);
  }
};

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
};

/** The bytes of an archive whose entries are stored as they are, dated 1980: the same entries give the same bytes. Throws NpyError above 4 GiB. */
export const writeZip = (entries: readonly ZipEntry[]): Uint8Array => {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of entries) {
    const words = new TextEncoder().encode(name);
    const head = (signature: number, size: number, shift: number): Uint8Array => {
      const out = new Uint8Array(size + words.length);
      const view = viewOf(out);
      view.setUint32(0, signature, true);
      view.setUint16(4, 20, true);
      if (shift === 2) view.setUint16(6, 20, true);
      // Names in UTF-8; stored; 1980-01-01.
      view.setUint16(4 + shift + 2, 0x800, true);
      view.setUint16(4 + shift + 8, 0x21, true);
      view.setUint32(4 + shift + 10, crc32(bytes), true);
      view.setUint32(4 + shift + 14, bytes.length, true);
      view.setUint32(4 + shift + 18, bytes.length, true);
      view.setUint16(4 + shift + 22, words.length, true);
      if (shift === 2) view.setUint32(42, at, true);
      out.set(words, size);
      return out;
    };
    directory.push(head(CENTRAL, 46, 2));
    parts.push(head(LOCAL, 30, 0), bytes);
    at += 30 + words.length + bytes.length;
  }
  if (at >= 0xffffffff) throw new NpyError("more than 4 GiB do not go into one archive; write .npy files");
  const listed = joined(directory);
  const end = new Uint8Array(22);
  const view = viewOf(end);
  view.setUint32(0, END, true);
  view.setUint16(8, entries.length, true);
  view.setUint16(10, entries.length, true);
  view.setUint32(12, listed.length, true);
  view.setUint32(16, at, true);
  return joined([...parts, listed, end]);
};
