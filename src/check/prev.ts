/** `prev[t](S, s0)`: a `let` that runs along one of its indices. */
import type { Expr } from "../parser/ast.ts";
import type { Span } from "../base/span.ts";
import type { Apply } from "./builtins.ts";
import { checkIndexName } from "./reduce.ts";
import { prevElsewhere } from "./rules/prev-elsewhere.ts";
import { prevIndex } from "./rules/prev-index.ts";
import { prevInit } from "./rules/prev-init.ts";
import { prevMoved } from "./rules/prev-moved.ts";
import { axisName, axisNames, checkPart, report, spanIn, type Cx, type Dims, type OwnState } from "./scope.ts";
import { children, prev, scan, toFloat, withoutAxes } from "./sexpr.ts";
import type { AxisId, SExpr } from "./spec.ts";
import { requireNumber } from "./typing.ts";

/** What a `let` is inside its own definition. `failed`: its brackets have an error. */
export const ownState = (cx: Cx, name: string, dims: Dims | null, failed: boolean): OwnState => ({
  id: cx.builder.states++,
  name,
  listed: dims?.flat() ?? null,
  axis: null,
  failed,
});

/** The `let` that is being defined, if there is one in sight. */
const ownIn = (cx: Cx): OwnState | null => {
  for (const b of cx.scope.values()) if (b.kind === "state") return b.state;
  return null;
};

/** Checks a `prev`; the number of its arguments has been checked. Null after an error. */
export const checkPrev = (cx: Cx, e: Apply, of: Expr, source: Expr): SExpr | null => {
  const own = ownIn(cx);
  const isOwn = of.kind === "apply" && of.index === null && of.args === null && of.name.text === own?.name;
  const axis = e.index?.[0] === undefined ? null : checkIndexName(cx, e.index[0], "prev");
  const init = requireNumber(cx, checkPart(cx, source), source.span, "as the initial value");
  if (own === null || !isOwn) return report(cx, prevElsewhere(of.span, own?.name ?? null));
  if (axis === null || init === null || own.failed) return null;
  const { listed } = own;
  const isUnion = cx.builder.axes[axis]?.parts != null;
  const other = own.axis !== null && own.axis !== axis ? own.axis : null;
  if (listed === null || !listed.includes(axis) || isUnion || other !== null) {
    const names = listed === null ? null : axisNames(cx, listed);
    return report(
      cx,
      prevIndex(e.span, own.name, axisName(cx, axis), names, other === null ? null : axisName(cx, other)),
    );
  }
  const allowed = withoutAxes(listed, [axis]);
  const extra = withoutAxes(init.axes, allowed);
  if (extra.length > 0)
    return report(cx, prevInit(source.span, own.name, axisNames(cx, extra), axisNames(cx, allowed)));
  own.axis = axis;
  return prev(own.id, axis, listed, toFloat(init), spanIn(cx, e.span));
};

/** The value of a `let` as a scan, where it reads itself; null after an error. */
export const scanOf = (cx: Cx, own: OwnState, value: SExpr | null, span: Span): SExpr | null => {
  const { axis, listed } = own;
  if (value === null || axis === null || listed === null) return value;
  const step = requireNumber(cx, value, span, "in a recurrence");
  if (step === null) return null;
  const moved = movedIn(step, own.id, axis);
  if (moved !== null) return report(cx, prevMoved(moved.span, own.name, axisName(cx, axis)));
  return scan(own.id, axis, withoutAxes(listed, [axis]), toFloat(step), spanIn(cx, span));
};

/** A `prev` whose axis something above it binds: a reduction over it, or a read at another index. */
const movedIn = (step: SExpr, state: number, axis: AxisId): SExpr | null => {
  const seen = new Map<SExpr, boolean>();
  const open: { readonly e: SExpr; readonly bound: boolean }[] = [{ e: step, bound: false }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { e, bound } = top;
    if (seen.get(e) === true || seen.get(e) === bound) continue;
    seen.set(e, bound);
    if (e.kind === "prev" && e.state === state && bound) return e;
    const reduces = e.kind === "reduce" && e.over.includes(axis);
    const argBound = bound || reduces || (e.kind === "at" && e.subst.some((s) => s.axis === axis));
    for (const c of children(e)) open.push({ e: c, bound: e.kind === "at" && c !== e.arg ? bound : argBound });
  }
  return null;
};
