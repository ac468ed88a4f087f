/** Where an element of a tensor lies: flat indices built from the outside in, each partial sum where it is known, and indices brought in range. */
import { item } from "../../base/must.ts";
import { type SizeExpr, sameSize, size, sizeKey } from "../../base/size.ts";
import type { NodeId, Tensor } from "../graph/graph.ts";
import {
  type Linear,
  linAdd,
  linConst,
  linScale,
  linearOf,
  linearOfSize,
  provablyNonNegative,
} from "../scalar/affine.ts";
import * as T from "../tile/build.ts";
import { keyOfExpr } from "../tile/key.ts";
import type { Expr } from "../tile/tile.ts";
import { type Emitter, type Placed, name } from "./emit.ts";
import { type Scope, join } from "./scope.ts";

export const tensorNamed = (em: Emitter, tensor: string): Tensor => {
  const t = em.graph.tensors.find((x) => x.name === tensor);
  if (t === undefined) throw new Error(`no tensor ${tensor}`);
  return t;
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
export const flatIndex = (em: Emitter, t: Tensor, terms: readonly Placed[], vector: boolean, at: Scope): Placed => {
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

/** The size of a tensor's last axis. */
export const lastSize = (em: Emitter, t: Tensor): SizeExpr => {
  const last = t.dims.flat().at(-1);
  return last === undefined ? 1 : em.b.axis(last).size;
};

/** An index that is not known to be in range, brought there. */
export const clamped = (em: Emitter, id: NodeId, extent: SizeExpr, p: Placed): Placed => {
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
