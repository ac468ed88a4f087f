import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2304",
  title: "too complex",
  explain:
    "An expression nested deeper than 256 levels, or functions that expand to more than 20000 calls. Split it with `let`s.",
};

export const tooComplex = (span: Span, message: string): Diagnostic =>
  diagnose(rule, span, message, { help: "split it with `let`" });
