import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2111",
  title: "wrong union axis",
  explain:
    "`axis j = m | s` declares an index that runs over the indices of `m` and then over those of `s`: two or more different indices of the " +
    "signature. If `j` already has a size, it must be the sum of the parts.",
};

export const badUnion = (span: Span, message: string, help: string | null): Diagnostic =>
  diagnose(rule, span, message, { help });
