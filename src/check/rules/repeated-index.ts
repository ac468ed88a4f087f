import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2115",
  title: "index written twice in the same brackets",
  explain:
    "An index can stand only once in the brackets of a tensor, a `let`, a read or a reduction. For a square matrix give the two axes two names; " +
    "for its diagonal read it by position, `w[i, i]`.",
};

export const repeatedIndex = (name: Name, where: string): Diagnostic =>
  diagnose(rule, name.span, `index \`${name.text}\` is written twice in ${where}`, {
    help: "give the second axis another name, or remove it",
  });
