/** What is written for each kind of node: its operands by `emit`, then its own operation. */
import type { AxisId, Node } from "../graph/graph.ts";
import { LOWEST } from "../graph/reduction.ts";
import * as T from "../tile/build.ts";
import { BOOL, F32, I32, type Expr, type TBinary, type TUnary } from "../tile/tile.ts";
import { emitLoad } from "./access.ts";
import {
  chunkOf,
  type Compute,
  emit,
  type Emitter,
  type Fixed,
  hoistBoth,
  indexOf,
  keyOf,
  lane4,
  nonNegative,
  type Placed,
} from "./emit.ts";
import { comparesAsItStands, emitComparison, emitSum, isPlain, magnitude } from "./integers.ts";
import { emitReduce, emitWideSum, isWideSum } from "./reduce.ts";
import { join, lookup, type Scope } from "./scope.ts";

/** The value of a node of the graph, its operands emitted first. */
export const compute: Compute = (em, n, fixed, at) => {
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
      const a = emit(em, n.a, fixed, at);
      if (n.op === "abs" && n.ty === "i32") return { e: magnitude(em, n.a, a.e), s: a.s };
      return { e: unaryExpr(n.op, a.e), s: a.s };
    }
    case "binary": {
      if (chunk !== null && em.b.node(n.a).ty === "i32") return byLane(em, n, fixed, chunk, at);
      if (!isPlain(em, n.id)) return emitSum(em, n, fixed, at);
      if (n.ty === "bool" && !comparesAsItStands(em, n.a, n.b)) return emitComparison(em, n, fixed, at);
      const a = emit(em, n.a, fixed, at);
      const b = emit(em, n.b, fixed, at);
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
      const c = emit(em, n.cond, fixed, at);
      if (c.e.kind === "lit") {
        // Which branch it is holds where the condition is known, and no further out.
        const taken = emit(em, c.e.value !== 0 ? n.a : n.b, fixed, at);
        return { e: taken.e, s: join(c.s, taken.s, at) };
      }
      const a = emit(em, n.a, fixed, at);
      const b = emit(em, n.b, fixed, at);
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

/** A value of four elements put together from single ones. */
const byLane = (em: Emitter, n: Node, fixed: Fixed, axis: AxisId, at: Scope): Placed => {
  const parts = [0, 1, 2, 3].map((k) => emit(em, n.id, lane4(fixed, axis, k), at));
  return { e: T.vector(parts.map((p) => p.e)), s: parts.reduce((s, p) => join(s, p.s, at), em.root) };
};

const constant = (n: Node & { kind: "const" }): Expr => {
  if (n.value === Infinity || n.value === -Infinity) return T.infinity(n.value > 0 ? 1 : -1);
  return T.lit(n.value, n.ty === "f32" ? F32 : n.ty === "i32" ? I32 : BOOL);
};

/** What a maximum starts from stands for minus infinity, be it for one number or for four. */
const finite = (e: Expr): Expr => {
  if (e.kind === "splat") return T.splat(finite(e.a), e.type.width);
  return e.kind === "infinity" ? T.f32(-e.sign * LOWEST) : e;
};

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
