/** Random choices from a seed. */
import { randomFrom } from "../numeric/harness.ts";

export type Draw = {
  /** An integer in [0, n). */
  readonly below: (n: number) => number;
  /** True with this probability. */
  readonly chance: (p: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  /** One of the alternatives, each as likely as its weight; those that are null cannot be had here. */
  readonly weighted: <T>(alternatives: readonly (readonly [weight: number, make: (() => T) | null])[]) => T;
  /** Some of a list, in its order. */
  readonly some: <T>(list: readonly T[], atLeast: number, atMost: number) => readonly T[];
};

export const drawFrom = (seed: number): Draw => {
  const random = randomFrom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error("nothing to pick from");
    return list[below(list.length)] as T;
  };
  return {
    below,
    pick,
    chance: (p) => random() < p,
    weighted: (alternatives) => {
      const open = alternatives.filter(([, make]) => make !== null);
      let at = random() * open.reduce((sum, [w]) => sum + w, 0);
      for (const [w, make] of open) if ((at -= w) <= 0) return make!();
      return open.at(-1)![1]!();
    },
    some: (list, atLeast, atMost) => {
      const wanted = Math.min(list.length, atLeast + below(atMost - atLeast + 1));
      const left = [...list.keys()];
      const taken = Array.from({ length: wanted }, () => left.splice(below(left.length), 1)[0] as number);
      return taken.sort((a, b) => a - b).map((n) => list[n]!);
    },
  };
};
