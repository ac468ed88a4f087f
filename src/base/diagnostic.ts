import type { Span } from "./span.ts";

/** A piece of source with a caret under it and a few words beside the caret. */
export type Label = { readonly span: Span; readonly text: string };

/** An edit of a piece of source: another text in its place, or texts around it. `title`: what an editor calls it. */
export type Fix = { readonly title: string; readonly span: Span } & (
  { readonly text: string } | { readonly before: string; readonly after: string }
);

/** What stands in the place of the piece after the edit; `source` is the whole file. */
export const fixedText = (fix: Fix, source: string): string =>
  "text" in fix ? fix.text : `${fix.before}${source.slice(fix.span.start, fix.span.end)}${fix.after}`;

/** One message for the user: lower-case, one sentence, no full stop; names axes and lines, never an IR node. */
export type Diagnostic = {
  /** `TFX` and four digits; a key of the catalogue in `codes.ts`. */
  readonly code: string;
  readonly severity: "error" | "warning" | "note";
  readonly message: string;
  readonly primary: Label;
  /** Further places, each drawn as a frame of its own. */
  readonly related: readonly Label[];
  /** What to type instead, or null. */
  readonly help: string | null;
  /** The same as an edit, where one edit mends it: an editor offers it. */
  readonly fix?: Fix;
};

/** An error without a label. */
export const error = (code: string, span: Span, message: string, help: string | null = null): Diagnostic => ({
  code,
  severity: "error",
  message,
  primary: { span, text: "" },
  related: [],
  help,
});

/** Whether something is wrong: warnings and notes are not. */
export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((d) => d.severity === "error");
