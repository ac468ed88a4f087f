/** A decoder small enough to be looked through: its sizes, its weights, its characters. */

/** Words, width, query and key-value heads, features of a head, hidden width, places of the cache. */
export const MODEL = { V: 96, D: 64, H: 4, G: 2, R: 2, E: 32, F: 128, M: 128, layers: 2 } as const;
export type Weights = ReadonlyMap<string, Float32Array>;

/** Line feed, and printable ASCII. */
export const CHARACTERS: readonly string[] = [
  "\n",
  ...Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n)),
];
export const encode = (text: string): readonly number[] => Array.from(text, (c) => Math.max(0, CHARACTERS.indexOf(c)));
export const decode = (tokens: Iterable<number>): string => Array.from(tokens, (t) => CHARACTERS[t] ?? "").join("");

/** Pseudo-random numbers in [0, 1) from a seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** Features of the first angle to the last: the position turns the c-th pair by position / base^(c / pairs). */
const BASE = 10000;
/** Cosines, then sines, of the angles of a position, into an array of E numbers. */
export const turn = (position: number, into: Float32Array | Float64Array): void => {
  const pairs = into.length / 2;
  for (let c = 0; c < pairs; c++) {
    const angle = position / BASE ** (c / pairs);
    [into[c], into[pairs + c]] = [Math.cos(angle), Math.sin(angle)];
  }
};

/** What each weight is of: inputs times outputs. */
const SHAPES = (): readonly (readonly [name: string, inputs: number, outputs: number])[] => {
  const { D, H, G, E, F, layers } = MODEL;
  const layer = (n: number) =>
    [
      [`${n}.q`, D, H * E],
      [`${n}.k`, D, G * E],
      [`${n}.v`, D, G * E],
      [`${n}.out`, H * E, D],
      [`${n}.gate`, D, F],
      [`${n}.up`, D, F],
      [`${n}.down`, F, D],
    ] as const;
  return [["table", MODEL.V, D], ...Array.from({ length: layers }, (_, n) => layer(n)).flat()];
};

/** All weights: `head` is the trained one (`train.ts`), the others are drawn and stay as they are. */
export const weightsWith = (head: Float32Array): Weights => {
  const random = randomFrom(7);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const drawn = SHAPES().map(([name, inputs, outputs]) => {
    const scale = name === "table" ? 1 : 1 / Math.sqrt(inputs);
    return [name, Float32Array.from({ length: inputs * outputs }, () => normal() * scale)] as const;
  });
  return new Map([...drawn, ["gain", new Float32Array(MODEL.D).fill(1)], ["head", head]]);
};
