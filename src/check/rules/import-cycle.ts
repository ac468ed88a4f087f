import type { Use } from "../../parser/ast.ts";
import type { Diagnostic } from "../../base/diagnostic.ts";
import { diagnose, type RuleDoc } from "../../base/report.ts";

export const rule: RuleDoc = {
  code: "TFX5003",
  title: "files import each other",
  explain:
    "A file cannot import itself, neither directly nor through other files. Move what both need into a third file.",
};

/** `files` is the chain, from the file to itself. */
export const importCycle = (use: Use, files: readonly string[]): Diagnostic =>
  diagnose(rule, use.fromSpan, `importing "${use.from}" leads back to this file`, {
    label: files.join(" → "),
    help: "move what both need into a third file",
  });
