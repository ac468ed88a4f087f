import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2404",
  title: "result of a packed type",
  explain:
    "`i8`, `u8`, `i4` and `u4` are for inputs: several elements share a 32-bit word there, which different lanes would have to write. " +
    "A result is `f32`, `f16`, `i32`, `u32` or `bool`.",
};

export const packedResult = (result: Name, type: Name): Diagnostic =>
  diagnose(rule, type.span, `the result \`${result.text}\` cannot be stored as ${type.text}`, {
    label: "a packed type",
    fix: rewriteAs(type.span, type.text.startsWith("u") ? "u32" : "i32"),
    help: `write ${result.text}: ${type.text.startsWith("u") ? "u32" : "i32"}`,
  });
