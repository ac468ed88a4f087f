/** The same kernel for another target, in a few numbers. */
import { flops, kernelCost } from "../../src/explain/cost.ts";
import { printSchedule } from "../../src/ir/schedule/schedule.ts";
import type { State, TargetRow } from "../protocol.ts";
import { checkState, compileState, specOf, targetOf } from "./compile.ts";
import { memoryOf } from "./pictures.ts";
import { exampleFor } from "./view.ts";

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);

export const targetRow = (state: State): TargetRow => {
  const { compiled, diagnostics, parameters } = compileState(state, specOf(checkState(state).specs, state));
  if (compiled === null) {
    const why = diagnostics.find((d) => d.severity === "error")?.message ?? "the formula does not compile";
    return { target: state.target, kernels: [], intensity: 0, read: 0, wgsl: "", why };
  }
  const example = exampleFor(compiled, parameters, state.length);
  const found = compiled.plan.kernels.flatMap((kernel, n) => {
    const [schedule, tile] = [compiled.schedules[n], compiled.tile.kernels[n]];
    if (schedule === undefined || tile === undefined) return [];
    const cost = kernelCost(compiled, kernel, schedule, example);
    const { parts } = memoryOf(tile, targetOf(state).workgroupBytes);
    const row = { name: kernel.name, schedule: printSchedule(schedule), bytes: sum(parts.map((p) => p.bytes)) };
    return [
      { row, work: sum(cost.passes.map(flops)), read: sum(cost.reads.map((r) => r.bytes)), written: cost.written },
    ];
  });
  const read = sum(found.map((f) => f.read));
  const moved = read + sum(found.map((f) => f.written));
  return {
    target: state.target,
    kernels: found.map((f) => f.row),
    intensity: sum(found.map((f) => f.work)) / Math.max(1, moved),
    read,
    wgsl: compiled.artifact.wgsl,
    why: null,
  };
};
