import { distance } from "fastest-levenshtein";

/** The candidate nearest to a misspelt name, or null when none is near. Equal but for case counts as near. */
export const nearest = (name: string, candidates: Iterable<string>): string | null => {
  let best: string | null = null;
  // Two slips are forgiven from four letters on: swapping two letters counts as two.
  let bestDistance = (name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3))) + 1;
  for (const c of candidates) {
    // A one-letter name is near every other one-letter name: only case can have been meant.
    const d =
      c.toLowerCase() === name.toLowerCase() ? 0.5 : name.length < 3 && c.length < 3 ? Infinity : distance(name, c);
    if (d < bestDistance && c !== name) [best, bestDistance] = [c, d];
  }
  return best;
};

/** "did you mean `x`?", or null. */
export const didYouMean = (name: string, candidates: Iterable<string>): string | null => {
  const n = nearest(name, candidates);
  return n === null ? null : `did you mean \`${n}\`?`;
};
