/**
 * The cotangent of a tensor that is read at index expressions: a sum over the reading cells whose indices name the cell. Equations
 * index = cell are solved for indices of the reader, where one has the coefficient 1 or -1; what is left is asked as a condition.
 */
import { printSize, size, type SizeExpr } from "../base/size.ts";
import type { Subst } from "../check/sexpr.ts";
import type { AxisId, SExpr } from "../check/spec.ts";
import { index, int, op1, op2, type Arena } from "./arena.ts";
import { moved } from "./moved.ts";
import { summed, type Adjoint, type AdjointCx } from "./adjoint.ts";
import { inRange } from "./domain.ts";

/** `lhs`, over the reader's indices, names the cell `rhs`, which takes the values 0 to `range` - 1. */
export type Equation = { readonly lhs: SExpr; readonly rhs: SExpr; readonly range: SizeExpr };

export const equation = (a: Arena, lhs: SExpr, axis: AxisId): Equation => ({
  lhs,
  rhs: index(a, axis),
  range: a.axes[axis]?.size ?? 0,
});

const isSize = (e: SExpr, s: SizeExpr): boolean =>
  (e.kind === "size" && printSize(e.size) === printSize(s)) || (e.kind === "const" && e.value === s);

/** X / s = a and X % s = b, where b takes the values below s, are X = a s + b. */
const joined = (a: Arena, equations: readonly Equation[]): readonly Equation[] => {
  for (const [n, high] of equations.entries()) {
    const low = equations[n + 1];
    if (low === undefined || high.lhs.kind !== "binary" || low.lhs.kind !== "binary") continue;
    const fits = high.lhs.op === "/" && low.lhs.op === "%" && high.lhs.left === low.lhs.left;
    if (!fits || high.lhs.right !== low.lhs.right || !isSize(low.lhs.right, low.range)) continue;
    const rhs = op2(a, "+", op2(a, "*", high.rhs, low.lhs.right), low.rhs);
    const one = { lhs: high.lhs.left, rhs, range: size("*", high.range, low.range) };
    return joined(a, [...equations.slice(0, n), one, ...equations.slice(n + 2)]);
  }
  return equations;
};

type Term = { readonly sign: 1 | -1; readonly e: SExpr };

const termsOf = (e: SExpr, sign: 1 | -1 = 1): readonly Term[] => {
  const other = sign === 1 ? -1 : 1;
  if (e.kind === "binary" && e.op === "+") return [...termsOf(e.left, sign), ...termsOf(e.right, sign)];
  if (e.kind === "binary" && e.op === "-") return [...termsOf(e.left, sign), ...termsOf(e.right, other)];
  if (e.kind === "unary" && e.op === "neg") return termsOf(e.arg, other);
  return [{ sign, e }];
};

/** The sum of terms, those to add first. */
const sumOfTerms = (a: Arena, terms: readonly Term[]): SExpr => {
  const [first, ...rest] = terms.toSorted((x, y) => y.sign - x.sign);
  if (first === undefined) return int(a, 0);
  const start = first.sign === 1 ? first.e : op1(a, "neg", first.e);
  return rest.reduce((x, t) => op2(a, t.sign === 1 ? "+" : "-", x, t.e), start);
};

/** `axis` in terms of the rest, from lhs = rhs; null unless it occurs once, with the coefficient 1 or -1. */
const solve = (a: Arena, { lhs, rhs }: Equation, axis: AxisId): SExpr | null => {
  const terms = termsOf(lhs);
  const own = terms.filter((t) => t.e.axes.includes(axis));
  const [only] = own;
  if (only === undefined || own.length > 1 || only.e.kind !== "index") return null;
  const flip = (t: Term): Term => ({ sign: t.sign === 1 ? -1 : 1, e: t.e });
  const rest: readonly Term[] = [{ sign: 1, e: rhs }, ...terms.filter((t) => t !== only).map(flip)];
  return sumOfTerms(a, only.sign === 1 ? rest : rest.map(flip));
};

/** The cells of the reader are `cells`, those of the tensor `targets`; one equation for each target. */
export const scatter = (
  cx: AdjointCx,
  adj: Adjoint,
  cells: readonly AxisId[],
  targets: readonly AxisId[],
  given: readonly Equation[],
): Adjoint => {
  const { a } = cx;
  // An index of the reader that is one of the tensor too stands for two things: the reader's gets another name.
  const own = new Map(cells.map((c) => [c, targets.includes(c) ? a.newAxis(c) : c] as const));
  const first: Subst[] = [...own].map(([axis, to]) => ({ axis, to: index(a, to) }));
  const home = new Map([...own].map(([c, to]) => [to, c] as const));
  const value = new Map<AxisId, SExpr>();
  const open = new Set(own.values());
  let equations = joined(
    a,
    given.map((q) => ({ ...q, lhs: moved(a, q.lhs, first) })),
  );
  const use = (q: Equation, axis: AxisId, to: SExpr): void => {
    const subst: Subst[] = [{ axis, to }];
    for (const [k, v] of value) value.set(k, moved(a, v, subst));
    value.set(axis, to);
    open.delete(axis);
    equations = equations.filter((x) => x !== q).map((x) => ({ ...x, lhs: moved(a, x.lhs, subst) }));
  };
  const candidates = (q: Equation): readonly AxisId[] => {
    const free = q.lhs.axes.filter((x) => open.has(x));
    const isHome = (x: AxisId): boolean => q.rhs.kind === "index" && home.get(x) === q.rhs.axis;
    return [...free.filter(isHome), ...free.filter((x) => !isHome(x))];
  };
  for (;;) {
    const bare = equations.find((q) => q.lhs.kind === "index" && open.has(q.lhs.axis));
    const found =
      bare !== undefined
        ? { q: bare, axis: (bare.lhs as SExpr & { kind: "index" }).axis, to: bare.rhs }
        : equations
            .flatMap((q) => candidates(q).map((axis) => ({ q, axis, to: solve(a, q, axis) })))
            .find((x) => x.to !== null);
    if (found?.to) {
      use(found.q, found.axis, found.to);
      continue;
    }
    // X / n = a says X = a n + u for one u below n.
    const quotient = equations.find((q) => q.lhs.kind === "binary" && q.lhs.op === "/" && dividend(q) !== null);
    if (quotient === undefined) break;
    const { x, n, size: s } = dividend(quotient) as NonNullable<ReturnType<typeof dividend>>;
    const u = a.newAxis(x.axes[0] as AxisId, s);
    open.add(u);
    const rhs = op2(a, "+", op2(a, "*", quotient.rhs, n), index(a, u));
    equations = equations.map((q) => (q === quotient ? { lhs: x, rhs, range: q.range } : q));
  }
  const subst: Subst[] = [...own].map(([axis, o]) => ({ axis, to: value.get(o) ?? index(a, o) }));
  const conds = [
    ...subst.flatMap((s) => inRange(a, s.to, s.axis)),
    ...equations.map((q) => op2(a, "==", q.lhs, q.rhs)),
    ...[...adj.dom].map((c) => moved(a, c, subst)),
  ].filter((c) => !(c.kind === "const" && c.value === 1));
  return summed(cx, { expr: moved(a, adj.expr, subst), dom: new Set(conds) }, [...open]);

  /** The parts of X / n, where an index of X can be solved for. */
  function dividend(q: Equation): { readonly x: SExpr; readonly n: SExpr; readonly size: SizeExpr } | null {
    if (q.lhs.kind !== "binary") return null;
    const { left: x, right: n } = q.lhs;
    const s = n.kind === "size" ? n.size : n.kind === "const" && n.value > 0 ? n.value : null;
    return s !== null && candidates({ ...q, lhs: x }).some((axis) => solve(a, { ...q, lhs: x }, axis) !== null)
      ? { x, n, size: s }
      : null;
  }
};
