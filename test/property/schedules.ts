/** Schedules drawn from the legal space of each kernel of a compiled program, to compile it again under them. */
import type { Target } from "../../src/base/target.ts";
import type { Compiled, CompileOptions } from "../../src/compile.ts";
import { drawSchedule } from "../../src/ir/schedule/legal-space.ts";
import { legal } from "../../src/ir/schedule/legal.ts";
import type { Schedule, TilesSchedule } from "../../src/ir/schedule/schedule.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

/** For `CompileOptions.schedule`: every kernel of `compiled` under a schedule drawn by `random`. */
export const drawn = (
  compiled: Compiled,
  target: Target,
  random: () => number,
): NonNullable<CompileOptions["schedule"]> => {
  const found = new Map(
    compiled.plan.kernels.map((k) => [k.name, drawSchedule(viewOf(compiled.plan.graph), k, target, random)]),
  );
  return (chosen, kernel) => found.get(kernel) ?? chosen;
};

/** For `CompileOptions.schedule`: this schedule for every kernel of `compiled` that it is legal for; and for how many it is. */
export const wherever = (
  compiled: Compiled,
  target: Target,
  schedule: Schedule,
): { readonly schedule: NonNullable<CompileOptions["schedule"]>; readonly kernels: number } => {
  const { graph, kernels } = compiled.plan;
  const legalFor = new Set(
    kernels.filter((k) => legal(viewOf(graph), k, schedule, target).length === 0).map((k) => k.name),
  );
  return { schedule: (chosen, kernel) => (legalFor.has(kernel) ? schedule : chosen), kernels: legalFor.size };
};

/** Tiles by their numbers, in the order of the type. */
export const tiles = (
  lanes: number,
  lanesPerRow: number,
  rowsPerLane: number,
  cells: number,
  chunk: number,
  slice: number,
  prefetch: boolean,
): TilesSchedule => ({ kind: "tiles", lanes, lanesPerRow, rowsPerLane, cells, chunk, slice, prefetch });
