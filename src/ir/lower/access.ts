/** Loads and stores of tensors: flat indices built from the outside in, vec4 access, packed and half types. */
import { item } from "../../base/must.ts";
import { sameSize, sizeKey } from "../../base/size.ts";
import type { AxisId, Node, NodeId, Tensor } from "../graph/graph.ts";
import type { SizeExpr } from "../../base/size.ts";
import { printSize, size } from "../../base/size.ts";
import { linAdd, linConst, linearOf, linearOfSize, linScale, provablyNonNegative } from "../scalar/affine.ts";
import type { Linear } from "../scalar/affine.ts";
import type { Buffer, Expr, Stmt } from "../tile/tile.ts";
import { U32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { keyOfExpr } from "../tile/key.ts";
import type { Emitter, Fixed, Placed } from "./emit.ts";
import { emit, homeOfIndex, keyOf, lane4, name } from "./emit.ts";
import { join, lookup } from "./scope.ts";
import type { Scope } from "./scope.ts";

export const tensorNamed = (em: Emitter, tensor: string): Tensor => {
  const t = em.graph.tensors.find((x) => x.name === tensor);
  if (t === undefined) throw new Error(`no tensor ${tensor}`);
  return t;
};

/** Whether the tensor may be bound as vec4s: f32 or f16 with a last axis that is a known multiple of four. */
export const canVector = (em: Pick<Emitter, "b">, t: Tensor): boolean => {
  const last = t.dims.flat().at(-1);
  const n = last === undefined ? 1 : em.b.axis(last).size;
  return (t.dtype === "f32" || t.dtype === "f16") && typeof n === "number" && n % 4 === 0 && n > 0;
};

/** The buffer of a tensor as it is bound. */
export const bufferOf = (t: Tensor, vector: boolean): Buffer => {
  const elem = t.dtype === "f32" || t.dtype === "f16" || t.dtype === "i32" ? t.dtype : "u32";
  return {
    name: t.name,
    space: "storage",
    access: t.role === "input" ? "read" : "read_write",
    type: T.vtype(elem, vector ? 4 : 1),
    length: null,
  };
};

/** Strides of the flattened axes, in elements (or vec4s), made once a tensor. */
const strides = (em: Emitter, t: Tensor, vector: boolean): readonly SizeExpr[] => {
  const known = vector ? em.strides.ofVectors : em.strides.ofScalars;
  const made = known.get(t) ?? stridesOf(em, t, vector);
  known.set(t, made);
  return made;
};

const stridesOf = (em: Emitter, t: Tensor, vector: boolean): readonly SizeExpr[] => {
  const axes = t.dims.flat();
  const out: SizeExpr[] = [];
  let stride: SizeExpr = 1;
  for (let k = axes.length - 1; k >= 0; k--) {
    out.unshift(stride);
    const n: SizeExpr = em.b.axis(item(axes, k)).size;
    stride = size("*", stride, vector && k === axes.length - 1 && typeof n === "number" ? n / 4 : n);
  }
  return out;
};

/** Σ index · stride, each partial sum named in the scope it belongs to; what is known at compile time is added last. */
const flatIndex = (em: Emitter, t: Tensor, terms: readonly Placed[], vector: boolean, at: Scope): Placed => {
  const step = strides(em, t, vector);
  const list = terms.map((p, k) => ({ e: T.mul(p.e, T.sizeToExpr(step[k] ?? 1)), s: p.s }));
  const literal = list.filter((p) => p.e.kind === "lit");
  const fixed = literal.map((p) => p.e).reduce((x, y) => T.add(x, y), T.i32(0));
  const moving = list.filter((p) => p.e.kind !== "lit");
  const scopes = [...new Set(moving.map((p) => p.s))].sort((x, y) => x.above.size - y.above.size);
  let sum: Placed = { e: T.i32(0), s: em.root };
  for (const s of scopes) {
    const own = moving
      .filter((p) => p.s === s)
      .map((p) => p.e)
      .reduce((x, y) => T.add(x, y));
    const whole = { e: T.add(sum.e, own), s: join(sum.s, s, at) };
    sum = { e: named(em, whole, `${t.name}_at`), s: whole.s };
  }
  // A cell at a known place of the stream is still that cell's.
  return { e: T.add(sum.e, fixed), s: literal.reduce((s, p) => join(s, p.s, at), sum.s) };
};

const named = (em: Emitter, p: Placed, base: string): Expr => {
  const key = `@${keyOfExpr(p.e)}`;
  const known = p.s.memo.get(key);
  if (known !== undefined) return known;
  const e = name(em, p.s, base, p.e);
  p.s.memo.set(key, e);
  return e;
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

/** Reads an element and converts it to its arithmetic type; packed integers are unpacked from their word. */
const decode = (t: Tensor, at: Expr, vector: boolean): Expr => {
  const buffer = bufferOf(t, vector);
  switch (t.dtype) {
    case "f32":
    case "i32":
      return T.load(buffer, at);
    case "f16":
      return T.cast(T.load(buffer, at), "f32");
    case "u32":
      return T.cast(T.min(T.load(buffer, at), T.lit(2147483647, U32)), "i32");
    case "bool":
      return T.binary("!=", T.load(buffer, at), T.lit(0, U32));
    case "i8":
    case "u8":
      return unpack(buffer, at, 8, t.dtype === "i8");
    case "i4":
    case "u4":
      return unpack(buffer, at, 4, t.dtype === "i4");
  }
};

const unpack = (buffer: Buffer, at: Expr, bits: 4 | 8, signed: boolean): Expr => {
  const per = 32 / bits;
  const position = T.cast(T.mod(at, T.i32(per)), "u32");
  return field(T.load(buffer, T.div(at, T.i32(per))), T.mul(position, T.u32(bits)), bits, signed);
};

/** The field of a word that begins at a bit. */
const field = (word: Expr, from: Expr, bits: 4 | 8, signed: boolean): Expr => {
  if (!signed) return T.cast(T.binary("bitand", T.binary("shr", word, from), T.u32(2 ** bits - 1)), "i32");
  // The field goes to the top of the word, then an arithmetic shift brings it down with its sign.
  return T.binary("shr", T.bitcast(T.binary("shl", word, T.sub(T.u32(32 - bits), from)), "i32"), T.u32(32 - bits));
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

/** The size of a tensor's last axis. */
const lastSize = (em: Emitter, t: Tensor): SizeExpr => {
  const last = t.dims.flat().at(-1);
  return last === undefined ? 1 : em.b.axis(last).size;
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

/** An index that is not known to be in range, brought there. */
const clamped = (em: Emitter, id: NodeId, extent: SizeExpr, p: Placed): Placed => {
  if (extent === 0) return { e: T.i32(0), s: p.s };
  if (inRange(em, id, extent)) return p;
  return { e: T.min(T.max(p.e, T.i32(0)), T.sub(T.sizeToExpr(extent), T.i32(1))), s: p.s };
};

const inRange = (em: Emitter, id: NodeId, extent: SizeExpr): boolean => {
  const key = `${id} ${sizeKey(extent)}`;
  const known = em.ranges.get(key);
  if (known !== undefined) return known;
  const found = provablyInRange(em, id, extent);
  em.ranges.set(key, found);
  return found;
};

const provablyInRange = (em: Emitter, id: NodeId, extent: SizeExpr): boolean => {
  const n = em.b.node(id);
  if (n.kind === "index" && sameSize(em.b.axis(n.axis).size, extent)) return true;
  const form = linearOf(em.b, id);
  const top = linearOfSize(extent);
  if (top === null) return false;
  // A tensor without a cell is read by nobody.
  const within = (f: Linear): boolean => provablyNonNegative(em.b, f, [], [extent]);
  return within(form) && within(linAdd(linAdd(top, linConst(-1)), linScale(form, -1)));
};

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

const encode = (t: Tensor, e: Expr): Expr => {
  const elem = bufferOf(t, false).type.elem;
  if (e.kind === "infinity" && elem !== "f32") return T.cast(e, elem);
  return T.cast(e, elem);
};
