import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2205",
  title: "wrong type for a scalar",
  explain:
    "A scalar parameter is `f32`, `i32`, `u32` or `bool`. Arithmetic is f32 anyway, so `f16`, packed types and type variables would gain nothing.",
};

export const scalarType = (name: Name, type: Name): Diagnostic =>
  diagnose(rule, type.span, `scalar \`${name.text}\` cannot be \`${type.text}\``, {
    label: "expected f32, i32, u32 or bool",
    fix: rewriteAs(type.span, /^[iu]\d/.test(type.text) ? "i32" : "f32"),
    help: /^[iu]\d/.test(type.text)
      ? `write \`${name.text}: i32\``
      : `write \`${name.text}: f32\`, or give it indices: \`${name.text}: ${type.text}[i: N]\``,
  });
