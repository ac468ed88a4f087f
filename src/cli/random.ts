/** Reproducible inputs for `tfx run --random`. */
import type { StorageType } from "../base/storage-type.ts";
import { allocate, type Stored } from "../npy/convert.ts";

/** Uniform in [0, 1), the same sequence for the same seed on every machine (mulberry32). */
export const createRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Floats: standard normal; integers: 0 to `below` - 1 (so that they may index any axis); bool: mostly true. */
export const randomData = (type: StorageType, length: number, below: number, random: () => number): Stored => {
  const data = allocate(type, length);
  const value = (): number => {
    if (type === "f32" || type === "f16")
      return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return type === "bool" ? Number(random() < 0.75) : Math.floor(random() * Math.max(1, Math.min(below, 8)));
  };
  for (let i = 0; i < length; i++) data[i] = value();
  return data;
};
