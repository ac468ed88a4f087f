import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2210",
  title: "constant that is no number of its type",
  explain:
    "Floats are `f32`, up to 3.4028e38: `3.5e38`, `exp(1000)`, `1.0 / 0` and `log(-1)` are none. Where infinity is meant, as in data of " +
    "other systems, write it as `1e400`; to mask, write `where`, which takes cells away instead of giving them an infinite value. " +
    "Integers are `i32`, -2147483648 to 2147483647, and sizes of axes are at most 2147483647.",
};

/** `value`: what the constant is in mathematics. */
export const constantRange = (span: Span, value: number, type: "float" | "int"): Diagnostic => {
  if (Number.isNaN(value)) return diagnose(rule, span, "this constant is not a number");
  if (type === "float") {
    const beyond = Number.isFinite(value) ? "is beyond f32, whose largest number is 3.4028e38" : "is infinite";
    return diagnose(rule, span, `this constant ${beyond}`, {
      help: value < 0 ? "to leave cells out, write `where`; for infinity itself `-1e400`" : null,
    });
  }
  return diagnose(rule, span, `${value} is beyond i32, which holds -2147483648 to 2147483647`);
};

export const zeroDivisor = (span: Span): Diagnostic => diagnose(rule, span, "an integer is divided by 0");

export const sizeRange = (span: Span, axis: string, value: number): Diagnostic =>
  Number.isInteger(value) && value < 0
    ? diagnose(rule, span, `the size of \`${axis}\` is ${value}; a size is at least 0`)
    : diagnose(rule, span, `the size of \`${axis}\` is ${value}; a size is a whole number, at most 2147483647`);
