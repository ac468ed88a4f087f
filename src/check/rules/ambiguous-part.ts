import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2116",
  title: "part of two union axes",
  explain:
    "Beside a union axis, the index of one of its parts means the position within that part. Here the index is a part of two union axes that " +
    "are both in use, so either could be meant.",
};

export const ambiguousPart = (span: Span, part: string, unions: readonly string[]): Diagnostic =>
  diagnose(rule, span, `\`${part}\` is a part of ${listNames(unions)}, and both are used beside it`, {
    help: `say which is meant, for example with \`${unions[0]} - …\` in place of \`${part}\``,
  });
