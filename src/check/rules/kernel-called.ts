import type { Name } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX2303",
  title: "kernel called",
  explain:
    "A kernel is run by the host and cannot be called from an expression. What two kernels share belongs in a `fn`.",
};

export const kernelCalled = (name: Name): Diagnostic =>
  diagnose(rule, name.span, `\`${name.text}\` is a kernel, it cannot be called`, {
    help: "move the shared formula into a `fn` and call that",
  });
