/** A schedule that is given from outside, made of whatever: its form is checked, then it is one of the union. What it may be is `legal.ts`. */
import { show } from "../../base/unknown.ts";
import type { Schedule, Source, Walked } from "./schedule.ts";

type Given = Readonly<Record<string, unknown>>;

/** The schedule, or what is wrong with its form, a line each. Fields that its kind does not have must say nothing (one row, one lane). */
export const readSchedule = (given: Given): Schedule | readonly string[] => {
  const faults: string[] = [];
  const count = (name: string): number => {
    const n = given[name];
    if (typeof n === "number" && Number.isInteger(n) && n >= 1) return n;
    faults.push(`${name} is ${show(n)}, it must be an integer of at least 1`);
    return 1;
  };
  const flag = (name: string): boolean => {
    const x = given[name] ?? false;
    if (typeof x === "boolean") return x;
    faults.push(`${name} is ${show(x)}, it must be true or false`);
    return false;
  };
  const schedule = read(given, count, flag, faults);
  return faults.length > 0 || schedule === null ? faults : schedule;
};

const read = (
  given: Given,
  count: (name: string) => number,
  flag: (name: string) => boolean,
  faults: string[],
): Schedule | null => {
  const walked = (): Walked => ({
    lanes: count("lanes"),
    cells: count("cells"),
    edgeCells: count("edgeCells"),
    vectorStream: flag("vectorStream"),
    hold: flag("hold"),
    ...readSource(given, faults),
  });
  const alone = (name: string, why: string): void => {
    const n = given[name] ?? 1;
    if (n !== 1) faults.push(`${why}: ${name} is ${show(n)}, not 1`);
  };
  const { kind } = given;
  if (kind === "elements") return { kind, lanes: count("lanes"), vectorStream: flag("vectorStream") };
  if (kind === "tiles")
    return {
      kind,
      lanes: count("lanes"),
      lanesPerRow: count("lanesPerRow"),
      rowsPerLane: count("rowsPerLane"),
      cells: count("cells"),
      chunk: count("chunk"),
      slice: count("slice"),
      ...(given["columns"] === undefined ? {} : { columns: count("columns") }),
      prefetch: flag("prefetch"),
    };
  if (kind === "rows") {
    alone("lanesPerRow", "a lane has its row alone under `rows`");
    return { kind, ...walked(), rowsPerLane: count("rowsPerLane") };
  }
  if (kind === "split") {
    alone("rowsPerLane", "lanes share a row under `split`");
    return { kind, ...walked(), lanesPerRow: count("lanesPerRow") };
  }
  faults.push(`there is no kind ${show(kind)}`);
  return null;
};

const readSource = (given: Given, faults: string[]): Source => {
  const { source, tile } = given;
  if (source === "direct" || source === "subgroup") return { source };
  if (source !== "workgroup") faults.push(`there is no source ${show(source)}`);
  else if (typeof tile === "number" && Number.isInteger(tile) && tile >= 0) return { source, tile };
  else faults.push(`tile is ${show(tile)}, it must be an integer of at least 0`);
  return { source: "direct" };
};
