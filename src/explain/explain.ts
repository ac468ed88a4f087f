/** `tfx explain`: what the compiler decided for a kernel, why, and what it costs, in the user's names. */
import type { Target } from "../base/target.ts";
import type { Compiled } from "../compiled.ts";
import type { KernelPlan, Note } from "../ir/derive/plan.ts";
import { flops, kernelCost, type KernelCost } from "./cost.ts";
import { domainLines, domainsOf } from "./domain.ts";
import { amount, bytesText, count, namesOf, type Names } from "./names.ts";
import { causeText, passCauses } from "./passes.ts";
import { bindingLines, dispatchLine, requirementLine, scheduleLines, workgroupLines } from "./schedule.ts";
import { signatureOf } from "./signature.ts";
import { exampleOf, type Example } from "./sizes.ts";
import { carriedLines, emptyLines, gaugeLines, hoistLines } from "./state.ts";

export type ExplainOptions = {
  readonly target: Target;
  /** Sizes (and integer parameters) to count at; lengths are 512, batch and heads 1, where they are not given. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Draw the mask map; true unless said otherwise. */
  readonly map?: boolean;
};

/** A heading with lines under it; nothing when there are none. */
const section = (title: string, lines: readonly string[]): readonly string[] => {
  const [first, ...rest] = lines;
  if (first === undefined) return [];
  const pad = " ".repeat(12);
  return [`  ${title.padEnd(10)}${first}`, ...rest.map((l) => `${pad}${l}`)];
};

/** FLOP for each byte from which f32 arithmetic is the bound on all common GPUs, and up to which memory is. */
const BALANCE = { memory: 10, arithmetic: 80 } as const;

const boundText = (intensity: number): string =>
  intensity >= BALANCE.arithmetic
    ? "bound by arithmetic (f32 of common GPUs: 10 to 80 FLOP for a byte)"
    : intensity <= BALANCE.memory
      ? "bound by memory (f32 of common GPUs: 10 to 80 FLOP for a byte)"
      : "bound by memory or arithmetic, as the device's balance is (f32 of common GPUs: 10 to 80 FLOP for a byte)";

const costLines = (cost: KernelCost, example: Example): readonly string[] => {
  const work = cost.passes.reduce((n, p) => n + flops(p), 0);
  const products = cost.passes.reduce((n, p) => n + p.products, 0);
  const slow = cost.passes.reduce((n, p) => n + p.transcendental, 0);
  const read = cost.reads.reduce((n, r) => n + r.bytes, 0);
  const moved = read + cost.written;
  const intensity = work / Math.max(1, moved);
  const each =
    cost.passes.length > 1 ? ` (${cost.passes.map((p, n) => `pass ${n + 1}: ${amount(flops(p))}`).join(", ")})` : "";
  const reads = cost.reads.map(
    (r) =>
      `${r.tensor} ${bytesText(r.bytes)}${r.times > 1.001 ? ` (read ${Number(r.times.toPrecision(3))} times)` : ""}`,
  );
  return [
    `at ${example.text === "" ? "the sizes given" : example.text}: ${amount(work)} FLOP${each}; ${amount(products)} in sums of products, ${amount(slow)} exp, log, sqrt and their like; what is masked is left out`,
    `reads ${bytesText(read)}${reads.length === 0 ? "" : `: ${reads.join(" + ")}`}; writes ${bytesText(cost.written)}; least possible ${bytesText(cost.compulsory)}`,
    `${Number(intensity.toPrecision(3))} FLOP for a byte moved (${Number((work / Math.max(1, cost.compulsory)).toPrecision(3))} at best): ${boundText(intensity)}`,
  ];
};

const passLines = (compiled: Compiled, kernel: KernelPlan, names: Names): readonly string[] => {
  if (kernel.stream.length === 0) return ["none: every cell is computed on its own"];
  const over = names.axes(kernel.stream);
  const serial =
    kernel.scans.length === 0 ? [] : ["in order, one cell at a time: a state is the one before, a step on"];
  if (kernel.passes === 1 && kernel.accumulators.length === 0) return [`1 over ${over}`, ...serial];
  if (kernel.passes === 1)
    return [
      `1 over ${over}: each statistic meets the others of the pass only through factors that can be corrected or taken out`,
      ...serial,
    ];
  return [
    `${kernel.passes} over ${over}`,
    ...serial,
    ...passCauses(compiled, kernel).map((c) => `pass ${c.pass + 1}: ${causeText(compiled, c)}`),
  ];
};

/** Fusions that were refused: passes and kernels, with the reason. */
const refused = (compiled: Compiled, kernel: KernelPlan): readonly string[] => {
  const passes = passCauses(compiled, kernel).map((c) => `not one pass fewer: ${causeText(compiled, c)}`);
  const kernels =
    compiled.plan.kernels.length < 2
      ? []
      : kernel.notes.filter((n) => n.kind === "kernel").map((n) => `not one kernel: ${n.text}`);
  return [...new Set([...passes, ...kernels])];
};

/** What is said about one kernel of the plan, heading by heading; a heading without lines is not shown. */
export type Section = { readonly title: string; readonly lines: readonly string[] };

/** `names`: what values are called; whoever listens in knows which values a line is about. */
export const kernelSections = (
  compiled: Compiled,
  at: number,
  options: ExplainOptions,
  example: Example,
  names: Names,
): readonly Section[] => {
  const kernel = compiled.plan.kernels[at];
  const schedule = compiled.schedules[at];
  const tile = compiled.tile.kernels[at];
  if (kernel === undefined || schedule === undefined || tile === undefined) return [];
  // A scan visits every cell; what other reductions leave out is not skipped.
  const domains =
    schedule.kind === "elements" || kernel.scans.length > 0
      ? []
      : domainsOf(kernel).flatMap((d) =>
          domainLines(compiled, kernel, schedule, d, example, names, options.map ?? true),
        );
  const why = refused(compiled, kernel);
  const because = (kind: Note["kind"]): readonly string[] =>
    kernel.notes.filter((n) => n.kind === kind).map((n) => n.text);
  return [
    { title: "rows", lines: [kernel.rows.length === 0 ? "one" : `one for each (${names.axes(kernel.rows)})`] },
    { title: "stream", lines: kernel.stream.length === 0 ? [] : [names.axes(kernel.stream)] },
    { title: "chunks", lines: because("chunk") },
    { title: "parts", lines: because("parts") },
    { title: "passes", lines: passLines(compiled, kernel, names) },
    { title: "carried", lines: carriedLines(compiled, kernel, names) },
    { title: "gauge", lines: gaugeLines(compiled, kernel, names) },
    { title: "hoisted", lines: hoistLines(kernel) },
    { title: "empty row", lines: emptyLines(compiled, kernel, names) },
    { title: "domain", lines: domains },
    { title: "schedule", lines: scheduleLines(compiled, kernel, schedule, options.target, names) },
    { title: "workgroup", lines: workgroupLines(tile, options.target) },
    { title: "cost", lines: costLines(kernelCost(compiled, kernel, schedule, example), example) },
    { title: "dispatch", lines: [dispatchLine(compiled, at, example)] },
    { title: "why not", lines: why.length === 0 ? ["no fusion was refused"] : why },
  ];
};

const kernelLines = (
  compiled: Compiled,
  at: number,
  options: ExplainOptions,
  example: Example,
  names: Names,
): readonly string[] => {
  const kernel = compiled.plan.kernels[at];
  if (kernel === undefined) return [];
  const sections = kernelSections(compiled, at, options, example, names);
  return [
    "",
    `kernel ${kernel.name}: writes ${kernel.stores.map((s) => s.tensor).join(", ")}`,
    ...sections.flatMap((s) => section(s.title, s.lines)),
  ];
};

/** The whole report on one compiled kernel, as plain text without a final newline. */
export const explainKernel = (compiled: Compiled, options: ExplainOptions): string => {
  const names = namesOf(compiled);
  const example = exampleOf(compiled, options.sizes ?? {});
  const { plan } = compiled;
  const scratch = plan.scratch.map((t) => `${t.name}: ${t.dtype}[${names.axes(t.dims.flat())}]`);
  return [
    ...signatureOf(compiled),
    `target ${options.target.name}; ${count(plan.kernels.length, "kernel")}${scratch.length === 0 ? "" : `, between them ${scratch.join(", ")}`}`,
    ...plan.kernels.flatMap((_, n) => kernelLines(compiled, n, options, example, names)),
    "",
    "bindings",
    ...bindingLines(compiled).map((l) => `  ${l}`),
    `requires ${requirementLine(compiled)}`,
  ].join("\n");
};
