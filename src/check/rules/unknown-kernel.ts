import type { Span } from "../../base/span.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, listNames, type RuleDoc } from "../../base/report.ts";
import { didYouMean } from "../../base/suggest.ts";

export const rule: RuleDoc = {
  code: "TFX2010",
  title: "no such kernel",
  explain:
    "The kernel that was asked for by name, for example on the command line, is not in the file. Imported kernels do not count.",
};

export const unknownKernel = (name: string, kernels: readonly string[], span: Span): Diagnostic =>
  diagnose(rule, span, `this file has no kernel \`${name}\``, {
    help: didYouMean(name, kernels) ?? (kernels.length > 0 ? `it has ${listNames(kernels)}` : "it has no kernels"),
  });
