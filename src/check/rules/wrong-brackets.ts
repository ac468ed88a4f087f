import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2305",
  title: "wrong kind of brackets",
  explain:
    "A read takes expressions, `bias[h, i - j]`, or named indices, `k[h = h / R]`, but not both; a reduction takes index names or a range, " +
    "`sum[d](…)`, `sum[u: 0..W](…)`; a function takes index names.",
};

export const wrongBrackets = (span: Span, message: string, help: string | null): Diagnostic =>
  diagnose(rule, span, message, { help });
