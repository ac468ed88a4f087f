import type { Name } from "../../parser/ast.ts";
import { printSize, type SizeExpr } from "../../base/size.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2102",
  title: "index with two sizes",
  explain:
    "Writing an index again means the same axis, so it has one size. Two axes that differ in size need two names.",
};

export const sizeConflict = (name: Name, at: Span, here: SizeExpr, first: SizeExpr, firstSpan: Span): Diagnostic =>
  diagnose(rule, at, `index \`${name.text}\` has size ${printSize(here)} here and ${printSize(first)} before`, {
    related: [{ span: firstSpan, text: `size ${printSize(first)}` }],
    // A declaration of a union axis has no size to leave out.
    fix: at.start === name.span.start ? rewriteAs(at, name.text) : null,
    help: `write \`${name.text}\` alone, or give this axis another name`,
  });
