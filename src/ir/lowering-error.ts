/** What a choice of the user makes impossible. */
import type { Span } from "../base/span.ts";

/** A problem with the user's choice of sizes or parameters, at a place in the source. */
export class LoweringError extends Error {
  readonly span: Span;
  readonly code: string;
  readonly help: string | null;
  constructor(code: string, message: string, span: Span, help: string | null = null) {
    super(message);
    this.code = code;
    this.span = span;
    this.help = help;
  }
}
