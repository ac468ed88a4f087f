import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, renameTo, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2117",
  title: "`prev` of something else than the `let` it stands in",
  explain:
    "`prev[t](S, s0)` is the value of `S` one index before, and may be used only in the definition of `S` itself, a `let` of a kernel. " +
    "Once `S` is defined, the value before is an ordinary read: `S[t = t - 1]`.",
};

/** `own`: the `let` whose value this is, if it has a state; null: `prev` stands in no `let` of a kernel. */
export const prevElsewhere = (span: Span, own: string | null): Diagnostic =>
  diagnose(
    rule,
    span,
    own === null
      ? "`prev` stands outside the definition of the value it reads"
      : `here \`prev\` can only read \`${own}\`, which is being defined`,
    {
      fix: renameTo(span, own),
      help:
        own === null
          ? "write let S[…, t] = … prev[t](S, 0) … in a kernel; a value that is defined already is read as S[t = t - 1]"
          : `write prev[t](${own}, …)`,
    },
  );
