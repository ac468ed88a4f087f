import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2107",
  title: "not a size",
  explain:
    "A size is an integer expression of literals, of sizes that some index has as its whole size (`i: N`), and of `i32` scalar parameters. " +
    "It cannot depend on an index or on a tensor's values.",
};

export const badSize = (span: Span, message: string, help: string | null): Diagnostic =>
  diagnose(rule, span, message, { help });

/** A size that occurs only inside expressions: nothing tells its value. */
export const unboundSize = (name: string, span: Span): Diagnostic =>
  diagnose(rule, span, `size \`${name}\` is not the size of any index`, {
    label: "only used inside an expression, so its value cannot be known from the shapes",
    help: `add an index with that size (\`${name.toLowerCase()}: ${name}\`), or a parameter \`${name}: i32\``,
  });
