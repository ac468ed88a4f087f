/**
 * A recurrence that is affine in its state, in chunks of C cells: what a chunk adds to the state is a sum of its own, the states between
 * chunks are a short recurrence, and what is read inside a chunk is a masked sum over its cells, like attention.
 */
import type { GraphBuilder } from "../../graph/build.ts";
import type { AxisId, NodeId } from "../../graph/graph.ts";
import type { Scan } from "../../graph/scan.ts";
import type { Keeping } from "./kept.ts";
import { cellOf, chunkOf, type Chunks, type Decay, int, isCell, placeOf } from "./decay.ts";
import type { Product } from "./products.ts";

/** A state in chunks. `a` (null: 1) and `b` (null: 0): `S_t = a S_(t-1) + b`. */
type Chunked = {
  readonly scan: Scan;
  readonly chunks: Chunks;
  readonly gate: NodeId | null;
  readonly added: NodeId | null;
  readonly decay: Decay;
  /** The state before each chunk, at other indices. */
  readonly before: (chunk: NodeId) => NodeId;
  /** The state behind the last cell. */
  readonly last: NodeId;
};

/** `Σ_over (coefficient · S_t)` where `where` holds. */
type Sum = { readonly over: readonly AxisId[]; readonly coefficient: NodeId; readonly where: NodeId | null };

const times = (b: GraphBuilder, ...of: readonly (NodeId | null)[]): NodeId | null => {
  const factors = of.filter((x) => x !== null);
  const [head, ...rest] = factors;
  return head === undefined ? null : rest.reduce((x, y) => b.binary("*", x, y), head);
};

/** The states between chunks. `layout`: the axes of the state in the tensors between kernels, with that of the chunks. */
export const inChunks = (
  b: GraphBuilder,
  keep: Keeping,
  scan: Scan,
  parts: { readonly gate: NodeId | null; readonly added: NodeId | null; readonly decay: Decay },
  chunks: Chunks,
  layout: readonly AxisId[],
): Chunked => {
  const { over, dims, name, init } = scan;
  const { decay, added } = parts;
  const [place, chunk] = [b.index(chunks.place), b.index(chunks.chunk)];
  const cell = cellOf(b, chunks, place);
  const own = added === null ? null : b.substitute(added, new Map([[over, cell]]));
  const zero = b.konst(0, "f32");
  const body = own === null ? zero : (times(b, own, decay.toEnd(place)) ?? own);
  const sum = b.from(scan.id, () => b.reduce("sum", [chunks.place], body, isCell(b, chunks, cell)));
  const readSum = keep.value(`${name}_of_chunk`, sum, layout);
  const state = b.freshState();
  const all = [chunks.chunk, ...dims];
  const called = `${name}_before_chunk`;
  const carried = b.carried(
    state,
    called,
    all.map((a) => b.index(a)),
  );
  const grown = times(b, decay.whole, carried) ?? carried;
  const step = b.binary("+", grown, readSum(new Map()));
  const def = { state, name: called, over: chunks.chunk, dims, init, step };
  const read = keep.scan(def, layout);
  const end = b.binary("-", b.sizeOf(b.axis(chunks.chunk).size), int(b, 1));
  const behind = b.from(scan.id, () => b.reduce("sum", [chunks.chunk], b.scan(def), b.binary("==", chunk, end)));
  // A sum with the last cell has none where there is no cell.
  const isThere = b.binary(">", b.sizeOf(b.axis(over).size), int(b, 0));
  return {
    scan,
    chunks,
    ...parts,
    before: (at) => read(new Map([[chunks.chunk, at]])),
    last: b.from(scan.id, () => b.select(isThere, behind, zero)),
  };
};

/** The sum at `t`. */
export const readInChunks = (
  b: GraphBuilder,
  keep: Keeping,
  s: Chunked,
  sum: Sum,
  products: readonly Product[],
  cells: AxisId,
): NodeId => {
  const { over, cells: length } = s.chunks;
  const t = b.index(over);
  const contracted = (body: NodeId): NodeId => b.reduce("sum", sum.over, body, sum.where);
  const chunk = b.binary("/", t, int(b, length));
  const from = entering(b, keep, s, sum);
  const within =
    s.gate !== null && b.node(s.gate).axes.some((a) => sum.over.includes(a))
      ? walkedBack(b, keep, s, sum, products)
      : products.map((p) => {
          const u = b.index(cells);
          const at = (id: NodeId): NodeId => b.substitute(id, new Map([[over, u]]));
          const seen = b.and(
            b.binary("<=", u, t),
            b.binary("==", b.binary("/", u, int(b, length)), chunk),
            ...p.guards.map(at),
          );
          const score = contracted(times(b, sum.coefficient, ...p.inner.map(at)) ?? sum.coefficient);
          return b.reduce("sum", [cells], times(b, score, s.decay.between(t, u), ...p.outer.map(at)) ?? score, seen);
        });
  return within.reduce((x, y) => b.binary("+", x, y), from);
};

/**
 * What is read of the state before a chunk: for all cells of a chunk a product of matrices, made by a kernel of its own. Cells behind the end
 * are nobody's.
 */
const entering = (b: GraphBuilder, keep: Keeping, s: Chunked, sum: Sum): NodeId => {
  const { over, cells } = s.chunks;
  // Of its own: where the states between chunks are walked they are in registers.
  const [chunk, place] = [b.freshAxis(s.chunks.chunk), b.freshAxis(s.chunks.place)];
  const [t, inChunk, at] = [b.index(over), b.index(chunk), b.index(place)];
  const cell = b.binary("+", b.binary("*", inChunk, int(b, cells)), at);
  const there = (id: NodeId): NodeId => b.substitute(id, new Map([[over, cell]]));
  const varies = s.gate !== null && b.node(s.gate).axes.some((a) => sum.over.includes(a));
  const coefficient = there(sum.coefficient);
  const decay = varies ? s.decay.fromStart(b.binary("+", inChunk, int(b, 1)), at) : null;
  const read = times(b, coefficient, decay, s.before(inChunk)) ?? coefficient;
  const value = b.reduce("sum", sum.over, read, sum.where === null ? null : there(sum.where));
  const axes = b.node(value).axes.filter((a) => a !== chunk && a !== place);
  const isCoefficients = (a: AxisId): boolean => b.node(coefficient).axes.includes(a);
  const isStates = (a: AxisId): boolean => s.scan.dims.includes(a);
  const layout = [
    ...axes.filter((a) => isCoefficients(a) && isStates(a)),
    chunk,
    place,
    ...axes.filter((a) => isCoefficients(a) && !isStates(a)),
    ...axes.filter((a) => !isCoefficients(a)),
  ];
  const kept = keep.value(
    `${s.scan.name}_entering`,
    value,
    layout,
  )(
    new Map([
      [chunk, b.binary("/", t, int(b, cells))],
      [place, placeOf(b, s.chunks, t)],
    ]),
  );
  return varies ? kept : (times(b, s.decay.fromStart(chunkOf(b, s.chunks, t), placeOf(b, s.chunks, t)), kept) ?? kept);
};

/**
 * The sum inside a chunk where each contracted feature has its own gate: the coefficient is carried from `t` back to the start of the chunk and
 * multiplied by the gates on the way.
 */
const walkedBack = (
  b: GraphBuilder,
  keep: Keeping,
  s: Chunked,
  sum: Sum,
  products: readonly Product[],
): readonly NodeId[] => {
  const { over, cells, place } = s.chunks;
  const [t, back] = [b.index(over), b.index(place)];
  // Axes of its own: a lane holds this state whole along them, others it need not.
  const own = new Map(sum.over.map((a) => [a, b.freshAxis(a)]));
  const asOwn = (id: NodeId): NodeId => b.substitute(id, new Map([...own].map(([a, to]) => [a, b.index(to)])));
  const [coefficient, gate] = [asOwn(sum.coefficient), asOwn(s.gate ?? b.konst(1, "f32"))];
  const where = sum.where === null ? null : asOwn(sum.where);
  const dims = [...new Set([...b.node(coefficient).axes, ...b.node(gate).axes, over])].sort((x, y) => x - y);
  const state = b.freshState();
  const name = `${s.scan.name}_reader`;
  const carried = b.carried(
    state,
    name,
    [place, ...dims].map((a) => b.index(a)),
  );
  const later = b.binary("+", b.binary("-", t, back), int(b, 1));
  const passed = b.and(b.binary(">", back, int(b, 0)), b.binary("<=", back, t));
  const factor = b.substitute(gate, new Map([[over, later]]));
  const step = b.binary("*", passed === null ? factor : b.select(passed, factor, b.konst(1, "f32")), carried);
  const reader = b.scan({ state, name, over: place, dims, init: coefficient, step });
  const inside = b.binary("<=", back, b.binary("%", t, int(b, cells)));
  const at = (id: NodeId): NodeId => b.substitute(id, new Map([[over, b.binary("-", t, back)]]));
  return products.map((p, n) => {
    const body = times(b, reader, ...p.inner.map((id) => at(asOwn(id)))) ?? reader;
    const whole = b.reduce("sum", [...own.values()], body, where);
    const score = b.select(inside, whole, b.konst(0, "f32"));
    const axes = b.node(score).axes.filter((a) => a !== over && a !== place);
    const read = keep.value(`${s.scan.name}_scores${n === 0 ? "" : n + 1}`, score, [...axes, over, place]);
    const seen = b.and(inside, ...p.guards.map(at));
    const value = read(new Map());
    return b.reduce("sum", [place], times(b, value, ...p.outer.map(at)) ?? value, seen);
  });
};
