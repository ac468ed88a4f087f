/**
 * Which cells of the stream a workgroup visits, and which of them need no mask (docs/theory.md 7.1: from classification to loop
 * bounds). Bounds of the domain that are affine in the stream become loop bounds, taken over the corners of the row tile.
 */
import type { AxisId, NodeId } from "../graph/graph.ts";
import { readBelow } from "../graph/scan.ts";
import { conjuncts } from "../graph/walk.ts";
import { type Ends, boundOverBox } from "../scalar/box-ends.ts";
import { type StreamBounds, streamBounds } from "../scalar/bounds.ts";
import { fits, TAME } from "../scalar/integers.ts";
import * as T from "../tile/build.ts";
import { keyOfExpr } from "../tile/key.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { classifyAt } from "./classify-tile.ts";
import { type Emitter, NOTHING_FIXED, emit, name, withinNode } from "./emit.ts";
import { type Grid, natural } from "./grid.ts";
import type { Segment } from "./segment.ts";

export type Visited = {
  readonly begin: Expr;
  readonly end: Expr;
  /** Every cell of the stream is visible to every row. */
  readonly allVisible: boolean;
  /** Some blocks may be seen whole: code without a mask is worth having. */
  readonly someFull: boolean;
  /** Cells `fullBegin .. fullEnd - 1` are visible to all rows (where `someFull`). */
  readonly fullBegin: Expr;
  readonly fullEnd: Expr;
  /**
   * The bounds do not say all: a tile of cells `from .. to - 1` asks whether it may have a visible cell and whether all are
   * (null: not known). Appends what it computes to `stmts`. Null: nothing more can be said.
   */
  readonly classify:
    ((from: Expr, to: Expr, stmts: Stmt[]) => { readonly may: Expr | null; readonly must: Expr | null }) | null;
};

export type VisitInput = {
  readonly em: Emitter;
  readonly grid: Grid;
  readonly inner: readonly AxisId[];
  readonly seg: Pick<Segment, "parts" | "running" | "states" | "axes"> & {
    readonly sharing: Pick<Segment["sharing"], "lanesPerRow">;
  };
  readonly length: Expr;
  /** The pass writes cells: all of them are visited. */
  readonly storing: boolean;
};

export const visitedCells = (input: VisitInput): Visited => {
  const { em, seg } = input;
  const asked = [...seg.parts, ...seg.running].map((p) => p.where).find((w) => w !== null);
  return withinNode(em, asked ?? null, () => visitedWithin(input));
};

/** Text that tells lists of bounds apart. */
const keysOf = (bounds: readonly (Expr | null)[]): string =>
  bounds.map((e) => (e === null ? "" : keyOfExpr(e))).join(";");

const visitedWithin = (input: VisitInput): Visited => {
  const { length, seg } = input;
  const { b } = input.em;
  const wheres = new Set([
    ...seg.parts.map((p) => p.where),
    ...seg.running.map((s) => s.where),
    ...seg.states.map(() => null),
  ]);
  // What never holds visits nothing.
  const domains = [...wheres]
    .map((w) => (w === null ? [] : conjuncts(b, w)))
    .filter((list) => !list.some((id) => b.node(id).kind === "const"));
  const [first = [], ...others] = domains;
  // Nothing that carries a value is visited where a condition that all of them share does not hold; all are where every condition does.
  const some = b.and(...first.filter((id) => others.every((list) => list.includes(id))));
  const every = b.and(...new Set(domains.flat()));
  // A value that is never taken needs a mask in every block.
  const never = domains.length < wheres.size;
  if (every === null && !never)
    return {
      begin: T.i32(0),
      end: length,
      allVisible: true,
      someFull: true,
      fullBegin: T.i32(0),
      fullEnd: length,
      classify: null,
    };
  const [axis, ...rest] = seg.axes;
  if (axis === undefined || rest.length > 0 || every === null)
    return {
      begin: T.i32(0),
      end: length,
      allVisible: false,
      someFull: false,
      fullBegin: T.i32(0),
      fullEnd: T.i32(0),
      classify: null,
    };
  const early = (id: NodeId | null): NodeId[] =>
    id === null ? [] : conjuncts(b, id).filter((c) => isEarly(input, c, axis));
  const isKnown = early(every).length === conjuncts(b, every).length;
  const shared = some === null || early(some).length === conjuncts(b, some).length ? some : b.and(...early(some));
  return ofDomain(input, shared, isKnown && !never ? every : null, axis);
};

/**
 * Whether the workgroup knows the condition before it walks: not one about statistics of an earlier pass, which belong to a lane, nor one
 * that varies along a feature axis.
 */
const isEarly = ({ em, grid, inner }: VisitInput, id: NodeId, stream: AxisId): boolean => {
  const bound = (a: AxisId): boolean =>
    a === stream || inner.includes(a) || [...grid.group.above].some((s) => s.axes.has(a));
  return (
    em.b.node(id).axes.every(bound) &&
    !readBelow(em.b, [id]).some((n) => em.accumulators.has(n.id) || n.kind === "scan" || n.kind === "carried")
  );
};

/** `some`: holds wherever any value is taken; `every`: all are taken where it holds, as far as is known early (null: it is not). */
const ofDomain = (input: VisitInput, some: NodeId | null, every: NodeId | null, axis: AxisId): Visited => {
  const { em, grid, length } = input;
  const bounds = boundsKnown(em, some, axis);
  const whole = some === every ? bounds : boundsKnown(em, every, axis);
  const box = boxOf(input);
  const at = (list: readonly { readonly node: NodeId }[], which: "min" | "max"): readonly (Expr | null)[] =>
    list.map(({ node }) => {
      const corner = boundOverBox(em.b, node, box, which);
      return corner === null ? null : within(em, corner, emit(em, corner, NOTHING_FIXED, grid.group).e, length);
    });
  const known = (list: readonly (Expr | null)[]): readonly Expr[] => list.filter((e) => e !== null);
  const base = em.b.axis(axis).name;
  const group = grid.group;
  const plusOne = (e: Expr): Expr => T.add(e, T.i32(1));
  const low = known(at(bounds.lower, "min"));
  const highest = known(at(bounds.upper, "max"));
  const high = highest.map(plusOne);
  const begin = input.storing
    ? T.i32(0)
    : natural(
        em,
        group,
        `${base}_begin`,
        low.reduce((x, y) => T.max(x, y), T.i32(0)),
      );
  const end = input.storing
    ? length
    : name(
        em,
        group,
        `${base}_end`,
        high.reduce((x, y) => T.min(x, y), length),
      );
  const lowFull = at(whole.lower, "max");
  const highFull = at(whole.upper, "min");
  // Conjuncts without the stream's index decide whole rows: they leave no block whole.
  const someFull = every !== null && whole.exact && [...lowFull, ...highFull].every((e) => e !== null);
  if (!someFull) {
    const classify = input.storing
      ? null
      : (from: Expr, to: Expr, stmts: Stmt[]) =>
          withinNode(em, some ?? every, () => classifyAt(input, some, every, axis, box, from, to, stmts));
    return { begin, end, allVisible: false, someFull, fullBegin: T.i32(0), fullEnd: T.i32(0), classify };
  }
  // Bounds that are the same for all rows of the workgroup leave no cell between them that needs a mask.
  const same = (some: readonly (Expr | null)[], all: readonly (Expr | null)[]): boolean =>
    !input.storing && keysOf(some) === keysOf(all);
  const fullBegin = same(low, lowFull)
    ? begin
    : name(
        em,
        group,
        `${base}_full_begin`,
        known(lowFull).reduce((x, y) => T.max(x, y), T.i32(0)),
      );
  const fullEnd = same(highest, highFull)
    ? end
    : name(
        em,
        group,
        `${base}_full_end`,
        known(highFull)
          .map(plusOne)
          .reduce((x, y) => T.min(x, y), length),
      );
  return { begin, end, allVisible: false, someFull, fullBegin, fullEnd, classify: null };
};

/** A bound that may lie far beyond stays at the ends of the stream. */
const within = (em: Emitter, bound: NodeId, e: Expr, length: Expr): Expr =>
  fits(em.integers.value(bound), TAME) ? e : T.min(T.max(e, T.i32(-1)), length);

/** Bounds that are known before the loop: statistics of the row are in its lane's registers, where a workgroup cannot ask for them. */
const boundsKnown = (em: Emitter, where: NodeId | null, axis: AxisId): StreamBounds => {
  const all = streamBounds(em.b, where, axis);
  const known = (list: StreamBounds["lower"]): StreamBounds["lower"] => list.filter((x) => !em.live(x.node));
  const [lower, upper] = [known(all.lower), known(all.upper)];
  return {
    ...all,
    lower,
    upper,
    exact: all.exact && lower.length === all.lower.length && upper.length === all.upper.length,
  };
};

/** The first and last index of each inner row axis within the workgroup's tile, as nodes that the group's scope knows. */
const boxOf = (input: VisitInput): ReadonlyMap<AxisId, Ends> => {
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
      a !== last
        ? [T.i32(0), top]
        : whole
          ? [grid.first, grid.last]
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
