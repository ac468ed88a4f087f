import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, renameTo, type RuleDoc } from "../../base/report.ts";
import { didYouMean, nearest } from "../../base/suggest.ts";
import { habitOfFunction } from "../habits.ts";

export const rule: RuleDoc = {
  code: "TFX2002",
  title: "unknown function",
  explain:
    "A call must name a built-in function, a `fn` of this file, an imported one, or one of the prelude. A tensor is read with " +
    "brackets, `k[i, j]`, not with parentheses; multiplication needs its `*`.",
};

/** A call of something that is no function; `isValue`: the name is a tensor, a scalar, an index or a `let`. */
export const unknownFunction = (
  name: Name,
  known: Iterable<string>,
  isValue: boolean,
  hasPrelude: boolean,
): Diagnostic => {
  if (isValue) {
    return diagnose(rule, name.span, `\`${name.text}\` is a value, it cannot be called`, {
      help: `write \`${name.text}[…]\` to read it elsewhere, or \`${name.text} * (…)\` to multiply`,
    });
  }
  const habit = habitOfFunction(name.text);
  const missing = hasPrelude ? null : "the prelude `std/prelude` was not found, so its functions are missing";
  return diagnose(rule, name.span, `unknown function \`${name.text}\``, {
    fix: habit === null ? renameTo(name.span, nearest(name.text, known)) : null,
    help: habit ?? didYouMean(name.text, known) ?? missing,
  });
};
