import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2004",
  title: "function used as a value",
  explain:
    "A function has no value of its own: call it with parentheses, and with the axes it works over in brackets if it has any.",
};

/** A function's name without parentheses; `usage` is how it is called. */
export const notAValue = (name: Name, usage: string): Diagnostic =>
  diagnose(rule, name.span, `\`${name.text}\` is a function, not a value`, { help: usage });
