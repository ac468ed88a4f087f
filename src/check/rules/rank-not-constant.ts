import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2209",
  title: "not a rank",
  explain:
    "The second argument of `kth_largest[j](s, k)` is one integer for the whole kernel: a literal, a size or a scalar parameter.",
};

export const rankNotConstant = (span: Span, free: readonly string[]): Diagnostic =>
  diagnose(rule, span, "the rank of `kth_largest` must be the same everywhere", {
    label: `depends on ${listNames(free)}`,
    help: "use a scalar parameter, for example `static k: i32 = 8`",
  });

/** The arguments in the other order; `usage` has them in the right one. */
export const rankFirst = (span: Span, usage: string): Diagnostic =>
  diagnose(rule, span, "the rank of `kth_largest` stands behind the value", { help: `write ${usage}` });
