/** Chooses a schedule for a planned kernel from the target's data. Every number here ends up in the printed schedule. */
import { SCHEDULES } from "../../base/costs.ts";
import type { Features, Target, Tuning } from "../../base/target.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import type { KernelPlan } from "../derive/plan.ts";
import { ownRows } from "../derive/sharing.ts";
import { chooseFewTiles, chooseTiles } from "./choose-tiles.ts";
import type { RowsSchedule, Schedule, StreamSchedule } from "./schedule.ts";
import { workgroupEstimate } from "./workgroup.ts";

/** Each lane walks its own rows with its own loads. */
const ROWS = {
  kind: "rows",
  lanes: SCHEDULES.lanes,
  rowsPerLane: 1,
  cells: SCHEDULES.cells,
  edgeCells: 1,
  source: "direct",
  vectorStream: false,
  hold: false,
} satisfies RowsSchedule;

/** What a lane walks of its row, by itself or with others. */
type Walk = Pick<StreamSchedule, "cells"> & Partial<Pick<StreamSchedule, "edgeCells" | "vectorStream" | "hold">>;

/** Lanes that share a row, or one that has it alone. */
const shared = (lanesPerRow: number, walked: Walk): StreamSchedule => {
  const { rowsPerLane, ...rest } = { ...ROWS, ...walked };
  return lanesPerRow === 1 ? { ...rest, rowsPerLane } : { ...rest, kind: "split", lanesPerRow };
};

/** In how many lanes a row may be shared by a workgroup: they merge in pairs. */
const POWERS: readonly number[] = Array.from({ length: 1 + Math.log2(SCHEDULES.lanes) }, (_, n) => 2 ** n);

/** The schedule of a kernel on a target: legal (`legal.ts`), and what its tuning says pays there. */
export const chooseSchedule = (b: GraphView, plan: KernelPlan, target: Target): Schedule => {
  const { tuning } = target;
  if (plan.stream.length === 0)
    return {
      kind: "elements",
      lanes: SCHEDULES.lanes,
      vectorStream: canWalkByFour(b, plan, plan.stores[0]?.axes.at(-1)),
    };
  const only = plan.stream.length === 1 ? plan.stream[0] : undefined;
  if (only !== undefined && only === plan.part && tuning.coalesces) return mergeSchedule(b, only);
  if (only !== undefined && isFeatureless(b, plan)) {
    if (canWalkByFour(b, plan, only)) return normSchedule(b, plan, tuning, only);
    if (tuning.coalesces && readsAlong(b, plan, only)) return raggedRow(b, tuning, only);
  }
  const serial = hasScan(b, plan);
  if (fewRows(b, plan, target) && !serial && canSplit(plan))
    return chooseFewTiles(b, plan, target) ?? shared(SCHEDULES.lanes, { cells: 1 });
  if (serial) return { ...ROWS, cells: 1 };
  const tiles = chooseTiles(b, plan, target);
  return tiles.kind === "taken" ? tiles.schedule : rowSchedule(b, plan, target);
};

/** Lanes that own rows of many features each. */
const rowSchedule = (b: GraphView, plan: KernelPlan, target: Target): RowsSchedule => {
  const { tuning } = target;
  const features = plan.accumulators.reduce((n, a) => n + a.local.reduce((k, x) => k * known(b, x), 1), 0);
  const many = features > SCHEDULES.manyFeatures;
  const cells = many ? SCHEDULES.cellsOfMany : SCHEDULES.cells;
  const step = (n: number): Pick<RowsSchedule, "cells" | "edgeCells"> => ({
    cells: n,
    edgeCells: tuning.edgeBlocks && !many ? n : 1,
  });
  const rowsFor = (range: Features): number =>
    range !== null && features >= range.from && features <= range.to ? 2 : 1;
  const rows = { ...ROWS, lanes: tuning.rowLanes };
  const least = plan.stream.length === 1 ? (target.subgroups?.min ?? 1) : 1;
  if (least >= SCHEDULES.leastSubgroup)
    return {
      ...rows,
      rowsPerLane: rowsFor(tuning.twoRows.broadcast),
      source: "subgroup",
      ...step(Math.min(cells, least, SCHEDULES.broadcastCells)),
    };
  const tile = tuning.staging ? tileThatFits(b, plan, target) : 0;
  return tile === 0
    ? { ...rows, rowsPerLane: rowsFor(tuning.twoRows.direct), ...step(cells) }
    : { ...rows, ...step(Math.min(cells, tile)), source: "workgroup", tile };
};

/** The largest power of two of cells whose shared values fit into workgroup memory; 0: there is nothing to stage, or no room. */
const tileThatFits = (b: GraphView, plan: KernelPlan, target: Target): number => {
  if (plan.stream.length !== 1) return 0;
  const bytes = (tile: number): number => workgroupEstimate(b, plan, { ...ROWS, source: "workgroup", tile });
  if (bytes(1) === 0) return 0;
  for (let tile: number = SCHEDULES.tile; tile >= SCHEDULES.leastTile; tile /= 2)
    if (bytes(tile) + SCHEDULES.spareBytes <= target.workgroupBytes) return tile;
  return 0;
};

const known = (b: GraphView, a: AxisId): number => Number(b.axis(a).size) || SCHEDULES.unknownSize;

/** Accumulators are single numbers and every domain is whole: the stream itself can be walked in vec4s. */
const isFeatureless = (b: GraphView, plan: KernelPlan): boolean =>
  plan.accumulators.every((a) => a.local.length === 0 && a.where === null && REDUCTIONS[a.op].merges) &&
  !hasScan(b, plan);

const hasScan = (b: GraphView, plan: KernelPlan): boolean =>
  plan.scans.length > 0 ||
  [...b.reach([...plan.stores.map((s) => s.value), ...plan.accumulators.map((a) => a.body)])].some((id) => {
    const n = b.node(id);
    return n.kind === "reduce" && n.op === "cumsum";
  });

const canWalkByFour = (b: GraphView, plan: KernelPlan, axis: AxisId | undefined): boolean => {
  if (axis === undefined) return false;
  const size = b.axis(axis).size;
  if (typeof size !== "number" || size % 4 !== 0 || size === 0 || b.axis(axis).parts !== null) return false;
  if (plan.stores.some((s) => s.axes.includes(axis) && s.axes.at(-1) !== axis)) return false;
  const loads = [...b.reach([...plan.stores.map((s) => s.value), ...plan.accumulators.map((a) => a.body)])].map((id) =>
    b.node(id),
  );
  return loads.every((n) => n.kind !== "load" || n.at.slice(0, -1).every((id) => !b.node(id).axes.includes(axis)));
};

const canSplit = (plan: KernelPlan): boolean => plan.accumulators.every((a) => REDUCTIONS[a.op].merges);

/** Too few rows to fill a workgroup each: one row a workgroup then. */
export const fewRows = (b: GraphView, plan: KernelPlan, target: Target): boolean => {
  const inner = ownRows(b, plan);
  const count = inner.reduce((n, a) => n * known(b, a), 1);
  return count <= target.tuning.fewRows && inner.every((a) => typeof b.axis(a).size === "number");
};

/** The stream is the last index of what it reads: lanes that share a row read neighbouring addresses. */
const readsAlong = (b: GraphView, plan: KernelPlan, axis: AxisId): boolean =>
  b.axis(axis).parts === null &&
  [...b.reach([...plan.stores.map((s) => s.value), ...plan.accumulators.map((a) => a.body)])]
    .map((id) => b.node(id))
    .every((n) => n.kind !== "load" || n.at.slice(0, -1).every((id) => !b.node(id).axes.includes(axis)));

/** A row of a length that is no multiple of four or not known: neighbouring lanes take neighbouring cells. */
const raggedRow = (b: GraphView, tuning: Tuning, axis: AxisId): StreamSchedule => {
  const size = b.axis(axis).size;
  const length = typeof size === "number" ? size : Infinity;
  const lanesPerRow = POWERS.toReversed().find((n) => length >= n) ?? 1;
  // Without cells there is nothing to hold.
  const mine = Math.max(1, Math.ceil(length / lanesPerRow));
  const hold = mine <= tuning.heldCells;
  const cells = hold ? mine : SCHEDULES.cells;
  return shared(lanesPerRow, { cells, edgeCells: cells, hold });
};

/** Partial states of a row, a lane for each part: the states of different rows share nothing. */
const mergeSchedule = (b: GraphView, part: AxisId): StreamSchedule => {
  const lanesPerRow = POWERS.find((n) => n > 1 && n >= known(b, part)) ?? SCHEDULES.lanes;
  return shared(lanesPerRow, { cells: 1 });
};

/** Whether a cell asks for reductions in place. */
const contracts = (b: GraphView, plan: KernelPlan): boolean => {
  const carried = new Set(plan.accumulators.map((a) => a.node));
  const roots = [
    ...plan.accumulators.map((a) => a.body),
    ...plan.stores.filter((s) => s.pass !== null).map((s) => s.value),
  ];
  return [...b.reach(roots)].some((id) => b.node(id).kind === "reduce" && !carried.has(id));
};

const normSchedule = (b: GraphView, plan: KernelPlan, tuning: Tuning, axis: AxisId): StreamSchedule => {
  const chunks = known(b, axis) / 4;
  if (!tuning.coalesces) {
    // A cell that takes a loop of its own gains nothing from being written out beside the others.
    const hold = chunks <= tuning.heldCells && !contracts(b, plan);
    return {
      ...ROWS,
      cells: hold ? chunks : chunks % SCHEDULES.cells === 0 ? SCHEDULES.cells : 1,
      vectorStream: true,
      hold,
    };
  }
  // The lanes of a row read neighbouring addresses.
  const lanesPerRow = POWERS.toReversed().find((n) => chunks >= n) ?? 1;
  const mine = Math.ceil(chunks / lanesPerRow);
  const hold = mine <= tuning.heldCells;
  return shared(lanesPerRow, { cells: hold ? mine : SCHEDULES.cells, vectorStream: true, hold });
};
