import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2120",
  title: "initial value with an index it cannot have",
  explain:
    "The second argument of `prev[t](S, s0)` is the value before the first `t`. It may vary along the other indices of `S` only.",
};

/** `extra`: the indices that are too many; `allowed`: those it may have. */
export const prevInit = (span: Span, of: string, extra: readonly string[], allowed: readonly string[]): Diagnostic =>
  diagnose(rule, span, `the initial value of \`${of}\` cannot vary along ${listNames(extra, "or")}`, {
    label: allowed.length === 0 ? "it is one number" : `it may vary along ${listNames(allowed)}`,
  });
