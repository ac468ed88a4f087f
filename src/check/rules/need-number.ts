import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { callWith, diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2202",
  title: "number expected",
  explain:
    "Conditions do not take part in arithmetic by themselves. Choose with `if c then x else y`, convert with `float(c)` or `int(c)`, count with " +
    "`count[j](c)`, or restrict the domain with `where`.",
};

export const needNumber = (span: Span, place: string, help: string | null = null): Diagnostic =>
  diagnose(rule, span, `a number is expected ${place}, found a condition`, {
    help: help ?? "choose with `if … then … else …`, or convert with `float(…)`",
    fix: help === null ? callWith(span, "float") : null,
  });
