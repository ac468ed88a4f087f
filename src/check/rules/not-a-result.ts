import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, renameTo, rewriteAs, listNames, type RuleDoc } from "../../base/report.ts";
import { didYouMean, nearest } from "../../base/suggest.ts";

export const rule: RuleDoc = {
  code: "TFX2403",
  title: "assignment to something that is not a result",
  explain: "Only the results of the signature are assigned with `=`; everything else in the body is named with `let`.",
};

export const notAResult = (name: Name, results: readonly string[], taken: boolean): Diagnostic =>
  diagnose(rule, name.span, `\`${name.text}\` is not a result of this kernel`, {
    label: results.length === 1 ? `the result is \`${results[0]}\`` : `the results are ${listNames(results)}`,
    fix: renameTo(name.span, nearest(name.text, results)) ?? (taken ? null : rewriteAs(name.span, `let ${name.text}`)),
    help:
      didYouMean(name.text, results) ??
      (taken ? "a parameter cannot be changed: name the new value with `let`" : `write \`let ${name.text} = …\``),
  });
