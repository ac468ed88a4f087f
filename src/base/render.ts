/**
 * Diagnostics as text: frames for people, JSON for tools, workflow commands for GitHub. The frames are drawn here and
 * not by @babel/code-frame, which has no room for two labels on one line nor for words on the row of the carets.
 */
import pc from "picocolors";
import type { Diagnostic, Label } from "./diagnostic.ts";
import { lineText, positionAt, sourceFile, type Position, type SourceFile } from "./source-file.ts";
import { printable } from "./plain-text.ts";
import type { Span } from "./span.ts";

/** Gives the text of a file, or undefined when it is not at hand. */
export type Sources = (file: string) => string | undefined;

export type RenderOptions = { readonly color: boolean };

type Paint = (text: string) => string;
type Mark = { readonly label: Label; readonly primary: boolean };

/** The labels that share a line of a file. */
type Frame = { readonly source: SourceFile; readonly at: Position; readonly marks: readonly Mark[] };

/**
 * One diagnostic as lines of text without a final newline:
 *
 * ```
 * error[TFX2103]: index `d` is neither reduced nor in the result
 *   --> attn.tfx:6:11
 *   6 |   let s = q * k / sqrt(D)
 *     |           ^^^^^ comes from `q` and `k`
 * help: sum[d](q * k) / sqrt(D)
 * ```
 *
 * Related labels on the primary's line share its frame, with `-` for carets; the others follow in frames of their own.
 */
export function renderDiagnostic(d: Diagnostic, sources: Sources, options: RenderOptions): string {
  const colors = pc.createColors(options.color);
  const paint = { error: colors.red, warning: colors.yellow, note: colors.cyan }[d.severity];
  const head = `${paint(colors.bold(`${d.severity}[${d.code}]`))}${colors.bold(`: ${printable(d.message)}`)}`;
  const frames = framesOf(d, sources);
  const width = Math.max(1, ...frames.map((frame) => String(frame.at.line).length));
  const lines = frames.flatMap((frame) => drawFrame(frame, width, paint, colors.blue));
  const nowhere =
    frames.length === 0 && d.primary.span.file !== "" ? [`  ${colors.blue("-->")} ${d.primary.span.file}`] : [];
  const help =
    d.help === null ? [] : [`${colors.green("help")}: ${d.help.split("\n").map(printable).join("\n      ")}`];
  return [head, ...nowhere, ...lines, ...help].join("\n");
}

/** The frames, the primary label's first; labels without a source have none. */
function framesOf(d: Diagnostic, sources: Sources): Frame[] {
  const marks: Mark[] = [{ label: d.primary, primary: true }, ...d.related.map((label) => ({ label, primary: false }))];
  const files = new Map<string, SourceFile | null>();
  const frames: { source: SourceFile; at: Position; marks: Mark[] }[] = [];
  for (const mark of marks) {
    const source = lookUp(mark.label.span.file, sources, files);
    if (source === null) continue;
    const at = positionAt(source, mark.label.span.start);
    const shared = frames.find((frame) => frame.source === source && frame.at.line === at.line);
    if (shared === undefined) frames.push({ source, at, marks: [mark] });
    else shared.marks.push(mark);
  }
  return frames;
}

function lookUp(file: string, sources: Sources, known: Map<string, SourceFile | null>): SourceFile | null {
  const before = known.get(file);
  if (before !== undefined) return before;
  const text = file === "" ? undefined : sources(file);
  const source = text === undefined ? null : sourceFile(file, text);
  known.set(file, source);
  return source;
}

function drawFrame({ source, at, marks }: Frame, width: number, paint: Paint, gutter: Paint): string[] {
  const line = lineText(source, at.line);
  const margin = (text: string): string => gutter(`  ${text.padStart(width)} |`);
  const rows = marks.map((mark) => {
    const { indent, length } = extent(line, source, at.line, mark.label.span);
    const carets = (mark.primary ? "^" : "-").repeat(length);
    const words = mark.label.text === "" ? "" : ` ${printable(mark.label.text)}`;
    return `${margin("")} ${" ".repeat(indent)}${(mark.primary ? paint : gutter)(carets + words)}`;
  });
  const place = `  ${gutter("-->")} ${source.file}:${at.line}:${at.column}`;
  return [place, `${margin(String(at.line))} ${expand(line)}`.trimEnd(), ...rows];
}

/** Where the carets of a span stand below its first line; a span that goes on has carets to the end of that line. */
function extent(line: string, source: SourceFile, number: number, span: Span): { indent: number; length: number } {
  const from = positionAt(source, span.start).column - 1;
  const end = positionAt(source, span.end);
  const to = end.line === number ? end.column - 1 : line.length;
  return { indent: columns(line.slice(0, from)), length: Math.max(1, columns(line.slice(from, to))) };
}

function expand(line: string): string {
  return printable(line).replaceAll("\t", "  ");
}

/** How many columns a text takes: a tab two, a character outside the basic plane one. */
function columns(text: string): number {
  return [...expand(text)].length;
}

/** The two ends of a span as positions, or null when its file is not at hand. */
function range(span: Span, sources: Sources): { readonly start: Position; readonly end: Position } | null {
  const text = span.file === "" ? undefined : sources(span.file);
  if (text === undefined) return null;
  const source = sourceFile(span.file, text);
  return { start: positionAt(source, span.start), end: positionAt(source, span.end) };
}

/**
 * One diagnostic as one line of JSON: `code severity message file line column endLine endColumn label help related`;
 * lines and columns from 1, null when the file is not at hand; `related` holds `{ file, line, column, …, label }`.
 */
export function formatJson(d: Diagnostic, sources: Sources): string {
  const { code, severity, message, help } = d;
  const related = d.related.map((label) => jsonLabel(label, sources));
  return JSON.stringify({ code, severity, message, ...jsonLabel(d.primary, sources), help, related });
}

function jsonLabel({ span, text }: Label, sources: Sources): Readonly<Record<string, string | number | null>> {
  const at = range(span, sources);
  return {
    file: span.file === "" ? null : span.file,
    line: at?.start.line ?? null,
    column: at?.start.column ?? null,
    endLine: at?.end.line ?? null,
    endColumn: at?.end.column ?? null,
    label: text,
  };
}

/** One diagnostic as a GitHub workflow command: `::error file=a.tfx,line=6,col=11,endLine=6,…,title=…::…`. */
export function formatGithub(d: Diagnostic, sources: Sources): string {
  const at = range(d.primary.span, sources);
  const command = d.severity === "note" ? "notice" : d.severity;
  const file = d.primary.span.file === "" ? [] : [`file=${escapeProperty(d.primary.span.file)}`];
  const place =
    at === null
      ? []
      : [`line=${at.start.line}`, `col=${at.start.column}`, `endLine=${at.end.line}`, `endColumn=${at.end.column}`];
  const words = [d.message, d.primary.text, d.help === null ? "" : `help: ${d.help}`].filter((part) => part !== "");
  return `::${command} ${[...file, ...place, `title=${d.code}`].join(",")}::${escapeData(words.join("\n"))}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
