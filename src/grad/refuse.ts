/** What has no gradient, at the user's place. */
import type { Span } from "../base/span.ts";

/** Ends a gradient; the caller makes a message of it. */
export class NoGradient extends Error {
  readonly span: Span;
  readonly help: string | null;
  constructor(span: Span, message: string, help: string | null = null) {
    super(message);
    this.span = span;
    this.help = help;
  }
}
