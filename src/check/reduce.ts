/** Reductions: `sum[d](x)`, `sum[u: 0..W](x)`, `kth_largest[j](s, k)`. */
import type { Expr, IndexArg } from "../parser/ast.ts";
import { size } from "../base/size.ts";
import { align } from "./align.ts";
import type { Apply } from "./builtins.ts";
import { axisOf } from "./names.ts";
import { printExpr } from "./print-expr.ts";
import { badSize } from "./rules/bad-size.ts";
import { duplicateName } from "./rules/duplicate-name.ts";
import { rankFirst, rankNotConstant } from "./rules/rank-not-constant.ts";
import { reduceNotFree } from "./rules/reduce-not-free.ts";
import { reduceWithoutAxes } from "./rules/reduce-without-axes.ts";
import { repeatedIndex } from "./rules/repeated-index.ts";
import { unknownIndex } from "./rules/unknown-index.ts";
import { wrongBrackets } from "./rules/wrong-brackets.ts";
import { addAxis, axisNames, checkPart, report, spanIn, visibleIndices, type Cx } from "./scope.ts";
import { reduce, sizeOf, toFloat, toSize } from "./sexpr.ts";
import type { AxisId, SExpr, SReduceOp, SType } from "./spec.ts";
import { requireBool, requireInt, requireNumber } from "./typing.ts";

/** Resolves one entry of brackets that must be a bare index; null after an error. */
export const checkIndexName = (cx: Cx, a: IndexArg, callee: string): AxisId | null => {
  if (a.kind !== "at" || a.value.kind !== "apply" || a.value.index !== null || a.value.args !== null) {
    const help = `write an index, as in ${callee}[j](…)`;
    return report(cx, wrongBrackets(a.span, `the brackets of \`${callee}\` take the names of indices`, help));
  }
  const { name } = a.value;
  const axis = axisOf(cx, name.text);
  if (axis !== undefined) return axis?.id ?? null;
  const sized = cx.builder.axes.find((x) => x.size === name.text && cx.scope.has(x.name));
  return report(cx, unknownIndex(name, "", visibleIndices(cx), cx.inlined === null ? (sized?.name ?? null) : null));
};

/** The axis of `u: from..to`, visible only in the reduction's argument. */
const rangeAxis = (cx: Cx, a: Extract<IndexArg, { kind: "range" }>): { id: AxisId; from: SExpr | null } | null => {
  const taken = cx.scope.get(a.name.text);
  if (taken !== undefined)
    report(cx, duplicateName(a.name, "the index of a range", "another name of this scope", taken.span));
  const bounds = [a.from, a.to].map((e) => {
    const value = requireInt(cx, checkPart(cx, e), e.span, "as the bound of a range");
    if (value === null) return null;
    const bound = toSize(value, (name) => cx.builder.scalars.get(name) === "i32");
    return (
      bound ??
      report(
        cx,
        badSize(
          e.span,
          "the bound of a range must be a size",
          "use literals, sizes and i32 scalars; restrict further with `where`",
        ),
      )
    );
  });
  const [from, to] = [bounds[0] ?? null, bounds[1] ?? null];
  if (from === null || to === null) return null;
  const length = size("-", to, from);
  if (typeof length === "number" && length < 0) {
    return report(
      cx,
      badSize(
        a.span,
        "the range ends before it begins",
        `write ${a.name.text}: ${printExpr(a.to)}..${printExpr(a.from)}`,
      ),
    );
  }
  const axis = addAxis(cx.builder, a.name.text, length, spanIn(cx, a.span));
  return { id: axis.id, from: from === 0 ? null : sizeOf(from, spanIn(cx, a.from.span)) };
};

/** The axes reduced over, and the scope of the argument. */
const reducedAxes = (cx: Cx, e: Apply, index: readonly IndexArg[]): { over: readonly AxisId[] | null; inner: Cx } => {
  const scope = new Map(cx.scope);
  const over: AxisId[] = [];
  let failed = false;
  for (const a of index) {
    const range = a.kind === "range" ? rangeAxis(cx, a) : null;
    const id = a.kind === "range" ? (range?.id ?? null) : checkIndexName(cx, a, e.name.text);
    if (a.kind === "range") scope.set(a.name.text, { kind: "axis", id, from: range?.from ?? null, span: a.span });
    if (id !== null && over.includes(id) && a.kind === "at" && a.value.kind === "apply") {
      report(cx, repeatedIndex(a.value.name, `the brackets of \`${e.name.text}\``));
    }
    failed ||= id === null;
    if (id !== null && !over.includes(id)) over.push(id);
  }
  return { over: failed ? null : over, inner: { ...cx, scope } };
};

/** Checks the argument's type; the result's type and the converted argument. */
const reduceType = (cx: Cx, op: SReduceOp, arg: SExpr, source: Expr): { arg: SExpr; type: SType } | null => {
  switch (op) {
    case "any":
    case "all":
    case "count": {
      const cond = requireBool(cx, arg, source.span, `in \`${op}\``);
      return cond && { arg: cond, type: op === "count" ? "int" : "bool" };
    }
    case "mean":
    case "var": {
      const number = requireNumber(cx, arg, source.span, `in \`${op}\``);
      return number && { arg: toFloat(number), type: "float" };
    }
    case "argmax":
    case "argmin": {
      const number = requireNumber(cx, arg, source.span, `in \`${op}\``);
      return number && { arg: number, type: "int" };
    }
    case "sum":
    case "max":
    case "min":
    case "prod":
    case "kth_largest":
    case "cumsum": {
      const number = requireNumber(cx, arg, source.span, `in \`${op}\``);
      return number && { arg: number, type: number.type };
    }
  }
};

const checkRank = (cx: Cx, e: Expr): SExpr | null => {
  const k = requireInt(cx, checkPart(cx, e), e.span, "as the rank");
  if (k !== null && k.axes.length > 0) return report(cx, rankNotConstant(e.span, axisNames(cx, k.axes)));
  return k;
};

/** Checks that every axis is free in the argument. */
const allFree = (cx: Cx, op: string, over: readonly AxisId[], arg: SExpr, e: Apply): boolean => {
  const missing = over.filter((a) => !arg.axes.includes(a));
  for (const a of missing) {
    const isUnion = (cx.builder.axes[a]?.parts ?? []).some((p) => arg.axes.includes(p));
    const at = e.index?.[over.indexOf(a)]?.span ?? e.span;
    report(cx, reduceNotFree(op, cx.builder.axes[a]?.name ?? "?", at, axisNames(cx, arg.axes), isUnion));
  }
  return missing.length === 0;
};

/** Checks a reduction; the numbers of its arguments have been checked. Null after an error. */
export const checkReduction = (cx: Cx, e: Apply, op: SReduceOp, args: readonly Expr[]): SExpr | null => {
  const source = args[0]!;
  if (e.index === null || e.index.length === 0) {
    const arg = checkPart(cx, source);
    return (
      arg &&
      report(cx, reduceWithoutAxes(op, e.span, axisNames(cx, arg.axes), args.map((a) => printExpr(a)).join(", ")))
    );
  }
  if (op === "kth_largest" && source.kind === "number")
    return report(cx, rankFirst(source.span, printExpr({ ...e, args: args.toReversed() })));
  const { over, inner } = reducedAxes(cx, e, e.index);
  const arg = checkPart(inner, source);
  const k = args[1] === undefined ? null : checkRank(cx, args[1]);
  if (over === null || arg === null || (args[1] !== undefined && k === null)) return null;
  if (!allFree(cx, op, over, arg, e)) return null;
  const typed = reduceType(cx, op, arg, source);
  const aligned = typed && align(cx, [typed.arg], e.span);
  return aligned && typed ? reduce(op, typed.type, over, aligned[0]!, k, spanIn(cx, e.span)) : null;
};
