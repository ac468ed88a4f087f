import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2006",
  title: "built-in function defined again",
  explain:
    "The built-in functions and reductions cannot be redefined, so that `sum` and `exp` mean the same in every file. Functions of the " +
    "prelude may be: a `fn` of the file wins over one of the prelude.",
};

export const builtinName = (name: Name): Diagnostic =>
  diagnose(rule, name.span, `\`${name.text}\` is built in and cannot be defined again`, {
    help: `call it \`my_${name.text}\``,
  });
