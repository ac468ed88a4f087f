import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2207",
  title: "default value that depends on more than sizes",
  explain:
    "The default of a scalar is computed before the kernel runs: it may use sizes and the scalars before it, but no tensor, index or later scalar.",
};

export const defaultValue = (scalar: Name, name: Name, what: string): Diagnostic =>
  diagnose(rule, name.span, `the default of \`${scalar.text}\` uses ${what} \`${name.text}\``, {
    label: "only sizes and earlier scalars have a value here",
    help:
      what === "the scalar"
        ? `declare \`${name.text}\` before \`${scalar.text}\``
        : "compute it in a `let` of the body",
  });
