/** Workgroup memory that a kernel takes under a schedule, before it is lowered: tiles of the stream (`stage.ts`) and merges (`merge.ts`). */
import { SCHEDULES } from "../../base/costs.ts";
import type { Accumulator, KernelPlan } from "../derive/plan.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import { streamOnlyNodes } from "../derive/sharing.ts";
import type { StreamSchedule } from "./schedule.ts";
import { lanesOf, sharingOf, type Lanes } from "./sharing.ts";

const roundUp = (n: number): number => Math.ceil(n / 16) * 16;

/** A size that is not known counts as a large one. */
const known = (b: GraphView, a: AxisId): number => Number(b.axis(a).size) || SCHEDULES.unknownSize;

/** Bytes, arrays rounded up as WebGPU counts them. Where parts of a union stage different values this is a guess from above. */
export const workgroupEstimate = (b: GraphView, plan: KernelPlan, s: StreamSchedule): number =>
  (s.source === "workgroup" ? stagedBytes(b, plan, s, s.tile) : 0) + mergeBytes(b, plan, lanesOf(s));

const stagedBytes = (b: GraphView, plan: KernelPlan, s: StreamSchedule, tile: number): number => {
  const { outer, unshared } = sharingOf(b, plan, s);
  const segments = plan.stream.reduce((n, a) => n * (b.axis(a).parts?.length ?? 1), 1);
  const accs = new Set(plan.accumulators.map((a) => a.node));
  let bytes = 0;
  for (let pass = 0; pass < plan.passes; pass++) {
    const local = { ...plan, accumulators: plan.accumulators.filter((a) => a.pass === pass) };
    for (const id of streamOnlyNodes(b, local, unshared, accs)) {
      const features = b.node(id).axes.filter((a) => !plan.stream.includes(a) && !outer.includes(a));
      if (features.length > 1) continue;
      const n = features.reduce((k, a) => k * known(b, a), 1);
      bytes += segments * (roundUp(Math.floor(n / 4) * 16 * tile) + roundUp((n % 4) * 4 * tile));
    }
  }
  return bytes;
};

const mergeBytes = (b: GraphView, plan: KernelPlan, { lanes, lanesPerRow, rows }: Lanes): number => {
  if (lanesPerRow === 1) return 0;
  const isInt = (a: Accumulator): boolean => b.node(a.node).ty === "i32";
  const together = plan.accumulators.filter((a) => a.op === "sum" && a.local.length > 0);
  const alone = plan.accumulators.filter((a) => !together.includes(a));
  const perType = (accs: readonly Accumulator[], arrays: (a: Accumulator) => number): number =>
    Math.max(0, ...accs.filter((a) => !isInt(a)).map(arrays)) + Math.max(0, ...accs.filter(isInt).map(arrays));
  const trees = perType(alone, (a) => REDUCTIONS[a.op].registers(a.k)) * roundUp(4 * lanes);
  const width = (a: Accumulator): 1 | 4 | 5 => {
    const last = a.local.at(-1);
    const n = last === undefined ? 1 : known(b, last);
    return isInt(a) || n < 4 ? 1 : n % 4 === 0 ? 4 : 5;
  };
  // Vectors and single numbers of a sum are added in arrays of their own.
  const widths = new Set(
    together.flatMap((a) => (width(a) === 5 ? [`${isInt(a)} 4`, `${isInt(a)} 1`] : [`${isInt(a)} ${width(a)}`])),
  );
  const rounds = [...widths].reduce(
    (n, w) =>
      n +
      roundUp(SCHEDULES.mergeRound * lanes * 4 * Number(w.split(" ")[1])) +
      roundUp(SCHEDULES.mergeRound * rows * 4 * Number(w.split(" ")[1])),
    0,
  );
  return trees + rounds;
};
