/** Which mutant is awake, and which were asked for. */
let active = -1;
let seen: Set<number> | null = null;

export const __mutant = (n: number): boolean => {
  seen?.add(n);
  return n === active;
};
export const awake = (n: number): void => {
  active = n;
};
/** Starts to note which mutants are reached; gives what was noted so far. */
export const noted = (): readonly number[] => {
  const before = [...(seen ?? [])];
  seen = new Set();
  return before;
};
export const noteNothing = (): void => {
  seen = null;
};
