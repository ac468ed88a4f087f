/** What a kernel carries along its stream, what stabilises it, what left the loop, and what a row without a cell gives. */
import { first } from "../base/must.ts";
import type { GraphView } from "../ir/graph/view.ts";
import type { Compiled } from "../compiled.ts";
import type { Accumulator, KernelPlan, Note } from "../ir/derive/plan.ts";
import type { NodeId } from "../ir/graph/graph.ts";
import { operands } from "../ir/graph/graph.ts";
import { identity, isExtremum } from "../ir/graph/reduction.ts";
import { registersOf, valuesOf } from "../ir/derive/state.ts";
import type { Names } from "./names.ts";
import { penOf } from "./pen.ts";

const opText = (a: Accumulator): string =>
  a.op === "kth" ? `the ${a.k} largest of` : a.op === "var" ? "mean, squared deviation and count of" : `${a.op} of`;

/** Bytes carried for one row. */
export const stateBytes = (b: GraphView, kernel: KernelPlan): number =>
  kernel.accumulators.reduce((n, a) => n + 4 * registersOf(b, a), 0) +
  kernel.scans.reduce((n, s) => n + 4 * valuesOf(b, s), 0);

/** The states of ordered scans, which go from cell to cell. */
const scanLines = (compiled: Compiled, kernel: KernelPlan, names: Names): readonly string[] =>
  kernel.scans.map((s) => {
    const n = valuesOf(penOf(compiled), s);
    const from = names.of(s.init);
    const last = s.last.length === 0 ? "" : "; its last value is in the registers behind the loop";
    return `${s.name}${s.local.length === 0 ? "" : `[${names.axes(s.local)}]`}: ${n === 1 ? "1 number" : `${n} numbers`} of f32, a scan in the order of ${names.axes([s.over])} from ${from}${last}`;
  });

export const carriedLines = (compiled: Compiled, kernel: KernelPlan, names: Names): readonly string[] => {
  if (kernel.accumulators.length + kernel.scans.length === 0) return ["nothing"];
  const b = penOf(compiled);
  const lines = kernel.accumulators.map((a) => {
    const local = a.local.length === 0 ? "" : `[${names.axes(a.local)}]`;
    const n = registersOf(b, a);
    const pass = kernel.passes > 1 ? `, pass ${a.pass + 1}` : "";
    return `${names.of(a.node)}${local}: ${n === 1 ? "1 number" : `${n} numbers`} of ${b.node(a.node).ty}${pass}; ${opText(a)} ${names.of(a.body)}`;
  });
  return [...scanLines(compiled, kernel, names), ...lines, `${stateBytes(b, kernel)} bytes for a row`];
};

const extremaIn = (compiled: Compiled, kernel: KernelPlan, id: NodeId): readonly Accumulator[] => {
  const reached = penOf(compiled).reach([id]);
  return kernel.accumulators.filter((a) => isExtremum(a.op) && reached.has(a.node));
};

/** Which maximum stabilises which sums, and the maxima that were proved needless. */
export const gaugeLines = (compiled: Compiled, kernel: KernelPlan, names: Names): readonly string[] => {
  const gauged = kernel.accumulators.flatMap((a) => (a.gauge === null ? [] : [{ ...a, gauge: a.gauge }]));
  const by = new Map<string, (Accumulator & { readonly gauge: NodeId })[]>();
  for (const a of gauged) {
    const key = extremaIn(compiled, kernel, a.gauge)
      .map((x) => `\`${names.of(x.node)}\``)
      .join(", ");
    by.set(key, [...(by.get(key) ?? []), a]);
  }
  const lines = [...by].map(([m, sums]) => {
    const exponent = names.of(first(sums).gauge);
    return `${m} stabilises ${sums.map((a) => `\`${names.of(a.node)}\``).join(", ")}: when it grows, they are multiplied by exp(new - old) of ${exponent}`;
  });
  const exact =
    lines.length === 0 ? [] : ["exact: any number in its place gives the same results, it only keeps exp in range"];
  return [...lines, ...exact, ...baseLines(compiled, kernel, names), ...notes(kernel, "gauge")];
};

/** Exponentials that the generated code takes to base 2 (`derive/base2.ts`). */
const baseLines = (compiled: Compiled, kernel: KernelPlan, names: Names): readonly string[] => {
  const folded = compiled.folded.kernels.find((k) => k.name === kernel.name);
  const sums = (folded?.accumulators ?? []).filter((a) => a.base2 === true);
  if (sums.length === 0) return [];
  const maxima = [
    ...new Set(kernel.accumulators.flatMap((a) => (a.gauge === null ? [] : extremaIn(compiled, kernel, a.gauge)))),
  ];
  const carried = maxima.map((a) => `\`${names.of(a.node)}\``).join(", ");
  return [
    `to base 2: log2(e) goes into a factor that does not vary along ${names.axes(kernel.stream)}, so the code has exp2 and carries ${carried} times log2(e)`,
  ];
};

const notes = (kernel: KernelPlan, kind: Note["kind"]): readonly string[] => [
  ...new Set(kernel.notes.filter((n) => n.kind === kind).map((n) => n.text)),
];

/** What moved behind the loop, and why that changes nothing. */
export const hoistLines = (kernel: KernelPlan): readonly string[] => {
  const hoists = notes(kernel, "hoist");
  const sums =
    hoists.length === 0
      ? []
      : [
          "exact: a factor that is the same for all cells may be taken out of their sum, an addend out of their maximum",
        ];
  const centers = notes(kernel, "center");
  return [...hoists, ...sums, ...centers];
};

/** The results of a row without a cell. */
export const emptyLines = (compiled: Compiled, kernel: KernelPlan, names: Names): readonly string[] => {
  const { graph, plan } = compiled;
  const b = penOf(compiled);
  // Parts are merged along an axis that the source does not have: what it reduces is the stream of the kernel that made them.
  const stream = (plan.kernels.find((k) => k.part !== null && k.part === kernel.part) ?? kernel).stream.join();
  return kernel.stores.flatMap((s) => {
    const naive = graph.results.find((r) => r.tensor === s.tensor);
    if (naive === undefined || s.pass !== null) return [];
    const outer = new Map<NodeId, NodeId>();
    const visit = (id: NodeId): void => {
      const n = b.node(id);
      if (n.kind === "reduce" && n.over.join() === stream) {
        const mayBeEmpty = n.where !== null || n.over.some((a) => !(Number(b.axis(a).size) > 0));
        if (mayBeEmpty) outer.set(id, b.konst(identity(n.op, n.ty), n.ty));
      } else operands(n).forEach(visit);
    };
    visit(naive.value);
    return outer.size === 0 ? [] : [`${s.tensor} = ${names.of(b.replaceNodes(naive.value, outer))}`];
  });
};
