import { printSize, type SizeExpr } from "../../base/size.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { callWith, diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2103",
  title: "index neither reduced nor in the result",
  explain:
    "Reductions are explicit: every index that is free in a result's value must be one of the result's own indices. Reduce the others by " +
    "name, `sum[d](q * k)`, or add them to the result. Nothing is summed silently, as it would be in einsum notation.",
};

/** `from` says where the index enters: "`q` (line 2) and `k` (line 3)". */
export const freeIndex = (
  axis: string,
  size: SizeExpr,
  span: Span,
  from: string,
  result: { readonly name: string; readonly indices: readonly string[] },
  sum: { readonly text: string; readonly around: Span } | null,
): Diagnostic =>
  diagnose(rule, span, `index \`${axis}\` is neither reduced nor in the result`, {
    label: `\`${axis}\` (size ${printSize(size)}) comes from ${from}`,
    fix: sum && callWith(sum.around, `sum[${axis}]`),
    help:
      sum?.text ??
      `reduce it, as in sum[${axis}](…), or declare the result as \`${result.name}[${[...result.indices, axis].join(", ")}]\``,
  });
