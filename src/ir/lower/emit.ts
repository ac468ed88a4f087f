/**
 * Graph expressions -> Tile expressions: where a value is computed, once, and under which name. `emit` gives the value of a node at the
 * point that the scopes and the fixed axes describe; feature axes are fixed to a literal (unrolled), to a loop variable, or to a chunk of
 * four (a vec4 value). What is written there says `compute.ts`.
 */
import { CODE } from "../../base/costs.ts";
import { NO_ORIGIN, type Origin } from "../../base/span.ts";
import type { SizeExpr } from "../../base/size.ts";
import type { Axis, AxisId, Graph, Node, NodeId, Tensor } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { Integers } from "../scalar/integers.ts";
import { reach } from "../graph/walk.ts";
import type { Expr } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { keyOfExpr } from "../tile/key.ts";
import { lookup } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { UnknownSize } from "../graph/unsupported.ts";

/** A feature axis at one index (`of`: which is element k of this chunk), or at indices `4 * chunk .. 4 * chunk + 3` as a vec4. */
export type Fix =
  { readonly at: Expr; readonly of?: { readonly chunk: Expr; readonly k: number } } | { readonly chunk: Expr };
export type Fixed = ReadonlyMap<AxisId, Fix>;
export const NOTHING_FIXED: Fixed = new Map();

export type Placed = { readonly e: Expr; readonly s: Scope };

/** A source of values that overrides ordinary emission below a scope (tiles in workgroup memory, subgroup broadcast). */
export type Override = (id: NodeId, fixed: Fixed, at: Scope) => Placed | null;

/** How a value is written whose place is decided: names and memo are none of its business. */
export type Compute = (em: Emitter, n: Node, fixed: Fixed, at: Scope) => Placed;

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
  /** Strides of tensors, in elements and in vec4s. */
  readonly strides: Readonly<Record<"ofScalars" | "ofVectors", Map<Tensor, readonly SizeExpr[]>>>;
  /** Which indices are known to be in range of which extents. */
  readonly ranges: Map<string, boolean>;
  /** Names of i32 variables that are never negative: `/` and `%` on them need no floor. */
  readonly natural: Set<string>;
  /** The value of a node that is neither known nor overridden (`compute.ts`). */
  readonly compute: Compute;
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

/** Text that tells fixes apart. */
export const fixKey = (f: Fix): string => ("chunk" in f ? `c${text(f.chunk)}` : `i${text(f.at)}`);
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

/** The same, of a value; null: it belongs to what is around it. */
export const withinNode = <T>(em: Emitter, id: NodeId | null, run: () => T): T =>
  within(em, id === null ? NO_ORIGIN : (em.b.origins[id] ?? NO_ORIGIN), run);

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
  const made = em.compute(em, n, fixed, at);
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
  for (const s of at.above) {
    if (s.walked?.cell === e || s.walked?.inside === e) return s;
    for (const bound of s.axes.values()) if (bound === e) return s;
  }
  return at;
};

/** Integer expressions that cannot be negative: indices, sizes, literals and what is made of them without a minus. */
export const nonNegative = (em: Emitter, e: Expr): boolean => {
  if (e.kind === "lit") return e.value >= 0;
  if (e.kind === "builtin") return true;
  if (e.kind === "uniform") return em.graph.sizes.includes(e.name);
  if (e.kind === "ref") return em.natural.has(e.name);
  if (e.kind === "binary")
    return ["+", "*", "/", "%", "min", "max"].includes(e.op) && nonNegative(em, e.a) && nonNegative(em, e.b);
  return false;
};
