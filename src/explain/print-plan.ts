/** The plan as text, for `--print-after plan`: kernels, passes, accumulators with their bodies, stores, scratch. */
import { NO_ORIGIN, type Origin } from "../base/span.ts";
import type { GraphLevels } from "../compiled.ts";
import type { Accumulator, KernelPlan, ScanState } from "../ir/derive/plan.ts";
import type { NodeId } from "../ir/graph/graph.ts";
import { namesOf, type Names } from "./names.ts";
import { penOf } from "./pen.ts";

/** A line with the expressions of the source that it is about. */
export type PlanLine = { readonly text: string; readonly origin: Origin };

/** A line and the node that it is about. */
type Said = { readonly text: string; readonly node: NodeId | null };

const said = (text: string, node: NodeId | null = null): Said => ({ text, node });

const accumulatorLine = (names: Names, a: Accumulator): Said => {
  const local = a.local.length === 0 ? "" : `[${names.axes(a.local)}]`;
  const where = a.where === null ? "" : ` where ${names.full(a.where)}`;
  const gauge = a.gauge === null ? "" : ` gauge ${a.base2 === true ? "exp2" : "exp"}(${names.full(a.gauge)})`;
  return said(
    `    ${names.full(a.node)}${local} = ${a.op === "kth" ? `kth ${a.k}` : a.op}(${names.full(a.body)})${where}${gauge}`,
    a.node,
  );
};

const scanLines = (names: Names, s: ScanState): readonly Said[] => {
  const local = s.local.length === 0 ? "" : `[${names.axes(s.local)}]`;
  return [
    said(
      `    scan ${s.name}${local} over ${names.axes([s.over])} = ${names.full(s.step)} from ${names.full(s.init)}`,
      s.node,
    ),
    ...s.last.map((l) => said(`    ${names.full(l.node)}${local} = ${s.name} behind pass ${l.pass + 1}`, l.node)),
  ];
};

const kernelLines = (names: Names, k: KernelPlan): readonly Said[] => {
  const head = `kernel ${k.name}: rows (${names.axes(k.rows)})${k.stream.length === 0 ? "" : `, stream (${names.axes(k.stream)})`}`;
  const passes = Array.from({ length: k.passes }, (_, pass) => [
    said(`  pass ${pass + 1}`),
    ...k.accumulators.filter((a) => a.pass === pass).map((a) => accumulatorLine(names, a)),
    ...k.stores
      .filter((s) => s.pass === pass)
      .map((s) => said(`    store ${s.tensor}[${names.axes(s.axes)}] = ${names.full(s.value)}`, s.value)),
  ]);
  const after = k.stores
    .filter((s) => s.pass === null)
    .map((s) => said(`    ${s.tensor}[${names.axes(s.axes)}] = ${names.full(s.value)}`, s.value));
  return [
    said(head),
    ...k.scans.flatMap((s) => scanLines(names, s)),
    ...passes.flat(),
    ...(after.length === 0 ? [] : [said("  then"), ...after]),
  ];
};

/** All kernels of a plan in the order in which they run, line by line. */
export const planLines = (compiled: Pick<GraphLevels, "graph" | "plan">): readonly PlanLine[] => {
  const { plan, graph } = compiled;
  const names = namesOf(compiled);
  const { origins } = penOf(compiled);
  const lines = [
    said(`plan ${graph.name}`),
    ...plan.scratch.map((t) => said(`  scratch ${t.name}: ${t.dtype}[${names.axes(t.dims.flat())}]`)),
    ...plan.kernels.flatMap((k) => kernelLines(names, k).map((l) => said(`  ${l.text}`, l.node))),
  ];
  return lines.map(({ text, node }) => ({ text, origin: node === null ? NO_ORIGIN : (origins[node] ?? NO_ORIGIN) }));
};

/** All kernels of a plan as text. */
export const printPlan = (compiled: Pick<GraphLevels, "graph" | "plan">): string =>
  planLines(compiled)
    .map((l) => `${l.text}\n`)
    .join("");
