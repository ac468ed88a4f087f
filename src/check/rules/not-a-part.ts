import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2113",
  title: "`in` without a union axis",
  explain:
    "`j in m` asks whether the index `j` of a union axis lies in its part `m`; `j` must be declared with `axis j = m | s`.",
};

/** `parts` null: the left side is no union axis. */
export const notAPart = (axis: Name, part: Name, parts: readonly string[] | null): Diagnostic =>
  parts === null
    ? diagnose(rule, axis.span, `\`${axis.text}\` is not a union axis`, {
        help: `declare one above: axis ${axis.text} = ${part.text} | …`,
      })
    : diagnose(rule, part.span, `\`${part.text}\` is not a part of \`${axis.text}\``, {
        help: `its parts are ${listNames(parts)}`,
      });
