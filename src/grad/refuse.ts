/** What has no gradient, or not yet, at the user's place. */
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Span } from "../base/span.ts";

export type GradientCode = "TFX7001" | "TFX7002" | "TFX7003";

/** A message about a gradient. */
export const message = (
  code: GradientCode,
  span: Span,
  text: string,
  more: { readonly label?: string; readonly help?: string | null; readonly severity?: Diagnostic["severity"] } = {},
): Diagnostic => ({
  code,
  severity: more.severity ?? "error",
  message: text,
  primary: { span, text: more.label ?? "" },
  related: [],
  help: more.help ?? null,
});

/** Ends a gradient with a message. */
export class NoGradient extends Error {
  readonly diagnostic: Diagnostic;
  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}
