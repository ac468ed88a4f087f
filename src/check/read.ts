/** Reads with brackets: `bias[h, i - j + M - 1]` by position, `k[h = h / R]` by index name. */
import type { IndexArg, Name } from "../parser/ast.ts";
import type { Span } from "../base/span.ts";
import { align } from "./align.ts";
import { axisOf, lookUp, type NamedValue } from "./names.ts";
import { indexCount } from "./rules/index-count.ts";
import { noIndexOrder } from "./rules/no-index-order.ts";
import { repeatedIndex } from "./rules/repeated-index.ts";
import { unknownIndex } from "./rules/unknown-index.ts";
import { wrongBrackets } from "./rules/wrong-brackets.ts";
import { axisName, axisNames, checkPart, report, spanIn, type Cx, type Dims } from "./scope.ts";
import { at, binary, sizeOf, type Subst } from "./sexpr.ts";
import type { SExpr } from "./spec.ts";
import { requireInt } from "./typing.ts";

type At = Extract<IndexArg, { readonly kind: "at" }>;
type Named = Extract<IndexArg, { readonly kind: "named" }>;

/** The text of dimensions, as in a signature: `b`, `(g, r)`. */
const printDims = (cx: Cx, dims: Dims): string[] =>
  dims.map((d) => (d.length === 1 ? axisNames(cx, d).join("") : `(${axisNames(cx, d).join(", ")})`));

/** One expression for a product dimension is its position in the product: split it, the last axis is the fastest. */
const splitProduct = (cx: Cx, dim: readonly number[], to: SExpr, span: Span): Subst[] => {
  const out: Subst[] = [];
  let rest = to;
  for (const axis of dim.slice(1).reverse()) {
    const size = sizeOf(cx.builder.axes[axis]?.size ?? 1, span);
    out.unshift({ axis, to: binary("%", "int", rest, size, span) });
    rest = binary("/", "int", rest, size, span);
  }
  return dim[0] === undefined ? out : [{ axis: dim[0], to: rest }, ...out];
};

const positional = (cx: Cx, name: Name, value: NamedValue, args: readonly At[], span: Span): Subst[] | null => {
  const to = args.map((a) => requireInt(cx, checkPart(cx, a.value), a.value.span, "as an index"));
  if (value.expr === null) return null;
  const { dims } = value;
  if (dims === null || dims.length === 0) {
    return report(cx, noIndexOrder(name.text, span, axisNames(cx, value.expr.axes), value.what === "parameter"));
  }
  const flat = dims.flat().map((a) => [a]);
  const shape = args.length === dims.length ? dims : args.length === flat.length ? flat : null;
  if (shape === null) return report(cx, indexCount(name.text, span, printDims(cx, dims), args.length));
  if (to.includes(null)) return null;
  return shape.flatMap((dim, n) => splitProduct(cx, dim, to[n]!, spanIn(cx, args[n]!.span)));
};

const byName = (cx: Cx, name: Name, value: NamedValue, args: readonly Named[], span: Span): Subst[] | null => {
  const out: Subst[] = [];
  let failed = value.expr === null;
  for (const a of args) {
    const to = requireInt(cx, checkPart(cx, a.value), a.value.span, "as an index");
    if (value.expr === null) continue;
    const axis = axisOf(cx, a.name.text);
    const free = value.expr.axes;
    failed ||= to === null || axis === null;
    if (axis === undefined || (axis !== null && !free.includes(axis.id))) {
      if (free.length === 0) return report(cx, noIndexOrder(name.text, span, [], false));
      const names = axisNames(cx, free);
      const sized = free.find((f) => cx.builder.axes[f]?.size === a.name.text);
      report(cx, unknownIndex(a.name, ` of \`${name.text}\``, names, sized === undefined ? null : axisName(cx, sized)));
      failed = true;
    } else if (axis !== null && out.some((s) => s.axis === axis.id)) {
      report(cx, repeatedIndex(a.name, `the brackets of \`${name.text}\``));
      failed = true;
    } else if (axis !== null && to !== null) {
      out.push({ axis: axis.id, to: axis.from === null ? to : binary("-", "int", to, axis.from, to.span) });
    }
  }
  return failed ? null : out;
};

/** Checks `name[…]`; null after an error. */
export const checkRead = (cx: Cx, name: Name, index: readonly IndexArg[], span: Span): SExpr | null => {
  const value = lookUp(cx, name);
  if (value === null) return null;
  const ats = index.filter((a) => a.kind === "at");
  const named = index.filter((a) => a.kind === "named");
  const range = index.find((a) => a.kind === "range");
  if (range !== undefined) {
    return report(
      cx,
      wrongBrackets(range.span, "a range stands only in a reduction", `write sum[${range.name.text}: …](…)`),
    );
  }
  if (ats.length > 0 && named.length > 0) {
    return report(
      cx,
      wrongBrackets(
        span,
        `\`${name.text}\` is read by position and by name at once`,
        "name all of these indices, or none",
      ),
    );
  }
  const subst = named.length > 0 ? byName(cx, name, value, named, span) : positional(cx, name, value, ats, span);
  if (subst === null || value.expr === null) return null;
  const out = at(value.expr, subst, spanIn(cx, span));
  return align(cx, [out], span)?.[0] ?? null;
};
