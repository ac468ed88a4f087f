/** A text with the places where its lines begin. Lines end at LF, CR LF or CR. */
export type SourceFile = { readonly file: string; readonly text: string; readonly lineStarts: readonly number[] };

/** Both from 1; columns count UTF-16 units, and a byte order mark is not a column. */
export type Position = { readonly line: number; readonly column: number };

/** The text that was asked about last: many diagnostics are of one. */
let last: SourceFile | null = null;

/** Finds the lines of `text`. */
export function sourceFile(file: string, text: string): SourceFile {
  if (last !== null && last.file === file && last.text === text) return last;
  const starts = [text.startsWith("\uFEFF") ? 1 : 0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  last = { file, text, lineStarts: starts };
  return last;
}

/** The position of an offset; offsets outside the text are moved to its nearer end. */
export function positionAt(source: SourceFile, offset: number): Position {
  const at = Math.min(Math.max(offset, source.lineStarts[0]!), source.text.length);
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (source.lineStarts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - source.lineStarts[low]! + 1 };
}

/** The offset of a position: the inverse of {@link positionAt}. Lines and columns beyond the text end where it ends. */
export function offsetAt(source: SourceFile, { line, column }: Position): number {
  const start = source.lineStarts[Math.max(line, 1) - 1] ?? source.text.length;
  const next = source.lineStarts[Math.max(line, 1)] ?? source.text.length;
  return Math.min(start + Math.max(column, 1) - 1, next);
}

/** A line, counted from 1, without its line end; "" when there is none. */
export function lineText(source: SourceFile, line: number): string {
  const start = source.lineStarts[line - 1];
  if (start === undefined) return "";
  return source.text.slice(start, source.lineStarts[line] ?? source.text.length).replace(/[\r\n]+$/, "");
}
