import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2112",
  title: "wrong concat",
  explain:
    "`concat[j](a, b)` joins along the union axis `j`, declared with `axis j = m | s`: one argument for each part, in order, with the part's own " +
    "index free in it.",
};

export const badConcat = (span: Span, message: string, help: string | null): Diagnostic =>
  diagnose(rule, span, message, { help });
