import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2206",
  title: "tensor with a default or `static`",
  explain: "Only scalars, parameters without brackets, can have a default value or be compile-time constants.",
};

export const tensorDefault = (name: Name, span: Span, what: "default" | "static"): Diagnostic =>
  diagnose(
    rule,
    span,
    what === "static"
      ? `tensor \`${name.text}\` cannot be static`
      : `tensor \`${name.text}\` cannot have a default value`,
    {
      help: what === "static" ? "remove `static`" : "compute it in a `let`",
    },
  );
