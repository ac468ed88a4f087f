/** Files of arrays: `.npy` holds one, `.npz` and `.safetensors` several with names. Only what is asked for is read. */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { readNpy, writeNpy, type NpyArray } from "../npy/npy.ts";
import { safetensorsArray, safetensorsEntries, safetensorsHeader, writeSafetensors } from "../npy/safetensors.ts";
import { readZip, writeZip } from "../npy/zip.ts";
import { UsageError, usage } from "./errors.ts";
import { readBytes } from "./files.ts";

/** `names`: null where a file holds one array without a name. */
export type ArrayFile = {
  readonly names: readonly string[] | null;
  /** The array with a name, or the only one. Throws UsageError. */
  readonly read: (name: string | null) => NpyArray;
};

export type ArrayFormat = "npy" | "npz" | "safetensors";

/** By the end of a file's name. */
export const formatOf = (path: string): ArrayFormat =>
  path.endsWith(".npz") ? "npz" : path.endsWith(".safetensors") ? "safetensors" : "npy";

/** Bytes `begin` to `end` of a file, which may be larger than memory. */
const slice = (path: string, begin: number, end: number): Uint8Array => {
  const bytes = new Uint8Array(end - begin);
  const file = openSync(path, "r");
  try {
    for (let at = 0; at < bytes.length;) {
      const n = readSync(file, bytes, at, bytes.length - at, begin + at);
      if (n === 0) throw new Error("the file ends too early");
      at += n;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
};

const sizeOf = (path: string): number => {
  const file = openSync(path, "r");
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
};

const openSafetensors = (path: string): ArrayFile => {
  const size = sizeOf(path);
  const length = safetensorsHeader(slice(path, 0, Math.min(8, size)), size);
  const entries = safetensorsEntries(slice(path, 8, 8 + length), size);
  return {
    names: [...entries.keys()],
    read: (name) => {
      const entry = entries.get(name ?? "");
      if (entry === undefined) throw new Error(`no tensor ${name ?? ""}`);
      return safetensorsArray(name ?? "", entry, slice(path, entry.begin, entry.end));
    },
  };
};

const openNpz = (path: string): ArrayFile => {
  const { names, read } = readZip(new Uint8Array(readBytes(path)), (bytes) => inflateRawSync(bytes));
  return {
    names: names.map((n) => n.replace(/\.npy$/, "")),
    read: (name) => readNpy(read(names.find((n) => n.replace(/\.npy$/, "") === name) ?? "")),
  };
};

const LISTED = 12;

/** Some of the names in a file, for a message. */
export const listed = (names: readonly string[]): string =>
  names.length === 0
    ? "it is empty"
    : `it has ${names.slice(0, LISTED).join(", ")}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ""}`;

/** A file of arrays; `what` begins its messages. Throws UsageError, `read` too. */
export const openArrays = (path: string, what: string): ArrayFile => {
  if (!existsSync(path)) throw new UsageError(path === "" ? `${what}no file name` : `${what}${path}: no such file`);
  if (statSync(path).isDirectory()) throw new UsageError(`${what}${path}: a folder, not a file`);
  const name = `${what}${path}`;
  const format = formatOf(path);
  if (format === "npy") {
    const bytes = readBytes(path, name);
    return { names: null, read: () => usage(name, () => readNpy(new Uint8Array(bytes))) };
  }
  const file = usage(name, () => (format === "npz" ? openNpz(path) : openSafetensors(path)));
  return { ...file, read: (entry) => usage(name, () => file.read(entry)) };
};

/** The bytes of a file that holds arrays: of `.npy` the only one. */
export const arraysFile = (format: ArrayFormat, arrays: ReadonlyMap<string, NpyArray>): Uint8Array => {
  switch (format) {
    case "npz":
      return writeZip([...arrays].map(([name, array]) => ({ name: `${name}.npy`, bytes: writeNpy(array) })));
    case "safetensors":
      return writeSafetensors(arrays);
    case "npy": {
      const [array] = arrays.values();
      if (array === undefined) throw new Error("no array to write");
      return writeNpy(array);
    }
  }
};
