/** What cannot be missing: asked for in the one place that says so when it is. */

/** Element `n` of a list that has it; negative numbers count from the end. */
export const item = <T>(list: readonly T[], n: number): T => {
  const found = list.at(n);
  if (found === undefined) throw new Error(`there is no element ${n} of ${list.length}`);
  return found;
};

/** The first element of a list that has one. */
export const first = <T>(list: readonly T[]): T => item(list, 0);

/** The value of a key that a map has. */
export const entry = <K, V>(map: ReadonlyMap<K, V>, key: K): V => {
  const found = map.get(key);
  if (found === undefined) throw new Error(`there is nothing for ${String(key)}`);
  return found;
};
