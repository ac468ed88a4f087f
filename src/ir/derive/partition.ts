/**
 * Which kernels: results that stream over the same axis for the same rows share one; a reduction that varies along another
 * reduction's stream is evaluated in place when it is a short contraction, else it becomes a scratch tensor of its own
 * (never one that varies along both the rows and the stream of a kernel: that would be an N×M buffer).
 */
import { edit, type GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import { printNode } from "../graph/print.ts";
import type { AxisId, Graph, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { deriveCascade } from "./cascade.ts";
import type { Carried } from "./cascade.ts";
import { replacer } from "../graph/rewrite.ts";
import { readBelow, scansBelow, timeOf } from "../graph/scan.ts";
import { folded, inOrder, reach } from "../graph/walk.ts";
import { contractedFirst, isLastOf, mixedAxes, scanName, scanNote, scannedAxis, statesOf } from "./scan.ts";
import type { Accumulator, KernelPlan, Note, Plan, ScanState, Store } from "./plan.ts";
import { guardEmpty } from "./empty.ts";
import { attempted, Unsupported } from "../graph/unsupported.ts";
import { acrossRows } from "./across.ts";
import { materialise, toMaterialise } from "./materialise.ts";
import { ownAxes } from "./own-axes.ts";
import { alongPieces } from "./rules/piece.ts";
import { extent, factsOf, isShort, outermost, same, type Cx, type Group, type Reduce, type Root } from "./planning.ts";
import { rowsOf } from "./rows.ts";

export const planKernels = (graph: Graph, notes: readonly Note[] = []): Plan => {
  const b = edit(graph);
  return attempted(b, () => planned(graph, b, notes));
};

const planned = (graph: Graph, b: GraphBuilder, notes: readonly Note[]): Plan => {
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
  const kernels = groups.map((g, n) => finish(cx, g, groups.length === 1 ? graph.name : `${graph.name}_${n}`));
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

/**
 * The stream of a root: the reduced axes of its outermost reductions, of several the longest. Where one is made of another
 * (`m` of `s = sum[d](q * k)`), a short inner one is evaluated in place and the outer one streams; a long inner one
 * streams itself, and the outer one follows on its finished values.
 */
const streamOf = (cx: Cx, root: Root): readonly AxisId[] => {
  const top = cx.b.node(root.value);
  if (top.kind === "reduce" && top.op === "cumsum" && !cx.facts.hasScan(top.id)) return top.over;
  const scanned = cx.facts.hasScan(root.value) ? scannedAxis(cx.b, root.value, root.axes) : null;
  if (scanned !== null) return [scanned];
  const outer = outermost(cx.b, root.value);
  const inner = innermost(cx, outer);
  const length = (r: Reduce): number => r.over.reduce((n, a) => n * cx.sizeOf(a), 1);
  const best = inner.reduce<Reduce | null>((x, y) => (x === null || length(y) > length(x) ? y : x), null);
  if (best !== null) return best.over;
  const scan = [...cx.b.reach([root.value])]
    .map((id) => cx.b.node(id))
    .find((n): n is Reduce => n.kind === "reduce" && n.op === "cumsum");
  return scan === undefined ? [] : scan.over;
};

/** Of outermost reductions those that are made of no long one along other axes, and short ones only where none is made of them. */
const innermost = (cx: Cx, outer: readonly Reduce[]): readonly Reduce[] => {
  const keyOf = (r: Reduce): string => [...r.over].sort((x, y) => x - y).join();
  if (new Set(outer.map(keyOf)).size < 2) return outer;
  const isOuter = new Set(outer.map((r) => r.id));
  const none: ReadonlySet<string> = new Set();
  const union = (sets: readonly ReadonlySet<string>[]): ReadonlySet<string> => {
    const [first = none, ...rest] = sets.filter((s) => s.size > 0);
    return rest.every((s) => s === first) ? first : new Set(sets.flatMap((s) => [...s]));
  };
  const others = (keys: ReadonlySet<string> | undefined, r: Reduce): boolean =>
    [...(keys ?? none)].some((k) => k !== keyOf(r));
  /** The axes of long outer reductions at or below a node. */
  const below = folded<ReadonlySet<string>>(cx.b, (n, of) =>
    n.kind === "reduce" && isOuter.has(n.id) && !isShort(cx, n) ? union([...of, new Set([keyOf(n)])]) : union(of),
  );
  /** The axes of outer reductions that a node is a part of. */
  const above = new Map<NodeId, ReadonlySet<string>>();
  for (const n of inOrder(
    cx.b,
    outer.map((r) => r.id),
  ).reverse()) {
    const own = union([
      above.get(n.id) ?? none,
      ...(n.kind === "reduce" && isOuter.has(n.id) ? [new Set([keyOf(n)])] : []),
    ]);
    for (const x of operands(n)) above.set(x, union([above.get(x) ?? none, own]));
  }
  return outer.filter((r) => !others(below(r.body), r) && !(isShort(cx, r) && others(above.get(r.id), r)));
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
  const replace = replacer(cx.b, map);
  for (const id of reach(cx.b, [root.value], (n) => (map.has(n.id) ? [] : operands(n)))) {
    const moved = replace(id);
    if (moved !== id && /^[A-Za-z_]\w*$/.test(cx.nameOf(id)) && !cx.names.has(moved))
      cx.names.set(moved, cx.nameOf(id));
  }
  root.value = replace(root.value);
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
  if (stream.length > 1 && root.axes.some((a) => stream.includes(a)) && !stream.every((a) => root.axes.includes(a))) {
    const whole = stream;
    store(
      cx,
      root,
      outermost(cx.b, root.value).filter((r) => same(r.over, whole)),
      pending,
    );
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

/** Results of states that another group walks along anyway, for more rows: one of these rows writes them. */
const joinScans = (cx: Cx, groups: Group[]): void => {
  const states = (g: Group): readonly number[] =>
    scansBelow(
      cx.b,
      g.roots.map((r) => r.value),
    ).map((s) => s.state);
  for (const g of [...groups]) {
    const own = states(g);
    const host = groups.find(
      (h) =>
        h !== g &&
        same(h.stream, g.stream) &&
        g.rows.every((a) => h.rows.includes(a)) &&
        own.every((s) => states(h).includes(s)) &&
        g.roots.every((r) => acrossRows(cx, r.value, h.stream, h.rows).length === 0),
    );
    if (own.length === 0 || host === undefined) continue;
    host.roots.push(...g.roots);
    groups.splice(groups.indexOf(g), 1);
  }
};

/** Splits groups so that a kernel never reads a scratch tensor that waits for the kernel itself: first what reads none, and so on. */
const byLevel = (cx: Cx, groups: Group[]): void => {
  const roots = new Map(groups.flatMap((g) => g.roots).map((r) => [r.tensor, r]));
  const levels = new Map<string, number>();
  const level = (r: Root): number => {
    const known = levels.get(r.tensor);
    if (known !== undefined) return known;
    const read = [...cx.b.reach([r.value])].flatMap((id) => {
      const n = cx.b.node(id);
      const from = n.kind === "load" ? roots.get(n.tensor) : undefined;
      return from === undefined || from === r ? [] : [from];
    });
    const found = read.reduce((most, x) => Math.max(most, 1 + level(x)), 0);
    levels.set(r.tensor, found);
    return found;
  };
  const split = groups.flatMap((g) =>
    [...new Set(g.roots.map(level))]
      .sort((x, y) => x - y)
      .map((n): Group => ({ ...g, level: n, roots: g.roots.filter((r) => level(r) === n) })),
  );
  groups.splice(0, groups.length, ...split);
};

/** Results that need no stream of their own are written by a kernel that visits all their cells anyway. */
const adoptElementwise = (cx: Cx, groups: Group[]): void => {
  const roots = new Map(groups.flatMap((g) => g.roots).map((r) => [r.tensor, r]));
  /** Whether a value waits for the tensor, however many kernels lie between. */
  const waitsFor = (value: NodeId, tensor: string, seen = new Set<string>()): boolean =>
    [...cx.b.reach([value])].some((id) => {
      const n = cx.b.node(id);
      if (n.kind !== "load" || seen.has(n.tensor)) return false;
      seen.add(n.tensor);
      const from = roots.get(n.tensor);
      return n.tensor === tensor || (from !== undefined && waitsFor(from.value, tensor, seen));
    });
  for (const g of [...groups]) {
    for (const root of [...g.roots]) {
      const runs = [...cx.b.reach([root.value])]
        .map((id) => cx.b.node(id))
        .some((n) => n.kind === "scan" || (n.kind === "reduce" && n.op === "cumsum"));
      if (runs || !outermost(cx.b, root.value).every((r) => isShort(cx, r))) continue;
      const host = groups.find(
        (h) =>
          h !== g &&
          h.stream.length > 0 &&
          h.level >= g.level &&
          same([...h.rows, ...h.stream], root.axes) &&
          !h.roots.some((r) => waitsFor(r.value, root.tensor)) &&
          acrossRows(cx, root.value, h.stream, h.rows).length === 0,
      );
      if (host === undefined) continue;
      host.roots.push(root);
      g.roots.splice(g.roots.indexOf(root), 1);
    }
    if (g.roots.length === 0) groups.splice(groups.indexOf(g), 1);
  }
};

const finish = (cx: Cx, g: Group, name: string): KernelPlan => {
  const { b } = cx;
  apart(cx, g);
  const cascade = deriveCascade(
    b,
    g.roots.map((r) => r.value),
    g.stream,
    cx.nameOf,
  );
  const passOf = new Map(cascade.carried.map((c) => [c.node, c.pass]));
  const last = folded<number>(b, (n, of) => of.reduce((p, x) => Math.max(p, x), passOf.get(n.id) ?? -1));
  const gauges = new Map(cascade.carried.map((c) => [c.node, c.gauge]));
  const stores: Store[] = g.roots.map((r) => {
    const value = guardEmpty(b, r.value, cascade.values, g.stream, gauges);
    const along = r.axes.some((a) => g.stream.includes(a));
    const once = g.rows.filter((a) => !r.axes.includes(a));
    return {
      tensor: r.tensor,
      value,
      axes: r.axes,
      pass: along ? last(value) + 1 : null,
      ...(once.length === 0 ? {} : { once }),
    };
  });
  const needed = b.reach(stores.map((s) => s.value));
  const companions = new Set(
    cascade.carried.flatMap((c) => (needed.has(c.node) && c.drift !== undefined ? [c.drift.companion] : [])),
  );
  const carried = [
    ...cascade.carried.filter((c) => needed.has(c.node) || companions.has(c.node)),
    ...countsAmong(b, needed, cascade.carried, g.stream, last),
  ];
  const all: Accumulator[] = carried.map((c) => {
    const n = b.node(c.node) as Reduce;
    return {
      node: c.node,
      name: nameOfAccumulator(cx, n),
      op: n.op,
      body: n.body,
      where: n.where,
      k: n.k,
      gauge: c.gauge,
      pass: c.pass,
      ...(c.drift === undefined ? {} : { drift: c.drift }),
      local: inStoreOrder(
        g,
        n.axes.filter((a) => !g.rows.includes(a)),
      ),
    };
  });
  const scans = statesOf(cx, [...needed], g.rows).map((s): ScanState => ({
    ...s,
    last: all.filter((a) => isLastOf(b, a, s)).map(({ node, pass }) => ({ node, pass })),
  }));
  const inRegisters = new Set(scans.flatMap((s) => s.last.map((l) => l.node)));
  const accumulators = all.filter((a) => !inRegisters.has(a.node));
  const passes = 1 + Math.max(0, ...all.map((a) => a.pass), ...stores.map((s) => s.pass ?? 0));
  return {
    name,
    rows: g.rows,
    stream: g.stream,
    part: null,
    accumulators,
    scans,
    stores,
    passes: g.stream.length === 0 ? 0 : passes,
    notes: [...cascade.notes, ...scans.map((s) => scanNote(cx, s)), ...cx.notes],
  };
};

/** Reductions in place over rows or the stream get axes of their own. */
const apart = (cx: Cx, g: Group): void => {
  const rename = ownAxes(cx.b, g.stream, [...g.rows, ...g.stream]);
  for (const root of g.roots) {
    const before = root.value;
    root.value = rename(before);
    const name = cx.nameOf(before);
    if (root.value !== before && /^[A-Za-z_]\w*$/.test(name)) cx.names.set(root.value, name);
  }
};

/** Local axes as the results lay them out: what is the last there is carried in vec4s. */
const inStoreOrder = (g: Group, local: readonly AxisId[]): readonly AxisId[] => {
  const at = (a: AxisId): number => g.roots.reduce((n, r) => Math.max(n, r.axes.indexOf(a)), -1);
  return [...local].sort((x, y) => at(x) - at(y));
};

/** How many values below a sum are looked at for a name. */
const MOST_ASKED = 64;

/** A name for what is carried: the user's, else what is summed: `p_sum`, `p_v_sum`. */
const nameOfAccumulator = (cx: Cx, n: Reduce): string => {
  const own = cx.nameOf(n.id);
  if (/^\w+$/.test(own)) return own;
  const parts = new Set<string>();
  const seen = new Set<NodeId>();
  const open = [n.body];
  for (let id = open.pop(); id !== undefined && parts.size < 3 && seen.size < MOST_ASKED; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const text = cx.nameOf(id);
    const m = cx.b.node(id);
    if (/^[a-z]\w*$/i.test(text)) parts.add(text);
    else if (m.kind === "load") parts.add(m.tensor);
    else open.push(...operands(m).toReversed());
  }
  const known = [...parts];
  if (known.length === 0) return n.ty === "i32" ? "cells" : n.op;
  return [...known, n.op].join("_");
};

/** Cell counts that the guards of empty rows brought in. */
const countsAmong = (
  b: GraphView,
  needed: ReadonlySet<NodeId>,
  carried: readonly Carried[],
  stream: readonly AxisId[],
  last: (id: NodeId) => number,
): Carried[] => {
  const known = new Set(carried.map((c) => c.node));
  return [...needed]
    .map((id) => b.node(id))
    .filter((n): n is Reduce => n.kind === "reduce" && n.op !== "cumsum" && same(n.over, stream) && !known.has(n.id))
    .map((n) => ({ node: n.id, gauge: null, pass: n.where === null ? 0 : last(n.where) + 1 }));
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
