/** A compiled kernel as the page shows it. */
import { evalSize, sizeNames } from "../../src/base/size.ts";
import type { Compiled } from "../../src/compiled.ts";
import { count, namesOf } from "../../src/explain/names.ts";
import { penOf } from "../../src/explain/pen.ts";
import { exampleOf, type Example } from "../../src/explain/sizes.ts";
import { registersOf } from "../../src/ir/derive/state.ts";
import type { KernelPlan } from "../../src/ir/derive/plan.ts";
import type { AxisId } from "../../src/ir/graph/graph.ts";
import type { Compilation, KernelView, Parameter, State } from "../protocol.ts";
import { targetOf, valuesOf } from "./compile.ts";
import { derivationOf } from "./derivation.ts";
import { panesOf } from "./panes.ts";
import { costOf, mapsOf, memoryOf } from "./pictures.ts";

/** Row axes with as many cells are long, whatever the mask. */
const LONG = 64;

/** The axes that have the length of the pictures: streams, and rows that are many or that the mask of the stream is about. */
const longAxes = (compiled: Compiled, sizes: Readonly<Record<string, number>>): readonly AxisId[] => {
  const b = penOf(compiled);
  return compiled.plan.kernels.flatMap((k) => {
    const row = k.rows.at(-1);
    if (row === undefined) return k.stream;
    const isMasked = k.accumulators.some((a) => a.where !== null && b.node(a.where).axes.includes(row));
    const isMany = evalSize(b.axis(row).size, (name) => sizes[name] ?? 1) >= LONG;
    return isMasked || isMany ? [...k.stream, row] : k.stream;
  });
};

/** The values of the page, but for the long axes: these have the length of the pictures. */
export const exampleFor = (compiled: Compiled, parameters: readonly Parameter[], length: number): Example => {
  const b = penOf(compiled);
  const sizes = valuesOf(parameters, "size");
  const long = longAxes(compiled, sizes).flatMap((a) => sizeNames(b.axis(a).size));
  return exampleOf(compiled, {
    ...sizes,
    ...valuesOf(parameters, "scalar"),
    ...Object.fromEntries(long.map((name) => [name, length])),
  });
};

/** One line about a kernel: how often it reads its stream, and what it keeps of it. */
export const summaryOf = (compiled: Compiled, kernel: KernelPlan): string => {
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
