/**
 * Numbers of a row that one kernel stores and others read (a maximum and a sum) lie side by side in one tensor, where a kernel would bind
 * more tensors than it can. Nothing is computed in another way.
 */
import type { NodeId } from "../graph/graph.ts";
import { replaceIn } from "./materialise.ts";
import { bound, type Cx, type Group, type Root, same } from "./planning.ts";
import { sideBySide } from "./side-by-side.ts";

/** Packs what the groups with too many tensors read; `buffers`: tensors that one kernel can bind. */
export const packScratch = (cx: Cx, groups: Group[], buffers: number): void => {
  const crowded = groups.filter((g) => new Set(g.roots.flatMap((r) => bound(cx.b, r))).size > buffers);
  const read = new Set(crowded.flatMap((g) => g.roots.flatMap((r) => bound(cx.b, r))));
  for (const [at, g] of groups.entries()) {
    const open = g.roots.filter((r) => read.has(r.tensor) && isNumber(cx, g, r));
    while (open.length > 0) {
      const [first] = open as [Root];
      const alike = open.filter((r) => same(r.axes, first.axes));
      open.splice(0, open.length, ...open.filter((r) => !alike.includes(r)));
      if (alike.length > 1) groups[at] = packed(cx, groups, groups[at] as Group, alike);
    }
  }
};

/** A scratch tensor of floats that is written behind the stream. */
const isNumber = (cx: Cx, g: Group, r: Root): boolean =>
  cx.scratch.some((t) => t.name === r.tensor && t.dtype === "f32") &&
  !r.axes.some((a) => g.stream.includes(a)) &&
  !cx.facts.hasScan(r.value);

/** One root in the place of several; all reads of them are of it. */
const packed = (cx: Cx, groups: readonly Group[], g: Group, roots: readonly Root[]): Group => {
  const { b } = cx;
  const [first] = roots as readonly [Root];
  cx.scratch.splice(0, cx.scratch.length, ...cx.scratch.filter((t) => !roots.some((r) => r.tensor === t.name)));
  const { root, read } = sideBySide(
    cx,
    first.axes,
    roots.map((r) => r.value),
  );
  const map = new Map<NodeId, NodeId>();
  for (const id of b.reach(groups.flatMap((x) => x.roots.map((r) => r.value)))) {
    const n = b.node(id);
    const slot = n.kind === "load" ? roots.findIndex((r) => r.tensor === n.tensor) : -1;
    if (n.kind !== "load" || slot < 0) continue;
    // Indices in the order of the first one's axes.
    const at = first.axes.map((a) => n.at[roots[slot]?.axes.indexOf(a) ?? -1] as NodeId);
    map.set(
      id,
      b.from(id, () => read(at, slot)),
    );
  }
  for (const r of groups.flatMap((x) => x.roots)) replaceIn(cx, r, map);
  cx.notes.push({
    kind: "kernel",
    node: null,
    text: `${roots.map((r) => `\`${r.tensor}\``).join(", ")} lie side by side in \`${root.tensor}\`: apart, a kernel would bind more tensors than it can`,
  });
  return { ...g, roots: [...g.roots.filter((r) => !roots.includes(r)), root] };
};
