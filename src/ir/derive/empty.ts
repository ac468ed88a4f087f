/** Rows without a cell: the values that the language defines, where what was hoisted would divide by an empty sum. */
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import { operands, type AxisId, type Node, type NodeId } from "../graph/graph.ts";
import { identity, startingValue } from "../graph/reduction.ts";
import { isFixedRead } from "./scan.ts";
import { finiteEverywhereIn, follows, isDefined } from "../scalar/defined.ts";
import { readsInside } from "../scalar/reads.ts";
import { readOperands } from "../graph/scan.ts";
import { reach } from "../graph/walk.ts";
import { same, type Reduce } from "./planning.ts";

/** The gauge of each statistic that has one. */
export type Gauges = ReadonlyMap<NodeId, NodeId | null>;

/**
 * A row without a cell: what was hoisted (a division by the sum, a logarithm) meets identities there, so the value is chosen
 * at compile time from the naive expression with every reduction at its identity.
 */
export const guardEmpty = (
  b: GraphBuilder,
  naive: NodeId,
  values: ReadonlyMap<NodeId, NodeId>,
  stream: readonly AxisId[],
  gauges: Gauges,
): NodeId => b.from(naive, () => guarded(b, naive, values, stream, gauges));

const guarded: typeof guardEmpty = (b, naive, made, stream, gauges) => {
  // Those inside a reduction in place (`sum[d](max[j](s))`) too.
  const isOwn = (n: Node): n is Reduce =>
    n.kind === "reduce" && n.op !== "cumsum" && same(n.over, stream) && made.has(n.id);
  const outer = [...reach(b, [naive], (n) => (isOwn(n) ? [] : readOperands(n)))].map((id) => b.node(id)).filter(isOwn);
  const values = new Map([...made, ...infiniteCells(b, outer, made, stream)]);
  const value = b.replaceNodes(naive, values);
  const [first] = outer;
  const plain = b.node(value);
  // The registers of a sum start at its identity: as it stands it needs no guard.
  const startsAtIdentity = (n: Node): boolean => n.kind === "reduce" && ["sum", "prod", "var"].includes(n.op);
  if (first === undefined || startsAtIdentity(plain)) return value;
  if (value === naive && outer.every(startsAtIdentity) && staysFinite(b, naive, outer)) return value;
  // The one cell that a fixed read asks for is there.
  if (outer.every((r) => isFixedRead(b, r))) return value;
  if (outer.every((r) => r.where === null && r.over.every((a) => Number(b.axis(a).size) > 0))) return value;
  const whereOf = (r: Reduce): NodeId | null => {
    const own = b.node(made.get(r.id) ?? r.id);
    if (own.kind === "reduce" && same(own.over, r.over) && own.op === r.op) return own.where;
    return r.where === null ? null : b.replaceNodes(r.where, values);
  };
  const where = whereOf(first);
  const always = unconditional(b, naive);
  // Of statistics that are reduced here (`sum[e](max[j](s))`) some rows may have a cell and others none: each is looked at on its own.
  const here = b.node(naive).axes;
  const together = where === null || b.node(where).axes.every((a) => stream.includes(a) || here.includes(a));
  if (together && outer.every((r) => whereOf(r) === where && always.has(r.id))) {
    const empty = b.replaceNodes(naive, new Map(outer.map((r) => [r.id, identityOf(b, r)])));
    // Where the language itself has no number, none needs to be made.
    if ([...b.reach([empty])].some((id) => isNaNConst(b.node(id)))) return value;
    return b.select(nonEmpty(b, outer, here, values, where, gauges), value, empty);
  }
  const each = new Map(
    outer.map((r) => [
      r.id,
      b.select(nonEmpty(b, [r], r.axes, values, whereOf(r), gauges), values.get(r.id) ?? r.id, identityOf(b, r)),
    ]),
  );
  return b.replaceNodes(naive, each);
};

/** What a value asks for whatever its choices: behind one that is not taken, a statistic may be of cells that are not there. */
const unconditional = (b: GraphView, root: NodeId): ReadonlySet<NodeId> =>
  reach(b, [root], (n) => {
    if (n.kind === "select") return [n.cond];
    if (n.kind === "binary" && (n.op === "and" || n.op === "or")) return [n.a];
    return readOperands(n);
  });

/**
 * Extrema of cells that may all be infinite, which registers do not hold: where they are as they started, infinity it is. Gives the
 * values of those reductions that are made of such.
 */
const infiniteCells = (
  b: GraphBuilder,
  outer: readonly Reduce[],
  values: ReadonlyMap<NodeId, NodeId>,
  stream: readonly AxisId[],
): ReadonlyMap<NodeId, NodeId> => {
  const isStatistic = (n: Node): n is Reduce => n.kind === "reduce" && same(n.over, stream);
  const isFinite = finiteEverywhereIn(b);
  const mended = new Map<NodeId, NodeId>();
  for (const r of outer) {
    const value = values.get(r.id) ?? r.id;
    const statistics = [...reach(b, [value], (n) => (isStatistic(n) ? [] : operands(n)))]
      .map((id) => b.node(id))
      .filter(isStatistic);
    const isInfinite = (n: Reduce): boolean => startsInfinite(n) && !isFinite(n.body);
    if (!statistics.some(isInfinite)) continue;
    // Each stands for itself in what the others are made of.
    const map = new Map(statistics.map((n) => [n.id, isInfinite(n) ? mend(b, n) : n.id]));
    mended.set(r.id, map.get(value) ?? b.replaceNodes(value, map));
  }
  return mended;
};

const mend = (b: GraphBuilder, r: Reduce): NodeId => (r.op === "kth" ? orInfiniteRank(b, r) : orIdentity(b, r.id, r));

/**
 * The same of what a later pass reads: a value over cells `where`, made of statistics that are `finished` before they are walked. A row
 * may have such cells and none of those that a statistic is of, too.
 */
export const withInfinite = (
  b: GraphBuilder,
  value: NodeId,
  where: NodeId | null,
  isStatistic: (id: NodeId) => boolean,
  finished: (id: NodeId) => boolean,
): NodeId => {
  const isFinite = finiteEverywhereIn(b);
  const read = [...reach(b, [value], (n) => (isStatistic(n.id) ? [] : operands(n)))].filter(isStatistic);
  const mended = read
    .filter(finished)
    .map((id) => b.node(id))
    .flatMap((n): (readonly [NodeId, NodeId])[] => {
      if (n.kind !== "reduce" || !startsInfinite(n)) return [];
      if (!isFinite(n.body)) return [[n.id, mend(b, n)]];
      return follows(b, n.where, where) ? [] : [[n.id, orIdentity(b, n.id, n)]];
    });
  // Each stands for itself in what the others are made of.
  return mended.length === 0
    ? value
    : b.replaceNodes(value, new Map([...read.map((id) => [id, id] as const), ...mended]));
};

/** Registers of these start at a finite number that stands for the identity. */
const startsInfinite = (n: Reduce): boolean => n.ty === "f32" && !Number.isFinite(identity(n.op, n.ty));

/** The statistic, or its identity where no cell moved it. */
const orIdentity = (b: GraphBuilder, value: NodeId, r: Reduce): NodeId => {
  const empty = identityOf(b, r);
  return b.select(b.binary(identity(r.op, r.ty) > 0 ? "<" : ">", value, empty), value, empty);
};

/** A rank among cells of which some are -inf, which its registers take for none: with fewer than k others it is one of those. */
const orInfiniteRank = (b: GraphBuilder, r: Reduce): NodeId => {
  const [none, one] = [b.konst(0, "i32"), b.konst(1, "i32")];
  const isNothing = b.binary("<", r.body, b.konst(startingValue("kth", "f32"), "f32"));
  const count = (a: NodeId, c: NodeId): NodeId => b.reduce("sum", r.over, b.select(isNothing, a, c), r.where);
  const among = b.binary(
    "and",
    b.binary(">", count(one, none), none),
    b.binary("<", count(none, one), b.konst(r.k, "i32")),
  );
  return b.select(among, b.konst(-Infinity, "f32"), r.id);
};

/**
 * What is hoisted behind the loop of a reduction over the cells `where`, made of statistics `carried` over other cells: a row may have
 * some of those and none of these.
 */
export const hoistedOver = (
  b: GraphBuilder,
  hoist: NodeId,
  where: NodeId | null,
  carried: ReadonlySet<NodeId>,
): NodeId => {
  const below = reach(b, [hoist], (n) => (carried.has(n.id) ? [] : operands(n)));
  const map = new Map<NodeId, NodeId>();
  for (const id of below) {
    const n = b.node(id);
    if (!carried.has(id) || n.kind !== "reduce") continue;
    map.set(id, startsInfinite(n) && !follows(b, n.where, where) ? orIdentity(b, id, n) : id);
  }
  return [...map].every(([from, to]) => from === to) ? hoist : b.replaceNodes(hoist, map);
};

const isNaNConst = (n: Node): boolean => n.kind === "const" && Number.isNaN(n.value);

/** Whether no logarithm of zero or the like comes up where every reduction is at its identity. */
const staysFinite = (b: GraphBuilder, naive: NodeId, outer: readonly Reduce[]): boolean => {
  const empty = b.replaceNodes(naive, new Map(outer.map((r) => [r.id, identityOf(b, r)])));
  return [...b.reach([empty])].every((id) => {
    const n = b.node(id);
    return n.kind !== "const" || Number.isFinite(n.value);
  });
};

const identityOf = (b: GraphBuilder, r: Reduce): NodeId => b.konst(identity(r.op, r.ty), r.ty);

/**
 * Whether the row has a cell: a maximum over the same cells above its identity says so, else the cells are counted. A maximum over
 * more cells will do for sums where what was hoisted is a number in all rows that it has a cell in: a sum over none of them is 0 then.
 * `here`: the axes of the place that asks.
 */
const nonEmpty = (
  b: GraphBuilder,
  outer: readonly Reduce[],
  here: readonly AxisId[],
  values: ReadonlyMap<NodeId, NodeId>,
  where: NodeId | null,
  gauges: Gauges,
): NodeId => {
  const isFinite = finiteEverywhereIn(b);
  const over = outer[0]?.over ?? [];
  const accs = [...b.reach([...values.values()])].map((id) => b.node(id));
  const rows = here.filter((a) => outer.every((r) => r.axes.includes(a)));
  const own = b.reach(outer.map((r) => values.get(r.id) ?? r.id));
  const maxima = accs.filter(
    (n): n is Reduce =>
      n.kind === "reduce" &&
      n.op === "max" &&
      n.ty === "f32" &&
      same(n.over, over) &&
      (own.has(n.id) || readsInside(b, n.id, null)) &&
      (isFinite(n.body) || outer.every((r) => isGaugedBy(b, values.get(r.id) ?? r.id, n.id, gauges))) &&
      n.axes.every((a) => rows.includes(a)),
  );
  const wider = (n: Reduce): boolean =>
    follows(b, n.where, where) &&
    outer.every((r) => r.op === "sum" && hoistsAreDefined(b, values.get(r.id) ?? r.id, n));
  const top = maxima.find((n) => n.where === where) ?? maxima.find(wider);
  if (top !== undefined) return b.binary(">", top.id, b.konst(-Infinity, "f32"));
  return b.binary(">", b.reduce("sum", over, b.konst(1, "i32"), where, 0), b.konst(0, "i32"));
};

/**
 * Cells that are all -inf leave a maximum as it started, as if there were none. That is as good as the truth for what it is the gauge
 * of: the exponents are -inf - -inf there, and the language has no number.
 */
const isGaugedBy = (b: GraphBuilder, value: NodeId, top: NodeId, gauges: Gauges): boolean => {
  const nothing = new Map([[top, b.konst(-Infinity, "f32")]]);
  const isInfinite = (gauge: NodeId): boolean => {
    const n = b.node(b.replaceNodes(gauge, nothing));
    return n.kind === "const" && !Number.isFinite(n.value);
  };
  const statistics = [...reach(b, [value], (n) => (gauges.has(n.id) ? [] : operands(n)))].filter((id) =>
    gauges.has(id),
  );
  return (
    statistics.length > 0 &&
    statistics.every((id) => {
      const gauge = gauges.get(id) ?? null;
      return id === top || (gauge !== null && isInfinite(gauge));
    })
  );
};

/** Whether an expression over accumulators is a number in every row in which `top` has a cell. */
const hoistsAreDefined = (b: GraphView, value: NodeId, top: Reduce): boolean =>
  isDefined(b, value, { over: top.over, where: top.where }) && readsInside(b, value, top.where);
