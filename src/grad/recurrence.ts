/**
 * The cotangent of a recurrence is a recurrence from the last step to the first: λ_t = g_t + (the share of the state before in step t + 1)(λ_{t+1}),
 * g_t being what comes from the readers of the state.
 */
import { NO_SPAN } from "../base/span.ts";
import { children, prev, read, scan } from "../check/sexpr.ts";
import type { AxisId, SExpr } from "../check/spec.ts";
import { at } from "../check/sexpr.ts";
import { add } from "./algebra.ts";
import { choose, index, int, num, op2, over, type Arena } from "./arena.ts";
import { moved, remade } from "./moved.ts";
import { chosenBy, orZero, type Adjoint, type AdjointCx } from "./adjoint.ts";
import { conjuncts, EVERYWHERE, without } from "./domain.ts";
import { message, NoGradient } from "./refuse.ts";

type Scan = SExpr & { readonly kind: "scan" };

/** The tensor that stands for the cotangent while the step is taken apart. */
const STAND_IN = "cotangent of the state";

/** The cotangent of a state as a value over the axes of the state. `share`: that of the state before, given a cotangent of the step. */
export const backwards = (cx: AdjointCx, e: Scan, g: Adjoint, share: (seed: SExpr) => Adjoint | null): SExpr => {
  const { a } = cx;
  const size = a.axes[e.axis]?.size ?? 0;
  const [back, state] = [a.newAxis(e.axis), a.newState()];
  const own = [e.axis, ...e.dims];
  const seed = a.intern(
    read(
      STAND_IN,
      "float",
      own.map((x) => index(a, x)),
      NO_SPAN,
    ),
  );
  const exists = [...cx.domainOf(e.step)];
  const found = share(seed);
  const here = new Set(exists);
  const taken = found === null ? num(a, 0) : orZero(cx, found.expr, without(found.dom, here), here);
  // Where the step does not exist, the state before is passed on.
  const next = chosenBy(cx, exists, taken, seed, EVERYWHERE);
  const fromEnd = (n: number): SExpr => op2(a, "-", op2(a, "-", int(a, size), int(a, n)), index(a, back));
  const later = moved(
    a,
    withoutDomains(cx, next),
    [{ axis: e.axis, to: op2(a, "-", int(a, size), index(a, back)) }],
    true,
  );
  const before = a.intern(prev(state, back, [back, ...e.dims], num(a, 0), NO_SPAN));
  const carried = withState(a, later, before, e);
  const isFirst = op2(a, "==", index(a, back), int(a, 0));
  const given = moved(a, orZero(cx, g.expr, [...g.dom], EVERYWHERE), [{ axis: e.axis, to: fromEnd(1) }]);
  const step = add(
    a,
    given,
    found === null && exists.length === 0 ? num(a, 0) : choose(a, isFirst, num(a, 0), carried),
  );
  const whole = found === null && exists.length === 0 ? step : a.intern(scan(state, back, e.dims, step, NO_SPAN));
  const name = a.names.get(e);
  if (name !== undefined && !a.names.has(whole)) a.names.set(whole, `d_${name}`);
  const last = op2(a, "-", op2(a, "-", int(a, size), int(a, 1)), index(a, e.axis));
  return a.intern(at(whole, [{ axis: back, to: last }], NO_SPAN));
};

/** Sums that leave cells out as sums that add 0 for them: a domain cannot be written in the middle of a step. */
const withoutDomains = (cx: AdjointCx, root: SExpr): SExpr =>
  rewritten(cx.a, root, (x) => {
    if (x.kind !== "reduce" || x.op !== "sum" || x.arg.kind !== "where" || !reads(x.arg, STAND_IN)) return null;
    const { arg, cond } = x.arg;
    return over(cx.a, "sum", x.over, orZero(cx, withoutDomains(cx, arg), conjuncts(cond), EVERYWHERE));
  });

/** The state of the recurrence backwards in the place of what stood for it. */
const withState = (a: Arena, root: SExpr, state: SExpr, e: Scan): SExpr => {
  const isPlain = (x: SExpr & { kind: "read" }): boolean =>
    x.at.slice(1).every((i, n) => i.kind === "index" && i.axis === e.dims[n]);
  return rewritten(a, root, (x) => {
    if (x.kind === "read" && x.tensor === STAND_IN) {
      if (isPlain(x)) return state;
    } else if (x.kind !== "at" || !reads(x.arg, STAND_IN)) return null;
    throw new NoGradient(
      message(
        "TFX7003",
        e.span,
        "the gradient of a recurrence that reads its state at other indices is not derived yet",
      ),
    );
  });
};

const reads = (e: SExpr, tensor: string, seen: Set<SExpr> = new Set()): boolean => {
  if (seen.has(e)) return false;
  seen.add(e);
  return (e.kind === "read" && e.tensor === tensor) || children(e).some((c) => reads(c, tensor, seen));
};

/** `root` with values replaced, where `by` has something for one; what is replaced is not looked into. */
export const rewritten = (a: Arena, root: SExpr, by: (e: SExpr) => SExpr | null): SExpr => {
  const memo = new Map<SExpr, SExpr>();
  const inside = (e: SExpr): SExpr => {
    let out = memo.get(e);
    if (out === undefined) {
      const other = by(e);
      const parts = other === null ? children(e) : [];
      const changed = parts.map(inside);
      out = other ?? (changed.every((p, n) => p === parts[n]) ? e : remade(a, e, changed));
      const name = a.names.get(e);
      if (out !== e && other === null && name !== undefined && !a.names.has(out)) a.names.set(out, name);
      memo.set(e, out);
    }
    return out;
  };
  return inside(root);
};

/**
 * What a value in the middle of a step is outside of it: the state before is the state read one step back, or its start. `scans` finds
 * the recurrence of a state.
 */
export const createClosed = (cx: AdjointCx, scans: ReadonlyMap<number, SExpr>): ((e: SExpr) => SExpr) => {
  const { a } = cx;
  const memo = new Map<SExpr, SExpr>();
  const closed = (e: SExpr): SExpr => {
    let out = memo.get(e);
    if (out === undefined) {
      out = rewritten(a, e, (x) => {
        if (x.kind === "scan") return x;
        const whole = x.kind === "prev" ? scans.get(x.state) : undefined;
        return x.kind === "prev" && whole !== undefined ? stateBefore(x, x.axis, whole) : null;
      });
      memo.set(e, out);
    }
    return out;
  };
  const stateBefore = (x: SExpr & { kind: "prev" }, axis: AxisId, whole: SExpr): SExpr => {
    const isFirst = op2(a, "==", index(a, axis), int(a, 0));
    const start = orZero(cx, x.init, [...cx.domainOf(x.init)], EVERYWHERE);
    const earlier = a.intern(at(whole, [{ axis, to: op2(a, "-", index(a, axis), int(a, 1)) }], NO_SPAN));
    return choose(a, isFirst, start, earlier);
  };
  return closed;
};
