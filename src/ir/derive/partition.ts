/**
 * Which kernels: results that stream over the same axis for the same rows share one; a reduction that varies along another
 * reduction's stream is evaluated in place when it is a short contraction, else it becomes a scratch tensor of its own
 * (never one that varies along both the rows and the stream of a kernel: that would be an N×M buffer).
 */
import { NO_SPAN } from "../../base/span.ts";
import { edit } from "../graph/build.ts";
import { type AxisId, type Graph, type Node, type NodeId, operands } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/pen.ts";
import { printNode } from "../graph/print.ts";
import { readBelow, timeOf } from "../graph/scan.ts";
import { attempted, Unsupported } from "../graph/unsupported.ts";
import type { GraphView } from "../graph/view.ts";
import { reach } from "../graph/walk.ts";
import { acrossRows } from "./across.ts";
import type { Kept } from "./chunk/kept.ts";
import { adoptElementwise, byLevel, joinScans, withinBuffers } from "./groups.ts";
import { gatherReads } from "./gather.ts";
import { kernelPlan } from "./kernel-plan.ts";
import { materialise, replaceIn, scratchName, toMaterialise } from "./materialise.ts";
import { packScratch } from "./pack.ts";
import type { KernelPlan, Note, Plan } from "./plan.ts";
import { type Cx, extent, factsOf, type Group, isShort, outermost, type Reduce, type Root, same } from "./planning.ts";
import { rowsOf } from "./rows.ts";
import { alongPieces } from "./rules/piece.ts";
import { contractedFirst, mixedAxes, scanName } from "./scan.ts";
import { streamOf } from "./stream.ts";

/** `buffers`: tensors that one kernel can bind. `kept`: values that are stored, whatever else would be done. */
export const planKernels = (
  graph: Graph,
  notes: readonly Note[],
  buffers: number,
  kept: readonly Kept[] = [],
): Plan => {
  const b = edit(graph);
  return attempted(b, () => planned(graph, b, notes, buffers, kept));
};

const planned = (
  graph: Graph,
  b: GraphBuilder,
  notes: readonly Note[],
  buffers: number,
  kept: readonly Kept[],
): Plan => {
  const names = new Map<NodeId, string>();
  const nameOf = nameIn(b, graph.names);
  const cx: Cx = {
    b,
    facts: factsOf(b),
    tensors: graph.tensors,
    stored: new Map(),
    across: new Set(),
    sizeOf: (a) => extent(b.axis(a)),
    scratch: [],
    nameOf: (id) => names.get(id) ?? scanName(b, id) ?? nameOf(id),
    notes: [...notes],
    taken: new Set(graph.tensors.map((t) => t.name)),
    names,
    mixed: mixedAxes(
      b,
      graph.results.map((r) => r.value),
    ),
    lastAxes: new Set(graph.tensors.flatMap((t) => t.dims.flat().slice(-1))),
  };
  const pending: Root[] = graph.results.map((r) => {
    const t = graph.tensors.find((x) => x.name === r.tensor);
    return { tensor: r.tensor, axes: t === undefined ? [] : t.dims.flat(), value: r.value };
  });
  storeKept(cx, kept, pending);
  const groups: Group[] = [];
  const scanned = pending.some((r) => cx.facts.hasScan(r.value));
  for (const root of scanned ? [...pending] : []) {
    const stored = contractedFirst(cx, root.value).map((id) => cx.b.node(id) as Reduce);
    if (stored.length > 0)
      root.value = b.replaceNodes(root.value, new Map(stored.map((r) => [r.id, materialise(cx, r, pending)])));
  }
  for (let at = 0; at < pending.length; at++) {
    const root = pending[at];
    // A state that was stored is read from memory: what reads it does not mix it any more.
    if (scanned)
      cx.mixed = mixedAxes(
        b,
        pending.map((r) => r.value),
      );
    if (root !== undefined) place(cx, root, groups, pending);
  }
  if (scanned) joinScans(cx, groups);
  byLevel(cx, groups);
  adoptElementwise(cx, groups);
  packScratch(cx, groups, buffers);
  gatherReads(cx, groups, buffers);
  withinBuffers(cx, groups, buffers);
  const kernels = groups.map((g, n) => kernelPlan(cx, g, groups.length === 1 ? graph.name : `${graph.name}_${n}`));
  const ordered = inDependencyOrder(b, kernels);
  return { graph: b.finish(graph), kernels: ordered, scratch: cx.scratch, names };
};

/** The user's name of a value, else what it is, in short. */
const nameIn = (b: GraphView, names: ReadonlyMap<NodeId, string>): ((id: NodeId) => string) => {
  const printed = new Map<NodeId, string>();
  return (id) => {
    const name =
      names.get(id) ?? printed.get(id) ?? short(printNode({ nodes: b.nodes, axes: b.axes, names }, id, false, 64));
    printed.set(id, name);
    return name;
  };
};

const short = (s: string): string => (s.length > 48 ? `${s.slice(0, 45)}...` : s);

/** Makes scratch roots of values that are to be stored, and reads them wherever they are read. */
const storeKept = (cx: Cx, kept: readonly Kept[], pending: Root[]): void => {
  if (kept.length === 0) return;
  const { b } = cx;
  const loads = new Map<NodeId, NodeId>();
  for (const k of kept) {
    const { ty, id } = b.node(k.value);
    const name = scratchName(cx, b.node(id), k.name);
    const span = b.origins[id]?.[0] ?? NO_SPAN;
    cx.scratch.push({ name, dtype: ty === "f32" ? "f32" : "i32", dims: k.axes.map((a) => [a]), role: "scratch", span });
    for (const [read, at] of k.reads)
      loads.set(
        read,
        b.from(read, () => b.load(name, at, ty)),
      );
    if (!cx.names.has(id)) cx.names.set(id, k.name);
    pending.push({ tensor: name, axes: k.axes, value: id });
  }
  for (const root of pending) {
    const others = new Map([...loads].filter(([read]) => read !== root.value));
    replaceIn(cx, root, others);
  }
};

/** Makes scratch roots of values, which the root then reads from memory. */
const store = (cx: Cx, root: Root, values: readonly Node[], pending: Root[]): void => {
  const itself = values.find(
    (n) => n.id === root.value && same(n.axes, root.axes) && (n.kind !== "scan" || timeOf(cx.b, n) === "now"),
  );
  if (itself !== undefined)
    throw new Unsupported(itself, `\`${cx.nameOf(itself.id)}\` cannot be computed along the axes that it is asked for`);
  const map = new Map(values.map((r) => [r.id, materialise(cx, r, pending)]));
  if (map.size === 0) return;
  replaceIn(cx, root, map);
};

/** Long reductions over the stream that vary along a piece of the rows: the other rows would repeat what a cell of the piece is. */
const longInPieces = (cx: Cx, root: Root, stream: readonly AxisId[]): readonly Reduce[] =>
  outermost(cx.b, root.value).filter(
    (r) => same(r.over, stream) && !isShort(cx, r) && alongPieces(cx.b, cx.tensors, r.id).value !== r.id,
  );

/** The states that a running sum takes along another axis than they run: they are stored first, and the sum runs over what is stored. */
const statesAcross = (cx: Cx, root: Root): readonly Node[] => {
  const top = cx.b.node(root.value);
  if (top.kind !== "reduce" || top.op !== "cumsum" || !cx.facts.hasScan(top.id)) return [];
  return readBelow(cx.b, operands(top)).filter((n) => n.kind === "scan" && !top.over.includes(n.over));
};

/** Puts a root into the group with its stream and rows, and makes scratch roots of what cannot be evaluated there. */
const place = (cx: Cx, root: Root, groups: Group[], pending: Root[]): void => {
  // What another root has stored is read, not made again.
  const isStored = (n: Node): boolean => n.id !== root.value && cx.across.has(n.id);
  if (cx.across.size > 0)
    store(
      cx,
      root,
      [...reach(cx.b, [root.value], (n) => (isStored(n) ? [] : operands(n)))]
        .map((id) => cx.b.node(id))
        .filter(isStored),
      pending,
    );
  store(cx, root, statesAcross(cx, root), pending);
  let stream = streamOf(cx, root);
  // A result along one of several streamed axes would be written once for each cell of the others, or not at all where there is none.
  const isTorn = (): boolean =>
    stream.length > 1 && root.axes.some((a) => stream.includes(a)) && !stream.every((a) => root.axes.includes(a));
  while (isTorn()) {
    const torn = outermost(cx.b, root.value).filter((r) => same(r.over, stream));
    if (torn.length === 0) break;
    store(cx, root, torn, pending);
    stream = streamOf(cx, root);
  }
  const long = root.axes.every((a) => stream.includes(a)) ? [] : longInPieces(cx, root, stream);
  if (long.length > 0) {
    store(cx, root, long, pending);
    stream = streamOf(cx, root);
  }
  store(cx, root, toMaterialise(cx, root.value, stream, root.axes), pending);
  let rows = rowsOf(cx, root, stream);
  for (
    let apart = acrossRows(cx, root.value, stream, rows);
    apart.length > 0;
    apart = acrossRows(cx, root.value, stream, rows)
  ) {
    for (const n of apart) cx.across.add(n.id);
    store(cx, root, apart, pending);
    rows = rowsOf(cx, root, stream);
  }
  const group = groups.find((g) => same(g.stream, stream) && same(g.rows, rows));
  if (group === undefined) groups.push({ stream, rows, roots: [root], level: 0 });
  else group.roots.push(root);
};

/** Kernels whose scratch others read come first. */
const inDependencyOrder = (b: GraphView, kernels: readonly KernelPlan[]): readonly KernelPlan[] => {
  const writes = new Map(kernels.flatMap((k) => k.stores.map((s) => [s.tensor, k] as const)));
  const out: KernelPlan[] = [];
  const visit = (k: KernelPlan): void => {
    if (out.includes(k)) return;
    for (const id of b.reach(k.stores.map((s) => s.value))) {
      const n = b.node(id);
      const from = n.kind === "load" ? writes.get(n.tensor) : undefined;
      if (from !== undefined && from !== k) visit(from);
    }
    out.push(k);
  };
  kernels.forEach(visit);
  return out;
};
