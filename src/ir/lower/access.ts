/** Loads and stores of tensors: flat indices built from the outside in, vec4 access, packed and half types. */
import { item } from "../../base/must.ts";
import { type SizeExpr, printSize } from "../../base/size.ts";
import type { AxisId, Node, Tensor } from "../graph/graph.ts";
import * as T from "../tile/build.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { clamped, flatIndex, lastSize, tensorNamed } from "./address.ts";
import { type Emitter, type Fixed, type Placed, emit, homeOfIndex, keyOf, lane4, name } from "./emit.ts";
import { type Scope, join, lookup } from "./scope.ts";
import { bufferOf, decode, encode, field } from "./stored.ts";

/** Whether the tensor may be bound as vec4s: f32 or f16 with a last axis that is a known multiple of four. */
export const canVector = (em: Pick<Emitter, "b">, t: Tensor): boolean => {
  const last = t.dims.flat().at(-1);
  const n = last === undefined ? 1 : em.b.axis(last).size;
  return (t.dtype === "f32" || t.dtype === "f16") && typeof n === "number" && n % 4 === 0 && n > 0;
};

export const emitLoad = (em: Emitter, n: Node & { kind: "load" }, fixed: Fixed, at: Scope): Placed => {
  const t = tensorNamed(em, n.tensor);
  const axes = t.dims.flat();
  const chunked = n.axes.find((a) => "chunk" in (fixed.get(a) ?? {}));
  if (chunked !== undefined) {
    const packed = packedChunk(em, n, t, fixed, chunked, at);
    if (packed !== null) return packed;
  }
  const chunkAt = chunked === undefined ? null : chunkIndex(em, n, fixed, chunked, at);
  if (chunked !== undefined && chunkAt === null) {
    // Together they get one name; where tiles or broadcasts may have an element, it is asked for by itself.
    const elsewhere = [...at.above].some((s) => em.overrides.has(s));
    const parts = [0, 1, 2, 3].map((k) => {
      const one = lane4(fixed, chunked, k);
      return elsewhere ? emit(em, n.id, one, at) : (lookup(at, keyOf(n, one)) ?? emitLoad(em, n, one, at));
    });
    return { e: T.vector(parts.map((p) => p.e)), s: parts.reduce((s, p) => join(s, p.s, at), em.root) };
  }
  const vector = em.vectors.has(t.name);
  const element = chunked === undefined ? elementOfChunk(em, n, fixed, at) : null;
  if (element !== null) return element;
  const terms = n.at.map((id, k): Placed => {
    if (chunkAt !== null && k === n.at.length - 1) return { e: chunkAt, s: homeOfIndex(em, chunkAt, at) };
    return clamped(em, id, em.b.axis(item(axes, k)).size, emit(em, id, fixed, at));
  });
  if (chunked === undefined && vector) {
    // One element of a vec4 buffer: only a known position can be read as a component.
    const last = terms.at(-1)?.e;
    if (last?.kind !== "lit") {
      em.scalarUse.add(t.name);
      return { e: T.f32(0), s: at };
    }
    const whole = flatIndex(
      em,
      t,
      [...terms.slice(0, -1), { e: T.i32(Math.floor(last.value / 4)), s: terms.at(-1)?.s ?? em.root }],
      true,
      at,
    );
    const e = T.component(T.load(bufferOf(t, true), whole.e), last.value % 4);
    return { e: T.cast(e, "f32"), s: whole.s };
  }
  const flat = flatIndex(em, t, terms, vector, at);
  return { e: decode(t, flat.e, vector), s: flat.s };
};

/** An element that is known to be one of a chunk: of the vec4 that holds it, which is read once. */
const elementOfChunk = (em: Emitter, n: Node & { kind: "load" }, fixed: Fixed, at: Scope): Placed | null => {
  const last = em.b.node(n.at.at(-1) ?? n.id);
  const f = last.kind === "index" ? fixed.get(last.axis) : undefined;
  if (
    last.kind !== "index" ||
    f === undefined ||
    !("at" in f) ||
    f.of === undefined ||
    !isVectorAccess(em, n, last.axis)
  )
    return null;
  const chunk: Fixed = new Map([...fixed, [last.axis, { chunk: f.of.chunk }] as const]);
  const whole = emit(em, n.id, chunk, at);
  const e = name(em, whole.s, em.names.get(n.id) ?? n.tensor, whole.e);
  whole.s.memo.set(keyOf(n, chunk), e);
  return { e: T.component(e, f.of.k), s: whole.s };
};

/**
 * Which vec4 of the tensor four neighbouring cells of an axis lie in: along the axis itself, or at known indices that begin one (`x[d + 32]`,
 * `cos[d % 32]`). Null: in none.
 */
const chunkIndex = (em: Emitter, n: Node & { kind: "load" }, fixed: Fixed, axis: AxisId, at: Scope): Expr | null => {
  const f = fixed.get(axis);
  if (f === undefined || !("chunk" in f)) return null;
  const last = n.at.at(-1);
  const inside = lastSize(em, tensorNamed(em, n.tensor));
  if (isVectorAccess(em, n, axis)) return chunkInside(em, axis, inside, f.chunk);
  if (last === undefined || !em.vectors.has(n.tensor) || typeof inside !== "number" || f.chunk.kind !== "lit")
    return null;
  if (em.b.node(last).axes.join() !== String(axis) || n.at.slice(0, -1).some((id) => em.b.node(id).axes.includes(axis)))
    return null;
  const lanes = [0, 1, 2, 3]
    .map((k) => emit(em, last, lane4(fixed, axis, k), at).e)
    .map((e) => (e.kind === "lit" ? e.value : -1));
  const [first = -1] = lanes;
  return first >= 0 && first % 4 === 0 && first + 3 < inside && lanes.every((v, k) => v === first + k)
    ? T.i32(first / 4)
    : null;
};

/** A chunk of an axis as one of a tensor's last axis, which may be shorter: beyond it nobody uses what is read. */
const chunkInside = (em: Emitter, axis: AxisId, inside: SizeExpr, chunk: Expr): Expr =>
  printSize(em.b.axis(axis).size) === printSize(inside)
    ? chunk
    : T.min(chunk, T.sub(T.div(T.sizeToExpr(inside), T.i32(4)), T.i32(1)));

/** Four neighbouring packed integers along the last axis: their word is read once. Null where a word may hold those of two rows. */
const packedChunk = (
  em: Emitter,
  n: Node & { kind: "load" },
  t: Tensor,
  fixed: Fixed,
  axis: AxisId,
  at: Scope,
): Placed | null => {
  const bits = t.dtype === "i8" || t.dtype === "u8" ? 8 : t.dtype === "i4" || t.dtype === "u4" ? 4 : null;
  const f = fixed.get(axis);
  const axes = t.dims.flat();
  const inside = lastSize(em, t);
  const per = bits === null ? 4 : 32 / bits;
  if (
    bits === null ||
    f === undefined ||
    !("chunk" in f) ||
    typeof inside !== "number" ||
    inside % per !== 0 ||
    !isAlong(em, n, axis)
  )
    return null;
  const terms = n.at
    .slice(0, -1)
    .map((id, k) => clamped(em, id, em.b.axis(item(axes, k)).size, emit(em, id, fixed, at)));
  const chunk = chunkInside(em, axis, inside, f.chunk);
  const flat = flatIndex(em, t, [...terms, { e: chunk, s: homeOfIndex(em, chunk, at) }], true, at);
  const buffer = bufferOf(t, false);
  // Four of eight in a word: the lower or the upper half of it.
  const whole =
    per === 4
      ? T.load(buffer, flat.e)
      : T.binary(
          "shr",
          T.load(buffer, T.div(flat.e, T.i32(2))),
          T.mul(T.cast(T.mod(flat.e, T.i32(2)), "u32"), T.u32(16)),
        );
  const word = name(em, flat.s, `${t.name}_word`, whole);
  return {
    e: T.vector([0, 1, 2, 3].map((k) => field(word, T.u32(k * bits), bits, t.dtype === "i8" || t.dtype === "i4"))),
    s: flat.s,
  };
};

/** The last index is exactly the axis and nothing else mentions it. */
const isAlong = (em: Emitter, n: Node & { kind: "load" }, axis: AxisId): boolean => {
  const node = em.b.node(n.at.at(-1) ?? n.id);
  return (
    node.kind === "index" && node.axis === axis && n.at.slice(0, -1).every((id) => !em.b.node(id).axes.includes(axis))
  );
};

/** The same of a tensor that is bound as vec4s. */
export const isVectorAccess = (em: Emitter, n: Node & { kind: "load" }, axis: AxisId): boolean =>
  em.vectors.has(n.tensor) && isAlong(em, n, axis);

/** Statements that write a value (a vec4 when a chunk is fixed) of a result at the point described. */
export const emitStore = (
  em: Emitter,
  tensor: string,
  axes: readonly AxisId[],
  value: Expr,
  fixed: Fixed,
  at: Scope,
): readonly Stmt[] => {
  const t = tensorNamed(em, tensor);
  const chunked = axes.find((a) => "chunk" in (fixed.get(a) ?? {}));
  const vector = em.vectors.has(tensor);
  const indices = (f: Fixed): Placed[] => axes.map((a) => emit(em, em.b.index(a), f, at));
  if (chunked !== undefined && vector && axes.at(-1) === chunked) {
    const f = fixed.get(chunked);
    const chunk = f !== undefined && "chunk" in f ? f.chunk : T.i32(0);
    const rest = axes.slice(0, -1).map((a) => emit(em, em.b.index(a), fixed, at));
    const flat = flatIndex(em, t, [...rest, { e: chunk, s: homeOfIndex(em, chunk, at) }], true, at);
    return [T.store(bufferOf(t, true), flat.e, encode(t, T.splat(value, 4)))];
  }
  if (vector) em.scalarUse.add(tensor);
  if (chunked === undefined)
    return [T.store(bufferOf(t, false), flatIndex(em, t, indices(fixed), false, at).e, encode(t, value))];
  return [0, 1, 2, 3].map((k) => {
    const flat = flatIndex(em, t, indices(lane4(fixed, chunked, k)), false, at);
    return T.store(bufferOf(t, false), flat.e, encode(t, value.type.width === 1 ? value : T.component(value, k)));
  });
};
