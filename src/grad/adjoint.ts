/** Cotangents: values that are meant on a domain and are 0 elsewhere, their sums over cells and of each other. */
import type { AxisId, SExpr } from "../check/spec.ts";
import { add, factorsOf, mul, neg, product } from "./algebra.ts";
import { choose, int, num, op1, over, restrict, type Arena } from "./arena.ts";
import { allOf, both, without, type Domain } from "./domain.ts";

/** `expr` at the cells of `dom`, where it exists; 0 elsewhere. */
export type Adjoint = { readonly expr: SExpr; readonly dom: Domain };

export type AdjointCx = { readonly a: Arena; readonly domainOf: (e: SExpr) => Domain };

/** A value that exists exactly on the domain, as far as its own existence does not say so. */
export const asValue = (cx: AdjointCx, { expr, dom }: Adjoint): SExpr => {
  const missing = without(dom, cx.domainOf(expr));
  return missing.length === 0 ? expr : restrict(cx.a, expr, allOf(cx.a, missing));
};

/** `expr` where the conditions hold, else `otherwise`; they are asked where `given` holds, each where those before it do. */
export const chosenBy = (
  cx: AdjointCx,
  conds: readonly SExpr[],
  expr: SExpr,
  otherwise: SExpr,
  given: Domain,
): SExpr => {
  if (conds.length === 0) return expr;
  if (conds.every((c) => without(cx.domainOf(c), given).length === 0))
    return choose(cx.a, allOf(cx.a, conds), expr, otherwise);
  return conds.reduceRight((x, c) => choose(cx.a, c, x, otherwise), expr);
};

/** `expr` where the conditions hold, else 0. */
export const orZero = (cx: AdjointCx, expr: SExpr, conds: readonly SExpr[], given: Domain): SExpr =>
  chosenBy(cx, conds, expr, num(cx.a, 0), given);

/** The sum of cotangents of one value. */
export const sumOfAll = (cx: AdjointCx, all: readonly Adjoint[]): Adjoint => {
  const [first, ...rest] = all as [Adjoint, ...Adjoint[]];
  if (rest.length === 0) return first;
  const common: Domain = new Set([...first.dom].filter((c) => rest.every((x) => x.dom.has(c))));
  const expr = all
    .map((x) => {
      const more = without(x.dom, common);
      return more.length === 0 ? x.expr : orZero(cx, x.expr, more, common);
    })
    .reduce((x, y) => add(cx.a, x, y));
  return { expr, dom: common };
};

const sizes = (a: Arena, axes: readonly AxisId[]): SExpr =>
  axes.reduce((x, axis) => mul(a, x, float(a, int(a, a.axes[axis]?.size ?? 0))), num(a, 1));

/** An integer as a float. */
export const float = (a: Arena, x: SExpr): SExpr => (x.kind === "const" ? num(a, x.value) : op1(a, "float", x));

/** How many cells along `axes` fulfil conditions, as a float. */
export const countOf = (cx: AdjointCx, axes: readonly AxisId[], conds: readonly SExpr[]): SExpr => {
  const { a } = cx;
  const asked = conds.filter((c) => c.axes.some((x) => axes.includes(x)));
  if (asked.length === 0) return sizes(a, axes);
  const cond = allOf(a, asked);
  const along = axes.filter((x) => cond.axes.includes(x));
  const rest = axes.filter((x) => !along.includes(x));
  return mul(a, float(a, over(a, "count", along, cond)), sizes(a, rest));
};

/** The sum over `axes`. Factors that exist everywhere and do not vary leave it. */
export const summed = (cx: AdjointCx, { expr, dom }: Adjoint, axes: readonly AxisId[]): Adjoint => {
  if (axes.length === 0) return { expr, dom };
  const { a, domainOf } = cx;
  const varies = (e: SExpr): boolean => e.axes.some((x) => axes.includes(x));
  const leaves = (e: SExpr): boolean => !varies(e) && domainOf(e).size === 0;
  const f = factorsOf(a, expr);
  const inside = product(
    a,
    f.above.filter((x) => !leaves(x)),
    f.below.filter((x) => !leaves(x)),
  );
  const missing = without(dom, domainOf(inside));
  const asked = missing.filter(varies);
  const outside = { above: f.above.filter(leaves), below: f.below.filter(leaves) };
  const isOne = inside.kind === "const" && inside.value === 1;
  const body = asked.length === 0 || isOne ? inside : restrict(a, inside, allOf(a, asked));
  const along = isOne ? [] : axes.filter((x) => body.axes.includes(x));
  const rest = axes.filter((x) => !along.includes(x));
  const sum = along.length === 0 ? body : over(a, "sum", along, body);
  const cells = isOne ? countOf(cx, rest, asked) : sizes(a, rest);
  const whole = product(a, [...outside.above, mul(a, cells, sum)], outside.below);
  return { expr: f.minus ? neg(a, whole) : whole, dom: new Set(missing.filter((c) => !varies(c))) };
};

/** A cotangent on a smaller domain. */
export const onDomain = ({ expr, dom }: Adjoint, more: Domain): Adjoint => ({ expr, dom: both(dom, more) });
