/**
 * Text of the user inside other text: comments of generated code, lines on a terminal. The only place that knows where a line may
 * end and which characters do not print, so that no doc comment leaves its comment and none moves a cursor.
 */

/** Every line end of WGSL (and of TFX, Python, C, JSON): LF, VT, FF, CR, CR LF, NEL, U+2028, U+2029. */
const LINE_END = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

/** Control characters but the tab, halves of surrogate pairs, and marks that turn the reading direction of what follows. */
const UNPRINTABLE = /(?!\t)\p{Cc}|\p{Cs}|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** `text` with each character that does not print as U+FFFD: one line, as long as before. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, "\ufffd");

/** The lines of a text, printable. */
export const printableLines = (text: string): readonly string[] => text.split(LINE_END).map(printable);

/** A text as a comment: its lines behind `sign`, without spaces at their ends. */
export const commentLines = (text: string, sign: string): readonly string[] =>
  printableLines(text).map((line) => `${sign} ${line}`.trimEnd());
