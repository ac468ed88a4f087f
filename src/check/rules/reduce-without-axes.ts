import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, listNames, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2106",
  title: "reduction without an index",
  explain:
    "A reduction says in brackets what it reduces over: `sum[d](x)`. Only `max` and `min` of two or more arguments need none, they are elementwise.",
};

/** `free` are the indices of the argument, null when it is not known. */
export const reduceWithoutAxes = (op: string, span: Span, free: readonly string[] | null, arg: string): Diagnostic =>
  diagnose(rule, span, `\`${op}\` does not say over which index`, {
    label: free === null || free.length === 0 ? "" : `the argument has ${listNames(free)}`,
    fix: free?.length === 1 && free[0] !== undefined ? rewriteAs(span, `${op}[${free[0]}](${arg})`) : null,
    help: `write ${(free ?? []).length > 0 ? free!.map((f) => `${op}[${f}](${arg})`).join(" or ") : `${op}[j](${arg})`}`,
  });
