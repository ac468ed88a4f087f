/**
 * What a schedule must satisfy so that the code written under it means what the plan says. The lowering relies on every line here;
 * the planner's own choices keep to them, and a schedule given by hand is refused with the reasons.
 */
import { SCHEDULES } from "../../base/costs.ts";
import type { Target } from "../../base/target.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import type { KernelPlan } from "../derive/plan.ts";
import type {
  ElementsSchedule,
  Schedule,
  SplitSchedule,
  StreamSchedule,
  TilesSchedule,
  WalkingSchedule,
} from "./schedule.ts";
import { lanesOf } from "./sharing.ts";
import { numberFaults, planFaults, tileBytes } from "./tiles.ts";
import { workgroupEstimate } from "./workgroup.ts";

/** What the rules ask of a plan, found once. */
type Facts = {
  readonly streams: boolean;
  /** Cells of the stream where that is known. */
  readonly length: number | null;
  readonly axes: string;
  readonly several: boolean;
  readonly union: boolean;
  readonly masked: boolean;
  /** Something is made cell after cell: an ordered scan or a running sum. */
  readonly scans: boolean;
  readonly running: boolean;
  /** Operations that cannot be merged, and accumulators with axes of their own. */
  readonly unmerged: readonly string[];
  readonly wideState: boolean;
  /** What a lane of an elementwise kernel would write four of. */
  readonly last: { readonly name: string; readonly size: number | null } | null;
  /** What is wrong with tiles of the kernel, whatever the target. */
  readonly tiles: (s: TilesSchedule) => readonly string[];
};

const isPower = (n: number): boolean => Number.isInteger(n) && n >= 1 && (n & (n - 1)) === 0;

const factsOf = (b: GraphView, plan: KernelPlan): Facts => {
  const sizeOf = (a: AxisId): number | null => {
    const { size } = b.axis(a);
    return typeof size === "number" ? size : null;
  };
  const sizes = plan.stream.map(sizeOf);
  const roots = [
    ...plan.stores.map((s) => s.value),
    ...plan.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
  ];
  const running = [...b.reach(roots)].map((id) => b.node(id)).filter((n) => n.kind === "reduce" && n.op === "cumsum");
  const last = plan.stores[0]?.axes.at(-1);
  return {
    streams: plan.stream.length > 0,
    length: sizes.every((n) => n !== null) ? sizes.reduce((x, y) => x * y, 1) : null,
    axes: plan.stream.map((a) => b.axis(a).name).join(", "),
    several: plan.stream.length > 1,
    union: plan.stream.some((a) => b.axis(a).parts !== null),
    masked: [
      ...plan.accumulators.map((a) => a.where),
      ...running.map((n) => (n.kind === "reduce" ? n.where : null)),
    ].some((w) => w !== null),
    scans: plan.scans.length > 0,
    running: running.length > 0,
    unmerged: [...new Set(plan.accumulators.filter((a) => !REDUCTIONS[a.op].merges).map((a) => a.op))],
    wideState: plan.accumulators.some((a) => a.local.length > 0),
    last: last === undefined ? null : { name: b.axis(last).name, size: sizeOf(last) },
    tiles: tilesFaults(b, plan),
  };
};

const tilesFaults = (b: GraphView, plan: KernelPlan): Facts["tiles"] => {
  const found = new Map<boolean, readonly string[]>();
  return (s) => {
    const columns = s.columns !== undefined;
    const faults = found.get(columns) ?? planFaults(b, plan, columns);
    found.set(columns, faults);
    return faults.length > 0 ? faults : numberFaults(b, plan, s);
  };
};

/** A function that says what is wrong with schedules of one kernel for one target, a line each; no line: it is legal. */
export const legality = (b: GraphView, plan: KernelPlan, target: Target): ((s: Schedule) => readonly string[]) => {
  const f = factsOf(b, plan);
  return (s) => {
    const faults = shapeFaults(f, s, target);
    return faults.length > 0 || s.kind === "elements" ? faults : roomFaults(b, plan, s, target);
  };
};

/** What is wrong with one schedule, an estimate of its workgroup memory included. */
export const legal = (b: GraphView, plan: KernelPlan, schedule: Schedule, target: Target): readonly string[] =>
  legality(b, plan, target)(schedule);

/** The same without the memory, which a lowered program knows exactly. */
export const illegal = (b: GraphView, plan: KernelPlan, schedule: Schedule, target: Target): readonly string[] =>
  shapeFaults(factsOf(b, plan), schedule, target);

const shapeFaults = (f: Facts, s: Schedule, target: Target): readonly string[] => {
  if (s.lanes > target.invocations)
    return [`${s.lanes} lanes, \`${target.name}\` has ${target.invocations} in a workgroup`];
  switch (s.kind) {
    case "elements":
      return f.streams
        ? [`\`elements\` is for kernels without a stream, this one streams over ${f.axes}`]
        : elementFaults(f, s);
    case "tiles":
      return f.streams ? f.tiles(s) : ["`tiles` lays out a stream, this kernel has none"];
    case "rows":
    case "split":
      return f.streams ? streamFaults(f, s, target) : [`\`${s.kind}\` lays out a stream, this kernel has none`];
  }
};

const elementFaults = (f: Facts, s: ElementsSchedule): readonly string[] => {
  if (!s.vectorStream) return [];
  if (f.last === null) return ["vectorStream writes four cells along the last axis, the result has none"];
  return isFours(f.last.size)
    ? []
    : [`vectorStream needs a size of \`${f.last.name}\` that is known and a multiple of 4`];
};

const isFours = (n: number | null): boolean => n !== null && n > 0 && n % 4 === 0;

const streamFaults = (f: Facts, s: StreamSchedule, target: Target): readonly string[] => [
  ...stepFaults(s),
  ...(s.kind === "split" ? splitFaults(f, s) : []),
  ...sourceFaults(f, s, target),
  ...vectorFaults(f, s),
  ...holdFaults(f, s),
];

const stepFaults = (s: StreamSchedule): readonly string[] => {
  const out: string[] = [];
  const rows = lanesOf(s).rowsPerLane;
  if (s.cells * rows > SCHEDULES.written)
    out.push(`${s.cells} cells of ${rows} rows written out, at most ${SCHEDULES.written} together`);
  // Masked cells end where whole blocks begin, and where a tile ends.
  if (s.cells % s.edgeCells !== 0)
    out.push(`edgeCells is ${s.edgeCells}, which does not divide the ${s.cells} cells of a step`);
  return out;
};

const splitFaults = (f: Facts, s: SplitSchedule): readonly string[] => {
  const out: string[] = [];
  // The merge halves the lanes of a row again and again.
  if (!isPower(s.lanesPerRow)) out.push(`${s.lanesPerRow} lanes a row cannot merge in pairs: a power of two can`);
  else if (s.lanes % s.lanesPerRow !== 0)
    out.push(`${s.lanes} lanes are no whole number of rows of ${s.lanesPerRow} lanes`);
  if (f.scans) out.push("a recurrence walks its stream in order: lanes cannot share it");
  if (f.running) out.push("a running sum walks its stream in order: lanes cannot share it");
  if (f.unmerged.length > 0) out.push(`partial results of \`${f.unmerged.join("`, `")}\` cannot be merged over lanes`);
  return out;
};

const sourceFaults = (f: Facts, s: StreamSchedule, target: Target): readonly string[] => {
  if (s.source === "direct") return [];
  const out: string[] = [];
  if (f.several) out.push(`cells of the flattened stream (${f.axes}) are not shared between lanes`);
  if (f.scans) out.push("a recurrence reads with each lane's own loads");
  // Whole vectors along the stream, and rows in registers, are loaded by each lane.
  if (s.vectorStream) out.push("vectorStream reads with each lane's own loads");
  if (s.hold) out.push("a row held in registers is read with each lane's own loads");
  if (s.source === "workgroup") {
    // A tile is walked in whole blocks.
    const block = s.cells * lanesOf(s).lanesPerRow;
    if (s.tile < 1 || s.tile % block !== 0)
      out.push(`a tile of ${s.tile} cells is no whole number of blocks of ${block}`);
    return out;
  }
  if (s.kind === "split") out.push("lanes that share a row are at different cells: nothing can be broadcast");
  const { subgroups } = target;
  if (subgroups === null) return [...out, `\`${target.name}\` has no subgroup operations`];
  // Lane n of every subgroup, the last one of the workgroup included, loads cell n for the others.
  for (let size = subgroups.min; size <= subgroups.max; size *= 2) {
    const least = s.lanes % size === 0 ? size : s.lanes % size;
    if (least < s.cells)
      return [
        ...out,
        `${s.cells} cells a step need as many lanes in each subgroup: of ${s.lanes} lanes, one may have ${least}`,
      ];
  }
  return out;
};

const vectorFaults = (f: Facts, s: StreamSchedule): readonly string[] => {
  if (!s.vectorStream) return [];
  const out: string[] = [];
  if (f.several || f.union)
    out.push(`vectorStream walks one plain axis, the stream is ${f.union ? "a union" : `(${f.axes})`}`);
  else if (!isFours(f.length)) out.push(`vectorStream needs a size of \`${f.axes}\` that is known and a multiple of 4`);
  if (f.masked) out.push("vectorStream walks whole vectors: no condition may hide a cell");
  if (f.scans || f.running) out.push("vectorStream takes four cells at once: nothing may be made cell after cell");
  if (f.unmerged.length > 0) out.push(`\`${f.unmerged.join("`, `")}\` takes one cell at a time, vectorStream four`);
  if (f.wideState) out.push("vectorStream carries single numbers: an accumulator has axes of its own");
  return out;
};

const holdFaults = (f: Facts, s: StreamSchedule): readonly string[] => {
  if (!s.hold) return [];
  if (f.length === null) return [`a row is held in registers whose length must be known: give the size of ${f.axes}`];
  const out: string[] = [];
  if (f.union) out.push("a row of several parts is not held in registers");
  if (f.scans) out.push("a recurrence walks its row, it is not held in registers");
  const room = s.cells * lanesOf(s).lanesPerRow * (s.vectorStream ? 4 : 1);
  // What is held is cell k of the one step there is: a step of fewer cells at an edge would keep its first cell for the others.
  if (!s.vectorStream && s.edgeCells !== s.cells)
    out.push("a row held in registers is walked in one step: edgeCells must be the same as cells");
  if (f.length > room) out.push(`a row of ${f.length} cells does not fit: the lanes of a row hold ${room}`);
  return out;
};

const roomFaults = (b: GraphView, plan: KernelPlan, s: WalkingSchedule, target: Target): readonly string[] => {
  const bytes = s.kind === "tiles" ? tileBytes(b, plan, s) : workgroupEstimate(b, plan, s);
  return bytes <= target.workgroupBytes
    ? []
    : [`about ${bytes} bytes of workgroup memory, \`${target.name}\` has ${target.workgroupBytes}`];
};
