import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { countOf, diagnose, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2302",
  title: "wrong number of axes in a call",
  explain:
    "A `fn` that works over axes is called with as many indices in brackets as it declares: `fn softmax[j](x)` as `softmax[j](s)`. One that " +
    "declares none takes no brackets. `cumsum`, `argmax`, `argmin` and `kth_largest` work over one index.",
};

export const axisCount = (
  name: string,
  span: Span,
  expected: number,
  given: number,
  usage: string,
  meant: string | null,
): Diagnostic =>
  diagnose(
    rule,
    span,
    `\`${name}\` works over ${expected === 0 ? "no index" : countOf(expected, "index", "indices")}, ${given === 0 ? "none" : given} given`,
    {
      fix: meant === null ? null : rewriteAs(span, meant),
      help: `write ${usage}`,
    },
  );
