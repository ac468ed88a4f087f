import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { callWith, diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2203",
  title: "integer expected",
  explain:
    "Indices, sizes and integer tensors take integers. Arithmetic on integers stays integer (`/` floors), a float operand makes it float; " +
    "`int(x)` rounds a float towards zero.",
};

export const needInt = (span: Span, place: string, found: string): Diagnostic =>
  diagnose(rule, span, `an integer is expected ${place}, found ${found}`, {
    fix: found === "a condition" ? null : callWith(span, "int"),
    help: found === "a condition" ? null : "convert it with `int(…)`",
  });
