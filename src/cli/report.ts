/** Diagnostics to the terminal, as JSON lines, or as workflow commands. */
import type { Diagnostic } from "../source/diagnostic.ts";
import { formatGithub, formatJson, renderDiagnostic } from "../source/render.ts";
import type { SourceStore } from "./sources.ts";

export const FORMATS = ["pretty", "json", "github"] as const;
export type Format = (typeof FORMATS)[number];

/** Frames go to stderr (they are talk), machine formats to stdout. Returns the number of errors. */
export const report = (diagnostics: readonly Diagnostic[], sources: SourceStore, format: Format): number => {
  const color = process.stderr.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
  for (const diagnostic of diagnostics) {
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
  return diagnostics.filter((d) => d.severity === "error").length;
};
