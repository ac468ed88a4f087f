/**
 * Graph expressions -> Tile expressions. `emit` gives the value of a node at the point that the scopes and the fixed axes
 * describe; feature axes are fixed to a literal (unrolled), to a loop variable, or to a chunk of four (a vec4 value).
 */
import { CODE } from "../../base/costs.ts";
import { NO_ORIGIN, type Origin } from "../../base/span.ts";
import type { Axis, AxisId, Graph, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { Integers } from "../scalar/integers.ts";
import { reach } from "../graph/walk.ts";
import type { Expr, TBinary, TUnary } from "../tile/tile.ts";
import { BOOL, F32, I32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { keyOfExpr } from "../tile/key.ts";
import { join, lookup } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { UnknownSize } from "../graph/unsupported.ts";
import { LOWEST } from "../graph/reduction.ts";
import { emitLoad } from "./access.ts";
import { comparesAsItStands, emitComparison, emitSum, isPlain, magnitude } from "./integers.ts";
import { emitReduce, emitWideSum, isWideSum } from "./reduce.ts";

/** A feature axis at one index (`of`: which is element k of this chunk), or at indices `4 * chunk .. 4 * chunk + 3` as a vec4. */
export type Fix =
  { readonly at: Expr; readonly of?: { readonly chunk: Expr; readonly k: number } } | { readonly chunk: Expr };
export type Fixed = ReadonlyMap<AxisId, Fix>;
export const NOTHING_FIXED: Fixed = new Map();

export type Placed = { readonly e: Expr; readonly s: Scope };

/** A source of values that overrides ordinary emission below a scope (tiles in workgroup memory, subgroup broadcast). */
export type Override = (id: NodeId, fixed: Fixed, at: Scope) => Placed | null;

export type Emitter = {
  readonly b: GraphBuilder;
  readonly graph: Graph;
  readonly root: Scope;
  readonly uses: Map<NodeId, number>;
  /** Whether a value is made of what the kernel carries. */
  readonly live: (id: NodeId) => boolean;
  /** Operations in one another, from the leaves up. */
  readonly depth: (id: NodeId) => number;
  /** Calls of `emit` in one another. */
  level: number;
  /** What is being written, in the source; and of each name so far, what it holds. */
  origin: Origin;
  readonly origins: Map<string, Origin>;
  readonly names: Map<NodeId, string>;
  /** A fresh identifier that starts like this. */
  readonly fresh: (base: string) => string;
  /** Tensors bound as vec4, by name. */
  readonly vectors: ReadonlySet<string>;
  /** Tensors that were asked for one element at a time although they could be vec4. */
  readonly scalarUse: Set<string>;
  readonly overrides: Map<Scope, Override>;
  /** Which indices are known to be in range of which extents. */
  readonly ranges: Map<string, boolean>;
  /** Names of i32 variables that are never negative: `/` and `%` on them need no floor. */
  readonly natural: Set<string>;
  /** Reduce nodes that must be bound already: the accumulators. */
  readonly accumulators: ReadonlySet<NodeId>;
  /** What integers may be; axes whose index stands for data; and which sums are written as they stand (`integers.ts`). */
  readonly integers: Integers;
  readonly opaque: Set<AxisId>;
  readonly plain: Map<NodeId, boolean>;
  /** Whether a value reads the state of a scan. */
  readonly stateful: (id: NodeId) => boolean;
};

/** The pieces of an axis: chunks of four, then single indices. */
export const piecesOf = (size: number): readonly Fix[] => [
  ...Array.from({ length: Math.floor(size / 4) }, (_, c): Fix => ({ chunk: T.i32(c) })),
  ...Array.from({ length: size % 4 }, (_, k): Fix => ({ at: T.i32(size - (size % 4) + k) })),
];

/** All the ways to fix these axes (of known size), the last one in pieces when `vector`. */
export const pointsOf = (axes: readonly Axis[], vector: boolean): readonly Fixed[] =>
  axes.reduce<readonly Fixed[]>(
    (list, a, n) => {
      const size = knownSize(a);
      const fixes =
        vector && n === axes.length - 1
          ? piecesOf(size)
          : Array.from({ length: size }, (_, k): Fix => ({ at: T.i32(k) }));
      return list.flatMap((f) => fixes.map((x) => new Map([...f, [a.id, x] as const])));
    },
    [NOTHING_FIXED],
  );

export const knownSize = (a: Axis): number => {
  if (typeof a.size !== "number") throw new UnknownSize(a);
  return a.size;
};

const fixKey = (f: Fix): string => ("chunk" in f ? `c${text(f.chunk)}` : `i${text(f.at)}`);
const text = (e: Expr): string => (e.kind === "lit" ? String(e.value) : keyOfExpr(e));

/** The memo key of a node: which of its free axes are fixed, and how. */
export const keyOf = (n: Node, fixed: Fixed): string => {
  let key = String(n.id);
  for (const a of n.axes) {
    const f = fixed.get(a);
    if (f !== undefined) key += `,${a}${fixKey(f)}`;
  }
  return key;
};

export const bind = (em: Emitter, s: Scope, id: NodeId, fixed: Fixed, e: Expr): void => {
  s.memo.set(keyOf(em.b.node(id), fixed), e);
};

export const chunkOf = (n: Node, fixed: Fixed): AxisId | null => {
  for (const a of n.axes) {
    const f = fixed.get(a);
    if (f !== undefined && "chunk" in f) return a;
  }
  return null;
};

/** The fixed axes with a chunked one at its k-th element. */
export const lane4 = (fixed: Fixed, axis: AxisId, k: number): Fixed => {
  const f = fixed.get(axis);
  if (f === undefined || !("chunk" in f)) return fixed;
  const one = elementFix(f.chunk, k);
  return new Map([...fixed, [axis, f.chunk.kind === "lit" ? { at: one.at } : one] as const]);
};

/** Element k of a chunk, known as such: what lies in vec4s is read once for all four. */
export const elementFix = (chunk: Expr, k: number): Fix & { readonly at: Expr } => ({
  at: T.add(T.mul(chunk, T.i32(4)), T.i32(k)),
  of: { chunk, k },
});

const trivial = (e: Expr): boolean =>
  e.kind === "lit" ||
  e.kind === "ref" ||
  e.kind === "uniform" ||
  e.kind === "infinity" ||
  (e.kind === "splat" && trivial(e.a)) ||
  (e.kind === "unary" && e.op === "neg" && trivial(e.a)) ||
  (e.kind === "element" && trivial(e.index));

/** Names that `run` makes come from there; something without an origin belongs to what is around it. */
export const within = <T>(em: Emitter, origin: Origin, run: () => T): T => {
  const before = em.origin;
  if (origin.length > 0) em.origin = origin;
  const made = run();
  em.origin = before;
  return made;
};

/** The same, of a value. */
export const withinNode = <T>(em: Emitter, id: NodeId, run: () => T): T =>
  within(em, em.b.origins[id] ?? NO_ORIGIN, run);

/** Gives an expression a name in a scope. */
export const name = (em: Emitter, s: Scope, base: string, e: Expr): Expr => {
  if (trivial(e)) return e;
  const id = em.fresh(base);
  if (e.type.elem === "i32" && e.type.width === 1 && nonNegative(em, e)) em.natural.add(id);
  s.stmts.push(T.letStmt(id, e));
  return T.ref(id, e.type);
};

/** The value of a node at `at` with these axes fixed, and the scope it belongs to. */
export const emit = (em: Emitter, id: NodeId, fixed: Fixed, at: Scope): Placed => {
  const n = em.b.node(id);
  const key = keyOf(n, fixed);
  const known = lookup(at, key);
  if (known !== null) return known;
  const around = em.origin;
  const own = em.b.origins[id] ?? NO_ORIGIN;
  if (own.length > 0) em.origin = own;
  const made = emitNew(em, n, key, fixed, at);
  em.origin = around;
  return made;
};

const emitNew = (em: Emitter, n: Node, key: string, fixed: Fixed, at: Scope): Placed => {
  const { id } = n;
  for (const s of at.above) {
    const made = em.overrides.get(s)?.(id, fixed, at) ?? null;
    if (made === null) continue;
    made.s.memo.set(key, made.e);
    return made;
  }
  // A long chain is emitted in steps, the innermost first: neither this recursion nor the code's expressions become deep.
  em.level++;
  if (em.level % CODE.step === 1 && em.depth(id) > CODE.step)
    for (const x of stepsBelow(em, id, fixed, at)) emit(em, x, fixed, at);
  const made = compute(em, n, fixed, at);
  em.level--;
  const shared = (em.uses.get(id) ?? 0) > 1 || isStep(em, id) || em.names.has(id) || n.kind === "reduce";
  const e = shared || made.s !== at ? name(em, made.s, em.names.get(id) ?? baseName(n), made.e) : made.e;
  if (e !== made.e || trivial(e) || made.s !== at) made.s.memo.set(key, e);
  return { e, s: made.s };
};

const isStep = (em: Emitter, id: NodeId): boolean => em.depth(id) > 0 && em.depth(id) % CODE.step === 0;

/** The nodes below that take a step of their own, where the node itself is emitted. */
const stepsBelow = (em: Emitter, root: NodeId, fixed: Fixed, at: Scope): readonly NodeId[] => {
  const isArithmetic = (n: Node): boolean => n.kind === "unary" || n.kind === "binary" || n.kind === "select";
  const isMade = (n: Node): boolean => n.id !== root && lookup(at, keyOf(n, fixed)) !== null;
  const below = reach(em.b, [root], (n) =>
    isArithmetic(n) && em.depth(n.id) > CODE.step && !isMade(n) ? operands(n) : [],
  );
  return [...below].filter((id) => id !== root && isStep(em, id) && isArithmetic(em.b.node(id))).sort((x, y) => x - y);
};

/** A name for a value that the user did not name. */
export const baseName = (n: Node): string => {
  switch (n.kind) {
    case "load":
      return n.tensor;
    case "reduce":
      return n.op === "sum" ? "dot" : n.op;
    case "unary":
      return n.op;
    case "carried":
    case "scan":
      return n.name;
    case "index":
    case "size":
    case "scalar":
    case "const":
    case "binary":
    case "select":
      return n.ty === "bool" ? "cond" : n.ty === "i32" ? "at" : "x";
  }
};

/** Emits an operand and, where its code belongs to an outer scope than the user's, names it there. */
const operand = (em: Emitter, id: NodeId, fixed: Fixed, at: Scope): Placed => emit(em, id, fixed, at);

const compute = (em: Emitter, n: Node, fixed: Fixed, at: Scope): Placed => {
  const chunk = chunkOf(n, fixed);
  switch (n.kind) {
    case "const":
      return isPlain(em, n.id) ? { e: constant(n), s: em.root } : emitSum(em, n, fixed, at);
    case "size":
      return { e: T.uniform(n.name), s: em.root };
    case "scalar":
      return {
        e:
          n.ty === "bool"
            ? T.binary("!=", T.uniform(n.name, I32), T.i32(0))
            : T.uniform(n.name, n.ty === "f32" ? F32 : I32),
        s: em.root,
      };
    case "index":
      return chunk === null ? indexOf(em, n.axis, fixed, at) : byLane(em, n, fixed, chunk, at);
    case "load":
      return emitLoad(em, n, fixed, at);
    case "unary": {
      if (!isPlain(em, n.id)) return chunk === null ? emitSum(em, n, fixed, at) : byLane(em, n, fixed, chunk, at);
      const a = operand(em, n.a, fixed, at);
      if (n.op === "abs" && n.ty === "i32") return { e: magnitude(em, n.a, a.e), s: a.s };
      return { e: unaryExpr(n.op, a.e), s: a.s };
    }
    case "binary": {
      if (chunk !== null && em.b.node(n.a).ty === "i32") return byLane(em, n, fixed, chunk, at);
      if (!isPlain(em, n.id)) return emitSum(em, n, fixed, at);
      if (n.ty === "bool" && !comparesAsItStands(em, n.a, n.b)) return emitComparison(em, n, fixed, at);
      const a = operand(em, n.a, fixed, at);
      const b = operand(em, n.b, fixed, at);
      const s = join(a.s, b.s, at);
      const wide = a.e.type.width === 4 || b.e.type.width === 4 ? 4 : 1;
      const [x, y] = hoistBoth(em, n, a, b, s, at);
      return { e: binaryExpr(em, n.op, T.splat(x, wide), T.splat(y, wide)), s };
    }
    case "select": {
      // A choice by the index of the chunked axis alone: each element is known.
      if (chunk !== null && em.b.node(n.cond).axes.join() === String(chunk)) {
        const conds = [0, 1, 2, 3].map((k) => emit(em, n.cond, lane4(fixed, chunk, k), at).e);
        const [first] = conds;
        if (first?.kind === "lit" && conds.every((c) => c.kind === "lit" && c.value === first.value))
          return emit(em, first.value !== 0 ? n.a : n.b, fixed, at);
        return byLane(em, n, fixed, chunk, at);
      }
      const c = operand(em, n.cond, fixed, at);
      if (c.e.kind === "lit") {
        // Which branch it is holds where the condition is known, and no further out.
        const taken = emit(em, c.e.value !== 0 ? n.a : n.b, fixed, at);
        return { e: taken.e, s: join(c.s, taken.s, at) };
      }
      const a = operand(em, n.a, fixed, at);
      const b = operand(em, n.b, fixed, at);
      const wide = [a, b, c].some((x) => x.e.type.width === 4) ? 4 : 1;
      return {
        e: T.select(T.splat(c.e, wide), T.splat(a.e, wide), T.splat(b.e, wide)),
        s: join(join(a.s, b.s, at), c.s, at),
      };
    }
    case "reduce":
      if (chunk !== null)
        return isWideSum(em, n, chunk) ? emitWideSum(em, n, fixed, at) : byLane(em, n, fixed, chunk, at);
      if (em.accumulators.has(n.id)) {
        const element = elementOf(em, n, fixed, at);
        if (element !== null) return element;
      }
      if (em.accumulators.has(n.id) || n.op === "cumsum")
        throw new Error(`accumulator ${n.id} is not bound in scope ${at.name}`);
      return emitReduce(em, n, fixed, at);
    case "carried":
    case "scan":
      throw new Error(`the state of ${n.name} is not there in scope ${at.name}`);
  }
};

/** One element of what is carried in vec4s; null when it is not. */
const elementOf = (em: Emitter, n: Node, fixed: Fixed, at: Scope): Placed | null => {
  for (const [axis, f] of fixed) {
    if (!("at" in f) || !n.axes.includes(axis)) continue;
    const of = f.of ?? (f.at.kind === "lit" ? { chunk: T.i32(Math.floor(f.at.value / 4)), k: f.at.value % 4 } : null);
    if (of === null) continue;
    const whole = lookup(at, keyOf(n, new Map([...fixed, [axis, { chunk: of.chunk }] as const])));
    if (whole !== null && whole.e.type.width === 4) return { e: T.component(whole.e, of.k), s: whole.s };
  }
  return null;
};

/** Operands from an outer scope than the result are named there, so that they are computed once. */
export const hoistBoth = (
  em: Emitter,
  n: Node & { kind: "binary" },
  a: Placed,
  b: Placed,
  s: Scope,
  at: Scope,
): readonly [Expr, Expr] => {
  const up = (p: Placed, id: NodeId): Expr =>
    p.s === s || p.s === at ? p.e : name(em, p.s, em.names.get(id) ?? baseName(em.b.node(id)), p.e);
  return [up(a, n.a), up(b, n.b)];
};

/** A value of four elements put together from single ones. */
const byLane = (em: Emitter, n: Node, fixed: Fixed, axis: AxisId, at: Scope): Placed => {
  const parts = [0, 1, 2, 3].map((k) => emit(em, n.id, lane4(fixed, axis, k), at));
  return { e: T.vector(parts.map((p) => p.e)), s: parts.reduce((s, p) => join(s, p.s, at), em.root) };
};

export const indexOf = (em: Emitter, axis: AxisId, fixed: Fixed, at: Scope): Placed => {
  const f = fixed.get(axis);
  if (f !== undefined && "at" in f) return { e: f.at, s: homeOfIndex(em, f.at, at) };
  for (const s of at.above) {
    const e = s.axes.get(axis);
    if (e !== undefined) return { e, s };
  }
  throw new Error(`axis ${em.b.axis(axis).name} is not bound in scope ${at.name}`);
};

/** The scope that an index expression of a fixed axis belongs to: where it was bound, if that can be told. */
export const homeOfIndex = (em: Emitter, e: Expr, at: Scope): Scope => {
  if (e.kind === "lit") return em.root;
  for (const s of at.above) for (const bound of s.axes.values()) if (bound === e) return s;
  return at;
};

const constant = (n: Node & { kind: "const" }): Expr => {
  if (n.value === Infinity || n.value === -Infinity) return T.infinity(n.value > 0 ? 1 : -1);
  return T.lit(n.value, n.ty === "f32" ? F32 : n.ty === "i32" ? I32 : BOOL);
};

const finite = (e: Expr): Expr => (e.kind === "infinity" ? T.f32(-e.sign * LOWEST) : e);

const unaryExpr = (op: (Node & { kind: "unary" })["op"], a: Expr): Expr => {
  switch (op) {
    case "float":
      return T.cast(a, "f32");
    case "int":
      return T.cast(a, "i32");
    case "not":
      return T.not(a);
    case "neg":
      return a.kind === "lit"
        ? T.lit(-a.value, a.type)
        : a.kind === "infinity"
          ? T.infinity(a.sign === 1 ? -1 : 1)
          : T.unary("neg", a);
    default:
      return T.unary(op satisfies TUnary, a);
  }
};

const binaryExpr = (em: Emitter, op: (Node & { kind: "binary" })["op"], x: Expr, y: Expr): Expr => {
  const ints = x.type.elem === "i32";
  if (ints && op === "/")
    return nonNegative(em, x) && nonNegative(em, y) ? T.binary("/", x, y) : T.binary("floordiv", x, y);
  if (ints && op === "%")
    return nonNegative(em, x) && nonNegative(em, y) ? T.binary("%", x, y) : T.binary("floormod", x, y);
  if (T.isComparison(op as TBinary)) return T.binary(op as TBinary, finite(x), finite(y));
  return T.binary(op as TBinary, x, y);
};

/** Integer expressions that cannot be negative: indices, sizes, literals and what is made of them without a minus. */
const nonNegative = (em: Emitter, e: Expr): boolean => {
  if (e.kind === "lit") return e.value >= 0;
  if (e.kind === "builtin") return true;
  if (e.kind === "uniform") return em.graph.sizes.includes(e.name);
  if (e.kind === "ref") return em.natural.has(e.name);
  if (e.kind === "binary")
    return ["+", "*", "/", "%", "min", "max"].includes(e.op) && nonNegative(em, e.a) && nonNegative(em, e.b);
  return false;
};
