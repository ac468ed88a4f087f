/** The check that every index of a result's value is reduced or declared, with a message that shows where it comes from. */
import type { Span } from "../base/span.ts";
import type { Expr, Kernel, Result } from "../parser/ast.ts";
import { listNames } from "../base/report.ts";
import { allExprs, printExpr } from "./print-expr.ts";
import { freeIndex } from "./rules/free-index.ts";
import { report, type Cx, type Dims } from "./scope.ts";
import { withoutAxes } from "./sexpr.ts";
import type { SExpr } from "./spec.ts";
import { flatDims } from "./sizes.ts";
import { sameSpan, traceAxis } from "./trace-axis.ts";

/** The statement of a kernel and the expression in it that has the span. */
const findSource = (kernel: Kernel, expr: SExpr): { readonly statement: Expr; readonly found: Expr } | null => {
  for (const s of kernel.body) {
    if (s.kind === "axis") continue;
    const found = allExprs([s.value]).find((e) => e.kind !== "group" && sameSpan(e.span, expr.span));
    if (found !== undefined) return { statement: s.value, found };
  }
  return null;
};

/** "`q` (line 2) and `k` (line 3)" */
const describeTensors = (
  kernel: Kernel,
  tensors: readonly string[],
  lineOf: (offset: number) => number | null,
): string => {
  const lines = tensors.map((t) => {
    const param = kernel.params.find((p) => p.name.text === t);
    const line = param === undefined ? null : lineOf(param.span.start);
    return line === null ? "" : ` (line ${line})`;
  });
  return listNames(tensors).replace(
    /`[^`]+`/g,
    (quoted) => quoted + (lines[tensors.indexOf(quoted.slice(1, -1))] ?? ""),
  );
};

/** The statement with the reduction written in, only the reduction where the statement is long; and what it goes around. */
const suggestSum = (
  kernel: Kernel,
  axis: string,
  expr: SExpr,
): { readonly text: string; readonly around: Span } | null => {
  const source = findSource(kernel, expr);
  if (source === null) return null;
  const sum = `sum[${axis}](${printExpr(source.found)})`;
  const whole = printExpr(source.statement, new Map([[source.found, sum]]));
  return { text: whole.length <= 90 ? whole : sum, around: source.found.span };
};

/** Reports the indices of `value` that the result does not declare; whether there are none. */
export const reportFreeIndices = (
  cx: Cx,
  value: SExpr,
  dims: Dims,
  result: Result,
  kernel: Kernel,
  lineOf: (offset: number) => number | null,
): boolean => {
  const free = withoutAxes(value.axes, dims.flat());
  for (const id of free) {
    const axis = cx.builder.axes[id]!;
    const { expr, tensors } = traceAxis(value, id);
    const indices = flatDims(result.dims ?? []).map((d) => d.name.text);
    const from = tensors.length === 0 ? "the index itself" : describeTensors(kernel, tensors, lineOf);
    const declared = { name: result.name.text, indices };
    report(cx, freeIndex(axis.name, axis.size, expr.span, from, declared, suggestSum(kernel, axis.name, expr)));
  }
  return free.length === 0;
};
