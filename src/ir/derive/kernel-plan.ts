/** A group of results as a planned kernel: passes, what is carried and under which names, what is stored when. */
import { folded } from "../graph/walk.ts";
import type { AxisId, NodeId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import { operands } from "../graph/graph.ts";
import { type Carried, deriveCascade } from "./cascade.ts";
import { guardEmpty } from "./empty.ts";
import { ownAxes } from "./own-axes.ts";
import type { Accumulator, KernelPlan, ScanState, Store } from "./plan.ts";
import { type Cx, type Group, type Reduce, same } from "./planning.ts";
import { isLastOf, scanNote, statesOf } from "./scan.ts";

/** The plan of a group. */
export const kernelPlan = (cx: Cx, g: Group, name: string): KernelPlan => {
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

/** Counts of cells that the guards of empty rows and of infinite cells brought in. */
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
    .map((n) => ({ node: n.id, gauge: null, pass: 1 + Math.max(last(n.body), n.where === null ? -1 : last(n.where)) }));
};
