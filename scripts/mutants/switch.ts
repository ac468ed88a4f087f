/** Which mutant is awake, which were asked for, and which would have made a difference. */
let active = -1;
let seen: Set<number> | null = null;
const touched = new Set<number>();
/** While a mutant's value is computed only to be compared: what is asked for then is not asked for by a test. */
let comparing = false;

const note = (n: number): void => {
  if (comparing || seen === null) return;
  touched.add(n);
  seen.add(n);
};

export const __mutant = (n: number): boolean => {
  note(n);
  return n === active;
};

const isSame = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, k) => Object.is(x, b[k])));

/**
 * The value of an expression, or of its mutant. While it is noted what tests reach, a mutant counts that has another value
 * somewhere: a test in which it never has cannot notice it.
 */
export const __value = <T>(n: number, original: () => T, mutated: () => T): T => {
  if (n === active) return mutated();
  if (seen === null || comparing || seen.has(n)) return original();
  touched.add(n);
  const value = original();
  comparing = true;
  try {
    if (!isSame(value, mutated())) seen.add(n);
  } catch {
    seen.add(n);
  } finally {
    comparing = false;
  }
  return value;
};
export const awake = (n: number): void => {
  active = n;
};
/** Starts to note which mutants are reached and make a difference; gives what was noted so far. */
export const noted = (): readonly number[] => {
  const before = [...(seen ?? [])];
  seen = new Set();
  return before;
};
export const noteNothing = (): void => {
  seen = null;
};
/** All mutants that were ever asked for while it was noted, whether or not they made a difference. */
export const everTouched = (): readonly number[] => [...touched];
