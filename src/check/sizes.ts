/** Sizes in signatures: which symbols they introduce, what their expressions mean, and when two are the same. */
import type { Dim, Expr, Kernel } from "../parser/ast.ts";
import { evalSize, sizeNames, type SizeExpr } from "../base/size.ts";
import { allExprs, exprDepth } from "./print-expr.ts";
import { badSize, unboundSize } from "./rules/bad-size.ts";
import { checkPart, report, type Cx } from "./scope.ts";
import { toSize } from "./sexpr.ts";
import { requireInt } from "./typing.ts";

/** The axes of dimensions, products flattened, in order. */
export const flatDims = (dims: readonly Dim[]): Extract<Dim, { kind: "axis" }>[] =>
  dims.flatMap((d) => (d.kind === "axis" ? [d] : flatDims(d.dims)));

/** All dimensions of a signature, in order. */
export const signatureDims = (kernel: Kernel): Extract<Dim, { kind: "axis" }>[] =>
  [...kernel.params, ...kernel.results].flatMap((p) => flatDims(p.dims ?? []));

/** `N` in `i: N`: a bare upper-case name, which introduces a size. */
const bareSize = (e: Expr | null): string | null =>
  e !== null && e.kind === "apply" && e.index === null && e.args === null && /^[A-Z]/.test(e.name.text)
    ? e.name.text
    : null;

/** The size symbols that a signature introduces, in order of appearance; scalars of the same name are not sizes. */
export const introducedSizes = (kernel: Kernel): string[] => {
  const scalars = new Set(kernel.params.flatMap((p) => (p.dims === null ? [p.name.text] : [])));
  const names = signatureDims(kernel).flatMap((d) => bareSize(d.size) ?? []);
  return [...new Set(names)].filter((n) => !scalars.has(n));
};

/** Checks the expression of a size; null after an error. */
export const checkSizeExpr = (cx: Cx, e: Expr): SizeExpr | null => {
  if (exprDepth([e]) > 100) return report(cx, badSize(e.span, "this size is nested too deeply", null));
  const unbound = allExprs([e]).find((x) => x.kind === "apply" && bareSize(x) !== null && !cx.scope.has(x.name.text));
  if (unbound?.kind === "apply") return report(cx, unboundSize(unbound.name.text, unbound.span));
  const value = requireInt(cx, checkPart(cx, e), e.span, "as a size");
  if (value === null) return null;
  const size = toSize(value, (name) => cx.builder.scalars.get(name) === "i32");
  if (size === null) return report(cx, badSize(e.span, "a size is made of literals, sizes and i32 scalars", null));
  if (typeof size === "number" && size < 0)
    return report(cx, badSize(e.span, `a size cannot be negative, this is ${size}`, null));
  return size;
};

/** Whether two sizes are equal for all values of their symbols, as far as a few pseudo-random values tell. */
export const sameSize = (a: SizeExpr, b: SizeExpr): boolean => {
  if (JSON.stringify(a) === JSON.stringify(b)) return true;
  const names = [...new Set([...sizeNames(a), ...sizeNames(b)])];
  for (let round = 1; round <= 8; round++) {
    const lookup = (name: string): number => ((names.indexOf(name) + 3) * 7919 * round) % 1009;
    const [x, y] = [evalSize(a, lookup), evalSize(b, lookup)];
    if (x !== y && !(Number.isNaN(x) && Number.isNaN(y))) return false;
  }
  return true;
};
