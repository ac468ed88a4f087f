/** What is looked at: places of the text, wherever they were pointed at. Everything that shows a part of them lights up. */
import type { Compilation, Places } from "./protocol.ts";

/** How something made of these places lights up: as the same thing, as a part of what is looked at, or not at all. */
const lightOf = (at: Places, looked: Places): "lit" | "part" | null => {
  const has = (test: (a: Places[number], b: Places[number]) => boolean): boolean =>
    at.some((a) => looked.some((b) => test(a, b)));
  if (has((a, b) => a[0] === b[0] && a[1] === b[1])) return "lit";
  return has((a, b) => b[0] <= a[0] && a[1] <= b[1]) ? "part" : null;
};

/** Lights an element up; whether it is the same thing as what is looked at. */
export const light = (element: Element, at: Places, looked: Places): boolean => {
  const how = lightOf(at, looked);
  element.classList.toggle("lit", how === "lit");
  element.classList.toggle("part", how === "part");
  return how === "lit";
};

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
