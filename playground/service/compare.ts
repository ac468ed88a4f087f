/** Two states side by side: what each is made into, and whether both mean the same. */
import { flops, kernelCost } from "../../src/explain/cost.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import { printSchedule } from "../../src/ir/schedule/schedule.ts";
import type { Comparison, Side, State } from "../protocol.ts";
import { checkState, compileState, specOf, targetOf, type Outcome } from "./compile.ts";
import { jobOf, type Job } from "./job.ts";
import { memoryOf } from "./pictures.ts";
import { exampleFor, summaryOf } from "./view.ts";

/** Cells along an axis where the meanings are compared: the interpreter walks them one by one. */
const SIDE = 24;

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);

const outcomeOf = (state: State): Outcome => compileState(state, specOf(checkState(state).specs, state));

const sideOf = (state: State, { spec, compiled, diagnostics, parameters }: Outcome): Side => {
  const name = spec?.name ?? "no kernel";
  if (compiled === null) {
    const why = diagnostics.find((d) => d.severity === "error")?.message ?? "the formula does not compile";
    return {
      name,
      target: state.target,
      kernels: [],
      memory: 0,
      work: 0,
      read: 0,
      written: 0,
      least: 0,
      lines: 0,
      why,
    };
  }
  const example = exampleFor(compiled, parameters, state.length);
  const found = compiled.plan.kernels.flatMap((kernel, n) => {
    const [schedule, tile] = [compiled.schedules[n], compiled.tile.kernels[n]];
    if (schedule === undefined || tile === undefined) return [];
    const view = { name: kernel.name, summary: summaryOf(compiled, kernel), schedule: printSchedule(schedule) };
    const memory = sum(memoryOf(tile, targetOf(state).workgroupBytes).parts.map((p) => p.bytes));
    return [{ view, memory, cost: kernelCost(compiled, kernel, schedule, example) }];
  });
  return {
    name,
    target: state.target,
    kernels: found.map((f) => f.view),
    memory: Math.max(0, ...found.map((f) => f.memory)),
    work: sum(found.flatMap((f) => f.cost.passes.map(flops))),
    read: sum(found.flatMap((f) => f.cost.reads.map((r) => r.bytes))),
    written: sum(found.map((f) => f.cost.written)),
    least: sum(found.map((f) => f.cost.compulsory)),
    lines: compiled.artifact.wgsl.split("\n").length - 1,
    why: null,
  };
};

/** The job at sizes that the interpreter is quick at. */
const smallJob = (outcome: Outcome, state: State): Job | string =>
  jobOf(
    {
      ...outcome,
      parameters: outcome.parameters.map((p) => (p.kind === "size" ? { ...p, value: Math.min(p.value, SIDE) } : p)),
    },
    state,
  );

/** Tensors with their shapes, as both must have them. */
const signatureOf = ({ spec, shapeOf }: Job, which: "tensors" | "results"): string =>
  [...spec[which]].map((t) => `${t.name}[${shapeOf(t.dims).join(", ")}]`).join(" ");

/** Whether both mean the same on the same random data, in words. */
const meaningOf = (one: Job | string, other: Job | string): Comparison["meaning"] => {
  if (typeof one === "string" || typeof other === "string")
    return { same: null, words: "not compared: one of them does not compile" };
  for (const which of ["tensors", "results"] as const) {
    const [a, b] = [signatureOf(one, which), signatureOf(other, which)];
    if (a !== b)
      return { same: null, words: `not compared: ${which === "tensors" ? "inputs" : "results"} differ, ${a} and ${b}` };
  }
  const [found, against] = [
    interpret(one.spec, one.meant),
    interpret(other.spec, { ...other.meant, tensors: one.meant.tensors }),
  ];
  let most = 0;
  for (const { name } of one.spec.results) {
    const [a, b] = [found[name] ?? [], against[name] ?? []];
    for (const [n, x] of a.entries()) {
      const y = b[n] ?? NaN;
      if (Object.is(x, y) || x === y) continue;
      const off = Math.abs(x - y) / Math.max(1, Math.abs(x), Math.abs(y));
      most = Number.isNaN(off) ? Infinity : Math.max(most, off);
    }
  }
  const sizes = Object.entries(one.meant.sizes)
    .map(([n, v]) => `${n}=${v}`)
    .join(" ");
  const same = most < 1e-9;
  return {
    same,
    words: same
      ? `the same, as far as random data shows (f64, ${sizes}; largest difference ${most.toExponential(1)})`
      : `different: up to ${most.toExponential(1)} on random data (f64, ${sizes})`,
  };
};

export const compareStates = (one: State, other: State): Comparison => {
  const second = outcomeOf(other);
  const first = outcomeOf(one);
  return {
    sides: [sideOf(one, first), sideOf(other, second)],
    meaning: meaningOf(smallJob(first, one), smallJob(second, other)),
  };
};
