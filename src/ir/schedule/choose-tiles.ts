/** Whether a target takes tiles for a kernel, which ones, and why not. */
import { SCHEDULES } from "../../base/costs.ts";
import type { Target } from "../../base/target.ts";
import type { KernelPlan } from "../derive/plan.ts";
import { outerAxes, ownRows } from "../derive/sharing.ts";
import type { GraphView } from "../graph/view.ts";
import { columnAxis, withColumns } from "./columns.ts";
import type { TilesSchedule } from "./schedule.ts";
import {
  contractedFeatures,
  numberFaults,
  planFaults,
  registersOfTile,
  tileBytes,
  tileShape,
  writtenByTile,
} from "./tiles.ts";

export type TileChoice =
  | { readonly kind: "taken"; readonly schedule: TilesSchedule }
  /** It contracts features, and keeps lanes that own rows. */
  | { readonly kind: "refused"; readonly why: readonly string[] }
  /** The target takes none, or there is nothing to contract. */
  | { readonly kind: "none" };

/** Tiles for rows that share cells and contract many features with each: the first shape of the target that fits it. */
export const chooseTiles = (b: GraphView, plan: KernelPlan, target: Target): TileChoice => {
  const { tiles } = target.tuning;
  if (tiles === null) return { kind: "none" };
  const columns = columnAxis(b, plan);
  const features = columns === null ? contractedFeatures(b, plan) : lengthOf(b, plan);
  if (features === 0) return { kind: "none" };
  if (features < SCHEDULES.tileFeatures)
    return { kind: "refused", why: [`${features} features are contracted, ${SCHEDULES.tileFeatures} are worth it`] };
  const faults = planFaults(b, plan, columns !== null);
  if (faults.length > 0) return { kind: "refused", why: faults };
  const few = columns === null ? null : fewRows(b, withColumns(b, plan, columns));
  if (few !== null) return { kind: "refused", why: [few] };
  let why: readonly string[] = [];
  for (const shape of columns === null ? tiles.shapes : tiles.products) {
    const schedule: TilesSchedule = { kind: "tiles", ...shape, prefetch: true };
    why = misfits(b, plan, target, schedule, tiles.registers);
    if (why.length === 0) return { kind: "taken", schedule };
  }
  return { kind: "refused", why };
};

/** Tiles for rows that are known to be few, two or more: heads that decode from the same cells read these once. Null: there are none. */
export const chooseFewTiles = (b: GraphView, plan: KernelPlan, target: Target): TilesSchedule | null => {
  const { tiles } = target.tuning;
  const rows = ownRows(b, plan).reduce((n, a) => n * Number(b.axis(a).size), 1);
  if (tiles === null || !(rows > 1) || contractedFeatures(b, plan) < SCHEDULES.tileFeatures) return null;
  if (planFaults(b, plan).length > 0) return null;
  const schedules = tiles.few.map((shape): TilesSchedule => ({ kind: "tiles", ...shape, prefetch: false }));
  const fits = (s: TilesSchedule): boolean =>
    tileShape(s).rows >= rows && misfits(b, plan, target, s, tiles.registers).length === 0;
  return schedules.find(fits) ?? null;
};

/** Cells of the stream; many where it is not known. */
const lengthOf = (b: GraphView, plan: KernelPlan): number =>
  plan.stream.reduce((n, a) => n * (Number(b.axis(a).size) || SCHEDULES.unknownSize), 1);

/** Why a product has too few rows for tiles: known to be few, or, where each of other rows has a right side of its own, not known. */
const fewRows = (b: GraphView, columns: KernelPlan): string | null => {
  const sizes = ownRows(b, columns).map((a) => b.axis(a).size);
  const known = sizes.every((x) => typeof x === "number");
  const rows = sizes.reduce<number>((n, x) => n * Number(x), 1);
  if (known) return rows < SCHEDULES.productRows ? `${rows} rows, ${SCHEDULES.productRows} are worth it` : null;
  return outerAxes(b, columns).length > 0 ? "how many rows share a right side is not known" : null;
};

/** What of the device, or of what drivers compile, a shape is too large for. */
const misfits = (
  b: GraphView,
  plan: KernelPlan,
  target: Target,
  s: TilesSchedule,
  registers: number,
): readonly string[] => {
  const faults = numberFaults(b, plan, s);
  if (faults.length > 0) return faults;
  const over = (what: string, n: number, most: number): readonly string[] =>
    n > most ? [`${n} ${what}, at most ${most}`] : [];
  return [
    ...over("lanes", s.lanes, target.invocations),
    ...over("numbers held by a lane", registersOfTile(b, plan, s), registers),
    ...over("bytes of workgroup memory", tileBytes(b, plan, s), target.workgroupBytes),
    ...over("operations written out", writtenByTile(b, plan, s), SCHEDULES.tileOperations),
  ];
};
