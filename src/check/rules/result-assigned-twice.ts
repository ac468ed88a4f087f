import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2402",
  title: "result assigned twice",
  explain: "A result is a value, not a variable: it is assigned once. Name the steps on the way with `let`.",
};

export const resultAssignedTwice = (name: Name, first: Span): Diagnostic =>
  diagnose(rule, name.span, `result \`${name.text}\` is assigned twice`, {
    related: [{ span: first, text: "the first assignment" }],
    help: "name the intermediate value with `let`",
  });
