/** A half-open range of UTF-16 offsets in one source file. */
export type Span = { readonly file: string; readonly start: number; readonly end: number };

/** Where something the compiler made itself comes from: nowhere the user can look. */
export const NO_SPAN: Span = { file: "", start: 0, end: 0 };

/** The expressions of the source that something was made of, the nearest first; empty for what stands for no expression. */
export type Origin = readonly Span[];

export const NO_ORIGIN: Origin = [];

/** One place as an origin. */
export const originAt = (span: Span): Origin => (span.file === "" ? NO_ORIGIN : [span]);

/** Where to point for something of that origin: at the file if any of it is there, else at what there is; null where there is nothing. */
export const placeOf = (origin: Origin, file: string): Span | null =>
  origin.find((s) => s.file === file) ?? origin[0] ?? null;
