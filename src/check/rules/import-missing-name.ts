import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";
import { didYouMean } from "../../base/suggest.ts";

export const rule: RuleDoc = {
  code: "TFX5002",
  title: "name not in the imported file",
  explain:
    '`use { f } from "./x.tfx"` takes `fn`s and kernels that the file itself defines; what that file imports is not passed on.',
};

export const importMissingName = (name: Name, from: string, defined: readonly string[]): Diagnostic =>
  diagnose(rule, name.span, `"${from}" does not define \`${name.text}\``, {
    help:
      didYouMean(name.text, defined) ??
      (defined.length > 0 ? `it defines ${listNames(defined)}` : "it defines nothing"),
  });
