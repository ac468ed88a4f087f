import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2109",
  title: "positional read of something without an index order",
  explain:
    "A `let` has a set of indices but no order, unless it is given one: `let s[b, h, i, j] = …`. Reading by name, `s[j = j - 1]`, needs none. " +
    "A scalar has no indices at all.",
};

export const noIndexOrder = (name: string, span: Span, free: readonly string[], isParameter: boolean): Diagnostic => {
  if (free.length === 0) {
    return diagnose(rule, span, `\`${name}\` has no indices`, {
      help: `write \`${name}\` without brackets`,
      fix: rewriteAs(span, name),
    });
  }
  const byName = `read it by name: \`${name}[${free[free.length - 1]} = …]\``;
  return diagnose(rule, span, `\`${name}\` has no index order`, {
    label: `its indices are ${free.join(", ")}`,
    help: isParameter ? byName : `fix the order, \`let ${name}[${free.join(", ")}] = …\`, or ${byName}`,
  });
};
