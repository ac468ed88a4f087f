/**
 * Beside a union axis `j = m | s`, the index `s` means the position within that part: where both are free in operands of
 * one expression, `s` becomes `j` minus the sizes of the parts before it.
 */
import { size, type SizeExpr } from "../base/size.ts";
import type { Span } from "../base/span.ts";
import { at, binary, indexOf, sizeOf, unionAxes, type Subst } from "./sexpr.ts";
import { ambiguousPart } from "./rules/ambiguous-part.ts";
import { axisName, axisNames, report, spanIn, type AxisInfo, type Cx } from "./scope.ts";
import type { AxisId, SExpr } from "./spec.ts";

/** Where part `part` starts in the union axis (at any depth); null when it is no part of it. */
export const partOffset = (axes: readonly AxisInfo[], union: AxisId, part: AxisId): SizeExpr | null => {
  let start: SizeExpr = 0;
  for (const p of axes[union]?.parts ?? []) {
    if (p === part) return start;
    const inner = partOffset(axes, p, part);
    if (inner !== null) return size("+", start, inner);
    start = size("+", start, axes[p]?.size ?? 0);
  }
  return null;
};

/** Rewrites operands of one expression so that no part's index stands beside its union's; null after an error. */
export const align = (cx: Cx, operands: readonly SExpr[], span: Span): readonly SExpr[] | null => {
  const { axes } = cx.builder;
  const free = unionAxes(...operands.map((e) => e.axes));
  const unions = free.filter((u) => axes[u]?.parts);
  if (unions.length === 0) return operands;
  const subst: Subst[] = [];
  for (const part of free) {
    const above = unions.filter((u) => u !== part && partOffset(axes, u, part) !== null);
    const outermost = above.filter((u) => !above.some((w) => w !== u && partOffset(axes, w, u) !== null));
    const [union] = outermost;
    if (union === undefined) continue;
    if (outermost.length > 1) return report(cx, ambiguousPart(span, axisName(cx, part), axisNames(cx, outermost)));
    const start = partOffset(axes, union, part) ?? 0;
    subst.push({
      axis: part,
      to: binary("-", "int", indexOf(union, spanIn(cx, span)), sizeOf(start, spanIn(cx, span)), spanIn(cx, span)),
    });
  }
  return operands.map((e) => at(e, subst, e.span));
};
