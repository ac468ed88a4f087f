/** What things are called in the report: the user's names, else a short expression; never a node number. */
import type { CompiledGraph } from "../compiled.ts";
import type { AxisId, NodeId } from "../ir/graph/graph.ts";
import { printNode } from "../ir/graph/print.ts";
import { penOf } from "./pen.ts";

export type Names = {
  /** A value: its name, or a short expression over names. */
  readonly of: (id: NodeId) => string;
  /** The same without cutting it short. */
  readonly full: (id: NodeId) => string;
  readonly axis: (id: AxisId) => string;
  readonly axes: (ids: readonly AxisId[]) => string;
};

const LONGEST = 56;

/** The names of a compiled kernel; accumulators are called as the plan calls them. */
export const namesOf = (compiled: Pick<CompiledGraph, "graph" | "plan">): Names => {
  const { graph, plan } = compiled;
  const b = penOf(compiled);
  const names = new Map([...plan.names, ...graph.names]);
  for (const kernel of plan.kernels) {
    for (const s of kernel.scans) names.set(s.node, s.name);
    // Two of one name are told apart as the generated code does it: `m`, `m_1`.
    kernel.accumulators.forEach((a, n) => {
      const before = kernel.accumulators.slice(0, n).filter((x) => x.name === a.name).length;
      if (before > 0) names.set(a.node, `${a.name}_${before}`);
      else if (!names.has(a.node)) names.set(a.node, a.name);
    });
  }
  const full = (id: NodeId): string => names.get(id) ?? printNode({ nodes: b.nodes, axes: b.axes, names }, id);
  const axis = (id: AxisId): string => b.axis(id).name;
  return {
    of: (id) => (full(id).length > LONGEST ? `${full(id).slice(0, LONGEST - 3)}...` : full(id)),
    full,
    axis,
    axes: (ids) => ids.map(axis).join(", "),
  };
};

/** `1 pass`, `2 passes`. */
export const count = (n: number, what: string): string =>
  `${n} ${n === 1 ? what : /s$/.test(what) ? `${what}es` : `${what}s`}`;

/** 1234567 as `1.23 M`. */
export const amount = (n: number): string => {
  const units = ["", " k", " M", " G", " T", " P"];
  const step = n < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
  const scaled = n / 1000 ** step;
  return `${step === 0 ? Number(scaled.toPrecision(4)) : Number(scaled.toPrecision(3))}${units[step] ?? ""}`;
};

/** Bytes with a binary unit. */
export const bytesText = (n: number): string => {
  if (n < 1024) return `${Math.round(n)} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length, Math.floor(Math.log2(n) / 10));
  return `${Number((n / 1024 ** step).toPrecision(3))} ${units[step - 1] ?? ""}`;
};

export const percent = (x: number): string => `${Number((100 * x).toPrecision(3))} %`;
