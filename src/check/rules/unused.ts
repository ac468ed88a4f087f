import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2007",
  title: "unused name",
  explain: "A parameter, `let` or import that no expression uses is either forgotten or left over. This is a warning.",
};

/** `what` as in "parameter", "local name", "import". */
export const unused = (name: Name, what: string): Diagnostic =>
  diagnose(rule, name.span, `${what} \`${name.text}\` is never used`, {
    severity: "warning",
    help: "use it or remove it",
  });
