/**
 * Products of the gates of one chunk, made by multiplying only: running products that start anew in each chunk. Nothing is divided by one, so a
 * gate may be 0. Chunks are counted from 1 along `chunk`: what stands at 0 is before the first cell. Cells behind the end have the gate 1.
 */
import type { GraphBuilder } from "../../graph/build.ts";
import type { AxisId, NodeId } from "../../graph/graph.ts";
import type { Keeping, Read } from "./kept.ts";

/** The axes of the chunks of one axis; `cells`: cells of a chunk. */
export type Chunks = {
  readonly over: AxisId;
  readonly cells: number;
  /** One more than there are chunks. */
  readonly chunk: AxisId;
  /** A place in a chunk: of the cell that is walked to, and of one that is walked from (one more: the next chunk's). */
  readonly place: AxisId;
  readonly from: AxisId;
};

/** Products of gates; null stands for 1. */
export type Decay = {
  /** Of the cells behind `place` of a chunk up to its end. */
  readonly toEnd: (place: NodeId) => NodeId | null;
  /** Of a chunk, at its own index. */
  readonly whole: NodeId | null;
  /** Of the cells from the start of a chunk (counted from 1) up to a place in it. */
  readonly fromStart: (chunk: NodeId, place: NodeId) => NodeId | null;
  /** Of the cells behind `u` up to `t`, in one chunk; only of gates that do not vary along what is contracted. */
  readonly between: (t: NodeId, u: NodeId) => NodeId | null;
};

export const NO_DECAY: Decay = { toEnd: () => null, whole: null, fromStart: () => null, between: () => null };

/** The index of a cell by its chunk (counted from 1) and its place. */
export const cellOf = (b: GraphBuilder, { chunk, cells }: Chunks, place: NodeId): NodeId =>
  b.binary("+", b.binary("*", b.binary("-", b.index(chunk), int(b, 1)), int(b, cells)), place);

export const int = (b: GraphBuilder, value: number): NodeId => b.konst(value, "i32");

/** Whether a cell is one of the axis. */
export const isCell = (b: GraphBuilder, { over }: Chunks, cell: NodeId): NodeId | null =>
  b.and(b.binary(">=", cell, int(b, 0)), b.binary("<", cell, b.sizeOf(b.axis(over).size)));

/** The gate of a cell, 1 where there is no such cell. */
const gateAt = (b: GraphBuilder, c: Chunks, gate: NodeId, cell: NodeId): NodeId => {
  const there = isCell(b, c, cell);
  const value = b.substitute(gate, new Map([[c.over, cell]]));
  return there === null ? value : b.select(there, value, b.konst(1, "f32"));
};

/** The chunk of a cell, counted from 1. */
export const chunkOf = (b: GraphBuilder, c: Chunks, t: NodeId): NodeId =>
  b.binary("+", b.binary("/", t, int(b, c.cells)), int(b, 1));
export const placeOf = (b: GraphBuilder, c: Chunks, t: NodeId): NodeId => b.binary("%", t, int(b, c.cells));

/** One gate for all that is contracted: all products within a chunk, side by side. */
export const pairwise = (b: GraphBuilder, c: Chunks, keep: Keeping, gate: NodeId, name: string): Decay => {
  const rows = b.node(gate).axes.filter((a) => a !== c.over);
  const [chunk, place, from] = [b.index(c.chunk), b.index(c.place), b.index(c.from)];
  const dims = [...rows, c.chunk, c.from];
  const state = b.freshState();
  const before = b.carried(
    state,
    name,
    [c.place, ...dims].map((a) => b.index(a)),
  );
  const grown = b.binary("*", gateAt(b, c, gate, cellOf(b, c, place)), before);
  const one = b.konst(1, "f32");
  const step = b.select(b.binary("<=", from, place), grown, one);
  const read = keep.scan({ state, name, over: c.place, dims, init: one, step }, [...rows, c.chunk, c.place, c.from]);
  const at = (inChunk: NodeId, to: NodeId, start: NodeId): NodeId =>
    read(
      new Map([
        [c.chunk, inChunk],
        [c.place, to],
        [c.from, start],
      ]),
    );
  const last = int(b, c.cells - 1);
  const next = (p: NodeId): NodeId => b.binary("+", p, int(b, 1));
  return {
    toEnd: (p) => at(chunk, last, next(p)),
    whole: at(chunk, last, int(b, 0)),
    fromStart: (inChunk, to) => at(inChunk, to, int(b, 0)),
    between: (t, u) => at(chunkOf(b, c, t), placeOf(b, c, t), next(placeOf(b, c, u))),
  };
};

/** A gate for each feature that is contracted: products from the start of a chunk, and to its end. */
export const featurewise = (b: GraphBuilder, c: Chunks, keep: Keeping, gate: NodeId, name: string): Decay => {
  const rows = b.node(gate).axes.filter((a) => a !== c.over);
  const dims = [...rows, c.chunk];
  const one = b.konst(1, "f32");
  const running = (called: string, factor: (place: NodeId) => NodeId): Read => {
    const state = b.freshState();
    const before = b.carried(
      state,
      called,
      [c.place, ...dims].map((a) => b.index(a)),
    );
    const step = b.binary("*", factor(b.index(c.place)), before);
    return keep.scan({ state, name: called, over: c.place, dims, init: one, step }, [c.chunk, c.place, ...rows]);
  };
  const up = running(name, (p) => gateAt(b, c, gate, cellOf(b, c, p)));
  // At place p the product of the last p gates.
  const down = running(`${name}_to_end`, (p) =>
    b.select(b.binary("==", p, int(b, 0)), one, gateAt(b, c, gate, cellOf(b, c, b.binary("-", int(b, c.cells), p)))),
  );
  const last = int(b, c.cells - 1);
  return {
    toEnd: (p) => down(new Map([[c.place, b.binary("-", last, p)]])),
    whole: up(new Map([[c.place, last]])),
    fromStart: (inChunk, to) =>
      up(
        new Map([
          [c.chunk, inChunk],
          [c.place, to],
        ]),
      ),
    between: () => {
      throw new Error("a product of each feature is walked to, not kept");
    },
  };
};
