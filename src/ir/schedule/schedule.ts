/**
 * A schedule: how one kernel's rows and stream are laid over lanes. A value that is printed, chosen from the plan and the
 * target's data, and can be overridden; the lowering reads nothing else. Each kind has the fields that mean something for it.
 */
import type { TileNumbers } from "../../base/target.ts";

/** Where values that only the stream decides come from. */
export type Source =
  /** Each lane's own loads. */
  | { readonly source: "direct" }
  /** One lane's load, broadcast to its subgroup. */
  | { readonly source: "subgroup" }
  /** Workgroup memory. `tile`: stream cells staged between two barriers. */
  | { readonly source: "workgroup"; readonly tile: number };

/** How a lane walks what it has of a stream. */
export type Walked = Source & {
  /** Lanes of a workgroup. */
  readonly lanes: number;
  /** Stream cells written out in one turn of the loop. */
  readonly cells: number;
  /** The same at the edges of what is visible; divides `cells`. */
  readonly edgeCells: number;
  /** The stream is walked four cells at a time as vec4s. */
  readonly vectorStream: boolean;
  /** The whole row stays in registers: the stream is written out, later passes reuse what the first one loaded. */
  readonly hold: boolean;
};

/** A lane owns whole rows and walks the stream alone. `rowsPerLane`: how many rows. */
export type RowsSchedule = Walked & { readonly kind: "rows"; readonly rowsPerLane: number };

/** The lanes of a row share its stream and merge at the end of each pass. `lanesPerRow`: how many lanes, a power of two. */
export type SplitSchedule = Walked & { readonly kind: "split"; readonly lanesPerRow: number };

/** No stream: a lane writes one cell, or four along the last axis (`vectorStream`). `lanes`: of a workgroup. */
export type ElementsSchedule = {
  readonly kind: "elements";
  readonly lanes: number;
  readonly vectorStream: boolean;
};

/**
 * A workgroup owns rows, its lanes stand in two dimensions. First a lane owns `rowsPerLane` rows x `cells` cells of a tile of the stream:
 * sums over features, `chunk` at a time, with both operands staged. Then the same rows x a share of the features of what is carried; what
 * the other lanes of a row have made goes through workgroup memory, and the cells are staged `slice` at a time.
 */
export type TilesSchedule = TileNumbers & {
  readonly kind: "tiles";
  /** What is staged next is loaded before the present piece is worked on. */
  readonly prefetch: boolean;
};

/** The kinds where a lane walks a stream cell by cell. */
export type StreamSchedule = RowsSchedule | SplitSchedule;

/** The kinds of a kernel that has a stream. */
export type WalkingSchedule = StreamSchedule | TilesSchedule;

export type Schedule = WalkingSchedule | ElementsSchedule;

/** One line for people. */
export const printSchedule = (s: Schedule): string => {
  switch (s.kind) {
    case "elements":
      return `elements, ${s.lanes} lanes`;
    case "tiles":
      return printTiles(s);
    case "rows":
      return printWalked(s, `${s.lanes} lanes x ${s.rowsPerLane} row${s.rowsPerLane === 1 ? "" : "s"}`);
    case "split":
      return printWalked(s, `${s.lanes} lanes, ${s.lanesPerRow} a row`);
  }
};

const printTiles = (s: TilesSchedule): string => {
  const grid = `${s.lanes / s.lanesPerRow} x ${s.lanesPerRow} lanes of ${s.rowsPerLane} x ${s.cells} cells`;
  if (s.columns !== undefined)
    return `tiles, ${grid} and ${s.columns} columns, ${s.slice} cells staged at once${s.prefetch ? ", loaded ahead" : ""}`;
  return `tiles, ${grid}, ${s.chunk} features and ${s.slice} cells staged at once${s.prefetch ? ", loaded ahead" : ""}`;
};

const printWalked = (s: StreamSchedule, how: string): string => {
  const step = `${s.cells}${s.vectorStream ? " x vec4" : ""} cells a step`;
  return `${s.kind}, ${how}, ${step}${printSource(s)}${s.hold ? ", row held in registers" : ""}`;
};

const printSource = (s: Source): string => {
  switch (s.source) {
    case "direct":
      return "";
    case "subgroup":
      return ", subgroup broadcast";
    case "workgroup":
      return `, tiles of ${s.tile} in workgroup memory`;
  }
};
