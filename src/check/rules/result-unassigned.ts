import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2401",
  title: "result never assigned",
  explain: "Every result that the signature declares gets its value in the body, exactly once: `o = …`.",
};

export const resultUnassigned = (name: Name): Diagnostic =>
  diagnose(rule, name.span, `result \`${name.text}\` is never assigned`, {
    help: `add \`${name.text} = …\` to the body`,
  });
