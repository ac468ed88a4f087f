import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, renameTo, listNames, type RuleDoc } from "../../base/report.ts";
import { nearest } from "../../base/suggest.ts";

export const rule: RuleDoc = {
  code: "TFX2105",
  title: "unknown index",
  explain:
    "Brackets after a reduction or a function name indices of the signature (or of an `axis` statement, or of a `let` with sizes); a read by " +
    "name, `k[h = h / R]`, names indices of the tensor it reads.",
};

/** A name that is no index; `indexOf` is the index whose size has that name. */
export const unknownIndex = (
  name: Name,
  what: string,
  candidates: readonly string[],
  indexOf: string | null,
): Diagnostic => {
  const near = indexOf ?? nearest(name.text, candidates);
  return diagnose(rule, name.span, `\`${name.text}\` is not an index${what}`, {
    label: indexOf === null ? "" : `\`${name.text}\` is the size of \`${indexOf}\``,
    fix: renameTo(name.span, near),
    help:
      near !== null
        ? `did you mean \`${near}\`?`
        : candidates.length > 0
          ? `the indices are ${listNames(candidates)}`
          : null,
  });
};
