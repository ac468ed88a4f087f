/** Cotangents of what a reduction reduces. */
import type { AxisId, SExpr } from "../check/spec.ts";
import { div, mul, sub } from "./algebra.ts";
import { index, int, num, op2, over, restrict, type Arena } from "./arena.ts";
import { moved } from "./moved.ts";
import { asValue, countOf, float, type Adjoint, type AdjointCx } from "./adjoint.ts";

type Reduce = SExpr & { readonly kind: "reduce" };

/** The share of each cell of the argument: a factor of the cotangent, and the conditions under which the cell gets any. */
export type Share = { readonly adj: Adjoint; readonly only: readonly SExpr[] };

/** The share of the argument of `e`, whose cotangent is `adj`; null: none. */
export const shareOf = (cx: AdjointCx, e: Reduce, adj: Adjoint): Share | null => {
  const { a } = cx;
  const g = adj.expr;
  const scaled = (expr: SExpr, ...only: readonly SExpr[]): Share => ({ adj: { expr, dom: adj.dom }, only });
  const cells = (): SExpr => countOf(cx, e.over, [...cx.domainOf(e.arg)]);
  switch (e.op) {
    case "sum":
      return scaled(g);
    case "mean":
      return scaled(div(a, g, cells()));
    case "var": {
      const mean = over(a, "mean", e.over, e.arg);
      return scaled(mul(a, div(a, mul(a, num(a, 2), g), cells()), sub(a, e.arg, mean)));
    }
    case "prod":
      return scaled(mul(a, g, others(a, e)));
    case "max":
    case "min":
      return scaled(g, ...chosen(a, e.op, e.over, e.arg));
    case "kth_largest": {
      const reached = restrict(a, e.arg, op2(a, "<=", e.arg, e));
      return scaled(g, ...chosen(a, "max", e.over, reached));
    }
    case "cumsum":
      return { adj: runningBack(cx, e, adj), only: [] };
    case "any":
    case "all":
    case "count":
    case "argmax":
    case "argmin":
      return null;
  }
};

/** The product of all cells but one: right where cells are 0 too, in as many steps for each cell as there are. */
const others = (a: Arena, e: Reduce): SExpr => {
  const fresh = e.over.map((axis) => ({ axis, to: a.newAxis(axis) }));
  const all = moved(
    a,
    e.arg,
    fresh.map((f) => ({ axis: f.axis, to: index(a, f.to) })),
  );
  const differ = fresh.map((f) => op2(a, "!=", index(a, f.to), index(a, f.axis))).reduce((x, y) => op2(a, "or", x, y));
  return over(
    a,
    "prod",
    fresh.map((f) => f.to),
    restrict(a, all, differ),
  );
};

/** That a cell is the first of the largest (smallest), in the order of the axes. */
const chosen = (a: Arena, op: "max" | "min", axes: readonly AxisId[], arg: SExpr): readonly SExpr[] =>
  axes.map((axis, n) => {
    const inner = axes.slice(n + 1);
    const best = inner.length === 0 ? arg : over(a, op, inner, arg);
    return op2(a, "==", index(a, axis), over(a, op === "max" ? "argmax" : "argmin", [axis], best));
  });

/** A cell of a running sum goes into all behind it: the running sum of the cotangents from the last to the first. */
const runningBack = (cx: AdjointCx, e: Reduce, adj: Adjoint): Adjoint => {
  const { a } = cx;
  const [axis] = e.over as readonly [AxisId];
  const value = asValue(cx, adj);
  const last = op2(a, "-", int(a, a.axes[axis]?.size ?? 0), int(a, 1));
  if (!value.axes.includes(axis)) {
    const behind = op2(a, "-", int(a, a.axes[axis]?.size ?? 0), index(a, axis));
    return { expr: mul(a, float(a, behind), adj.expr), dom: adj.dom };
  }
  const back = a.newAxis(axis);
  const turned = moved(a, value, [{ axis, to: op2(a, "-", last, index(a, back)) }]);
  const sum = over(a, "cumsum", [back], turned);
  return { expr: moved(a, sum, [{ axis: back, to: op2(a, "-", last, index(a, axis)) }]), dom: new Set() };
};
