import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2208",
  title: "wrong options of a type variable",
  explain:
    "A type variable chooses between float storage types: `<T: f32 | f16>`. Integer and bool tensors name their type.",
};

export const typeOptions = (variable: Name, option: Name, repeated: boolean): Diagnostic =>
  diagnose(
    rule,
    option.span,
    repeated
      ? `\`${option.text}\` is listed twice for \`${variable.text}\``
      : `\`${option.text}\` cannot be an option of \`${variable.text}\``,
    {
      help: repeated
        ? "remove one"
        : `write <${variable.text}: f32 | f16>, and \`${option.text}\` itself where it is meant`,
    },
  );
