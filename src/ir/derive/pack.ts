/**
 * Numbers of a row that one kernel stores and others read (a maximum and a sum) lie side by side in one tensor, where a kernel would bind
 * more tensors than it can. Nothing is computed in another way.
 */
import { NO_SPAN } from "../../base/span.ts";
import type { NodeId, Tensor } from "../graph/graph.ts";
import { replacer } from "../graph/rewrite.ts";
import { bound, type Cx, type Group, type Root, same } from "./planning.ts";

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
  const stat = b.newAxis("stat", roots.length);
  const values = roots.map((r) => r.value);
  const last = values.at(-1) as NodeId;
  const value = values
    .slice(0, -1)
    .reduceRight((rest, v, n) => b.select(b.binary("==", b.index(stat), b.konst(n, "i32")), v, rest), last);
  const name = unused(cx);
  const axes = [...first.axes, stat];
  const whole: Root = { tensor: name, axes, value };
  const dims = axes.map((a) => [a]);
  const own = cx.scratch.filter((t) => roots.some((r) => r.tensor === t.name));
  const tensor: Tensor = { name, dtype: "f32", dims, role: "scratch", span: own[0]?.span ?? NO_SPAN };
  cx.scratch.splice(0, cx.scratch.length, ...cx.scratch.filter((t) => !own.includes(t)), tensor);
  const map = new Map<NodeId, NodeId>();
  for (const id of b.reach(groups.flatMap((x) => x.roots.map((r) => r.value)))) {
    const n = b.node(id);
    const slot = n.kind === "load" ? roots.findIndex((r) => r.tensor === n.tensor) : -1;
    if (n.kind !== "load" || slot < 0) continue;
    // Indices in the order of the first one's axes.
    const at = first.axes.map((a) => n.at[roots[slot]?.axes.indexOf(a) ?? -1] as NodeId);
    map.set(
      id,
      b.from(id, () => b.load(name, [...at, b.konst(slot, "i32")], n.ty)),
    );
  }
  const replace = replacer(b, map);
  for (const r of groups.flatMap((x) => x.roots)) {
    for (const id of b.reach([r.value])) {
      const [moved, known] = [replace(id), cx.nameOf(id)];
      if (moved !== id && /^[A-Za-z_]\w*$/.test(known) && !cx.names.has(moved)) cx.names.set(moved, known);
    }
    r.value = replace(r.value);
  }
  cx.notes.push({
    kind: "kernel",
    node: null,
    text: `${roots.map((r) => `\`${r.tensor}\``).join(", ")} lie side by side in \`${name}\`: what reads them binds as many tensors as it can`,
  });
  const rest = g.roots.filter((r) => !roots.includes(r));
  return { ...g, roots: [...rest, whole] };
};

const unused = (cx: Cx): string => {
  let name = "stats_all";
  for (let k = 2; cx.taken.has(name); k++) name = `stats_all${k}`;
  cx.taken.add(name);
  return name;
};
