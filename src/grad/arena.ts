/** Expressions of a gradient: checked expressions, of which equal ones are the same object, and light algebra while they are made. */
import { type SizeExpr, printSize } from "../base/size.ts";
import { NO_SPAN } from "../base/span.ts";
import { binary, children, constant, indexOf, reduce, select, sizeOf, unary, where } from "../check/sexpr.ts";
import type { AxisId, SBinaryOp, SExpr, SReduceOp, SUnaryOp, SpecAxis } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";

/** The same node over other parts, which are given in the order of `children`. */
export const withParts = (e: SExpr, parts: readonly SExpr[]): SExpr => {
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
