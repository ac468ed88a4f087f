import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2121",
  title: "`prev` away from its own index",
  explain:
    "`prev[t](S, s0)` is known at the `t` at hand only: reading it at another `t`, or reducing over `t` around it, would ask for values " +
    "that do not exist yet.",
};

export const prevMoved = (span: Span, of: string, index: string): Diagnostic =>
  diagnose(rule, span, `\`${of}\` is asked for at other \`${index}\` than the one before`, {
    help: `reduce over \`${index}\` below the definition, where \`${of}\` is known`,
  });
