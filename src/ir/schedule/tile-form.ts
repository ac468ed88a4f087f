/**
 * What a kernel is to a tile whose lanes stand in two dimensions: which sums are contracted over features for every (row, cell), which
 * values go from the lanes that made them to the other lanes of a row, and what is read of workgroup memory. Decided by axes alone.
 */
import type { KernelPlan } from "../derive/plan.ts";
import { ownRows } from "../derive/sharing.ts";
import { operands, type AxisId, type Node, type NodeId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import { folded, reach } from "../graph/walk.ts";

type Reduce = Node & { kind: "reduce" };

/** The two sides of a tile. */
export type TileView = {
  readonly b: GraphView;
  readonly rows: ReadonlySet<AxisId>;
  /** Row axes that the rows of a workgroup differ in. */
  readonly inner: ReadonlySet<AxisId>;
  readonly stream: ReadonlySet<AxisId>;
  readonly accumulators: ReadonlySet<NodeId>;
  /** Made of what the kernel carries. */
  readonly live: (id: NodeId) => boolean;
  readonly loads: (id: NodeId) => boolean;
  /** Has a reduction of its own. */
  readonly reduces: (id: NodeId) => boolean;
};

/** A plan as a tile sees it. `stream`: the axes walked, of a part of a union those of the part. */
export const tileView = (b: GraphView, plan: KernelPlan, stream: readonly AxisId[] = plan.stream): TileView => {
  const accumulators = new Set(plan.accumulators.map((a) => a.node));
  const carries = (n: Node): boolean => accumulators.has(n.id) || n.kind === "scan" || n.kind === "carried";
  return {
    b,
    rows: new Set(plan.rows),
    inner: new Set(ownRows(b, plan)),
    stream: new Set(stream),
    accumulators,
    live: folded<boolean>(b, (n, of) => carries(n) || of.includes(true)),
    loads: folded<boolean>(b, (n, of) => n.kind === "load" || of.includes(true)),
    reduces: folded<boolean>(b, (n, of) => (n.kind === "reduce" && !accumulators.has(n.id)) || of.includes(true)),
  };
};

const meets = (n: Node, axes: ReadonlySet<AxisId>): boolean => n.axes.some((a) => axes.has(a));

/** Read of memory along a feature axis, for the rows of the tile alone or for its cells alone. */
const isOfRows = (v: TileView, n: Node): boolean =>
  n.ty === "f32" && meets(n, v.inner) && !meets(n, v.stream) && !v.live(n.id) && v.loads(n.id);
const isOfCells = (v: TileView, n: Node): boolean =>
  n.ty === "f32" && meets(n, v.stream) && !meets(n, v.inner) && !v.live(n.id) && v.loads(n.id);

/** A sum over features for every (row, cell), and what of its body comes from workgroup memory. */
export type Contraction = {
  readonly node: Reduce;
  readonly axis: AxisId;
  readonly size: number;
  readonly ofRows: readonly NodeId[];
  readonly ofCells: readonly NodeId[];
};

const contractionOf = (v: TileView, n: Node): Contraction | null => {
  if (n.kind !== "reduce" || n.op !== "sum" || n.ty !== "f32" || n.where !== null || v.live(n.id)) return null;
  const [axis, ...more] = n.over;
  if (axis === undefined || more.length > 0 || !meets(n, v.inner) || !meets(n, v.stream)) return null;
  const { size } = v.b.axis(axis);
  if (typeof size !== "number" || size < 4 || n.axes.some((a) => !v.rows.has(a) && !v.stream.has(a))) return null;
  const along = (m: Node): boolean => m.axes.includes(axis);
  const isStaged = (m: Node): boolean => along(m) && (isOfRows(v, m) || isOfCells(v, m));
  const seen = [...reach(v.b, [n.body], (m) => (along(m) && !isStaged(m) && m.kind !== "reduce" ? operands(m) : []))]
    .sort((x, y) => x - y)
    .map((id) => v.b.node(id))
    .filter(isStaged);
  const ofRows = seen.filter((m) => isOfRows(v, m)).map((m) => m.id);
  const ofCells = seen.filter((m) => isOfCells(v, m)).map((m) => m.id);
  if (ofRows.length === 0 && ofCells.length === 0) return null;
  // What is filled up to fours is zeros: these add nothing to a sum of products of both.
  const body = v.b.node(n.body);
  const isStagedProduct =
    body.kind === "binary" && body.op === "*" && [body.a, body.b].every((id) => seen.some((m) => m.id === id));
  return size % 4 === 0 || isStagedProduct ? { node: n, axis, size, ofRows, ofCells } : null;
};

/** The contractions that some values ask for, those first that others may read. */
export const contractionsBelow = (v: TileView, roots: readonly NodeId[]): readonly Contraction[] => {
  const found = new Map<NodeId, Contraction>();
  const below = (n: Node): readonly NodeId[] => {
    if (v.accumulators.has(n.id)) return [];
    const c = contractionOf(v, n);
    if (c !== null) found.set(n.id, c);
    return c === null ? operands(n) : [];
  };
  reach(v.b, roots, below);
  return [...found.values()].sort((x, y) => x.node.id - y.node.id);
};

/** What the terms of a sum with a feature axis read. */
export type Terms = {
  /** Values at (row, cell), from the lanes that have them. */
  readonly exchanged: readonly NodeId[];
  /** Values at (cell, feature), staged. */
  readonly staged: readonly NodeId[];
  /** All that varies along the features is staged. */
  readonly whole: boolean;
};

/** `axis`: the feature axis of the sum. */
export const termsOf = (v: TileView, body: NodeId, axis: AxisId): Terms => {
  const along = (m: Node): boolean => m.axes.includes(axis);
  const isStaged = (m: Node): boolean => along(m) && isOfCells(v, m);
  const isExchanged = (m: Node): boolean =>
    !along(m) && meets(m, v.stream) && (meets(m, v.inner) || v.live(m.id) || v.reduces(m.id));
  const isOpen = (m: Node): boolean => along(m) && !isStaged(m) && m.kind !== "reduce" && meets(m, v.stream);
  const seen = [...reach(v.b, [body], (m) => (isOpen(m) ? operands(m) : []))]
    .sort((x, y) => x - y)
    .map((id) => v.b.node(id));
  return {
    exchanged: seen.filter(isExchanged).map((m) => m.id),
    staged: seen.filter(isStaged).map((m) => m.id),
    whole: seen.every((m) => !along(m) || isStaged(m) || (isOpen(m) && operands(m).length > 0 && m.kind !== "load")),
  };
};
