/** What is looked at: places of the text, wherever they were pointed at. Everything that shows a part of them lights up. */
import type { Compilation, Places } from "./protocol.ts";

/** Whether something made of these places is the same thing as, or a part of, what is looked at. */
export const isLit = (at: Places, looked: Places): boolean =>
  at.some(([from, to]) => looked.some(([start, end]) => start <= from && to <= end));

/** All places that lines of a compilation come from. */
export const placesIn = (c: Compilation): Places => {
  const found = new Map<string, Places[number]>();
  const add = (at: Places): void => {
    for (const place of at.slice(0, 1)) found.set(place.join(), place);
  };
  for (const pane of Object.values(c.panes)) for (const line of pane) add(line.at);
  for (const k of c.kernels) for (const s of k.sections) for (const line of s.lines) add(line.at);
  return [...found.values()];
};

/** The smallest place around an offset. */
export const placeAt = (places: Places, offset: number): Places => {
  const around = places.filter(([from, to]) => from <= offset && offset <= to);
  const [first, ...more] = around;
  if (first === undefined) return [];
  return [more.reduce((best, p) => (p[1] - p[0] < best[1] - best[0] ? p : best), first)];
};
