import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2204",
  title: "condition mixed with a number",
  explain:
    "The two branches of `if`, the two sides of a comparison and the parts of a `concat` must both be numbers or both be conditions.",
};

export const branchTypes = (span: Span, what: string): Diagnostic =>
  diagnose(rule, span, `${what} are a condition and a number`, {
    help: "convert the condition with `float(…)` or compare the number with something",
  });
