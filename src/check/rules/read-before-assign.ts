import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2009",
  title: "result read before it is assigned",
  explain:
    "A result can be read like a `let`, but only below its assignment, and never in its own value: there is no state.",
};

export const readBeforeAssign = (name: Name, declared: Span): Diagnostic =>
  diagnose(rule, name.span, `result \`${name.text}\` is read before it is assigned`, {
    related: [{ span: declared, text: "the result" }],
    help: `move \`${name.text} = …\` above this line`,
  });
