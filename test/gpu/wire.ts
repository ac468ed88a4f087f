/**
 * Messages between the tests and the processes that run kernels on other stacks: a JSON header and the raw bytes of its typed
 * arrays, both with their length in front. Runs in Node and in Deno.
 */

export type Numbers =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Float16Array;

/** JSON with typed arrays in it, anywhere. */
export type Message = { readonly [key: string]: unknown };

const TYPES = {
  Float32Array,
  Float64Array,
  Int32Array,
  Uint32Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Float16Array,
} as const;
type TypeName = keyof typeof TYPES;

type Placed = { readonly $array: TypeName; readonly at: number; readonly bytes: number };
const isPlaced = (x: unknown): x is Placed => typeof x === "object" && x !== null && "$array" in x;
// JSON has no NaN and no infinities.
const isOdd = (x: unknown): x is { $number: string } => typeof x === "object" && x !== null && "$number" in x;

/** One frame. Arrays start at multiples of 8 bytes of the second part. */
export const encode = (message: Message): Uint8Array => {
  const arrays: { readonly at: number; readonly data: ArrayBufferView }[] = [];
  let at = 0;
  const header = JSON.stringify(message, (_key, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
    if (!ArrayBuffer.isView(value)) return value;
    arrays.push({ at, data: value });
    const placed = { $array: value.constructor.name, at, bytes: value.byteLength };
    at = Math.ceil((at + value.byteLength) / 8) * 8;
    return placed;
  });
  const text = new TextEncoder().encode(header);
  const frame = new Uint8Array(8 + text.length + at);
  new DataView(frame.buffer).setUint32(0, text.length, true);
  new DataView(frame.buffer).setUint32(4, at, true);
  frame.set(text, 8);
  for (const { at: start, data } of arrays) {
    frame.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + text.length + start);
  }
  return frame;
};

const frameLength = (frame: Uint8Array): number => {
  const view = new DataView(frame.buffer, frame.byteOffset, 8);
  return 8 + view.getUint32(0, true) + view.getUint32(4, true);
};

const decode = (frame: Uint8Array): Message => {
  const body = 8 + new DataView(frame.buffer, frame.byteOffset, 8).getUint32(0, true);
  const revive = (_key: string, value: unknown): unknown => {
    if (isOdd(value)) return Number(value.$number);
    if (!isPlaced(value)) return value;
    return new TYPES[value.$array](frame.slice(body + value.at, body + value.at + value.bytes).buffer);
  };
  return JSON.parse(new TextDecoder().decode(frame.subarray(8, body)), revive) as Message;
};

/** Collects the chunks of a stream and gives the messages that they complete. */
export const createReader = (): ((chunk: Uint8Array) => readonly Message[]) => {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let wanted = 8;
  return (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < wanted) return [];
    let all = new Uint8Array(length);
    chunks.reduce((at, part) => (all.set(part, at), at + part.length), 0);
    const messages: Message[] = [];
    for (;;) {
      wanted = all.length < 8 ? 8 : frameLength(all);
      if (all.length < wanted) break;
      messages.push(decode(all.subarray(0, wanted)));
      all = all.slice(wanted);
    }
    chunks = [all];
    length = all.length;
    return messages;
  };
};
