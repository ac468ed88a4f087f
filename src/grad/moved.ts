/** Expressions read at other indices, and nodes over other parts. */
import { NO_SPAN } from "../base/span.ts";
import { type Subst, at, binary, children, constant, stopped, withoutAxes } from "../check/sexpr.ts";
import type { AxisId, SExpr } from "../check/spec.ts";
import { type Arena, index, int, op2, withParts } from "./arena.ts";

/**
 * `e` with indices replaced, written out as far as `e` is made of nothing that has a name (`deep`: that is the kernel's own). Whether the new indices are in range
 * is for the caller to ask: `index` leaves do not.
 */
export const moved = (a: Arena, e: SExpr, subst: readonly Subst[], deep = false): SExpr => {
  const memo = new Map<SExpr, SExpr>();
  const targets = subst.flatMap((s) => s.to.axes);
  const inside = (x: SExpr): SExpr => {
    const here = subst.filter((s) => x.axes.includes(s.axis));
    if (here.length === 0) return x;
    let out = memo.get(x);
    if (out === undefined) {
      out = step(x, here);
      memo.set(x, out);
    }
    return out;
  };
  const step = (x: SExpr, here: readonly Subst[]): SExpr => {
    const stays = a.forward.has(x) && x.kind !== "read" && x.kind !== "index" && x.type === "float";
    const plain = () => a.intern(at(x, here, NO_SPAN));
    if (stays || (!deep && a.whole.has(x))) return plain();
    switch (x.kind) {
      case "index":
        return here[0]?.to ?? x;
      case "read":
      case "unary":
      case "binary":
      case "select":
      case "where":
        return remade(a, x, children(x).map(inside));
      case "reduce": {
        const captured = x.over.some((o) => targets.includes(o) || subst.some((s) => s.axis === o));
        return captured || x.op === "cumsum" ? plain() : remade(a, x, children(x).map(inside));
      }
      case "at": {
        if (x.subst.length === 0) return stop(a, inside(x.arg));
        const kept = here.filter((s) => x.arg.axes.includes(s.axis) && !x.subst.some((t) => t.axis === s.axis));
        const all = [...x.subst.map((s) => ({ axis: s.axis, to: inside(s.to) })), ...kept];
        return a.intern(at(x.arg, all, NO_SPAN));
      }
      case "in":
        return inMoved(a, x, here[0]?.to as SExpr) ?? plain();
      case "const":
      case "size":
      case "scalar":
      case "concat":
      case "prev":
      case "scan":
        return plain();
    }
  };
  return inside(e);
};

const stop = (a: Arena, e: SExpr): SExpr => a.intern(stopped(e, NO_SPAN));

/** `j in m` at `s + offset`, where that is a cell of a known part. */
const inMoved = (a: Arena, x: SExpr & { kind: "in" }, to: SExpr): SExpr | null => {
  const parts = a.axes[x.axis]?.parts ?? [];
  const part = parts.findIndex((_, n) => partIndex(a, x.axis, n) === to);
  return part < 0 ? null : a.intern(constant(part === x.part ? 1 : 0, "bool", NO_SPAN));
};

/** The index of a union axis at the cell of its n-th part. */
export const partIndex = (a: Arena, union: AxisId, n: number): SExpr => {
  const parts = a.axes[union]?.parts ?? [];
  const before = parts.slice(0, n).map((p) => int(a, a.axes[p]?.size ?? 0));
  return before.reduce((x, y) => op2(a, "+", x, y), index(a, parts[n] as AxisId));
};

/** A node over other parts, its free indices counted again. */
export const remade = (a: Arena, x: SExpr, parts: readonly SExpr[]): SExpr => {
  const axes = [...new Set(parts.flatMap((p) => p.axes))].sort((m, n) => m - n);
  if (x.kind === "at") {
    const [arg, ...to] = parts as [SExpr, ...SExpr[]];
    if (to.length === 0) return stop(a, arg);
    return a.intern(
      at(
        arg,
        x.subst.map((s, n) => ({ axis: s.axis, to: to[n] as SExpr })),
        NO_SPAN,
      ),
    );
  }
  if (x.kind === "prev" || x.kind === "scan" || x.kind === "concat") return a.intern(withParts(x, parts));
  const free = x.kind === "reduce" && x.op !== "cumsum" ? withoutAxes(axes, x.over) : axes;
  const [p, q] = parts as [SExpr, SExpr];
  if (x.kind === "binary") return a.intern(binary(x.op, x.type, p, q, NO_SPAN));
  return a.intern({ ...withParts(x, parts), axes: free });
};
