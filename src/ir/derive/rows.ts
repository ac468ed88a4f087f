/** The rows of a kernel: one independent stream for each point of them. */
import { PLANNING } from "../../base/costs.ts";
import { operands, type AxisId, type Node } from "../graph/graph.ts";
import { scansBelow } from "../graph/scan.ts";
import { reach } from "../graph/walk.ts";
import { outermost, same, type Cx, type Reduce, type Root } from "./planning.ts";
import { scanRows } from "./scan.ts";

/** Rows: the axes that every streamed reduction of the root keeps; without one, the axes of the result but the stream. */
export const rowsOf = (cx: Cx, root: Root, stream: readonly AxisId[]): readonly AxisId[] => {
  const scans = cx.facts.hasScan(root.value) ? scansBelow(cx.b, [root.value]) : [];
  if (scans.length > 0) return scanRows(cx, root.axes, stream, scans);
  const kept = [...cx.b.reach([root.value])]
    .map((id) => cx.b.node(id))
    .filter(
      (n): n is Reduce =>
        n.kind === "reduce" && n.op !== "cumsum" && same(n.over, stream) && !n.axes.some((a) => stream.includes(a)),
    );
  const inOrder = (axes: readonly AxisId[]): readonly AxisId[] => root.axes.filter((a) => axes.includes(a));
  if (kept.length === 0) return root.axes.filter((a) => !stream.includes(a));
  // A reduction over indices alone (a count of visible cells) varies along fewer axes and costs little: each row repeats it.
  const reading = kept.filter((n) => cx.facts.hasLoad(n.body));
  const running = runningAxes(cx, root, stream);
  const shared = root.axes.filter(
    (a) =>
      !stream.includes(a) &&
      (typeof cx.b.axis(a).size !== "number" || running.has(a) || reading.every((n) => n.axes.includes(a))),
  );
  const free = dropFeature(cx, root, stream, kept, shared);
  return inOrder(shared.filter((a) => free.includes(a) || running.has(a)));
};

/** Axes along which a running sum of the stream varies: the lane keeps one such sum, so these are rows. */
const runningAxes = (cx: Cx, root: Root, stream: readonly AxisId[]): ReadonlySet<AxisId> =>
  new Set(
    [...cx.b.reach([root.value])]
      .map((id) => cx.b.node(id))
      .flatMap((n) => (n.kind === "reduce" && n.op === "cumsum" && same(n.over, stream) ? n.axes : [])),
  );

/**
 * Where all sums keep the result's last axis, it is a feature and not a row when an operand that streams has it but lacks some
 * row axis (`v[b, h, j, e]` lacks i, `w[d, f]` lacks n): one lane then holds all of it. The same for what the epilogue reduces.
 */
const dropFeature = (
  cx: Cx,
  root: Root,
  stream: readonly AxisId[],
  kept: readonly Reduce[],
  rows: readonly AxisId[],
): readonly AxisId[] => {
  const reduced = new Set(
    outermost(cx.b, root.value)
      .filter((r) => !same(r.over, stream))
      .flatMap((r) => r.over),
  );
  const free = rows.filter((a) => !(reduced.has(a) && typeof cx.b.axis(a).size === "number"));
  const last = root.axes.at(-1);
  if (last === undefined || !free.includes(last) || free.length < 2 || stream.length === 0) return free;
  const plain = kept.every((n) => cx.facts.isPlain(n.body));
  if (cx.sizeOf(last) > (plain ? PLANNING.plainFeatures : PLANNING.features) || !kept.every((n) => n.op === "sum"))
    return free;
  // Where a contraction runs over an axis of that name itself (`sum[d](q * k)` in a sum of `k` for each d), another d is meant.
  const isOther = (n: Node): boolean => n.kind === "reduce" && !same(n.over, stream) && n.over.includes(last);
  const below = [
    ...reach(
      cx.b,
      kept.map((n) => n.body),
      (n) => (isOther(n) ? [] : operands(n)),
    ),
  ].map((id) => cx.b.node(id));
  const loads = below.filter((n) => n.kind === "load");
  const others = free.filter((a) => a !== last);
  const streams = (n: Node): boolean => n.axes.some((a) => stream.includes(a));
  const having = loads.filter((n) => n.axes.includes(last));
  const feature =
    having.length > 0 &&
    having.every(streams) &&
    (below.some(isOther) || loads.some((n) => !n.axes.includes(last))) &&
    having.some((n) => others.some((a) => !n.axes.includes(a)));
  return feature ? others : free;
};
