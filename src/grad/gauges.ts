/**
 * Gauges: values that may be replaced by any other without a result changing, as the maximum of a softmax. They have no
 * cotangent. Proved by how each value above answers when the gauge grows by δ, one number for each cell of it: by an addend k δ, by a
 * factor e^(k δ), or not at all. What answers in another way ends the proof.
 */
import type { AxisId, SExpr } from "../check/spec.ts";
import { children } from "../check/sexpr.ts";

/** `add` k: e + k δ. `mul` k: e · exp(k δ). A value that does not change is both, with k = 0; null: not of this form. */
type Response = { readonly add: number | null; readonly mul: number | null };
const SAME: Response = { add: 0, mul: 0 };
const OTHER: Response = { add: null, mul: null };
const isSame = (r: Response): boolean => r.add === 0 && r.mul === 0;
const adds = (k: number | null): Response => (k === 0 ? SAME : { add: k, mul: null });
const multiplies = (k: number | null): Response => (k === 0 ? SAME : { add: null, mul: k });
/** Growing by nothing is not changing. */
const settled = (r: Response): Response => (r.add === 0 || r.mul === 0 ? SAME : r);
const plus = (x: number | null, y: number | null): number | null => (x === null || y === null ? null : x + y);
const times = (x: number | null, k: number): number | null => (x === null ? null : x * k);
const equal = (x: number | null, y: number | null): number | null => (x === y ? x : null);

const LN2 = Math.LN2;

const ofUnary = (e: SExpr & { kind: "unary" }, x: Response): Response => {
  switch (e.op) {
    case "neg":
      return { add: times(x.add, -1), mul: x.mul };
    case "exp":
      return multiplies(x.add);
    case "exp2":
      return multiplies(times(x.add, LN2));
    case "log":
      return adds(x.mul);
    case "log2":
      return adds(times(x.mul, 1 / LN2));
    case "sqrt":
      return multiplies(times(x.mul, 0.5));
    case "rsqrt":
      return multiplies(times(x.mul, -0.5));
    case "abs":
      return multiplies(x.mul);
    case "sign":
      return x.mul === null ? OTHER : SAME;
    case "not":
    case "tanh":
    case "sin":
    case "cos":
    case "floor":
    case "ceil":
    case "round":
    case "erf":
    case "float":
    case "int":
      return OTHER;
  }
};

const ofBinary = (e: SExpr & { kind: "binary" }, x: Response, y: Response): Response => {
  const literal = (c: SExpr): number | null => (c.kind === "const" ? c.value : null);
  switch (e.op) {
    case "+":
      return { add: plus(x.add, y.add), mul: equal(x.mul, y.mul) };
    case "-":
      return { add: plus(x.add, times(y.add, -1)), mul: equal(x.mul, y.mul) };
    case "*": {
      const [k, l] = [literal(e.left), literal(e.right)];
      const add = k !== null ? times(y.add, k) : l !== null ? times(x.add, l) : null;
      return { add, mul: plus(x.mul, y.mul) };
    }
    case "/": {
      const l = literal(e.right);
      return { add: l === null || l === 0 ? null : times(x.add, 1 / l), mul: plus(x.mul, times(y.mul, -1)) };
    }
    case "min":
    case "max":
      return { add: equal(x.add, y.add), mul: equal(x.mul, y.mul) };
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "==":
    case "!=":
      return (x.add !== null && x.add === y.add) || (x.mul !== null && x.mul === y.mul) ? SAME : OTHER;
    case "%":
    case "**":
    case "and":
    case "or":
      return OTHER;
  }
};

const ofReduce = (e: SExpr & { kind: "reduce" }, x: Response, own: readonly AxisId[]): Response => {
  if (e.over.some((a) => own.includes(a))) return OTHER;
  switch (e.op) {
    case "sum":
    case "cumsum":
      return multiplies(x.mul);
    case "max":
    case "min":
    case "mean":
    case "kth_largest":
      return x;
    case "var":
      return x.add !== null ? SAME : multiplies(times(x.mul, 2));
    case "argmax":
    case "argmin":
      return x.add !== null || x.mul !== null ? SAME : OTHER;
    case "prod":
    case "any":
    case "all":
    case "count":
      return OTHER;
  }
};

/** How `e` answers, given how its parts do; `own` are the axes of the gauge. */
const respond = (e: SExpr, of: (x: SExpr) => Response, own: readonly AxisId[]): Response => {
  const all = children(e).map(of);
  if (all.every(isSame)) return SAME;
  const [x, y] = all as [Response, Response];
  switch (e.kind) {
    case "unary":
      return ofUnary(e, x);
    case "binary":
      return ofBinary(e, x, y);
    case "select": {
      const [c, p, q] = all as [Response, Response, Response];
      return isSame(c) ? { add: equal(p.add, q.add), mul: equal(p.mul, q.mul) } : OTHER;
    }
    case "where":
      return isSame(y) ? x : OTHER;
    case "reduce":
      return ofReduce(e, x, own);
    case "at":
      // What `stop_gradient` holds fixed does not answer in a gradient as it does in the value.
      if (e.subst.length === 0) return OTHER;
      return all.slice(1).every(isSame) && !e.subst.some((s) => own.includes(s.axis)) ? x : OTHER;
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "read":
    case "concat":
    case "prev":
    case "scan":
    case "in":
      return OTHER;
  }
};

/** Values that may stabilise: maxima and minima, of cells or of several values. */
const isCandidate = (e: SExpr): boolean =>
  e.type === "float" &&
  ((e.kind === "reduce" && (e.op === "max" || e.op === "min")) ||
    (e.kind === "binary" && (e.op === "max" || e.op === "min")));

/** The gauges among the values below the roots; `order`: all of them, each after its parts. Only what a gauge changes is looked at. */
export const gaugesOf = (order: readonly SExpr[], roots: ReadonlySet<SExpr>): ReadonlySet<SExpr> => {
  const place = new Map(order.map((e, n) => [e, n] as const));
  const users = new Map<SExpr, SExpr[]>();
  for (const e of order) for (const c of new Set(children(e))) users.set(c, [...(users.get(c) ?? []), e]);
  const out = new Set<SExpr>();
  for (const m of order) if (isCandidate(m) && !roots.has(m) && isGauge(m)) out.add(m);
  return out;

  function isGauge(m: SExpr): boolean {
    const known = new Map<SExpr, Response>([[m, { add: 1, mul: null }]]);
    const open = new Set(users.get(m) ?? []);
    if (open.size === 0) return false;
    while (open.size > 0) {
      let e: SExpr | null = null;
      for (const x of open) if (e === null || (place.get(x) ?? 0) < (place.get(e) ?? 0)) e = x;
      if (e === null) break;
      open.delete(e);
      const r = settled(respond(e, (x) => known.get(x) ?? SAME, m.axes));
      if (r.add === null && r.mul === null) return false;
      if (isSame(r)) continue;
      if (roots.has(e)) return false;
      known.set(e, r);
      for (const u of users.get(e) ?? []) open.add(u);
    }
    return true;
  }
};
