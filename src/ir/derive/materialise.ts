/**
 * What a kernel cannot hold becomes a scratch tensor of a kernel of its own: reductions along another axis that are no short
 * contractions, never one that varies along both the rows and the stream (that would be an N×M buffer: refused, or a size is asked for).
 */
import { entry, item } from "../../base/must.ts";
import { PLANNING } from "../../base/costs.ts";
import { NO_SPAN } from "../../base/span.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import { type Scan } from "../graph/scan.ts";
import { renaming } from "../graph/renamed.ts";
import { replacer } from "../graph/rewrite.ts";
import { UnknownSize, Unsupported } from "../graph/unsupported.ts";
import { reach } from "../graph/walk.ts";
import { isShort, same, type Cx, type Reduce, type Root } from "./planning.ts";
import { alongPieces } from "./rules/piece.ts";
import { readsAlong, readsState, scansApart } from "./scan.ts";

/** Whether a reduction in place around a running sum runs over one of its axes, be it called as a row of the kernel is. */
const isSummed = (cx: Cx, n: Reduce, stream: readonly AxisId[], root: NodeId): boolean =>
  [...cx.b.reach([root])].some((id) => {
    const r = cx.b.node(id);
    return (
      r.kind === "reduce" &&
      r.op !== "cumsum" &&
      !same(r.over, stream) &&
      r.over.some((a) => n.axes.includes(a)) &&
      cx.b.reach([r.body]).has(n.id)
    );
  });

/**
 * Whether a running sum is computed by a kernel of its own: it runs along another axis than the stream, or it is the same for
 * rows that stream in parallel. One that varies along rows and stream is stored where a tensor that it is made of is as large: else it would
 * be an N×M buffer, and is refused.
 */
const runsApart = (cx: Cx, n: Reduce, stream: readonly AxisId[], axes: readonly AxisId[], root: NodeId): boolean => {
  const rows = axes.filter((a) => !stream.includes(a));
  if (same(n.over, stream)) {
    const isShared = rows.some((a) => !n.axes.includes(a) && typeof cx.b.axis(a).size !== "number");
    // One for each point of an axis that is summed inside (`sum[d]` over a sum that runs for each d) is no number of the row.
    const isInside = n.axes.some((a) => !axes.includes(a) && !stream.includes(a)) || isSummed(cx, n, stream, root);
    return stream.length > 0 && (isShared || isInside);
  }
  const across = n.axes.some((a) => stream.includes(a)) && n.axes.some((a) => n.over.includes(a) && rows.includes(a));
  if (across && isOuterProduct(cx, n, stream)) {
    const over = n.over.map((a) => `\`${cx.b.axis(a).name}\``).join(", ");
    throw new Unsupported(
      n,
      `\`${cx.nameOf(n.id)}\` is a running sum along ${over}, across the rows that stream in parallel; it would need a buffer of rows x ${stream.map((a) => cx.b.axis(a).name).join(" x ")}`,
    );
  }
  return true;
};

/** Reductions below `root` that the kernel streaming over `stream` cannot hold. */
export const toMaterialise = (
  cx: Cx,
  root: NodeId,
  stream: readonly AxisId[],
  axes: readonly AxisId[],
): (Reduce | Scan)[] => {
  const out: (Reduce | Scan)[] = [];
  const scanned = cx.facts.hasScan(root);
  const apart = scansApart(cx, root, stream, axes);
  const here = (n: Scan): boolean => !apart(n);
  const seen = new Set<NodeId>();
  const open = [root];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const n = cx.b.node(id);
    if (n.kind === "scan" && !here(n)) {
      out.push(n);
      continue;
    }
    if (scanned && n.kind === "reduce" && !same(n.over, stream) && readsAlong(cx.b, n).length > 0) {
      if (id === root)
        throw new Unsupported(
          n,
          `\`${n.op}\` over ${n.over.map((a) => `\`${cx.b.axis(a).name}\``).join(", ")} at once, of a state that runs along one of them`,
        );
      out.push(n);
      continue;
    }
    if (
      scanned &&
      n.kind === "reduce" &&
      n.op === "cumsum" &&
      !same(n.over, stream) &&
      readsState(cx.b, [n.id], here)
    ) {
      if (id === root)
        throw new Unsupported(
          n,
          `\`${cx.nameOf(n.id)}\` is a running sum along another axis than the state runs that it reads`,
        );
      out.push(n);
      continue;
    }
    if (
      scanned &&
      n.kind === "reduce" &&
      n.op !== "cumsum" &&
      !same(n.over, stream) &&
      readsState(cx.b, [n.id], here)
    ) {
      // Over the state that the lane holds: written out where it stands.
      askForSize(cx, n);
      open.push(...operands(n).toReversed());
      continue;
    }
    if (n.kind === "reduce" && n.op === "cumsum" && runsApart(cx, n, stream, axes, root)) {
      out.push(n);
      continue;
    }
    // What has no merge of two values (a rank, a place) is no reduction in place, however short.
    const inPlace = (r: Reduce): boolean =>
      REDUCTIONS[r.op].merges && !crosses(cx, r, stream) && (isShort(cx, r) || followsStages(cx, r, stream));
    if (n.kind === "reduce" && n.op !== "cumsum" && !same(n.over, stream) && !inPlace(n)) {
      if (n.axes.some((a) => stream.includes(a)) && isContraction(cx, n)) askForSize(cx, n);
      if (!isOuterProduct(cx, n, stream)) {
        out.push(n);
        continue;
      }
      // What is made of a reduction over the stream itself (absorbed latents) may ask for either length: the feature's.
      const around = [...cx.b.reach([n.body])]
        .map((id) => cx.b.node(id))
        .find((m): m is Reduce => m.kind === "reduce" && same(m.over, stream));
      if (around !== undefined && !isFeature(cx, n.over) && isFeature(cx, stream)) askForSize(cx, around);
      askForSize(cx, n);
    }
    open.push(...operands(n).toReversed());
  }
  return out;
};

/**
 * Whether a reduction varies along the stream and runs over an axis along which a statistic of that stream varies too. A plain sum
 * of that kind is a short contraction with what is carried; anything else would be evaluated anew in each cell.
 */
const crosses = (cx: Cx, n: Reduce, stream: readonly AxisId[]): boolean =>
  (n.op !== "sum" || n.where !== null) &&
  n.axes.some((a) => stream.includes(a)) &&
  cx.facts
    .statistics(
      stream,
      false,
    )(n.body)
    .some((a) => n.over.includes(a));

/** A reduction over finished accumulators (a norm of the output row): written out in the epilogue, so its length must be known. */
const followsStages = (cx: Cx, n: Reduce, stream: readonly AxisId[]): boolean => {
  const onStages = cx.facts
    .statistics(
      stream,
      true,
    )(n.body)
    .some((a) => n.over.includes(a));
  if (onStages && !n.axes.some((a) => stream.includes(a))) askForSize(cx, n);
  return onStages && n.over.reduce((k, a) => k * cx.sizeOf(a), 1) <= PLANNING.epilogue;
};

/** A sum over an axis that two tensors share (`sum[d](q * k)`): a head dim rather than a sequence. */
const isContraction = (cx: Cx, n: Reduce): boolean => {
  if (cx.facts.hasReduce(n.body)) return false;
  const tensors = new Set<string>();
  for (const id of cx.b.reach([n.body])) {
    const m = cx.b.node(id);
    if (m.kind === "load" && n.over.every((a) => m.axes.includes(a)) && m.axes.some((a) => n.axes.includes(a)))
      tensors.add(m.tensor);
  }
  return n.op === "sum" && tensors.size > 1;
};

/** Whether no operand has all the long axes of the value: stored, it would be an N×M buffer. */
const isOuterProduct = (cx: Cx, n: Reduce, stream: readonly AxisId[]): boolean => {
  if (!n.axes.some((a) => stream.includes(a))) return false;
  // A sum longer than the stream, whose length is known: stored, it is smaller than what it was made of.
  const length = (axes: readonly AxisId[]): number => axes.reduce((k, a) => k * cx.sizeOf(a), 1);
  if (stream.every((a) => typeof cx.b.axis(a).size === "number") && length(n.over) > length(stream)) return false;
  const long = n.axes.filter((a) => cx.sizeOf(a) >= PLANNING.sequence);
  return !cx.facts.loads(n.id).some((load) => long.every((a) => load.includes(a)));
};

/** Whether axes are the last ones of stored tensors: features, as a rule, where sequences come before them. */
const isFeature = (cx: Cx, axes: readonly AxisId[]): boolean => axes.every((a) => cx.lastAxes.has(a));

/** A contraction that has to be evaluated in place needs a known length. */
const askForSize = (cx: Cx, n: Reduce): void => {
  const unknown = n.over.map((a) => cx.b.axis(a)).find((a) => typeof a.size !== "number");
  if (unknown !== undefined) throw new UnknownSize(unknown, n.id);
};

const NOWHERE: ReadonlyMap<AxisId, NodeId> = new Map();

/** Whether a name is the user's, not a text of what the value is. */
const isName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

/** A name for the scratch tensor of a value, which nothing else has. */
export const scratchName = (cx: Cx, n: Node, of = cx.nameOf(n.id)): string => {
  const base = `${
    of
      .replace(/\W+/g, "_")
      .replace(/^_+|_+$/g, "")
      .slice(0, 24) || "part"
  }_all`;
  return unused(cx, base);
};

/** The name, with a number where something else has it. */
export const unused = (cx: Cx, base: string): string => {
  let name = base;
  for (let k = 2; cx.taken.has(name); k++) name = `${base}${k}`;
  cx.taken.add(name);
  return name;
};

/** Replaces values of a root, and gives what becomes of them the user's names. */
export const replaceIn = (cx: Cx, root: Root, map: ReadonlyMap<NodeId, NodeId>): void => {
  const replace = replacer(cx.b, map);
  for (const id of reach(cx.b, [root.value], (n) => (map.has(n.id) ? [] : operands(n)))) {
    const moved = replace(id);
    if (moved !== id && isName(cx.nameOf(id)) && !cx.names.has(moved)) cx.names.set(moved, cx.nameOf(id));
  }
  root.value = replace(root.value);
};

/** Makes a scratch tensor of a value, and gives the read of it. */
export const materialise = (cx: Cx, n: Node, pending: Root[]): NodeId => {
  // A state is stored whole, at its own indices.
  const piece = n.kind === "scan" ? { value: cx.b.scan(n), at: NOWHERE } : alongPieces(cx.b, cx.tensors, n.id);
  const r = cx.b.node(piece.value);
  if (r !== n && n.kind !== "scan" && isName(cx.nameOf(n.id))) cx.names.set(r.id, cx.nameOf(n.id));
  const at = r.axes.map((a) =>
    n.kind === "scan" ? item(n.at, [n.over, ...n.dims].indexOf(a)) : (piece.at.get(a) ?? cx.b.index(a)),
  );
  const read = (tensor: string, indices: readonly NodeId[]): NodeId =>
    cx.b.from(n.id, () => cx.b.load(tensor, indices, r.ty));
  const known = storedAs(cx, r);
  if (known !== null)
    return read(
      known.tensor,
      known.axes.map((a) => item(at, r.axes.indexOf(a))),
    );
  const axes = n.kind === "scan" ? r.axes : inStoredOrder(cx, r);
  const name = scratchName(cx, r, n.kind === "scan" ? n.name : cx.nameOf(r.id));
  cx.stored.set(r.id, name);
  cx.scratch.push({
    name,
    dtype: r.ty === "f32" ? "f32" : "i32",
    dims: axes.map((a) => [a]),
    role: "scratch",
    span: cx.b.origins[r.id]?.[0] ?? NO_SPAN,
  });
  pending.push({ tensor: name, axes, value: r.id });
  cx.notes.push({
    kind: "kernel",
    node: r.id,
    text: `\`${cx.nameOf(r.id)}\` is computed by a kernel of its own: ${
      piece.at.size > 0
        ? `it has the cells of ${[...piece.at.keys()].map((a) => `\`${cx.b.axis(a).name}\``).join(", ")} alone, what reads it has more`
        : "it would be needed again for each cell of the stream"
    }`,
  });
  return read(
    name,
    axes.map((a) => item(at, r.axes.indexOf(a))),
  );
};

/** The tensor that has a value or, under other names of its axes, the same: with the axes of the value in the order of its dimensions. */
const storedAs = (cx: Cx, r: Node): { readonly tensor: string; readonly axes: readonly AxisId[] } | null => {
  for (const [id, tensor] of cx.stored) {
    const axes = cx.scratch.find((t) => t.name === tensor)?.dims.flat();
    const to = renaming(cx.b, id, r.id);
    if (axes !== undefined && to !== null) return { tensor, axes: axes.map((a) => entry(to, a)) };
  }
  return null;
};

/** The axes of a value in the order in which a tensor that it is made of has them: what lies side by side stays so. */
const inStoredOrder = (cx: Cx, r: Node): readonly AxisId[] => {
  for (const id of cx.b.reach([r.id])) {
    const n = cx.b.node(id);
    if (n.kind !== "load" || n.axes.length < r.axes.length) continue;
    const order = n.at.flatMap((index) => {
      const at = cx.b.node(index);
      return at.kind === "index" && r.axes.includes(at.axis) ? [at.axis] : [];
    });
    if (order.length === r.axes.length && new Set(order).size === order.length) return order;
  }
  return r.axes;
};
