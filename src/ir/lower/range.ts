/**
 * Which cells of the stream a workgroup visits, and which of them need no mask (theory 2.8: from classification to loop
 * bounds). Bounds of the domain that are affine in the stream become loop bounds, taken over the corners of the row tile.
 */
import type { AxisId, NodeId } from "../graph/graph.ts";
import { boundOverBox, streamBounds } from "../scalar/bounds.ts";
import type { Ends } from "../scalar/bounds.ts";
import type { Expr } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Segment } from "./block.ts";
import type { Emitter } from "./emit.ts";
import { NOTHING_FIXED, emit, name } from "./emit.ts";
import type { Grid } from "./grid.ts";
import { natural } from "./grid.ts";

export type StreamRange = {
  readonly begin: Expr;
  readonly end: Expr;
  /** Every cell of the stream is visible to every row. */
  readonly allVisible: boolean;
  /** Some blocks may be seen whole: code without a mask is worth having. */
  readonly someFull: boolean;
  /** Whether the block of `step` cells at `t` needs no mask. */
  readonly isFull: (t: Expr, step: number) => Expr;
};

export type RangeInput = {
  readonly em: Emitter;
  readonly grid: Grid;
  readonly inner: readonly AxisId[];
  readonly seg: Segment;
  readonly length: Expr;
  /** The pass writes cells: all of them are visited. */
  readonly storing: boolean;
};

export const streamRange = (input: RangeInput): StreamRange => {
  const { length, seg } = input;
  const wheres = new Set([...seg.parts.map((p) => p.where), ...seg.scans.map((s) => s.where)]);
  if (wheres.size === 0 || (wheres.size === 1 && wheres.has(null))) {
    return { begin: T.i32(0), end: length, allVisible: true, someFull: true, isFull: (t, step) => T.le(T.add(t, T.i32(step)), length) };
  }
  const [where, ...more] = wheres;
  const [axis, ...rest] = seg.axes;
  if (where === null || where === undefined || more.length > 0 || axis === undefined || rest.length > 0) {
    return { begin: T.i32(0), end: length, allVisible: false, someFull: false, isFull: () => T.bool(false) };
  }
  return ofDomain(input, where, axis);
};

const ofDomain = (input: RangeInput, where: NodeId, axis: AxisId): StreamRange => {
  const { em, grid, seg, length } = input;
  const bounds = streamBounds(em.b, where, axis);
  const box = boxOf(input);
  const at = (list: readonly { readonly node: NodeId }[], which: "min" | "max"): readonly (Expr | null)[] =>
    list.map(({ node }) => {
      const corner = boundOverBox(em.b, node, box, which);
      return corner === null ? null : emit(em, corner, NOTHING_FIXED, grid.group).e;
    });
  const known = (list: readonly (Expr | null)[]): readonly Expr[] => list.filter((e) => e !== null);
  const base = em.b.axis(axis).name;
  const group = grid.group;
  const plusOne = (e: Expr): Expr => T.add(e, T.i32(1));
  const low = known(at(bounds.lower, "min"));
  const high = known(at(bounds.upper, "max")).map(plusOne);
  const begin = input.storing ? T.i32(0) : natural(em, group, `${base}_begin`, low.reduce((x, y) => T.max(x, y), T.i32(0)));
  const end = input.storing ? length : name(em, group, `${base}_end`, high.reduce((x, y) => T.min(x, y), length));
  const lowFull = at(bounds.lower, "max");
  const highFull = at(bounds.upper, "min");
  // Conjuncts without the stream's index decide whole rows: they leave no block whole.
  const someFull = bounds.exact && [...lowFull, ...highFull].every((e) => e !== null);
  if (!someFull) return { begin, end, allVisible: false, someFull, isFull: () => T.bool(false) };
  const fullBegin = name(em, group, `${base}_full_begin`, known(lowFull).reduce((x, y) => T.max(x, y), T.i32(0)));
  const fullEnd = name(em, group, `${base}_full_end`, known(highFull).map(plusOne).reduce((x, y) => T.min(x, y), length));
  void seg;
  const after = (t: Expr): Expr => (fullBegin.kind === "lit" && fullBegin.value === 0 ? T.bool(true) : T.ge(t, fullBegin));
  return { begin, end, allVisible: false, someFull, isFull: (t, step) => T.and(after(t), T.le(T.add(t, T.i32(step)), fullEnd)) };
};

/** The first and last index of each inner row axis within the workgroup's tile, as nodes that the group's scope knows. */
const boxOf = (input: RangeInput): ReadonlyMap<AxisId, Ends> => {
  const { em, grid, inner } = input;
  const box = new Map<AxisId, Ends>();
  const last = inner.at(-1);
  inner.forEach((a) => {
    const axis = em.b.axis(a);
    const n = T.sizeToExpr(axis.size);
    const top = T.sub(n, T.i32(1));
    const whole = inner.length === 1;
    const sameTurn = whole ? T.bool(true) : T.binary("==", T.div(grid.first, n), T.div(grid.last, n));
    const ends: readonly [Expr, Expr] =
      a !== last ? [T.i32(0), top]
      : whole ? [grid.first, grid.last]
      : [T.select(sameTurn, T.mod(grid.first, n), T.i32(0)), T.select(sameTurn, T.mod(grid.last, n), top)];
    const node = (which: string, e: Expr): NodeId => {
      const id = em.b.freshAxis(a);
      grid.group.axes.set(id, natural(em, grid.group, `${axis.name}_${which}`, e));
      return em.b.index(id);
    };
    box.set(a, { lo: node("first", ends[0]), hi: node("last", ends[1]) });
  });
  return box;
};
