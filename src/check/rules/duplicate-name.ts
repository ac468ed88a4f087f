import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2003",
  title: "name declared twice",
  explain:
    "Tensors, scalars, sizes, indices, results and `let`s of a kernel share one space of names, so that a formula can be read without " +
    "guessing. The same holds for the items of a file. Rename one of the two.",
};

/** `name` is taken already; `first` is where, null when that is not in a source file. */
export const duplicateName = (name: Name, what: string, firstWhat: string, first: Span | null): Diagnostic =>
  diagnose(
    rule,
    name.span,
    `\`${name.text}\` is declared twice${firstWhat === what ? "" : `: as ${firstWhat} and as ${what}`}`,
    {
      label: `${what} of the same name`,
      related: first === null ? [] : [{ span: first, text: `${firstWhat}, declared here` }],
      help: `give one of them another name`,
    },
  );
