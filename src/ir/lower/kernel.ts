/** Lowers one planned kernel under a schedule. */
import type { SizeExpr } from "../../base/size.ts";
import type { KernelPlan } from "../derive/plan.ts";
import type { AxisId } from "../graph/graph.ts";
import { printSchedule, type Schedule } from "../schedule/schedule.ts";
import type { Buffer, Stmt, TileKernel } from "../tile/tile.ts";
import { lowerElements } from "./elements.ts";
import type { Emitter } from "./emit.ts";
import { emitterFor, type KernelInput, resultsOf } from "./emitter.ts";
import { lowerStream } from "./stream.ts";
import { lowerTiles } from "./tiles/kernel.ts";

/** The tile program of a kernel; its buffers in workgroup memory are new, storage is shared with the other kernels. */
export const lowerKernel = (input: KernelInput): TileKernel => {
  const { plan, schedule } = input;
  const body: Stmt[] = [];
  const em = emitterFor(input, body);
  const workgroup: Buffer[] = [];
  const groups = lowered(em, plan, schedule, workgroup);
  return {
    name: plan.name,
    doc: docOf(input),
    lanes: schedule.lanes,
    groups,
    workgroup,
    body,
    origin: resultsOf(input),
    origins: em.origins,
  };
};

/** One lowering for each kind of schedule; returns the number of workgroups. */
const lowered = (em: Emitter, plan: KernelPlan, schedule: Schedule, workgroup: Buffer[]): SizeExpr => {
  switch (schedule.kind) {
    case "elements":
      return lowerElements(em, plan, schedule);
    case "tiles":
      return lowerTiles(em, plan, schedule, workgroup);
    case "rows":
    case "split":
      return lowerStream(em, plan, schedule, workgroup);
  }
};

const docOf = (input: KernelInput): readonly string[] => {
  const { plan, b } = input;
  const axes = (list: readonly AxisId[]): string => list.map((a) => b.axis(a).name).join(", ");
  const lines = [`writes ${plan.stores.map((s) => s.tensor).join(", ")}; one stream for each (${axes(plan.rows)})`];
  if (plan.stream.length > 0) {
    const carried = [...plan.scans, ...plan.accumulators].map((a) => a.name).join(", ");
    lines.push(
      `${plan.passes} pass${plan.passes === 1 ? "" : "es"} over ${axes(plan.stream)}${carried === "" ? "" : `, carrying ${carried}`}`,
    );
  }
  return [...lines, `schedule: ${printSchedule(input.schedule)}`];
};
