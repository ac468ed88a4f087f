/**
 * A schedule: how one kernel's rows and stream are laid over lanes. A value that is printed, chosen from the plan and the
 * target's data, and can be overridden; the lowering reads nothing else.
 */

export type Schedule = {
  /**
   * `rows`: a lane owns whole rows and walks the stream alone. `split`: the lanes of a row share its stream and merge at the
   * end of each pass. `elements`: no stream, a lane writes one cell (or four).
   */
  readonly kind: "rows" | "split" | "elements";
  /** Lanes of a workgroup. */
  readonly lanes: number;
  /** `rows`: rows each lane owns. */
  readonly rowsPerLane: number;
  /** `split`: lanes that share a row. */
  readonly lanesPerRow: number;
  /** Stream cells written out in one turn of the loop. */
  readonly cells: number;
  /** The same at the edges of what is visible. */
  readonly edgeCells: number;
  /** Where values that only depend on the stream come from: each lane's own loads, or one lane's load broadcast to its subgroup. */
  readonly source: "direct" | "subgroup" | "workgroup";
  /** `workgroup` source: stream cells staged between two barriers. */
  readonly tile: number;
  /** The stream is walked four cells at a time as vec4s. */
  readonly vectorStream: boolean;
  /** The whole row stays in registers: the stream is written out, later passes reuse what the first one loaded. */
  readonly hold: boolean;
};

export const printSchedule = (s: Schedule): string => {
  if (s.kind === "elements") return `elements, ${s.lanes} lanes`;
  const how =
    s.kind === "rows"
      ? `${s.lanes} lanes x ${s.rowsPerLane} row${s.rowsPerLane === 1 ? "" : "s"}`
      : `${s.lanes} lanes, ${s.lanesPerRow} a row`;
  const step = `${s.cells}${s.vectorStream ? " x vec4" : ""} cells a step`;
  const from =
    s.source === "workgroup"
      ? `, tiles of ${s.tile} in workgroup memory`
      : s.source === "subgroup"
        ? ", subgroup broadcast"
        : "";
  return `${s.kind}, ${how}, ${step}${from}${s.hold ? ", row held in registers" : ""}`;
};
