/** A half-open range of UTF-16 offsets in one source file. Every node of every level carries one. */
export type Span = { readonly file: string; readonly start: number; readonly end: number };

/** Where something the compiler made itself comes from: nowhere the user can look. */
export const NO_SPAN: Span = { file: "", start: 0, end: 0 };
