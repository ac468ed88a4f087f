/** Expressions of a gradient: checked expressions, of which equal ones are the same object, and light algebra while they are made. */
import { printSize, type SizeExpr } from "../base/size.ts";
import { NO_SPAN } from "../base/span.ts";
import {
  at,
  binary,
  children,
  constant,
  indexOf,
  reduce,
  select,
  sizeOf,
  stopped,
  unary,
  where,
  withoutAxes,
  type Subst,
} from "../check/sexpr.ts";
import type { AxisId, SBinaryOp, SExpr, SpecAxis, SReduceOp, SUnaryOp } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";

/** The same node over other parts, which are given in the order of `children`. */
const withParts = (e: SExpr, parts: readonly SExpr[]): SExpr => {
  const [a, b, c] = parts as [SExpr, SExpr, SExpr];
  switch (e.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "in":
      return e;
    case "read":
      return { ...e, at: parts };
    case "at":
      return { ...e, arg: a, subst: e.subst.map((s, n) => ({ axis: s.axis, to: parts[n + 1] as SExpr })) };
    case "unary":
      return { ...e, arg: a };
    case "binary":
      return { ...e, left: a, right: b };
    case "select":
      return { ...e, cond: a, then: b, else: c };
    case "reduce":
      return { ...e, arg: a, k: e.k === null ? null : b };
    case "where":
      return { ...e, arg: a, cond: b };
    case "concat":
      return { ...e, parts };
    case "prev":
      return { ...e, init: a };
    case "scan":
      return { ...e, step: a };
  }
};

/** What a node is besides its parts. */
const head = (e: SExpr): string => {
  switch (e.kind) {
    case "const":
      return `${e.type}:${Object.is(e.value, -0) ? "-0" : e.value}`;
    case "index":
      return String(e.axis);
    case "size":
      return printSize(e.size);
    case "scalar":
      return e.scalar;
    case "read":
      return e.tensor;
    case "at":
      return e.subst.map((s) => s.axis).join(",");
    case "unary":
    case "binary":
      return `${e.op}:${e.type}`;
    case "reduce":
      return `${e.op}:${e.over.join(",")}`;
    case "concat":
      return String(e.axis);
    case "prev":
    case "scan":
      return `${e.state}`;
    case "in":
      return `${e.axis},${e.part}`;
    case "select":
    case "where":
      return "";
  }
};

/** Makes expressions; every one it gives is interned: equal ones are the same object. */
export type Arena = {
  /** All axes, those of the kernel first; a gradient may add its own. */
  readonly axes: SpecAxis[];
  /** What a value is called where it is written as a `let`. */
  readonly names: Map<SExpr, string>;
  /** Values of the kernel itself. */
  readonly forward: Set<SExpr>;
  /** Values that are not taken apart: factors of a sum stay in them. */
  readonly whole: Set<SExpr>;
  readonly intern: (e: SExpr) => SExpr;
  readonly newAxis: (like: AxisId, size?: SizeExpr) => AxisId;
  /** The number of a recurrence that is added. */
  readonly newState: () => number;
};

/** An arena that knows the values of a kernel; `imported` gives those under their interned form. */
export const createArena = (
  axes: readonly SpecAxis[],
  roots: readonly SExpr[],
): { readonly arena: Arena; readonly imported: (e: SExpr) => SExpr } => {
  const table = new Map<string, SExpr>();
  const ids = new Map<SExpr, number>();
  const canonical = new Map<SExpr, SExpr>();
  const intern = (e: SExpr): SExpr => {
    if (ids.has(e)) return e;
    const done = canonical.get(e);
    if (done !== undefined) return done;
    const parts = children(e).map(intern);
    const key = `${e.kind} ${head(e)} ${parts.map((p) => ids.get(p)).join(" ")}`;
    let found = table.get(key);
    if (found === undefined) {
      found = withParts({ ...e, name: null }, parts);
      table.set(key, found);
      ids.set(found, ids.size);
    }
    canonical.set(e, found);
    return found;
  };
  const order = postOrder(roots);
  let states = order.reduce((n, e) => (e.kind === "scan" ? Math.max(n, e.state + 1) : n), 0);
  const arena: Arena = {
    axes: [...axes],
    names: new Map(),
    forward: new Set(),
    whole: new Set(),
    intern,
    newAxis: (like, size) => {
      const old = arena.axes[like] as SpecAxis;
      const id = arena.axes.length;
      arena.axes.push({ id, name: old.name, size: size ?? old.size, parts: null, span: NO_SPAN });
      return id;
    },
    newState: () => states++,
  };
  for (const e of order) {
    const x = intern(e);
    arena.forward.add(x);
    if (e.name !== null && !arena.names.has(x)) arena.names.set(x, e.name);
  }
  return { arena, imported: intern };
};

export const num = (a: Arena, value: number): SExpr => a.intern(constant(value, "float", NO_SPAN));
export const int = (a: Arena, size: SizeExpr): SExpr => a.intern(sizeOf(size, NO_SPAN));
export const index = (a: Arena, axis: AxisId): SExpr => a.intern(indexOf(axis, NO_SPAN));
export const op1 = (a: Arena, op: SUnaryOp, x: SExpr): SExpr =>
  a.intern(unary(op, op === "not" ? "bool" : op === "int" ? "int" : op === "float" ? "float" : x.type, x, NO_SPAN));
const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "and", "or"]);
export const op2 = (a: Arena, op: SBinaryOp, x: SExpr, y: SExpr): SExpr =>
  a.intern(binary(op, COMPARISONS.has(op) ? "bool" : x.type, x, y, NO_SPAN));
export const choose = (a: Arena, c: SExpr, x: SExpr, y: SExpr): SExpr => a.intern(select(c, x, y, NO_SPAN));
export const restrict = (a: Arena, x: SExpr, c: SExpr): SExpr => a.intern(where(x, c, NO_SPAN));
export const over = (a: Arena, op: SReduceOp, axes: readonly AxisId[], x: SExpr, k: SExpr | null = null): SExpr => {
  const type = op === "any" || op === "all" ? "bool" : op === "count" || op.startsWith("arg") ? "int" : x.type;
  return a.intern(reduce(op, type, axes, x, k, NO_SPAN));
};

const isNumber = (e: SExpr, value: number): boolean => e.kind === "const" && e.value === value;
export const isZero = (e: SExpr): boolean => isNumber(e, 0);
const isNeg = (e: SExpr): e is SExpr & { kind: "unary" } => e.kind === "unary" && e.op === "neg";
/** A quotient or product that may be taken apart. */
const isMade = (a: Arena, e: SExpr, op: "*" | "/"): e is SExpr & { kind: "binary" } =>
  e.kind === "binary" && e.op === op && e.type === "float" && !a.forward.has(e) && !a.whole.has(e);

export const neg = (a: Arena, x: SExpr): SExpr =>
  isNeg(x)
    ? x.arg
    : isMade(a, x, "*") && x.left.kind === "const"
      ? mul(a, num(a, -x.left.value), x.right)
      : op1(a, "neg", x);

export const add = (a: Arena, x: SExpr, y: SExpr): SExpr => {
  if (isZero(x)) return y;
  if (isZero(y)) return x;
  if (x.kind === "const" && y.kind === "const") return num(a, x.value + y.value);
  const [sx, sy] = [signed(x), signed(y)];
  if (isMade(a, sx.e, "/") && isMade(a, sy.e, "/") && sx.e.right === sy.e.right) {
    const [p, q] = [sx.minus ? neg(a, sx.e.left) : sx.e.left, sy.minus ? neg(a, sy.e.left) : sy.e.left];
    return div(a, add(a, p, q), sx.e.right);
  }
  if (sy.minus) return sx.minus ? neg(a, op2(a, "+", sx.e, sy.e)) : op2(a, "-", x, sy.e);
  return sx.minus ? op2(a, "-", y, sx.e) : op2(a, "+", x, y);
};
const signed = (e: SExpr): { readonly e: SExpr; readonly minus: boolean } =>
  isNeg(e) ? { e: e.arg, minus: true } : { e, minus: false };

export const sub = (a: Arena, x: SExpr, y: SExpr): SExpr => add(a, x, neg(a, y));

export const mul = (a: Arena, x: SExpr, y: SExpr): SExpr => {
  if (isNumber(x, 1)) return y;
  if (isNumber(y, 1)) return x;
  if (isZero(x) || isZero(y)) return num(a, 0);
  if (x.kind === "const" && y.kind === "const") return num(a, x.value * y.value);
  if (x.kind === "const" && isMade(a, y, "*") && y.left.kind === "const")
    return mul(a, num(a, x.value * y.left.value), y.right);
  if (isNumber(x, -1)) return neg(a, y);
  if (isNumber(y, -1)) return neg(a, x);
  if (y.kind === "const") return mul(a, y, x);
  if (isNeg(x)) return neg(a, mul(a, x.arg, y));
  if (isNeg(y)) return neg(a, mul(a, x, y.arg));
  // a · (X / l) is (a / l) · X, where the kernel itself has a / l.
  for (const [p, q] of [
    [x, y],
    [y, x],
  ] as const) {
    if (!isMade(a, q, "/")) continue;
    const quotient = op2(a, "/", p, q.right);
    if (a.forward.has(quotient)) return mul(a, quotient, q.left);
  }
  // Numbers come first.
  for (const [p, q] of x.kind === "const"
    ? []
    : ([
        [x, y],
        [y, x],
      ] as const)) {
    if (isMade(a, q, "*") && q.left.kind === "const") return mul(a, q.left, mul(a, p, q.right));
    if (isMade(a, q, "/") && isMade(a, q.left, "*") && q.left.left.kind === "const")
      return mul(a, q.left.left, mul(a, p, div(a, q.left.right, q.right)));
  }
  return op2(a, "*", x, y);
};

export const div = (a: Arena, x: SExpr, y: SExpr): SExpr => {
  if (isZero(x) || isNumber(y, 1)) return x;
  if (isNeg(x)) return neg(a, div(a, x.arg, y));
  return op2(a, "/", x, y);
};

/** The factors of a value that may be taken apart: sign · Π above / Π below. */
export const factorsOf = (
  a: Arena,
  e: SExpr,
): { readonly minus: boolean; readonly above: readonly SExpr[]; readonly below: readonly SExpr[] } => {
  if (isNeg(e) && !a.whole.has(e)) {
    const f = factorsOf(a, e.arg);
    return { ...f, minus: !f.minus };
  }
  if (isMade(a, e, "*")) {
    const [f, g] = [factorsOf(a, e.left), factorsOf(a, e.right)];
    return { minus: f.minus !== g.minus, above: [...f.above, ...g.above], below: [...f.below, ...g.below] };
  }
  if (isMade(a, e, "/")) {
    const f = factorsOf(a, e.left);
    return { ...f, below: [...f.below, e.right] };
  }
  return { minus: false, above: [e], below: [] };
};

/** The product of factors. */
export const product = (a: Arena, above: readonly SExpr[], below: readonly SExpr[]): SExpr =>
  below.reduce(
    (x, y) => div(a, x, y),
    above.reduce((x, y) => mul(a, x, y), num(a, 1)),
  );

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
