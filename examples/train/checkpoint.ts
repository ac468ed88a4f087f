/** A checkpoint as a file: a line of JSON, padded to whole words, then the numbers of the state. */
import type { Checkpoint } from "./run.ts";

export const toFile = ({ state, ...head }: Checkpoint): Uint8Array<ArrayBuffer> => {
  const lengths = Object.entries(state).map(([name, data]) => [name, data.length] as const);
  const line = JSON.stringify({ ...head, lengths });
  const bytes = new TextEncoder().encode(line);
  const padded = Math.ceil((bytes.length + 1) / 4) * 4;
  const out = new Uint8Array(padded + 4 * lengths.reduce((n, [, length]) => n + length, 0));
  out.fill(0x20, 0, padded);
  out.set(bytes);
  out[padded - 1] = 0x0a;
  let at = padded;
  for (const data of Object.values(state)) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
};

/** Throws where the bytes are no checkpoint. */
export const fromFile = (bytes: Uint8Array): Checkpoint => {
  const end = bytes.indexOf(0x0a);
  let head: Omit<Checkpoint, "state"> & { readonly lengths: readonly (readonly [string, number])[] };
  try {
    head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as typeof head;
    if (!Array.isArray(head.lengths)) throw new Error("no lengths");
  } catch {
    throw new Error("this is no checkpoint");
  }
  const { lengths, ...rest } = head;
  let at = end + 1;
  const state = lengths.map(([name, length]) => {
    const part = bytes.slice(at, at + 4 * length);
    if (part.length !== 4 * length) throw new Error("the checkpoint ends too early");
    at += 4 * length;
    return [name, new Float32Array(part.buffer)] as const;
  });
  return { ...rest, state: Object.fromEntries(state) };
};
