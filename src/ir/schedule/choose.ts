/** Chooses a schedule for a planned kernel from the target's data. Every number here ends up in the printed schedule. */
import type { Target } from "../../base/target.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import type { KernelPlan } from "../derive/plan.ts";
import { ownRows } from "../derive/sharing.ts";
import type { RowsSchedule, Schedule, StreamSchedule } from "./schedule.ts";
import { workgroupEstimate } from "./workgroup.ts";

/** Each lane walks its own rows with its own loads. */
const ROWS = {
  kind: "rows",
  lanes: 64,
  rowsPerLane: 1,
  cells: 4,
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

/**
 * Features between which a lane of a CPU adapter takes two rows: they share what is broadcast and run 1.5 times as fast, at twice
 * the code. Below there is little to share, above the driver takes too long to compile (docs/performance.md).
 */
const MIN_SHARED = 32;
const MAX_SHARED = 96;

/** Features from which on a lane carries more than registers hold: fewer cells a step, one row, single cells at the edges. */
const MANY = 192;

/** Cells of a row that a lane may keep in registers, as vec4s. */
const MAX_HELD = 16;

export const chooseSchedule = (b: GraphView, plan: KernelPlan, target: Target): Schedule => {
  if (plan.stream.length === 0)
    return { kind: "elements", lanes: 64, vectorStream: canWalkByFour(b, plan, plan.stores[0]?.axes.at(-1)) };
  const [only] = plan.stream;
  if (only !== undefined && only === plan.part && !target.software) return mergeSchedule(b, only);
  const isRow = plan.stream.length === 1 && isFeatureless(b, plan);
  if (isRow && canWalkByFour(b, plan, only)) return normSchedule(b, plan, target, only ?? 0);
  if (isRow && !target.software && readsAlong(b, plan, only ?? 0)) return raggedRow(b, only ?? 0);
  const features = plan.accumulators.reduce((n, a) => n + a.local.reduce((k, x) => k * known(b, x), 1), 0);
  const many = features > MANY;
  const cells = many ? 2 : 4;
  const serial = hasScan(b, plan);
  if (fewRows(b, plan, target) && !serial && canSplit(plan)) return shared(64, { cells: 1 });
  const subgroup = target.subgroups !== null && target.subgroups.min >= 4 && plan.stream.length === 1;
  if (serial) return { ...ROWS, cells: 1 };
  // Code for single cells at the edges is short, and what a CPU adapter compiles for seconds; a GPU wants no rescaling a cell there.
  const edgesOf = (n: number): Pick<StreamSchedule, "cells" | "edgeCells"> => ({
    cells: n,
    edgeCells: target.software || many ? 1 : n,
  });
  if (subgroup) {
    const lanes = target.software
      ? { lanes: 16, rowsPerLane: features >= MIN_SHARED && features <= MAX_SHARED ? 2 : 1 }
      : { lanes: 64 };
    return { ...ROWS, ...lanes, source: "subgroup", ...edgesOf(Math.min(cells, target.subgroups?.min ?? 4, 8)) };
  }
  // Without subgroups a CPU adapter gains nothing from staging: two rows a lane share what the lane loads.
  if (target.software) return { ...ROWS, lanes: 16, rowsPerLane: many ? 1 : 2, cells };
  const tile = tileThatFits(b, plan, target);
  return tile === 0
    ? { ...ROWS, ...edgesOf(cells) }
    : { ...ROWS, ...edgesOf(Math.min(cells, tile)), source: "workgroup", tile };
};

/** Most cells staged between two barriers. */
const MAX_TILE = 16;

/** The largest power of two of cells whose shared values fit into workgroup memory; 0: there is nothing to stage, or no room. */
const tileThatFits = (b: GraphView, plan: KernelPlan, target: Target): number => {
  if (plan.stream.length !== 1) return 0;
  const bytes = (tile: number): number => workgroupEstimate(b, plan, { ...ROWS, source: "workgroup", tile });
  if (bytes(1) === 0) return 0;
  for (let tile = MAX_TILE; tile >= 4; tile /= 2) if (bytes(tile) + 64 <= target.workgroupBytes) return tile;
  return 0;
};

const known = (b: GraphView, a: AxisId): number => Number(b.axis(a).size) || 1024;

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
  return count <= (target.software ? 4 : 16) && inner.every((a) => typeof b.axis(a).size === "number");
};

/** The stream is the last index of what it reads: lanes that share a row read neighbouring addresses. */
const readsAlong = (b: GraphView, plan: KernelPlan, axis: AxisId): boolean =>
  b.axis(axis).parts === null &&
  [...b.reach([...plan.stores.map((s) => s.value), ...plan.accumulators.map((a) => a.body)])]
    .map((id) => b.node(id))
    .every((n) => n.kind !== "load" || n.at.slice(0, -1).every((id) => !b.node(id).axes.includes(axis)));

/** A row of a length that is no multiple of four or not known: neighbouring lanes take neighbouring cells. */
const raggedRow = (b: GraphView, axis: AxisId): StreamSchedule => {
  const size = b.axis(axis).size;
  const length = typeof size === "number" ? size : Infinity;
  const lanesPerRow = [64, 32, 16, 8, 4, 2].find((n) => length >= n) ?? 1;
  // Without cells there is nothing to hold.
  const mine = Math.max(1, Math.ceil(length / lanesPerRow));
  const hold = mine <= MAX_HELD;
  const cells = hold ? mine : 4;
  return shared(lanesPerRow, { cells, edgeCells: cells, hold });
};

/** Partial states of a row, a lane for each part: the states of different rows share nothing. */
const mergeSchedule = (b: GraphView, part: AxisId): StreamSchedule => {
  const lanesPerRow = [2, 4, 8, 16, 32, 64].find((n) => n >= known(b, part)) ?? 64;
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

const normSchedule = (b: GraphView, plan: KernelPlan, target: Target, axis: AxisId): StreamSchedule => {
  const chunks = known(b, axis) / 4;
  if (target.software) {
    // A cell that takes a loop of its own gains nothing from being written out beside the others.
    const hold = chunks <= MAX_HELD && !contracts(b, plan);
    return { ...ROWS, cells: hold ? chunks : chunks % 4 === 0 ? 4 : 1, vectorStream: true, hold };
  }
  // On a GPU the lanes of a row read neighbouring addresses.
  const lanesPerRow = [64, 32, 16, 8, 4, 2, 1].find((n) => chunks >= n * 1) ?? 1;
  const mine = Math.ceil(chunks / lanesPerRow);
  const hold = mine <= MAX_HELD;
  return shared(lanesPerRow, { cells: hold ? mine : 4, vectorStream: true, hold });
};
