import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2119",
  title: "`prev` along an index that the `let` does not list",
  explain:
    "A recurrence runs along one index, and the brackets of its `let` must list that index and all others of the value: " +
    "`let S[b, h, t, d, e] = … prev[t](S, s0) …`. A plain axis is needed: the parts of a union have an order of their own.",
};

/** `listed`: the indices in the brackets of the `let`; null: it has none. `other`: the index of another `prev` of it. */
export const prevIndex = (
  span: Span,
  of: string,
  index: string,
  listed: readonly string[] | null,
  other: string | null,
): Diagnostic =>
  diagnose(
    rule,
    span,
    other !== null
      ? `\`${of}\` runs along \`${other}\` already, not along \`${index}\``
      : listed === null
        ? `\`${of}\` needs its indices in brackets, \`${index}\` among them`
        : listed.includes(index)
          ? `\`${index}\` is a union, along which nothing can run`
          : `\`${index}\` is not an index of \`${of}\``,
    {
      label: listed === null || listed.length === 0 ? "" : `\`${of}\` has ${listNames(listed)}`,
      help: listed === null ? `write let ${of}[…, ${index}] = …` : null,
    },
  );
