/** Forward mode: the tangent of every value from those of its parts, by the shares that reverse mode hands down. */
import { NO_SPAN } from "../base/span.ts";
import { at, children, prev, scan } from "../check/sexpr.ts";
import type { AxisId, SExpr } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import { asValue, orZero, summed, type Adjoint } from "./adjoint.ts";
import { add, isZero, mul, sub } from "./algebra.ts";
import { choose, num, op2, over, restrict } from "./arena.ts";
import { both, EVERYWHERE } from "./domain.ts";
import { knownAs } from "./known.ts";
import { createClosed } from "./recurrence.ts";
import { shareOf } from "./reductions.ts";
import { activeOf, type ReverseCx } from "./reverse.ts";
import { flows } from "./scalars.ts";

/** Values that move with the wanted parameters, those along recurrences included: a state before moves where its step does. */
const moving = (cx: ReverseCx, order: readonly SExpr[]): ReadonlySet<SExpr> => {
  const states = new Set<number>();
  for (;;) {
    const active = activeOf(cx, order, states);
    const more = order.filter((e) => e.kind === "scan" && active.has(e) && !states.has(e.state));
    if (more.length === 0) return active;
    for (const e of more) if (e.kind === "scan") states.add(e.state);
  }
};

/** Tangents of the roots. `leaf`: that of a wanted read or scalar; a value that does not move has none (0). */
export const tangents = (
  cx: ReverseCx,
  roots: readonly SExpr[],
  leaf: (e: SExpr & { kind: "read" | "scalar" }) => SExpr,
): ((e: SExpr) => SExpr) => {
  const { a } = cx;
  const order = postOrder(roots);
  const active = moving(cx, order);
  const zero = num(a, 0);
  const made = new Map<SExpr, SExpr>();
  const of = (e: SExpr): SExpr => made.get(e) ?? zero;
  const scans = new Map<number, SExpr>();
  for (const e of order) if (e.kind === "scan") scans.set(e.state, e);
  const closed = createClosed(cx, scans);
  const states = new Map<number, number>();
  const open = new Map<SExpr, boolean>();
  const stateOf = (old: number): number => {
    const known = states.get(old) ?? a.newState();
    states.set(old, known);
    return known;
  };
  for (const e of order) {
    if (!active.has(e)) continue;
    const t = tangent(e);
    made.set(e, t);
    const name = a.names.get(e);
    if (name !== undefined && !isZero(t) && !a.forward.has(t) && !a.names.has(t) && t.kind !== "read")
      a.names.set(t, `t_${name}`);
  }
  return of;

  /** The tangent where the value exists, for what asks which cells there are. */
  function whole(e: SExpr): Adjoint {
    return { expr: of(e), dom: cx.domainOf(e) };
  }

  function tangent(e: SExpr): SExpr {
    switch (e.kind) {
      case "const":
      case "index":
      case "size":
      case "in":
        return zero;
      case "read":
      case "scalar":
        return leaf(e);
      case "at":
        return e.subst.length === 0 || isZero(of(e.arg)) ? zero : a.intern(at(of(e.arg), e.subst, NO_SPAN));
      case "unary":
      case "binary":
        return ofScalar(e);
      case "select":
        return isZero(of(e.then)) && isZero(of(e.else)) ? zero : choose(a, e.cond, of(e.then), of(e.else));
      case "where":
        return isZero(of(e.arg)) ? zero : restrict(a, of(e.arg), e.cond);
      case "reduce":
        return ofReduce(e);
      case "concat":
        return a.intern({
          ...e,
          parts: e.parts.map((p) => (isZero(of(p)) ? zero : asValue(cx, whole(p)))),
          name: null,
        });
      case "prev": {
        const start = orZero(cx, of(e.init), [...cx.domainOf(e.init)], EVERYWHERE);
        return a.intern(prev(stateOf(e.state), e.axis, e.axes, start, NO_SPAN));
      }
      case "scan": {
        const step = asValue(cx, { expr: closed(of(e.step)), dom: new Set([...cx.domainOf(e.step)].map(closed)) });
        return a.intern(scan(stateOf(e.state), e.axis, e.dims, step, NO_SPAN));
      }
    }
  }

  /** The sum of what the parts give, each by its share of its own tangent. */
  function ofScalar(e: SExpr & { kind: "unary" | "binary" }): SExpr {
    const known = knownAs(a, e);
    if (known?.fn === "softmax")
      return mul(a, e, sub(a, of(known.arg), total(known.arg, mul(a, e, of(known.arg)), known.axis)));
    // Of no cell the log-sum-exp is -inf, and does not move.
    if (known?.fn === "logsumexp" && e.kind === "binary" && e.right.kind === "unary" && e.right.arg.kind === "reduce") {
      const p = op2(a, "/", e.right.arg.arg, e.right.arg);
      return total(known.arg, mul(a, p, of(known.arg)), known.axis);
    }
    return flows(a, e, num(a, 1)).reduce((sum, { to, only }, n) => {
      const own = isZero(of(to)) ? undefined : flows(a, e, of(to))[n];
      return own === undefined || isZero(own.expr) ? sum : add(a, sum, orZero(cx, own.expr, only, EVERYWHERE));
    }, zero);
  }

  function total(arg: SExpr, expr: SExpr, axis: AxisId): SExpr {
    return isZero(of(arg)) ? zero : sumOf({ expr, dom: cx.domainOf(arg) }, [axis]);
  }

  /** A sum over cells; in the middle of a recurrence those that do not exist add 0. */
  function sumOf(adj: Adjoint, axes: readonly AxisId[]): SExpr {
    if (isOpen(adj.expr) && adj.dom.size > 0)
      return over(a, "sum", axes, orZero(cx, adj.expr, [...adj.dom], EVERYWHERE));
    const s = summed(cx, adj, axes);
    return orZero(cx, s.expr, [...s.dom], EVERYWHERE);
  }

  function isOpen(e: SExpr): boolean {
    let known = open.get(e);
    if (known === undefined) {
      known = e.kind === "prev" || (e.kind !== "scan" && children(e).some(isOpen));
      open.set(e, known);
    }
    return known;
  }

  function ofReduce(e: SExpr & { kind: "reduce" }): SExpr {
    const t = of(e.arg);
    if (isZero(t)) return zero;
    if (e.op === "cumsum") return over(a, "cumsum", e.over, asValue(cx, whole(e.arg)));
    const share = shareOf(cx, e, { expr: t, dom: EVERYWHERE });
    if (share === null) return zero;
    return sumOf({ expr: share.adj.expr, dom: both(new Set(share.only), cx.domainOf(e.arg)) }, e.over);
  }
};
