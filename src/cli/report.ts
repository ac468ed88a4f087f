/** Diagnostics to the terminal, as JSON lines, or as workflow commands. */
import type { Diagnostic } from "../base/diagnostic.ts";
import { formatGithub, formatJson, renderDiagnostic } from "../base/render.ts";
import type { SourceStore } from "./sources.ts";

export const FORMATS = ["pretty", "json", "github"] as const;
export type Format = (typeof FORMATS)[number];

/** Messages that a person is shown of one run; tools get all. */
const MAX_SHOWN = 50;

/** Frames go to stderr (they are talk), machine formats to stdout. Returns the number of errors. */
export const report = (diagnostics: readonly Diagnostic[], sources: SourceStore, format: Format): number => {
  // A process that was started again writes to a pipe whose end is the terminal.
  const isTerminal = process.stderr.isTTY === true || process.env["TFX_ENVIRONMENT_SET"] === "terminal";
  const color = isTerminal && (process.env["NO_COLOR"] ?? "") === "";
  const shown = format === "pretty" ? diagnostics.slice(0, MAX_SHOWN) : diagnostics;
  for (const diagnostic of shown) {
    switch (format) {
      case "pretty":
        console.error(`${renderDiagnostic(diagnostic, sources.text, { color })}\n`);
        break;
      case "json":
        console.log(formatJson(diagnostic, sources.text));
        break;
      case "github":
        console.log(formatGithub(diagnostic, sources.text));
        break;
    }
  }
  if (shown.length < diagnostics.length) console.error(`... and ${diagnostics.length - shown.length} more\n`);
  return diagnostics.filter((d) => d.severity === "error").length;
};
