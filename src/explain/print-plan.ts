/** The plan as text, for `--print-after plan`: kernels, passes, accumulators with their bodies, stores, scratch. */
import type { Compiled } from "../compiled.ts";
import type { Accumulator, KernelPlan, ScanState } from "../ir/derive/plan.ts";
import { namesOf, type Names } from "./names.ts";

const accumulatorLine = (names: Names, a: Accumulator): string => {
  const local = a.local.length === 0 ? "" : `[${names.axes(a.local)}]`;
  const where = a.where === null ? "" : ` where ${names.full(a.where)}`;
  const gauge = a.gauge === null ? "" : ` gauge ${a.base2 === true ? "exp2" : "exp"}(${names.full(a.gauge)})`;
  return `    ${names.full(a.node)}${local} = ${a.op === "kth" ? `kth ${a.k}` : a.op}(${names.full(a.body)})${where}${gauge}`;
};

const scanLines = (names: Names, s: ScanState): readonly string[] => {
  const local = s.local.length === 0 ? "" : `[${names.axes(s.local)}]`;
  return [
    `    scan ${s.name}${local} over ${names.axes([s.over])} = ${names.full(s.step)} from ${names.full(s.init)}`,
    ...s.last.map((l) => `    ${names.full(l.node)}${local} = ${s.name} behind pass ${l.pass + 1}`),
  ];
};

const kernelLines = (names: Names, k: KernelPlan): readonly string[] => {
  const head = `kernel ${k.name}: rows (${names.axes(k.rows)})${k.stream.length === 0 ? "" : `, stream (${names.axes(k.stream)})`}`;
  const passes = Array.from({ length: k.passes }, (_, pass) => [
    `  pass ${pass + 1}`,
    ...k.accumulators.filter((a) => a.pass === pass).map((a) => accumulatorLine(names, a)),
    ...k.stores
      .filter((s) => s.pass === pass)
      .map((s) => `    store ${s.tensor}[${names.axes(s.axes)}] = ${names.full(s.value)}`),
  ]);
  const after = k.stores
    .filter((s) => s.pass === null)
    .map((s) => `    ${s.tensor}[${names.axes(s.axes)}] = ${names.full(s.value)}`);
  return [
    head,
    ...k.scans.flatMap((s) => scanLines(names, s)),
    ...passes.flat(),
    ...(after.length === 0 ? [] : ["  then", ...after]),
  ];
};

/** All kernels of a plan in the order in which they run. */
export const printPlan = (compiled: Compiled): string => {
  const { plan, graph } = compiled;
  const names = namesOf(compiled);
  const scratch = plan.scratch.map((t) => `  scratch ${t.name}: ${t.dtype}[${names.axes(t.dims.flat())}]`);
  return (
    [`plan ${graph.name}`, ...scratch, ...plan.kernels.flatMap((k) => kernelLines(names, k).map((l) => `  ${l}`))].join(
      "\n",
    ) + "\n"
  );
};
