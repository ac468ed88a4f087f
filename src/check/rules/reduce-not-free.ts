import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";
import { nearest } from "../../base/suggest.ts";

export const rule: RuleDoc = {
  code: "TFX2104",
  title: "reduction over an index that is not there",
  explain:
    "A reduction must name an index that is free in its argument. A sum of something that does not change along the index would silently " +
    "multiply by the size.",
};

/** `free` are the indices of the argument; `union` is set when the argument has a part of the reduced union axis. */
export const reduceNotFree = (
  op: string,
  axis: string,
  span: Span,
  free: readonly string[],
  union: boolean,
): Diagnostic => {
  const near = nearest(axis, free);
  return diagnose(rule, span, `\`${op}\` over \`${axis}\`, but its argument has no index \`${axis}\``, {
    label: free.length === 0 ? "the argument has no indices at all" : `the argument has ${listNames(free)}`,
    help: union
      ? `join the parts first: concat[${axis}](…)`
      : near !== null
        ? `did you mean \`${op}[${near}](…)\`?`
        : free.length === 0
          ? "remove the reduction"
          : `reduce over ${listNames(free, "or")}`,
  });
};
