/** From a line of generated WGSL back to the source. */
import { placeOf, type Origin, type Span } from "../base/span.ts";
import type { SourceMap } from "./artifact.ts";

/** The map of lines with these origins, the first line first. `file`: the kernel's; what is said there comes first. */
export const sourceMap = (lines: readonly Origin[], file: string): SourceMap => {
  const files: string[] = [];
  const spans: (readonly [number, number, number])[] = [];
  const runs: (readonly number[])[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (s: Span): number => {
    const key = `${s.start} ${s.end} ${s.file}`;
    const known = numbers.get(key) ?? spans.length;
    if (known === spans.length) {
      if (!files.includes(s.file)) files.push(s.file);
      spans.push([files.indexOf(s.file), s.start, s.end]);
      numbers.set(key, known);
    }
    return known;
  };
  const known = new Map<Origin, string>();
  const keys = lines.map((origin) => {
    const first = known.has(origin) ? null : placeOf(origin, file);
    const key =
      known.get(origin) ?? (first === null ? "" : [first, ...origin.filter((s) => s !== first)].map(numberOf).join());
    known.set(origin, key);
    return key;
  });
  for (let from = 0; from < keys.length;) {
    const key = keys[from] ?? "";
    let to = from + 1;
    while (to < keys.length && keys[to] === key) to++;
    if (key !== "") runs.push([from + 1, to, ...key.split(",").map(Number)]);
    from = to;
  }
  return { files, spans, lines: runs };
};

/** The expressions that a line of the WGSL (the first is 1) comes from, the nearest first; empty for a blank one. */
export const originOfLine = (map: SourceMap, line: number): Origin => {
  const run = map.lines.find(([from = 0, to = 0]) => from <= line && line <= to);
  return (run ?? []).slice(2).flatMap((n) => {
    const [file = 0, start = 0, end = 0] = map.spans[n] ?? [];
    return map.spans[n] === undefined ? [] : [{ file: map.files[file] ?? "", start, end }];
  });
};
