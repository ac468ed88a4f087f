import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2110",
  title: "index order does not match the value",
  explain:
    "`let s[b, h, i, j] = …` must list exactly the indices that are free in the value, each once, in the order wanted for reads.",
};

export const letIndices = (
  name: Name,
  span: Span,
  missing: readonly string[],
  extra: readonly string[],
  free: readonly string[],
): Diagnostic =>
  diagnose(
    rule,
    span,
    missing.length > 0
      ? `the value of \`${name.text}\` also has ${listNames(missing)}, which the brackets leave out`
      : `the value of \`${name.text}\` has no ${listNames(extra, "or")}`,
    { help: `write let ${name.text}${free.length === 0 ? "" : `[${free.join(", ")}]`} = …` },
  );
