/**
 * What a kernel makes of tensors that vary along the same axes is made by a kernel before it and read from one tensor, where it would bind
 * more tensors than it can: `d_lse - sum[e](d_o * o)` and `lse` of a row. Values are gathered only where one tensor that they
 * are made of has all their axes, so nothing becomes larger than what is there.
 */
import { NO_SPAN } from "../../base/span.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { folded, reach, unionAxes } from "../graph/walk.ts";
import { replaceIn, scratchName } from "./materialise.ts";
import { bound, type Cx, type Group, isShort, type Root, same, waitsFor } from "./planning.ts";
import { rowsOf } from "./rows.ts";
import { sideBySide } from "./side-by-side.ts";
import { streamOf } from "./stream.ts";

/** A tensor that values were gathered in: each with the read that stands for it. */
type Gathered = { readonly root: Root; readonly reads: ReadonlyMap<NodeId, NodeId> };

/** Gathers until each result fits, as far as that goes; `buffers`: tensors that one kernel can bind. */
export const gatherReads = (cx: Cx, groups: Group[], buffers: number): void => {
  const made: Gathered[] = [];
  const isCrowded = (r: Root): boolean => new Set(bound(cx.b, r)).size > buffers;
  for (const g of [...groups])
    for (const root of g.roots) {
      if (cx.facts.hasScan(root.value)) continue;
      for (const known of made)
        if (isCrowded(root) && !g.roots.some((r) => waitsFor(cx, groups, known.root.value, r.tensor)))
          replaceIn(cx, root, known.reads);
      for (let best = isCrowded(root) ? cheapest(cx, root, g.stream, buffers) : null; best !== null;) {
        const gathered = gather(cx, best);
        made.push(gathered);
        const { root: own } = gathered;
        const stream = streamOf(cx, own);
        groups.push({ stream, rows: rowsOf(cx, own, stream), roots: [own], level: 0 });
        replaceIn(cx, root, gathered.reads);
        best = isCrowded(root) ? cheapest(cx, root, g.stream, buffers) : null;
      }
    }
};

/** Of the values that can be gathered those along the fewest cells that save a binding; null: none do. */
const cheapest = (cx: Cx, root: Root, stream: readonly AxisId[], buffers: number): readonly Node[] | null => {
  const all = gatherable(cx, root.value, stream);
  const keys = [...new Map(all.map((n) => [n.axes.join(), n.axes])).values()];
  const cells = (axes: readonly AxisId[]): number => axes.reduce((k, a) => k * cx.sizeOf(a), 1);
  for (const axes of keys.sort((p, q) => cells(p) - cells(q))) {
    const exact = all.filter((n) => same(n.axes, axes));
    const wider = all.filter((n) => n.axes.every((a) => axes.includes(a)));
    for (const chosen of [exact, wider]) {
      const fit = within(cx, chosen, buffers - 1).filter((n) => n.id !== root.value);
      if (saved(cx, root, fit) > 0) return fit.toSorted((p, q) => q.axes.length - p.axes.length);
    }
  }
  return part(cx, root, stream, buffers, cells);
};

/** How many values are looked at for one that saves bindings. */
const MOST_ASKED = 64;

/** One value below those: what saves the most bindings, of these the one along the fewest cells. */
const part = (
  cx: Cx,
  root: Root,
  stream: readonly AxisId[],
  buffers: number,
  cells: (axes: readonly AxisId[]) => number,
): readonly Node[] | null => {
  const of = tensorsBelow(cx);
  const found = gatherable(cx, root.value, stream, (n) => {
    const { size } = of(n.id);
    return size > 1 && size < buffers && n.id !== root.value;
  });
  const best = found
    .toSorted((p, q) => of(q.id).size - of(p.id).size)
    .slice(0, MOST_ASKED)
    .map((n) => ({ n, gain: saved(cx, root, [n]) }))
    .filter((x) => x.gain > 0)
    .toSorted((p, q) => q.gain - p.gain || cells(p.n.axes) - cells(q.n.axes))[0];
  return best === undefined ? null : [best.n];
};

/** The tensors below each node. */
const tensorsBelow = (cx: Cx): ((id: NodeId) => ReadonlySet<string>) =>
  folded<ReadonlySet<string>>(cx.b, (n, of) => {
    const [first = NONE, ...rest] = of;
    const own = n.kind === "load" ? [n.tensor] : [];
    const more = [...rest.flatMap((s) => (s === first ? [] : [...s])), ...own].filter((t) => !first.has(t));
    return more.length === 0 ? first : new Set([...first, ...more]);
  });

const NONE: ReadonlySet<string> = new Set();

const tensorsOf = (cx: Cx, ids: readonly NodeId[], stop: ReadonlySet<NodeId> = new Set()): ReadonlySet<string> =>
  new Set(
    [...reach(cx.b, ids, (n) => (stop.has(n.id) ? [] : operands(n)))]
      .filter((id) => !stop.has(id))
      .map((id) => cx.b.node(id))
      .flatMap((n) => (n.kind === "load" ? [n.tensor] : [])),
  );

/** The first ones, as far as a kernel can bind what they read. */
const within = (cx: Cx, nodes: readonly Node[], most: number): readonly Node[] => {
  const out: Node[] = [];
  for (const n of nodes)
    if (
      tensorsOf(
        cx,
        [...out, n].map((x) => x.id),
      ).size <= most
    )
      out.push(n);
  return out;
};

/** How many bindings less it takes to read values from one tensor. */
const saved = (cx: Cx, root: Root, nodes: readonly Node[]): number => {
  const own = new Set(nodes.map((n) => n.id));
  const rest = tensorsOf(cx, [root.value], own);
  return [...tensorsOf(cx, [...own])].filter((t) => !rest.has(t)).length - 1;
};

/**
 * Values below a result that are made of loads, and of contractions in place that are no statistics of its stream: the largest ones, or (with
 * `isAsked`) all that are asked for.
 */
const gatherable = (
  cx: Cx,
  root: NodeId,
  stream: readonly AxisId[],
  isAsked?: (n: Node) => boolean,
): readonly Node[] => {
  const { b } = cx;
  const isPlain = folded<boolean>(b, (n, of) => {
    if (of.includes(false) || n.kind === "scan" || n.kind === "carried") return false;
    if (n.kind !== "reduce") return true;
    return n.op !== "cumsum" && isShort(cx, n) && !n.over.some((a) => stream.includes(a));
  });
  /** Tensors read at their own indices, the axes of each. */
  const whole = folded<readonly (readonly AxisId[])[]>(b, (n, of) => {
    const own = n.kind === "load" && n.at.every((id) => b.node(id).kind === "index") ? [n.axes] : [];
    return [...new Map([...of.flat(), ...own].map((x) => [x.join(), x])).values()];
  });
  const isFound = (n: Node): boolean =>
    n.ty === "f32" && isPlain(n.id) && whole(n.id).some((axes) => n.axes.every((a) => axes.includes(a)));
  const stop = (n: Node): boolean => isAsked === undefined && isFound(n);
  return [...reach(b, [root], (n) => (stop(n) ? [] : operands(n)))]
    .map((id) => b.node(id))
    .filter((n) => isFound(n) && isAsked?.(n) !== false);
};

/** A scratch tensor of the values. */
const gather = (cx: Cx, nodes: readonly Node[]): Gathered => {
  const [first, ...more] = nodes as readonly [Node, ...Node[]];
  const axes = more.reduce<readonly AxisId[]>((x, n) => unionAxes(x, n.axes), first.axes);
  const at = axes.map((a) => cx.b.index(a));
  if (more.length === 0) {
    const tensor = scratchName(cx, first);
    const span = cx.b.origins[first.id]?.[0] ?? NO_SPAN;
    cx.scratch.push({ name: tensor, dtype: "f32", dims: axes.map((a) => [a]), role: "scratch", span });
    const read = cx.b.from(first.id, () => cx.b.load(tensor, at, "f32"));
    note(cx, nodes, tensor);
    return { root: { tensor, axes, value: first.id }, reads: new Map([[first.id, read]]) };
  }
  const ids = nodes.map((n) => n.id);
  const { root, read } = sideBySide(cx, axes, ids);
  note(cx, nodes, root.tensor);
  return { root, reads: new Map(ids.map((id, slot) => [id, cx.b.from(id, () => read(at, slot))])) };
};

const note = (cx: Cx, nodes: readonly Node[], tensor: string): void => {
  const values = nodes.map((n) => `\`${cx.nameOf(n.id)}\``).join(", ");
  cx.notes.push({
    kind: "kernel",
    node: null,
    text: `${values} ${nodes.length === 1 ? "is" : "are"} read from \`${tensor}\`: with all that ${nodes.length === 1 ? "it is" : "they are"} made of there would be more tensors than a kernel can bind`,
  });
};
