/** Tiles of the stream in workgroup memory: all lanes load them together, then each lane reads all of them. */
import { first } from "../../base/must.ts";
import type { NodeId } from "../graph/graph.ts";
import type { Buffer, Expr, Stmt } from "../tile/tile.ts";
import { F32, I32, VEC4 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Segment } from "./segment.ts";
import type { Emitter, Fix, Fixed } from "./emit.ts";
import { emit, knownSize, withinNode } from "./emit.ts";
import { natural } from "./grid.ts";
import type { Scope } from "./scope.ts";
import { scope } from "./scope.ts";

export type StageInput = {
  readonly em: Emitter;
  readonly seg: Segment;
  /** Cells of a tile, and lanes that fill it. */
  readonly cells: number;
  readonly lanes: number;
  /** First cell of the tile. */
  readonly from: Expr;
  readonly length: Expr;
  readonly group: Scope;
  readonly workgroup: Buffer[];
};

/** How one value is laid out in its tile: chunks of its feature axis, then single elements; one cell after the other. */
type Layout = {
  readonly buffer: Buffer;
  readonly rest: Buffer | null;
  readonly chunks: number;
  readonly singles: number;
  readonly axis: number | null;
};

/** Feature axes of a value that streams: its axes but the stream's and the workgroup's. */
const featuresOf = (em: Emitter, id: NodeId, seg: Segment, group: Scope): readonly number[] =>
  em.b.node(id).axes.filter((a) => !seg.axes.includes(a) && !group.axes.has(a));

/** Appends the code that fills the tile and returns how blocks read from it. */
export const stageTile = (input: StageInput, body: Stmt[]): ((from: Expr) => NonNullable<Segment["tile"]>) => {
  const { em, seg, group } = input;
  const layouts = new Map<NodeId, Layout>();
  body.push(T.barrier);
  for (const id of seg.streamOnly) {
    const features = featuresOf(em, id, seg, group);
    // Of a feature axis without a point nobody reads anything.
    if (features.length > 1 || features.some((a) => knownSize(em.b.axis(a)) === 0)) continue;
    withinNode(em, id, () => {
      const layout = layoutOf(input, id, features[0] ?? null);
      layouts.set(id, layout);
      fill(input, id, layout, body);
    });
  }
  body.push(T.barrier);
  return (from) => (block, keys) => {
    em.overrides.set(block, (id, fixed, at) => {
      const layout = layouts.get(id);
      const key = layout === undefined ? undefined : [...at.above].find((s) => keys.has(s));
      // Inside a reduction over an axis of the workgroup (heads that are mixed) another slice is meant than the staged one, inside
      // one over the stream's own axis another cell.
      if (
        layout === undefined ||
        key === undefined ||
        !sameSlice(input, id, fixed, at) ||
        input.seg.axes.some((a) => fixed.has(a))
      )
        return null;
      if (key.walked === null) return null;
      const cell = key.memo.get("slot") ?? natural(em, key, "slot", T.sub(key.walked.cell, from));
      key.memo.set("slot", cell);
      const fix = layout.axis === null ? null : fixed.get(layout.axis);
      const e = read(layout, cell, fix ?? null);
      // A chunk that a loop counts is only known inside that loop.
      const inLoop = fix != null && "chunk" in fix && fix.chunk.kind !== "lit";
      return e === null ? null : { e, s: inLoop ? at : key };
    });
  };
};

/** Whether the axes that the whole workgroup shares stand at its own point. */
const sameSlice = ({ em, group }: StageInput, id: NodeId, fixed: Fixed, at: Scope): boolean =>
  em.b.node(id).axes.every((a) => {
    const own = group.axes.get(a);
    if (own === undefined) return true;
    if (fixed.has(a)) return false;
    for (const s of at.above) {
      const e = s.axes.get(a);
      if (e !== undefined) return e === own;
    }
    return true;
  });

const layoutOf = (input: StageInput, id: NodeId, axis: number | null): Layout => {
  const { em, cells, workgroup } = input;
  const n = axis === null ? 1 : knownSize(em.b.axis(axis));
  const chunks = axis === null ? 0 : Math.floor(n / 4);
  const singles = axis === null ? 1 : n % 4;
  const base = em.fresh(`${em.names.get(id) ?? loadName(em, id)}_tile`);
  const make = (name: string, count: number, wide: boolean): Buffer => {
    const b: Buffer = {
      name,
      space: "workgroup",
      access: "read_write",
      type: wide ? VEC4 : F32,
      length: count * cells,
    };
    workgroup.push(b);
    return b;
  };
  const buffer = chunks > 0 ? make(base, chunks, true) : make(base, singles, false);
  const rest = chunks > 0 && singles > 0 ? make(em.fresh(`${base}_rest`), singles, false) : null;
  return { buffer, rest, chunks, singles, axis };
};

const loadName = (em: Emitter, id: NodeId): string => {
  for (const x of em.b.reach([id])) {
    const n = em.b.node(x);
    if (n.kind === "load") return n.tensor;
  }
  return "stream";
};

/** Lanes take the elements of the tile in turn. Cells past the end repeat the last one and are never read as visible. */
const fill = (input: StageInput, id: NodeId, layout: Layout, body: Stmt[]): void => {
  const { em, seg, cells, lanes, from, length, group } = input;
  const part = (buffer: Buffer, count: number, fixOf: (c: Expr) => Fix | null): void => {
    const v = em.fresh("slot");
    em.natural.add(v);
    const at = T.ref(v, I32);
    const inner: Stmt[] = [];
    const s = scope("stage", [group], inner);
    const cell = T.min(T.add(from, T.div(at, T.i32(count))), T.sub(length, T.i32(1)));
    s.axes.set(first(seg.axes), natural(em, s, "cell", cell));
    const fix = fixOf(natural(em, s, "part", T.mod(at, T.i32(count))));
    const fixed: Fixed = fix === null || layout.axis === null ? new Map() : new Map([[layout.axis, fix]]);
    const value = emit(em, id, fixed, s).e;
    inner.push(T.store(buffer, at, T.splat(value, buffer.type.width)));
    body.push(T.forStmt(v, T.lane, T.i32(count * cells), T.i32(lanes), inner));
  };
  if (layout.chunks > 0) part(layout.buffer, layout.chunks, (c) => ({ chunk: c }));
  const buffer = layout.chunks > 0 ? layout.rest : layout.buffer;
  if (buffer !== null) {
    const first = layout.chunks * 4;
    part(buffer, layout.singles, (c) => (layout.axis === null ? null : { at: T.add(c, T.i32(first)) }));
  }
};

const read = (layout: Layout, cell: Expr, fix: Fix | null): Expr | null => {
  if (layout.axis === null) return T.load(layout.buffer, cell);
  if (fix === null) return null;
  if ("chunk" in fix)
    return layout.chunks === 0 ? null : T.load(layout.buffer, T.add(T.mul(cell, T.i32(layout.chunks)), fix.chunk));
  if (fix.at.kind !== "lit") return null;
  const k = fix.at.value;
  if (k < layout.chunks * 4) {
    return T.component(
      T.load(layout.buffer, T.add(T.mul(cell, T.i32(layout.chunks)), T.i32(Math.floor(k / 4)))),
      k % 4,
    );
  }
  const buffer = layout.rest ?? layout.buffer;
  return T.load(buffer, T.add(T.mul(cell, T.i32(layout.singles)), T.i32(k - layout.chunks * 4)));
};
