/** A compiled kernel as the page shows it. */
import { sizeNames } from "../../src/base/size.ts";
import type { Compiled } from "../../src/compiled.ts";
import { count, namesOf } from "../../src/explain/names.ts";
import { penOf } from "../../src/explain/pen.ts";
import { exampleOf, type Example } from "../../src/explain/sizes.ts";
import { registersOf } from "../../src/ir/derive/state.ts";
import type { KernelPlan } from "../../src/ir/derive/plan.ts";
import type { Compilation, KernelView, Parameter, State } from "../protocol.ts";
import { targetOf, valuesOf } from "./compile.ts";
import { derivationOf } from "./derivation.ts";
import { panesOf } from "./panes.ts";
import { costOf, mapsOf, memoryOf } from "./pictures.ts";

/** The values of the page, but for the long axes: these have the length of the pictures. */
export const exampleFor = (compiled: Compiled, parameters: readonly Parameter[], length: number): Example => {
  const b = penOf(compiled);
  const long = compiled.plan.kernels
    .flatMap((k) => [...k.stream, ...k.rows.slice(-1)])
    .flatMap((a) => sizeNames(b.axis(a).size));
  return exampleOf(compiled, {
    ...valuesOf(parameters, "size"),
    ...valuesOf(parameters, "scalar"),
    ...Object.fromEntries(long.map((name) => [name, length])),
  });
};

/** One line about a kernel: how often it reads its stream, and what it keeps of it. */
const summaryOf = (compiled: Compiled, kernel: KernelPlan): string => {
  if (kernel.stream.length === 0) return "every cell on its own";
  const b = penOf(compiled);
  const numbers = kernel.accumulators.reduce((n, a) => n + registersOf(b, a), 0);
  const carried = kernel.accumulators.length === 0 ? "" : `, ${count(numbers, "number")} carried for a row`;
  return `${count(kernel.passes, "pass")} over ${namesOf(compiled).axes(kernel.stream)}${carried}`;
};

export const viewOf = (compiled: Compiled, parameters: readonly Parameter[], state: State): Compilation => {
  const target = targetOf(state);
  const example = exampleFor(compiled, parameters, state.length);
  const kernels = compiled.plan.kernels.flatMap((kernel, n): KernelView[] => {
    const schedule = compiled.schedules[n];
    const tile = compiled.tile.kernels[n];
    if (schedule === undefined || tile === undefined) return [];
    return [
      {
        name: kernel.name,
        writes: kernel.stores.map((s) => s.tensor).join(", "),
        summary: summaryOf(compiled, kernel),
        sections: derivationOf(compiled, n, target, example),
        maps: mapsOf(compiled, kernel, schedule, example),
        memory: memoryOf(tile, target.workgroupBytes),
        cost: costOf(compiled, kernel, schedule, example),
      },
    ];
  });
  return {
    kernels,
    example: example.text,
    panes: panesOf(compiled),
    wgslBytes: compiled.artifact.wgsl.length,
  };
};
