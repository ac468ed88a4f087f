import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, renameTo, rewriteAs, type RuleDoc } from "../../base/report.ts";
import { didYouMean, nearest } from "../../base/suggest.ts";

export const rule: RuleDoc = {
  code: "TFX2101",
  title: "index without a size",
  explain:
    "An index gets its size where it is first written, `q: f32[b: B, i: N, d: D]`, and is written bare afterwards. Lower case is an index, " +
    "upper case its size.",
};

export const axisWithoutSize = (name: Name, sized: readonly string[]): Diagnostic => {
  const upper = /^[A-Z]/.test(name.text);
  const sizedHere = `${name.text.toLowerCase()}: ${name.text.toUpperCase()}`;
  const near = upper ? null : didYouMean(name.text, sized);
  return diagnose(
    rule,
    name.span,
    upper ? `\`${name.text}\` is a size, an index is expected here` : `index \`${name.text}\` has no size`,
    {
      help: near ?? `write \`${sizedHere}\` where it is first used`,
      fix: near === null ? rewriteAs(name.span, sizedHere) : renameTo(name.span, nearest(name.text, sized)),
    },
  );
};
