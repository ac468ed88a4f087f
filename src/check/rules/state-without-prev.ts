import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2118",
  title: "value used in its own definition",
  explain:
    "A `let` may use its own value only one index before, by `prev[t](S, s0)`; a result cannot use its own value at all. Everything else " +
    "would be a value that depends on itself.",
};

export const stateWithoutPrev = (name: Name, declared: Span): Diagnostic =>
  diagnose(rule, name.span, `\`${name.text}\` is used in its own definition`, {
    related: [{ span: declared, text: "defined here" }],
    help: `the value one index before is prev[t](${name.text}, …)`,
  });
