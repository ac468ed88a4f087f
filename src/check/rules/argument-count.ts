import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { countOf, diagnose, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2301",
  title: "wrong number of arguments",
  explain:
    "A function takes exactly the arguments it declares; `max` and `min` take two or more when they are elementwise.",
};

/** `expected` as a text when it is not one number; `usage` is how the function is called, `meant` this call as it was meant. */
export const argumentCount = (
  name: string,
  span: Span,
  expected: number | string,
  given: number,
  usage: string,
  meant: string | null = null,
): Diagnostic =>
  diagnose(
    rule,
    span,
    `\`${name}\` takes ${typeof expected === "number" ? countOf(expected, "argument") : expected}, ${given} given`,
    {
      fix: meant === null ? null : rewriteAs(span, meant),
      help: `write ${usage}`,
    },
  );
