import type { Diagnostic } from "../../base/diagnostic.ts";
import type { Span } from "../../base/span.ts";
import { countOf, diagnose, rewriteAs, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2108",
  title: "wrong number of indices",
  explain:
    "A positional read gives one integer expression for each dimension, in the declared order. A product dimension `(g: G, r: R)` takes one " +
    "expression (the position in the product), or one for each of its indices if all dimensions are written out. To change one index only, " +
    "read by name: `k[h = h / R]`.",
};

export const indexCount = (name: string, span: Span, dims: readonly string[], given: number): Diagnostic =>
  diagnose(
    rule,
    span,
    `\`${name}\` has ${countOf(dims.length, "dimension")}, ${countOf(given, "index", "indices")} given`,
    {
      label: `declared as ${name}[${dims.join(", ")}]`,
      fix: dims.some((d) => d.startsWith("(")) ? null : rewriteAs(span, `${name}[${dims.join(", ")}]`),
      help: `write ${name}[${dims.join(", ")}], or change one index only: ${name}[${dims.find((d) => !d.startsWith("(")) ?? "i"} = …]`,
    },
  );
