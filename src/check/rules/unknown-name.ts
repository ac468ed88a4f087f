import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, renameTo, listNames, type RuleDoc } from "../../base/report.ts";
import { nearest } from "../../base/suggest.ts";
import { habitOfValue } from "../habits.ts";

export const rule: RuleDoc = {
  code: "TFX2001",
  title: "unknown name",
  explain:
    "A name in an expression must be a parameter, a result that is already assigned, a `let` above it, an index or a size of the " +
    "signature. Inside a `fn` only its own parameters, axes and `let`s are visible: the caller's names are not.",
};

/**
 * A name that stands for nothing here; `visible` are the names that would have been possible, `indexOf` the index whose size the
 * name would be if it had one.
 */
export const unknownName = (
  name: Name,
  visible: readonly string[],
  fn: string | null,
  indexOf: string | null = null,
): Diagnostic => {
  const habit = indexOf === null ? habitOfValue(name.text) : `the size of \`${indexOf}\` is size(${indexOf})`;
  const near = habit === null ? nearest(name.text, visible) : null;
  return diagnose(rule, name.span, `unknown name \`${name.text}\``, {
    label:
      fn === null
        ? "not a parameter, a `let`, an index or a size"
        : `not a parameter, an axis or a \`let\` of \`${fn}\``,
    fix:
      indexOf === null
        ? renameTo(name.span, near)
        : { title: `write \`size(${indexOf})\``, span: name.span, text: `size(${indexOf})` },
    help:
      habit ??
      (near === null ? null : `did you mean \`${near}\`?`) ??
      (fn !== null
        ? `pass it as a parameter of \`${fn}\``
        : visible.length > 0
          ? `known here: ${listNames(visible.slice(0, 16))}`
          : null),
  });
};
