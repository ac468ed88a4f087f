import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2122",
  title: "position where a size may be meant",
  explain:
    "An index in an expression is its position: `sqrt(d)` is 0 at the first cell and has another value at each. The size of its axis is " +
    "`size(d)`: scores are divided by `sqrt(size(d))`, or by `sqrt(D)` where the size has a name. This is a warning; `sqrt(float(d))` says that " +
    "the position is meant.",
};

/** The root of a bare index. */
export const positionAsSize = (op: string, index: Name): Diagnostic =>
  diagnose(rule, index.span, `\`${op}(${index.text})\` takes the position in \`${index.text}\`, not its size`, {
    severity: "warning",
    help: `for the size write ${op}(size(${index.text}))`,
    fix: { title: `write \`size(${index.text})\``, span: index.span, text: `size(${index.text})` },
  });
