/** Several values of equal axes in one scratch tensor, chosen by the index of an axis of its own. */
import { NO_SPAN } from "../../base/span.ts";
import type { AxisId, NodeId } from "../graph/graph.ts";
import { unused } from "./materialise.ts";
import type { Cx, Root } from "./planning.ts";

export type SideBySide = {
  readonly root: Root;
  /** The value of a slot at indices along the axes. */
  readonly read: (at: readonly NodeId[], slot: number) => NodeId;
};

export const sideBySide = (cx: Cx, axes: readonly AxisId[], values: readonly NodeId[]): SideBySide => {
  const { b } = cx;
  const stat = b.newAxis("stat", values.length);
  const last = values.at(-1);
  if (last === undefined) throw new Error("a tensor of no values");
  const value = values
    .slice(0, -1)
    .reduceRight((rest, v, n) => b.select(b.binary("==", b.index(stat), b.konst(n, "i32")), v, rest), last);
  // Features stay neighbours.
  const feature = axes.at(-1);
  const inner = feature !== undefined && typeof b.axis(feature).size === "number" ? 1 : 0;
  const outer = axes.length - inner;
  const tensor = unused(cx, "stats_all");
  const all = [...axes.slice(0, outer), stat, ...axes.slice(outer)];
  const span = b.origins[values[0] ?? last]?.[0] ?? NO_SPAN;
  cx.scratch.push({ name: tensor, dtype: "f32", dims: all.map((a) => [a]), role: "scratch", span });
  const read = (at: readonly NodeId[], slot: number): NodeId =>
    b.load(tensor, [...at.slice(0, outer), b.konst(slot, "i32"), ...at.slice(outer)], "f32");
  return { root: { tensor, axes: all, value }, read };
};
