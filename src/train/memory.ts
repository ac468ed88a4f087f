/**
 * Where buffers lie. Each is written by one call and read by later ones, so that two whose times do not meet may take the same memory:
 * what a step needs at once is far less than what it makes.
 */

/** Some bytes that calls want. `from` and `to`: the first and the last call. */
export type Wanted = { readonly name: string; readonly bytes: number; readonly from: number; readonly to: number };

export type Places = {
  /** The block of each name. */
  readonly blocks: ReadonlyMap<string, number>;
  /** Bytes of each block. */
  readonly bytes: readonly number[];
};

/** In the order of the calls: the smallest free block that is large enough, else the largest one made larger, else a new one. */
export const share = (wanted: readonly Wanted[]): Places => {
  const bytes: number[] = [];
  const blocks = new Map<string, number>();
  /** The last call that needs each block. */
  const until: number[] = [];
  for (const w of [...wanted].sort((a, b) => a.from - b.from)) {
    const free = until.flatMap((to, n) => (to < w.from ? [n] : [])).sort((a, b) => bytes[a]! - bytes[b]!);
    const block = free.find((n) => bytes[n]! >= w.bytes) ?? free.at(-1) ?? bytes.length;
    bytes[block] = Math.max(bytes[block] ?? 0, w.bytes);
    until[block] = w.to;
    blocks.set(w.name, block);
  }
  return { blocks, bytes };
};

/** Offsets of some lists in one buffer, each where WebGPU lets a binding begin; and the bytes of all. */
export const layOut = (
  bytes: ReadonlyMap<string, number>,
): { readonly offsets: ReadonlyMap<string, number>; readonly bytes: number } => {
  const offsets = new Map<string, number>();
  let at = 0;
  for (const [name, size] of bytes) {
    offsets.set(name, at);
    at += Math.ceil(size / 256) * 256;
  }
  return { offsets, bytes: at };
};
