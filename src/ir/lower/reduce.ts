/**
 * Reductions evaluated in place: sums written out term by term (products of vec4s as dot products), reductions over registers, and
 * loops in the outermost scope that knows everything they read.
 */
import { CODE, PLANNING } from "../../base/costs.ts";
import type { Axis, AxisId, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { REDUCTIONS, identity, isExtremum } from "../graph/reduction.ts";
import type { Expr, Stmt, VType } from "../tile/tile.ts";
import { F32, I32, VEC4 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { Unsupported } from "../graph/unsupported.ts";
import type { Emitter, Fix, Fixed, Placed } from "./emit.ts";
import { chunkOf, elementFix, emit, hoistBoth, homeOfIndex, indexOf, keyOf, knownSize, pointsOf } from "./emit.ts";
import { isVectorAccess } from "./access.ts";
import { combine } from "./operators.ts";
import { join, lookup, scope } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** A reduction evaluated in place: written out when it is short, else a loop. */
export const emitReduce = (em: Emitter, n: Node & { kind: "reduce" }, fixed: Fixed, at: Scope): Placed => {
  const axes = n.over.map((a) => em.b.axis(a));
  const total = axes.reduce((k, a) => k * knownSize(a), 1);
  if (total === 0) return { e: identityOf(n), s: em.root };
  const stateful = em.stateful(n.id);
  if (n.op === "sum" && n.ty === "f32" && n.where === null && total <= (stateful ? PLANNING.state : CODE.contraction))
    return unrolledSum(em, n, axes, fixed, at);
  if (n.op === "var") return emit(em, secondMoment(em, n), fixed, at);
  if (REDUCTIONS[n.op].combine === null) throw new Unsupported(n, `\`${n.op}\` inside another reduction`);
  return stateful || overAccumulators(em, n)
    ? unrolledReduce(em, n, axes, fixed, at)
    : loopReduce(em, n, axes, fixed, at);
};

/** Whether a reduction runs over registers (`max[e](abs(o))` of an output row): these have no index at run time. */
const overAccumulators = (em: Emitter, n: Node & { kind: "reduce" }): boolean =>
  [...em.b.reach(n.where === null ? [n.body] : [n.body, n.where])].some(
    (id) => em.accumulators.has(id) && em.b.node(id).axes.some((a) => n.over.includes(a)),
  );

/** The variance of a short row in two passes: the mean of the squared distance to the mean. */
const secondMoment = (em: Emitter, n: Node & { kind: "reduce" }): NodeId => {
  const { b } = em;
  const cells = b.unary(
    "float",
    b.binary("max", b.reduce("sum", n.over, b.konst(1, "i32"), n.where), b.konst(1, "i32")),
  );
  const mean = b.binary("/", b.reduce("sum", n.over, n.body, n.where), cells);
  const away = b.binary("-", n.body, mean);
  return b.binary("/", b.reduce("sum", n.over, b.binary("*", away, away), n.where), cells);
};

/** What a reduction without a cell gives. */
const identityOf = (n: Node & { kind: "reduce" }): Expr => {
  const value = identity(n.op, n.ty);
  return Number.isFinite(value) ? T.lit(value, n.ty === "f32" ? F32 : I32) : T.infinity(value > 0 ? 1 : -1);
};

const unrolledSum = (
  em: Emitter,
  n: Node & { kind: "reduce" },
  axes: readonly Axis[],
  fixed: Fixed,
  at: Scope,
): Placed => {
  const body = em.b.node(n.body);
  let s = em.root;
  let sum: Expr | null = null;
  const around = [...fixed].filter(([a]) => n.axes.includes(a));
  for (const point of pointsOf(axes, true)) {
    const inside: Fixed = new Map([...around, ...point]);
    const term = dotTerm(em, body, inside, at);
    s = join(s, term.s, at);
    sum = sum === null ? term.e : T.add(sum, term.e);
  }
  return { e: sum ?? T.f32(0), s };
};

/**
 * Whether a sum at a chunk of one of its axes is taken four elements at a time: what varies along that axis lies in vec4s along it.
 * Else each of the four is a sum of its own, whose terms may be dot products.
 */
export const isWideSum = (em: Emitter, n: Node & { kind: "reduce" }, chunk: AxisId): boolean => {
  if (n.op !== "sum" || n.ty !== "f32" || n.where !== null || em.accumulators.has(n.id) || em.stateful(n.id))
    return false;
  const varying = [...em.b.reach([n.body])]
    .map((id) => em.b.node(id))
    .filter((m) => m.axes.includes(chunk) && isSource(m));
  return varying.length > 0 && varying.every((m) => m.kind === "load" && isVectorAccess(em, m, chunk));
};

/** What reads memory or is carried. */
const isSource = (m: Node): boolean =>
  m.kind === "load" || m.kind === "reduce" || m.kind === "scan" || m.kind === "carried";

/** A sum of vec4s, one term for each element of the axes that it runs over. */
export const emitWideSum = (em: Emitter, n: Node & { kind: "reduce" }, fixed: Fixed, at: Scope): Placed => {
  const axes = n.over.map((a) => em.b.axis(a));
  const total = axes.reduce((k, a) => k * knownSize(a), 1);
  if (total === 0) return { e: identityOf(n), s: em.root };
  if (total > CODE.wideSum) return loopReduce(em, n, axes, fixed, at, VEC4);
  const around = [...fixed].filter(([a]) => n.axes.includes(a));
  let s = em.root;
  let sum: Expr | null = null;
  for (const point of pointsOf(axes, false)) {
    const inside: Fixed = new Map([...around, ...[...point].map(([a, f]) => [a, elementOf(f)] as const)]);
    const term = emit(em, n.body, inside, at);
    s = join(s, term.s, at);
    sum = sum === null ? T.splat(term.e, 4) : T.add(sum, T.splat(term.e, 4));
  }
  return { e: sum ?? T.f32(0), s };
};

/** One index as an element of its chunk. */
const elementOf = (f: Fix): Fix =>
  "at" in f && f.at.kind === "lit" ? elementFix(T.i32(Math.floor(f.at.value / 4)), f.at.value % 4) : f;

/** One term of a sum: a product of two vec4s is a dot product. */
export const dotTerm = (em: Emitter, body: Node, fixed: Fixed, at: Scope): Placed => {
  const chunk = chunkOf(body, fixed);
  if (chunk === null) {
    const p = emit(em, body.id, fixed, at);
    return p.e.type.width === 1 && chunkIn(fixed) ? { e: ofFour(p.e), s: p.s } : p;
  }
  if (body.kind === "binary" && body.op === "*" && lookup(at, keyOf(body, fixed)) === null) {
    const a = emit(em, body.a, fixed, at);
    const b = emit(em, body.b, fixed, at);
    const s = join(a.s, b.s, at);
    const [x, y] = hoistBoth(em, body, a, b, s, at);
    if (x.type.width === 4 && y.type.width === 4) return { e: T.dot(x, y), s };
    const [v, k] = x.type.width === 4 ? [x, y] : [y, x];
    return { e: T.mul(k, ofFour(v)), s };
  }
  const p = emit(em, body.id, fixed, at);
  return { e: ofFour(p.e), s: p.s };
};

/** The sum over a chunk; a value that turned out to be the same at all four of its elements is a single one. */
const ofFour = (e: Expr): Expr => (e.type.width === 4 ? T.dot(e, T.lit(1, e.type)) : T.mul(e, T.f32(4)));

const chunkIn = (fixed: Fixed): boolean => [...fixed.values()].some((f) => "chunk" in f);

const loopReduce = (
  em: Emitter,
  n: Node & { kind: "reduce" },
  axes: readonly Axis[],
  fixed: Fixed,
  at: Scope,
  type: VType = n.ty === "f32" ? F32 : I32,
): Placed => {
  const home = homeOf(em, n, fixed, at);
  const acc = em.fresh(em.names.get(n.id) ?? n.op);
  home.stmts.push(T.varStmt(acc, type, T.splat(identityOf(n), type.width)));
  const accRef = T.ref(acc, type);
  const take = (x: Expr): Expr => combine(n.op, accRef, x);
  const open = (rest: readonly Axis[], parent: Scope, bound: Fixed): Stmt[] => {
    const [axis, ...more] = rest;
    const body: Stmt[] = [];
    const inner = scope(`loop ${axis?.name ?? ""}`, [parent], body);
    if (axis === undefined) return body;
    const size = knownSize(axis);
    const chunked = more.length === 0 && size % 4 === 0 && n.op === "sum" && n.ty === "f32" && n.where === null;
    const v = em.fresh(axis.name);
    em.natural.add(v);
    const fix: Fix = chunked ? { chunk: T.ref(v, I32) } : { at: T.ref(v, I32) };
    inner.axes.set(axis.id, T.ref(v, I32));
    const here: Fixed = new Map([...bound, [axis.id, fix] as const]);
    if (more.length > 0) body.push(...open(more, inner, here));
    else if (type.width === 4 && chunked) {
      for (const k of [0, 1, 2, 3]) {
        const one = emit(em, n.body, new Map([...bound, [axis.id, elementFix(T.ref(v, I32), k)] as const]), inner);
        body.push(T.set(acc, take(T.splat(one.e, 4))));
      }
    } else {
      const term = chunked ? dotTerm(em, em.b.node(n.body), here, inner) : emit(em, n.body, here, inner);
      const value =
        n.where === null
          ? take(T.splat(term.e, type.width))
          : T.select(emit(em, n.where, here, inner).e, take(term.e), accRef);
      body.push(T.set(acc, value));
    }
    return [T.forStmt(v, T.i32(0), T.i32(chunked ? size / 4 : size), T.i32(1), body)];
  };
  const loop = open(axes, home, new Map([...fixed].filter(([a]) => n.axes.includes(a))));
  home.stmts.push(...loop);
  return { e: accRef, s: home };
};

/** The outermost scope that knows everything a reduction depends on: where its loop may stand. */
const homeOf = (em: Emitter, n: Node & { kind: "reduce" }, fixed: Fixed, at: Scope): Scope => {
  let home = em.root;
  // By the axes that are bound there: a reduction further in may run over an axis that is free beside it.
  const seen = new Set<string>();
  type Open = { readonly id: NodeId; readonly bound: ReadonlySet<AxisId> };
  const within = (ids: readonly NodeId[], bound: ReadonlySet<AxisId>): readonly Open[] =>
    ids.map((id) => ({ id, bound }));
  const open = [...within(n.where === null ? [n.body] : [n.where, n.body], new Set(n.over))];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { id, bound } = next;
    const key = `${id} ${[...bound].join(" ")}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const m = em.b.node(id);
    const known = m.axes.some((a) => bound.has(a)) ? null : lookup(at, keyOf(m, fixed));
    if (known !== null) home = join(home, known.s, at);
    // One element each of what is carried, at points that are written out further in: known where the row is.
    else if (em.accumulators.has(m.id)) home = at;
    else if (m.kind === "index" && !bound.has(m.axis)) {
      const f = fixed.get(m.axis);
      home = join(
        home,
        f !== undefined && "chunk" in f ? homeOfIndex(em, f.chunk, at) : indexOf(em, m.axis, fixed, at).s,
        at,
      );
    } else {
      const inner = m.kind === "reduce" ? new Set([...bound, ...m.over]) : bound;
      open.push(...within(operands(m).toReversed(), inner));
    }
  }
  return home;
};

/** A reduction over registers (a state's, or what is carried), term by term. */
const unrolledReduce = (
  em: Emitter,
  n: Node & { kind: "reduce" },
  axes: readonly Axis[],
  fixed: Fixed,
  at: Scope,
): Placed => {
  const total = axes.reduce((k, a) => k * knownSize(a), 1);
  if (total > CODE.overRegisters)
    throw new Unsupported(
      n,
      `a reduction over what a lane holds with ${total} terms, at most ${CODE.overRegisters} are written out`,
    );
  const both = (x: Expr, y: Expr): Expr => combine(n.op, x, y);
  const around = [...fixed].filter(([a]) => n.axes.includes(a));
  const start = identityOf(n);
  let s: Scope = em.root;
  const terms = pointsOf(axes, false).map((point) => {
    const inside: Fixed = new Map([...around, ...point]);
    const term = emit(em, n.body, inside, at);
    const seen = n.where === null ? null : emit(em, n.where, inside, at);
    s = join(join(s, term.s, at), seen?.s ?? em.root, at);
    return seen === null ? term.e : T.select(seen.e, term.e, start);
  });
  // Calls in calls (`max(max(…`) are put together as a tree: parsers have a limit of depth.
  const e = isExtremum(n.op)
    ? treeOf(terms, both)
    : terms.reduce<Expr | null>((x, y) => (x === null ? y : both(x, y)), null);
  return { e: e ?? start, s };
};

const treeOf = (list: readonly Expr[], both: (x: Expr, y: Expr) => Expr): Expr | null => {
  const [first, ...rest] = list;
  if (first === undefined || rest.length === 0) return first ?? null;
  const half = Math.ceil(list.length / 2);
  const [x, y] = [treeOf(list.slice(0, half), both), treeOf(list.slice(half), both)];
  return x === null || y === null ? x : both(x, y);
};
