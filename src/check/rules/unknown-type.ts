import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, renameTo, type RuleDoc } from "../../base/report.ts";
import { nearest } from "../../base/suggest.ts";
import { habitOfType } from "../habits.ts";

export const rule: RuleDoc = {
  code: "TFX2005",
  title: "unknown type",
  explain:
    "Storage types are `f32 f16 i32 u32 bool` and the packed `i8 u8 i4 u4`. A type variable must be declared after the kernel's name: " +
    "`kernel attn<T: f32 | f16>(…)`.",
};

export const unknownType = (name: Name, known: readonly string[]): Diagnostic => {
  const habit = habitOfType(name.text);
  const near = habit ?? nearest(name.text, known);
  return diagnose(rule, name.span, `unknown type \`${name.text}\``, {
    label: `expected one of ${known.join(", ")}`,
    fix: renameTo(name.span, near),
    help:
      (habit === null ? null : `write \`${habit}\``) ??
      (near === null ? null : `did you mean \`${near}\`?`) ??
      (/^[A-Z]\w*$/.test(name.text) ? `declare it after the kernel's name: <${name.text}: f32 | f16>` : null),
  });
};
