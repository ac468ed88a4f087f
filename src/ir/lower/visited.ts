/**
 * Which cells of the stream a workgroup visits, and which of them need no mask (docs/theory.md 7.1: from classification to loop
 * bounds). Bounds of the domain that are affine in the stream become loop bounds, taken over the corners of the row tile.
 */
import { item } from "../../base/must.ts";
import { keyOfExpr } from "../tile/key.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { readBelow } from "../graph/scan.ts";
import { conjuncts } from "../graph/walk.ts";
import { boundOverBox, streamBounds } from "../scalar/bounds.ts";
import type { Ends, StreamBounds } from "../scalar/bounds.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { I32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Segment } from "./segment.ts";
import type { Emitter } from "./emit.ts";
import { NOTHING_FIXED, emit, name, withinNode } from "./emit.ts";
import type { Grid } from "./grid.ts";
import { fits } from "../scalar/integers.ts";
import { interval } from "../scalar/interval.ts";
import { tensorNamed } from "./access.ts";
import { natural } from "./grid.ts";
import { classOf } from "./classify.ts";
import { scope } from "./scope.ts";
import type { Scope } from "./scope.ts";

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

/** Bounds that steps, members and tiles can be added to; a bound that may lie beyond stays at the ends of the stream. */
const TAME = interval(-(2 ** 30), 2 ** 30);

const within = (em: Emitter, bound: NodeId, e: Expr, length: Expr): Expr =>
  fits(em.integers.value(bound), TAME) ? e : T.min(T.max(e, T.i32(-1)), length);

/** Classifies one tile; data are scanned for their least and greatest value, rows once a workgroup, the stream once a tile. */
const classifyAt = (
  input: VisitInput,
  some: NodeId | null,
  every: NodeId | null,
  axis: AxisId,
  rowBox: ReadonlyMap<AxisId, Ends>,
  from: Expr,
  to: Expr,
  stmts: Stmt[],
): { readonly may: Expr | null; readonly must: Expr | null } => {
  const { em, grid } = input;
  const tile = scope("tile", [grid.group], stmts);
  const cell = (s: Scope, e: Expr): NodeId => {
    const id = em.b.freshAxis(axis);
    s.axes.set(id, e);
    return em.b.index(id);
  };
  const opaque = (s: Scope, e: Expr): NodeId => {
    const id = em.b.freshAxis(axis);
    em.opaque.add(id);
    s.axes.set(id, e);
    return em.b.index(id);
  };
  const ends: Ends = { lo: cell(tile, from), hi: cell(tile, natural(em, tile, "tile_last", T.sub(to, T.i32(1)))) };
  const box = new Map([...rowBox, [axis, ends] as const]);
  const loaded = (n: Node & { kind: "load" }): Ends | null => {
    const boxed = n.axes.filter((a) => box.has(a));
    const [over, ...more] = boxed;
    if (over === undefined || more.length > 0) return null;
    // Lanes that share a row have few cells of the tile each: looking at all of them first would cost more.
    if (over === axis && input.seg.sharing.lanesPerRow > 1) return null;
    const s = over === axis ? tile : grid.group;
    const key = `ends ${n.id}`;
    const done = s.memo.get(`${key} lo`);
    const high = s.memo.get(`${key} hi`);
    if (done !== undefined && high !== undefined) return { lo: opaque(s, done), hi: opaque(s, high) };
    const bounds = box.get(over);
    if (bounds === undefined) return null;
    const [lo, hi] = scanEnds(
      input,
      n,
      over,
      emit(em, bounds.lo, NOTHING_FIXED, s).e,
      emit(em, bounds.hi, NOTHING_FIXED, s).e,
      s,
    );
    s.memo.set(`${key} lo`, lo);
    s.memo.set(`${key} hi`, hi);
    return { lo: opaque(s, lo), hi: opaque(s, hi) };
  };
  const block = (n: Node & { kind: "load" }, at: readonly Ends[]): { readonly may: NodeId; readonly must: NodeId } => {
    const [some, all] = scanBlocks(input, n, at, tile);
    return { may: opaqueBool(em, axis, tile, some), must: opaqueBool(em, axis, tile, all) };
  };
  const atoms = { b: em.b, box, loaded, block, live: em.live };
  const may = some === null ? null : classOf(atoms, some).may;
  const must = every === null ? null : classOf(atoms, every).must;
  const value = (id: NodeId | null, base: string): Expr | null =>
    id === null ? null : name(em, tile, base, emit(em, id, NOTHING_FIXED, tile).e);
  const all = value(must, "all_visible");
  return { may: value(may, "some_visible"), must: all };
};

/** A loop that finds the least and greatest value of an integer tensor over a range of one of its axes. */
const scanEnds = (
  input: VisitInput,
  n: Node & { kind: "load" },
  over: AxisId,
  first: Expr,
  last: Expr,
  s: Scope,
): readonly [Expr, Expr] => {
  const { em } = input;
  const lo = em.fresh(`${n.tensor}_least`);
  const hi = em.fresh(`${n.tensor}_greatest`);
  s.stmts.push(T.varStmt(lo, I32, T.i32(2147483647)), T.varStmt(hi, I32, T.i32(-2147483647)));
  const at = em.fresh("seen");
  em.natural.add(at);
  const body: Stmt[] = [];
  const inside = scope("scan", [s], body);
  inside.axes.set(over, T.ref(at, I32));
  const x = emit(em, n.id, NOTHING_FIXED, inside).e;
  body.push(T.set(lo, T.min(T.ref(lo, I32), x)), T.set(hi, T.max(T.ref(hi, I32), x)));
  s.stmts.push(T.forStmt(at, first, T.add(last, T.i32(1)), T.i32(1), body));
  return [T.ref(lo, I32), T.ref(hi, I32)];
};

/** A node that stands for a boolean of the program: an index compared with zero, bound to a number in the scope. */
const opaqueBool = (em: Emitter, axis: AxisId, s: Scope, value: Expr): NodeId => {
  const id = em.b.freshAxis(axis);
  s.axes.set(id, value);
  return em.b.binary("!=", em.b.index(id), em.b.konst(0, "i32"));
};

/** Loops over the entries of a table of blocks that a tile meets; whether one of them holds (1 or 0), and whether all do. */
const scanBlocks = (
  input: VisitInput,
  n: Node & { kind: "load" },
  at: readonly Ends[],
  s: Scope,
): readonly [Expr, Expr] => {
  const { em } = input;
  const some = em.fresh(`${n.tensor}_some`);
  const all = em.fresh(`${n.tensor}_all`);
  s.stmts.push(T.varStmt(some, I32, T.i32(0)), T.varStmt(all, I32, T.i32(1)));
  let inside = s;
  const loops: ((body: readonly Stmt[]) => Stmt)[] = [];
  const dims = tensorNamed(em, n.tensor).dims.flat();
  const indices = at.map((ends, k): NodeId => {
    if (ends.lo === ends.hi) return ends.lo;
    // Entries outside the table are the business of other conditions.
    const top = T.sub(T.sizeToExpr(em.b.axis(item(dims, k)).size), T.i32(1));
    const inTable = (e: NodeId): Expr => {
      const x = emit(em, e, NOTHING_FIXED, s).e;
      return fits(em.integers.value(e), TAME) ? x : T.min(T.max(x, T.i32(0)), top);
    };
    const [first, last] = [inTable(ends.lo), inTable(ends.hi)];
    const v = em.fresh("entry");
    em.natural.add(v);
    loops.push((body) => T.forStmt(v, first, T.add(last, T.i32(1)), T.i32(1), body));
    inside = scope("entry", [inside], []);
    const id = em.b.freshAxis(item(input.seg.axes, 0));
    inside.axes.set(id, T.ref(v, I32));
    return em.b.index(id);
  });
  const x = name(em, inside, n.tensor, emit(em, em.b.load(n.tensor, indices, n.ty), NOTHING_FIXED, inside).e);
  const number = T.select(x, T.i32(1), T.i32(0));
  inside.stmts.push(T.set(some, T.max(T.ref(some, I32), number)), T.set(all, T.min(T.ref(all, I32), number)));
  // From the inside out: a loop is complete when it goes into the one around it.
  for (let level = inside; level !== s;) {
    const [around] = level.parents;
    const loop = loops.pop();
    if (around === undefined || loop === undefined) break;
    around.stmts.push(loop(level.stmts));
    level = around;
  }
  return [T.ref(some, I32), T.ref(all, I32)];
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
