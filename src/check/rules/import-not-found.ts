import type { Use } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX5001",
  title: "imported file not found",
  explain:
    'Paths that start with `./` or `../` are files relative to the importing one; `"std/…"` is the standard library. `.tfx` may be left out.',
};

export const importNotFound = (use: Use): Diagnostic =>
  diagnose(rule, use.fromSpan, `cannot find "${use.from}"`, {
    help: /^(\.\.?\/|std\/)/.test(use.from)
      ? null
      : `write "./${use.from}" for a file beside this one, or "std/…" for the standard library`,
  });
