/** Text to AST, with everything that is wrong in one go. */
import { EOF, type IRecognitionException, type IToken } from "chevrotain";
import type { Diagnostic, Label } from "../base/diagnostic.ts";
import { positionAt, sourceFile } from "../base/source-file.ts";
import type { Span } from "../base/span.ts";
import type { Program } from "./ast.ts";
import { buildProgram } from "./build-ast.ts";
import type { ProgramCstNode } from "./cst.d.ts";
import { parser } from "./grammar.ts";
import { habit } from "./habits.ts";
import { complain, type Expectation } from "./messages.ts";
import { deepNesting, scan, tokenSpan, type Comment } from "./scan.ts";
import type { TokenList } from "./token-list.ts";
import { ALIEN, CLOSES } from "./tokens.ts";

export type { Comment } from "./scan.ts";

/** Syntax errors that are told of one text: what is beyond that was never meant to be one. */
const MAX_ERRORS = 1000;

/** What {@link parseProgram} returns; the program holds what could be read: all of it when there are no errors. */
export type Parsed = {
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
};

/**
 * Parses a `.tfx` text. Never throws: what cannot be read is reported (TFX1xxx, in source order) and left out of the
 * program. Offsets are into `text` as given, with its BOM and its line ends.
 */
export function parseProgram(text: string, file: string): Parsed {
  const { tokens, comments, diagnostics, parseable } = scan(text, file);
  if (!parseable) return empty(text, file, comments, diagnostics);
  parser.input = [...tokens];
  const cst = readTree();
  if (cst === null) return empty(text, file, comments, [...diagnostics, tooDeepFor(file)]);
  const syntax = withoutEchoes(
    parser.errors.slice(0, MAX_ERRORS).map((error) => syntaxError(error, { text, tokens }, file)),
    diagnostics,
    text,
  );
  const built = buildProgram(cst, { text, file, comments, tokens, faults: faultsOf([...diagnostics, ...syntax]) });
  return { program: built.program, comments, diagnostics: inOrder([...diagnostics, ...syntax, ...built.diagnostics]) };
}

/** Where reading stopped: mistakes other than spellings that are understood. */
function faultsOf(diagnostics: readonly Diagnostic[]): number[] {
  const understood = (d: Diagnostic): boolean =>
    ["TFX1002", "TFX1004", "TFX1005"].includes(d.code) || (d.code === "TFX1003" && !isAlien(d));
  return diagnostics
    .filter((d) => !understood(d))
    .map((d) => d.primary.span.start)
    .toSorted((a, b) => a - b);
}

function isAlien(d: Diagnostic): boolean {
  return Object.values(ALIEN).some(({ message }) => message === d.message);
}

function empty(text: string, file: string, comments: readonly Comment[], diagnostics: readonly Diagnostic[]): Parsed {
  return {
    program: { items: [], span: { file, start: 0, end: text.length } },
    comments,
    diagnostics: inOrder(diagnostics),
  };
}

/** The tree, partial after mistakes; null when too little of the stack is left for the depth that is allowed. */
function readTree(): ProgramCstNode | null {
  try {
    return parser.program() as unknown as ProgramCstNode;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function tooDeepFor(file: string): Diagnostic {
  const span = { file, start: 0, end: 0 };
  return deepNesting(span, "nested too deeply for the stack that is left");
}

function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted((a, b) => a.primary.span.start - b.primary.span.start);
}

/**
 * Recovery stumbles where it fell: of the syntax errors, only the first on a line is told, and none that stands right
 * after or further on in a line with something unreadable.
 */
function withoutEchoes(syntax: readonly Diagnostic[], lexical: readonly Diagnostic[], text: string): Diagnostic[] {
  const source = sourceFile("", text);
  const lineOf = (offset: number): number => positionAt(source, offset).line;
  const lines = new Map<number, number>();
  for (const d of inOrder(lexical).toReversed()) lines.set(lineOf(d.primary.span.start), d.primary.span.start);
  const ends = new Set(lexical.map((d) => d.primary.span.end));
  return inOrder(syntax).filter(({ code, primary: { span } }) => {
    const line = lineOf(span.start);
    const echo = ends.has(text.slice(0, span.start).trimEnd().length) || (lines.get(line) ?? Infinity) <= span.start;
    // An error at a `kernel` or `let` is about what came before it: reading goes on there, and soundly.
    const isSound = code !== "TFX1019" && /^(use|fn|kernel|let|axis)\b/.test(text.slice(span.start, span.end));
    if (!echo && !isSound) lines.set(line, span.start);
    return !echo;
  });
}

function syntaxError(error: IRecognitionException, list: TokenList, file: string): Diagnostic {
  const { tokens } = list;
  const index = error.token.tokenType === EOF ? tokens.length : lastUpTo(tokens, error.token.startOffset);
  const place = { found: error.token, previous: tokens[index - 1], next: tokens[index + 1] };
  const expectation = JSON.parse(error.message) as Expectation;
  const complaint = habit(expectation.rule, list, index) ?? complain(expectation, place);
  const span = placeOf(error.token, tokens, file);
  const unclosed = complaint.code === "TFX1012" || error.token.tokenType === EOF;
  return {
    code: complaint.code,
    severity: "error",
    message: complaint.message,
    primary: { span, text: complaint.label },
    related: unclosed ? openedAt(span, tokens, file) : [],
    help: complaint.help,
  };
}

/** The last token that begins at or before an offset, or -1. */
function lastUpTo(tokens: readonly IToken[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle]!.startOffset <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The token's span; the end of the file is the empty span after its last token. */
function placeOf(token: IToken, tokens: readonly IToken[], file: string): Span {
  if (token.tokenType !== EOF && !Number.isNaN(token.startOffset)) return tokenSpan(token, file);
  const last = tokens.at(-1);
  const end = last === undefined ? 0 : tokenSpan(last, file).end;
  return { file, start: end, end };
}

/** The innermost bracket still open before `place`. */
function openedAt(place: Span, tokens: readonly IToken[], file: string): Label[] {
  const openers = new Set(CLOSES.values());
  const open: IToken[] = [];
  for (const token of tokens) {
    if (token.startOffset >= place.start) break;
    if (openers.has(token.tokenType)) open.push(token);
    else if (CLOSES.get(token.tokenType) === open.at(-1)?.tokenType) open.pop();
  }
  const opener = open.at(-1);
  return opener === undefined ? [] : [{ span: tokenSpan(opener, file), text: "opened here" }];
}
