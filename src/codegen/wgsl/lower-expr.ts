/** Tile IR expressions to WGSL ones. */
import { readsMemory } from "../../ir/tile/walk.ts";
import type { Buffer, Expr, TBinary, TUnary, VType } from "../../ir/tile/tile.ts";
import { constantOf, converted, fit } from "./constant.ts";
import { type Cx, type NamedBuffer, noteType } from "./cx.ts";
import { type HelperName, helperName, helperText, typeName } from "./helpers.ts";
import { literal } from "./literal.ts";
import { type WBinary, type WExpr, bin, call, text } from "./module.ts";
import { type Scope, lookup } from "./names.ts";

type Elem<E extends VType["elem"]> = VType & { readonly elem: E };

const isFloat = (t: VType): t is Elem<"f32" | "f16"> => t.elem === "f32" || t.elem === "f16";

const helper = (name: HelperName, t: VType, cx: Cx, ...args: readonly WExpr[]): WExpr => {
  const fn = helperName(name, t);
  const made = cx.helpers.get(fn) ?? { text: helperText(name, t), from: [] };
  if (!made.from.includes(cx.at.from)) made.from.push(cx.at.from);
  cx.helpers.set(fn, made);
  return call(fn, ...args);
};

/** A helper written for f32, on f16 by way of f32. */
const f32Helper = (name: HelperName, t: VType, cx: Cx, ...args: readonly WExpr[]): WExpr => {
  if (t.elem !== "f16") return helper(name, t, cx, ...args);
  const wide: VType = { elem: "f32", width: t.width };
  return call(noteType(t, cx), helper(name, wide, cx, ...args.map((a) => call(typeName(wide), a))));
};

const lowerUnary = (op: TUnary, a: WExpr, t: VType, cx: Cx): WExpr => {
  switch (op) {
    case "neg":
      return { kind: "unary", op: "-", a };
    case "not":
      return { kind: "unary", op: "!", a };
    case "rsqrt":
      return call("inverseSqrt", a);
    case "sin":
      return f32Helper("sin_exact", t, cx, a);
    case "cos":
      return f32Helper("cos_exact", t, cx, a);
    case "tanh":
      return f32Helper("tanh_safe", t, cx, a);
    case "erf":
      return f32Helper("erf", t, cx, a);
    case "abs":
    case "sign":
    case "exp":
    case "log":
    case "exp2":
    case "log2":
    case "sqrt":
    case "floor":
    case "ceil":
    case "round":
      return call(op, a);
  }
};

const isLiteral = (e: Expr, value: number): boolean => e.kind === "lit" && e.value === value;

/** Operators that take a vector and a scalar: `v * s` needs no `vec4f(s)`. */
const MIXES: ReadonlySet<TBinary> = new Set<TBinary>(["+", "-", "*", "/"]);

const spread = (e: Expr): Expr =>
  e.kind === "splat" ? e.a : e.kind === "lit" && e.type.width > 1 ? { ...e, type: { elem: e.type.elem, width: 1 } } : e;

/**
 * Whether the right side of `and` or `or` is to run only where the left does not decide: where it reads memory. `&&` is a branch for drivers:
 * 36 of them in a row of `select`s keep SwiftShader for more than ten minutes, `&` for less than a second.
 */
const branches = ({ a, b }: Expr & { readonly kind: "binary" }): boolean => a.type.width === 1 && readsMemory(b);

const lowerBinary = (op: TBinary, e: Expr & { readonly kind: "binary" }, cx: Cx, scope: Scope): WExpr => {
  const t = e.a.type;
  const mixes = MIXES.has(op);
  const a = lowerExpr(mixes && spread(e.b) === e.b ? spread(e.a) : e.a, cx, scope);
  const b = lowerExpr(mixes ? spread(e.b) : e.b, cx, scope);
  const shift = (): WExpr =>
    e.b.type.elem === "u32" ? b : lowerCast(e.b, { elem: "u32", width: e.b.type.width }, cx, scope);
  const plain = (w: WBinary): WExpr => bin(w, a, b);
  switch (op) {
    case "floordiv":
      return t.elem === "u32" ? plain("/") : helper("floor_div", t, cx, a, b);
    case "floormod":
      return t.elem === "u32" ? plain("%") : helper("floor_mod", t, cx, a, b);
    case "pow":
      return isLiteral(e.b, 2) ? helper("square", t, cx, a) : f32Helper("pow_safe", t, cx, a, b);
    case "min":
    case "max":
      return call(op, a, b);
    case "and":
      return plain(branches(e) ? "&&" : "&");
    case "or":
      return plain(branches(e) ? "||" : "|");
    case "bitand":
      return plain("&");
    case "shr":
      return bin(">>", a, shift());
    case "shl":
      return bin("<<", a, shift());
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return plain(op);
  }
};

const lowerCast = (a: Expr, to: VType, cx: Cx, scope: Scope): WExpr => {
  // An integer literal becomes one of the other type: no conversion is left to read.
  if (a.kind === "lit" && to.elem !== "bool" && Number.isInteger(a.value)) {
    const value = converted(a.value, a.type, to);
    if (a.value >= 0 || value !== a.value) return literal(value, to);
  }
  const x = lowerExpr(a, cx, scope);
  if (a.type.elem === "bool" && to.elem !== "bool") return call("select", literal(0, to), literal(1, to), x);
  return call(typeName(to), x);
};

const SUBGROUP = {
  shuffle: "subgroupShuffle",
  broadcast: "subgroupBroadcast",
  shuffleXor: "subgroupShuffleXor",
  add: "subgroupAdd",
  max: "subgroupMax",
  min: "subgroupMin",
} as const;

const lowerSubgroup = (e: Expr & { readonly kind: "subgroup" }, cx: Cx, scope: Scope): WExpr => {
  cx.uses.subgroups = true;
  const a = lowerExpr(e.a, cx, scope);
  if (e.lane === null) return call(SUBGROUP[e.op], a);
  const at = e.lane.kind === "lit" ? text(`${e.lane.value}u`) : lowerExpr(e.lane, cx, scope);
  return call(SUBGROUP[e.op], a, e.lane.kind === "lit" || e.lane.type.elem === "u32" ? at : call("u32", at));
};

/** A storage buffer of bools holds u32: WGSL has no host-shareable bool. */
export const isWideBool = (b: Buffer): boolean => b.space === "storage" && b.type.elem === "bool";

const find = (buffer: string, cx: Cx): NamedBuffer => {
  const found = cx.buffers.get(buffer);
  if (found === undefined) throw new Error(`tile IR: no buffer "${buffer}"`);
  return found;
};

/** `buffer[index]`. */
export const bufferElement = (
  buffer: string,
  index: Expr,
  cx: Cx,
  scope: Scope,
): { readonly at: WExpr; readonly wideBool: VType | null } => {
  const { name, buffer: b } = find(buffer, cx);
  return {
    // Of a tensor without elements; the value does not exist, and is not used. WGSL refuses the index itself.
    at: {
      kind: "index",
      a: text(name),
      index: index.kind === "lit" && index.value < 0 ? text("0") : lowerExpr(index, cx, scope),
    },
    wideBool: isWideBool(b) ? { elem: "u32", width: b.type.width } : null,
  };
};

const lowerLoad = (e: Expr & { readonly kind: "load" }, cx: Cx, scope: Scope): WExpr => {
  const { at, wideBool } = bufferElement(e.buffer, e.index, cx, scope);
  return wideBool === null ? at : bin("!=", at, literal(0, wideBool));
};

const lowerUniform = (name: string, cx: Cx): WExpr => {
  const field = cx.params.fields.get(name);
  if (field === undefined) throw new Error(`tile IR: no uniform "${name}"`);
  const at: WExpr = { kind: "member", a: text(cx.params.variable), name: field };
  return cx.params.bools.has(name) ? bin("!=", at, text("0u")) : at;
};

const builtin = (name: string, cx: Cx): WExpr => {
  const found = cx.builtins.get(name);
  if (found === undefined) throw new Error(`tile IR: builtin "${name}" is not declared in this kernel`);
  return text(found);
};

/** Infinity of either sign, or NaN: what a value beyond a float type becomes. */
const notFinite = (value: number, t: VType, cx: Cx): WExpr => {
  const one = helper(
    Number.isNaN(value) ? "not_a_number" : value > 0 ? "infinity" : "negative_infinity",
    { elem: "f32", width: 1 },
    cx,
  );
  if (t.elem === "f32" && t.width === 1) return one;
  return call(noteType(t, cx), t.elem === "f16" && t.width > 1 ? call("f16", one) : one);
};

/** The WGSL expression; notes helpers, features and names in `cx`. */
export const lowerExpr = (e: Expr, cx: Cx, scope: Scope): WExpr => {
  const go = (x: Expr): WExpr => lowerExpr(x, cx, scope);
  if (e.type.elem === "f16") cx.uses.f16 = true;
  const known = constantOf(e);
  if (known !== null && e.kind !== "lit") {
    // A front end computes constants itself, and refuses those that leave their type.
    if (isFloat(e.type) && !isFinite(fit(known, e.type))) return notFinite(known, e.type, cx);
    if (!isFloat(e.type) && fit(known, e.type) !== known) return literal(fit(known, e.type), e.type);
  }
  switch (e.kind) {
    case "lit":
      return isFloat(e.type) && !isFinite(fit(e.value, e.type))
        ? notFinite(e.value, e.type, cx)
        : literal(isFloat(e.type) || e.type.elem === "bool" ? e.value : fit(e.value, e.type), e.type);
    case "infinity":
      return notFinite(e.sign * Infinity, e.type, cx);
    case "ref":
      return text(lookup(scope, e.name));
    case "uniform":
      return lowerUniform(e.name, cx);
    case "builtin":
      return builtin(e.name, cx);
    case "load":
      return lowerLoad(e, cx, scope);
    case "element":
      return { kind: "index", a: text(lookup(scope, e.array)), index: go(e.index) };
    case "unary":
      return lowerUnary(e.op, go(e.a), e.a.type, cx);
    case "binary":
      return lowerBinary(e.op, e, cx, scope);
    case "select":
      return lowerSelect(e, cx, scope);
    case "cast":
      return lowerCast(e.a, e.type, cx, scope);
    case "bitcast":
      return call(`bitcast<${typeName(e.type)}>`, go(e.a));
    case "splat":
      return call(typeName(e.type), go(e.a));
    case "vector":
      return call(typeName(e.type), ...e.parts.map(go));
    case "component":
      return { kind: "member", a: go(e.a), name: "xyzw"[e.at] ?? "x" };
    case "dot":
      return call("dot", go(e.a), go(e.b));
    case "fma":
      return call("fma", go(e.a), go(e.b), go(e.c));
    case "subgroup":
      return lowerSubgroup(e, cx, scope);
  }
};

/** WGSL's `select` has the false value first; a vector may be chosen by one bool. */
const lowerSelect = (e: Expr & { readonly kind: "select" }, cx: Cx, scope: Scope): WExpr =>
  call("select", lowerExpr(e.b, cx, scope), lowerExpr(e.a, cx, scope), lowerExpr(e.cond, cx, scope));
