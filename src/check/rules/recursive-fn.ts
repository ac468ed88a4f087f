import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2008",
  title: "recursive function",
  explain: "Functions are inlined, so a `fn` cannot call itself, neither directly nor through another one.",
};

/** `cycle` starts and ends with the function. */
export const recursiveFn = (name: Name, cycle: readonly string[]): Diagnostic =>
  diagnose(rule, name.span, `\`${name.text}\` calls itself`, {
    label: cycle.length > 2 ? cycle.join(" → ") : "",
    help: "functions are inlined: write the steps out, or use a reduction over a range such as sum[u: 0..4](…)",
  });
