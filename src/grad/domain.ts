/** Where values exist: conditions that all hold exactly at the cells where a value is there. */
import { NO_SPAN } from "../base/span.ts";
import { constant } from "../check/sexpr.ts";
import type { AxisId, SExpr } from "../check/spec.ts";
import { keyOf, knownInRange } from "./bounds.ts";
import { choose, int, op2, type Arena } from "./arena.ts";
import { moved } from "./moved.ts";

/** Conditions, each one asked where those before it hold. */
export type Domain = ReadonlySet<SExpr>;

export const EVERYWHERE: Domain = new Set();

export const both = (...domains: readonly Domain[]): Domain => {
  const full = domains.filter((d) => d.size > 0);
  return full.length === 1 ? (full[0] as Domain) : new Set(full.flatMap((d) => [...d]));
};

/** The conditions of `a` that `b` does not say. */
export const without = (a: Domain, b: Domain): SExpr[] => {
  const said = new Set([...b].map(keyOf));
  return [...a].filter((c) => !said.has(keyOf(c)));
};

const truth = (a: Arena, value: boolean): SExpr => a.intern(constant(value ? 1 : 0, "bool", NO_SPAN));

/** All of them as one condition. */
export const allOf = (a: Arena, conds: readonly SExpr[]): SExpr => {
  const [first, ...rest] = [...new Map(conds.map((c) => [keyOf(c), c])).values()];
  return first === undefined ? truth(a, true) : rest.reduce((x, y) => op2(a, "and", x, y), first);
};

/** The parts of a conjunction. */
export const conjuncts = (c: SExpr): readonly SExpr[] =>
  c.kind === "binary" && c.op === "and"
    ? [...conjuncts(c.left), ...conjuncts(c.right)]
    : c.kind === "const" && c.value === 1
      ? []
      : [c];

/** That an index expression is a cell of an axis, as far as it is not sure to be. */
export const inRange = (a: Arena, to: SExpr, axis: AxisId): readonly SExpr[] => {
  const known = knownInRange(a.axes, to, axis);
  return [
    ...(known.low ? [] : [op2(a, "<=", int(a, 0), to)]),
    ...(known.high ? [] : [op2(a, "<", to, int(a, a.axes[axis]?.size ?? 0))]),
  ];
};

/** Existence of every expression, each looked at once. */
export const createDomains = (a: Arena, axesOf: (tensor: string) => readonly AxisId[]): ((e: SExpr) => Domain) => {
  const memo = new Map<SExpr, Domain>();
  const of = (e: SExpr): Domain => {
    let d = memo.get(e);
    if (d === undefined) {
      d = compute(e);
      memo.set(e, d);
    }
    return d;
  };
  const compute = (e: SExpr): Domain => {
    switch (e.kind) {
      case "const":
      case "index":
      case "size":
      case "scalar":
      case "in":
      case "reduce":
      case "scan":
      case "prev":
        return EVERYWHERE;
      case "read":
        return both(...e.at.map(of), new Set(e.at.flatMap((x, n) => inRange(a, x, axesOf(e.tensor)[n] as AxisId))));
      case "at": {
        const to = new Set(e.subst.flatMap((s) => inRange(a, s.to, s.axis)));
        const arg = [...of(e.arg)].map((c) => moved(a, c, e.subst));
        return both(...e.subst.map((s) => of(s.to)), to, new Set(arg));
      }
      case "unary":
        return of(e.arg);
      case "binary": {
        if (e.op !== "or") return both(of(e.left), of(e.right));
        const more = without(of(e.right), of(e.left));
        return more.length === 0 ? of(e.left) : both(of(e.left), new Set([op2(a, "or", e.left, allOf(a, more))]));
      }
      case "where":
        return both(of(e.cond), new Set(conjuncts(e.cond)), of(e.arg));
      case "select":
        return both(of(e.cond), branches(e));
      case "concat":
        return concatDomain(e);
    }
  };
  const branches = (e: SExpr & { kind: "select" }): Domain => {
    const given = both(of(e.cond), new Set(conjuncts(e.cond)));
    const then = without(of(e.then), given);
    const otherwise = without(of(e.else), of(e.cond));
    const common = then.filter((c) => otherwise.includes(c));
    const [p, q] = [without(new Set(then), new Set(common)), without(new Set(otherwise), new Set(common))];
    if (p.length + q.length === 0) return new Set(common);
    return new Set([...common, choose(a, e.cond, allOf(a, p), allOf(a, q))]);
  };
  const concatDomain = (e: SExpr & { kind: "concat" }): Domain => {
    const parts = e.parts.map((p) => [...of(p)]);
    if (parts.every((p) => p.length === 0)) return EVERYWHERE;
    const whole: SExpr = a.intern({
      ...e,
      type: "bool",
      parts: parts.map((p) => allOf(a, p)),
      name: null,
      span: NO_SPAN,
    });
    return new Set([whole]);
  };
  return of;
};
