import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2201",
  title: "condition expected",
  explain:
    "`where`, `if`, `and`, `or`, `not`, `any`, `all` and `count` take conditions: comparisons, `bool` tensors, `j in m`. A number is not a " +
    "condition; compare it with something.",
};

/** `place` as in "after `where`". */
export const needCondition = (span: Span, place: string, found: string): Diagnostic =>
  diagnose(rule, span, `a condition is expected ${place}, found ${found}`, {
    help: "compare it with something, for example `… != 0`",
  });
