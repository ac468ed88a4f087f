import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2114",
  title: "size of something that is not an index",
  explain:
    "`size(j)` is the size of the axis of index `j`. Inside a `fn` the argument may also be a parameter, if the caller passed a bare index for " +
    "it: `causal(i, j)`, not `causal(i + 1, j)`.",
};

/** `param` null: the argument of `size` is no name at all. */
export const sizeOfWhat = (span: Span, param: string | null): Diagnostic =>
  diagnose(
    rule,
    span,
    param === null
      ? "`size` needs an index"
      : `\`size(${param})\` needs an index, but \`${param}\` is not a bare index here`,
    {
      help: param === null ? "write size(j)" : `pass a bare index for \`${param}\`, or use the size by its name`,
    },
  );
