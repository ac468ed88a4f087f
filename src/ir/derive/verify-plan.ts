/** The rules every plan keeps. A violation is a mistake of the compiler, never of the user. */
import { viewOf, type GraphView } from "../graph/view.ts";
import type { AxisId, Node, NodeId, Tensor } from "../graph/graph.ts";
import { isExtremum } from "../graph/reduction.ts";
import { readOperands } from "../graph/scan.ts";
import type { Accumulator, KernelPlan, Plan } from "./plan.ts";

type Cx = {
  readonly b: GraphView;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly report: (what: string) => void;
};

/** What is wrong with a plan, a line each; empty when nothing is. */
export const verifyPlan = (plan: Plan): readonly string[] => {
  const b = viewOf(plan.graph);
  const out: string[] = [];
  const all = [...plan.graph.tensors, ...plan.scratch];
  const tensors = new Map(all.map((t) => [t.name, t]));
  if (tensors.size < all.length) out.push("two tensors have one name");
  if (new Set(plan.kernels.map((k) => k.name)).size < plan.kernels.length) out.push("two kernels have one name");
  const stored = new Set<string>();
  for (const k of plan.kernels) {
    const report = (what: string): void => void out.push(`${k.name}: ${what}`);
    kernelFaults({ b, tensors, report }, k);
    // Kernels run one after the other: what one reads, those before it have stored.
    const loads = [...b.reach(rootsOf(k))].flatMap((id) => {
      const n = b.node(id);
      return n.kind === "load" ? [n.tensor] : [];
    });
    for (const t of new Set(loads)) {
      if (!tensors.has(t)) report(`reads \`${t}\`, which no one declares`);
      else if (tensors.get(t)?.role !== "input" && !stored.has(t))
        report(`reads \`${t}\` before a kernel has stored it`);
    }
    for (const s of k.stores) {
      if (stored.has(s.tensor)) report(`\`${s.tensor}\` is stored twice`);
      stored.add(s.tensor);
    }
  }
  for (const t of all) if (t.role !== "input" && !stored.has(t.name)) out.push(`no kernel stores \`${t.name}\``);
  return out;
};

const rootsOf = (k: KernelPlan): readonly NodeId[] => [
  ...k.stores.map((s) => s.value),
  ...k.accumulators.flatMap((a) => [
    a.body,
    ...(a.where === null ? [] : [a.where]),
    ...(a.gauge === null ? [] : [a.gauge]),
  ]),
  ...k.scans.flatMap((s) => [s.init, s.step]),
];

const kernelFaults = (cx: Cx, k: KernelPlan): void => {
  const { b, report } = cx;
  const grid = [...k.rows, ...k.stream];
  if (new Set(grid).size < grid.length) report("an axis is row and stream, or twice one of them");
  if (k.part !== null && !grid.includes(k.part)) report("its part is neither row nor stream");
  if (k.stores.length === 0) report("it stores nothing");
  if (k.stream.length === 0 && k.accumulators.length + k.scans.length > 0)
    report("it carries something along no stream");
  const accs = new Map(k.accumulators.map((a) => [a.node, a]));
  if (accs.size < k.accumulators.length) report("a statistic is carried twice");
  for (const a of k.accumulators)
    accumulatorFaults({ ...cx, report: (what) => report(`\`${a.name}\` ${what}`) }, k, a, accs);
  for (const s of k.stores)
    storeFaults({ ...cx, report: (what) => report(`the store of \`${s.tensor}\` ${what}`) }, k, s, accs);
  for (const s of k.scans)
    for (const l of s.last)
      if (b.node(l.node).kind !== "reduce" || l.pass < 0 || l.pass >= k.passes)
        report(`the last state of \`${s.name}\` is given in pass ${l.pass} of ${k.passes}`);
};

type Accs = ReadonlyMap<NodeId, Accumulator>;

const accumulatorFaults = (cx: Cx, k: KernelPlan, a: Accumulator, accs: Accs): void => {
  const { b, report } = cx;
  const n = b.node(a.node);
  if (n.kind !== "reduce") return report(`stands for a ${n.kind}, no reduction`);
  if (!(Number.isInteger(a.pass) && a.pass >= 0 && a.pass < k.passes)) report(`is of pass ${a.pass} of ${k.passes}`);
  if (a.op === "kth" && !(a.k >= 1)) report(`keeps ${a.k} values`);
  if (a.local.some((x) => k.rows.includes(x) || k.stream.includes(x)))
    report("has a row or the stream among its own axes");
  const free = n.axes.filter((x) => !k.rows.includes(x) && !a.local.includes(x));
  if (free.length > 0) report(`varies along ${namesOf(b, free)}, neither a row nor its own`);
  const known = new Set([...k.rows, ...k.stream, ...a.local]);
  for (const [what, id] of [
    ["its body", a.body],
    ["its domain", a.where],
    ["its gauge", a.gauge],
  ] as const) {
    if (id === null) continue;
    const extra = b.node(id).axes.filter((x) => !known.has(x));
    if (extra.length > 0) report(`${what} varies along ${namesOf(b, extra)}, which is not at hand`);
  }
  if (a.where !== null && b.node(a.where).ty !== "bool") report("its domain is no condition");
  if (a.gauge !== null && b.node(a.gauge).axes.some((x) => k.stream.includes(x)))
    report("its gauge varies along the stream");
  const gauged = a.gauge === null ? new Set<NodeId>() : new Set(readsOf(cx, k, [a.gauge], accs));
  for (const id of gauged) {
    const s = accs.get(id);
    if (s !== undefined && s.pass > a.pass) report(`is gauged by \`${s.name}\` of a later pass`);
    if (s !== undefined && s.pass === a.pass && !isExtremum(s.op)) report(`is gauged by \`${s.name}\`, a live ${s.op}`);
  }
  for (const id of readsOf(cx, k, a.where === null ? [a.body] : [a.body, a.where], accs)) {
    const s = accs.get(id);
    if (s !== undefined && s.pass >= a.pass && !gauged.has(id))
      report(`reads \`${s.name}\` of pass ${s.pass} in pass ${a.pass}`);
  }
  if (a.drift === undefined) return;
  const companion = accs.get(a.drift.companion);
  if (companion === undefined || companion.pass !== a.pass || a.gauge === null)
    report("drifts with a sum that is not beside it");
};

const storeFaults = (cx: Cx, k: KernelPlan, s: KernelPlan["stores"][number], accs: Accs): void => {
  const { b, report } = cx;
  const tensor = cx.tensors.get(s.tensor);
  if (tensor === undefined) return report("goes to no tensor");
  if (tensor.role === "input") report("goes to an input");
  if (tensor.dims.flat().join() !== s.axes.join())
    report(`has the axes ${namesOf(b, s.axes)}, the tensor ${namesOf(b, tensor.dims.flat())}`);
  const along = s.axes.some((x) => k.stream.includes(x));
  if (k.stream.length > 0 && along !== (s.pass !== null))
    report(along ? "varies along the stream and is in no pass" : "is in a pass and does not vary along the stream");
  const torn = along ? k.stream.filter((x) => !s.axes.includes(x)) : [];
  if (torn.length > 0) report(`is written by every cell along ${namesOf(b, torn)}`);
  if (s.pass !== null && !(s.pass >= 0 && s.pass < k.passes)) report(`is in pass ${s.pass} of ${k.passes}`);
  const extra = b.node(s.value).axes.filter((x) => !s.axes.includes(x));
  if (extra.length > 0) report(`varies along ${namesOf(b, extra)}`);
  const lacking = k.rows.filter((x) => !s.axes.includes(x));
  if (lacking.join() !== (s.once ?? []).join() && k.stream.length > 0)
    report(`is written by every row along ${namesOf(b, lacking)}`);
  for (const id of readsOf(cx, k, [s.value], accs)) {
    const a = accs.get(id);
    if (a !== undefined && s.pass !== null && a.pass >= s.pass)
      report(`in pass ${s.pass} reads \`${a.name}\` of pass ${a.pass}`);
  }
};

/** The statistics that values read; a reduction over the stream that is none, and no running sum, is reported. */
const readsOf = (cx: Cx, k: KernelPlan, roots: readonly NodeId[], accs: Accs): readonly NodeId[] => {
  const { b } = cx;
  const last = new Set(k.scans.flatMap((s) => s.last.map((l) => l.node)));
  const found: NodeId[] = [];
  const seen = new Set<NodeId>();
  const open = [...roots];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const n: Node = b.node(id);
    if (accs.has(id)) {
      found.push(id);
      continue;
    }
    if (last.has(id)) continue;
    if (n.kind === "reduce" && n.op !== "cumsum" && n.over.some((x) => k.stream.includes(x)))
      cx.report(`reads ${n.op} over ${namesOf(b, n.over)}, which nothing carries`);
    open.push(...readOperands(n));
  }
  return found;
};

const namesOf = (b: GraphView, axes: readonly AxisId[]): string => `(${axes.map((a) => b.axis(a).name).join(", ")})`;
