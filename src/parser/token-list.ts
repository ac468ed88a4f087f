/** Questions about a list of tokens that may not follow the grammar: what encloses one, where an expression around it ends. */
import type { IToken, TokenType } from "chevrotain";
import * as t from "./tokens.ts";

/** A text with its tokens. */
export type TokenList = { readonly text: string; readonly tokens: readonly IToken[] };

/** Scans go no further than this: what is meant stands near, and a long garbled text must not be read for each of its mistakes. */
const REACH = 400;

const openers: ReadonlySet<TokenType> = new Set(t.CLOSES.values());

/** Words and signs at which an expression ends where no bracket is open. */
const ends: ReadonlySet<TokenType> = new Set([
  t.Comma,
  t.Where,
  t.Then,
  t.Else,
  t.Let,
  t.Axis,
  t.If,
  t.Equals,
  t.Kernel,
  t.Fn,
  t.Use,
]);

/** The words and signs with which an operand can end. */
const operandEnds: ReadonlySet<TokenType> = new Set([t.Name, t.Int, t.Float, t.True, t.False, t.RParen, t.RSquare]);

/** Whether a value stands before token `i`, so that an operator could follow. */
export const afterOperand = ({ tokens }: TokenList, i: number): boolean =>
  tokens[i - 1] !== undefined && operandEnds.has(tokens[i - 1]!.tokenType);

/** The bracket that is open at token `i`, or -1. */
export function openerOf({ tokens }: TokenList, i: number): number {
  let depth = 0;
  for (let n = i - 1; n >= Math.max(0, i - REACH); n--) {
    const type = tokens[n]!.tokenType;
    if (t.CLOSES.has(type)) depth++;
    else if (openers.has(type) && depth-- === 0) return n;
  }
  return -1;
}

/** Whether token `i` begins a line. */
export const beginsLine = ({ text, tokens }: TokenList, i: number): boolean => {
  const [before, at] = [tokens[i - 1], tokens[i]];
  return before === undefined || at === undefined || /[\r\n]/.test(text.slice(before.startOffset, at.startOffset));
};

/** Whether token `i` begins a statement: `let`, `axis`, or `name =` at the beginning of a line. */
export const beginsStatement = (list: TokenList, i: number): boolean => {
  const [at, next] = [list.tokens[i], list.tokens[i + 1]];
  if (at?.tokenType === t.Let || at?.tokenType === t.Axis) return next?.tokenType === t.Name;
  if (at?.tokenType !== t.Name || next?.tokenType !== t.Equals) return false;
  return beginsLine(list, i) || list.tokens[i - 1]?.tokenType === t.LCurly;
};

/** The token behind an expression that begins with token `i`. */
export function endOf(list: TokenList, i: number): number {
  let depth = 0;
  for (let n = i; n < Math.min(list.tokens.length, i + REACH); n++) {
    const type = list.tokens[n]!.tokenType;
    if (openers.has(type)) depth++;
    else if (t.CLOSES.has(type) && depth-- === 0) return n;
    else if (depth === 0 && (ends.has(type) || (n > i && beginsStatement(list, n)))) return n;
  }
  return Math.min(list.tokens.length, i + REACH);
}

/** The first token of an expression that ends before token `i`. */
export function startOf({ tokens }: TokenList, i: number): number {
  let depth = 0;
  for (let n = i - 1; n >= Math.max(0, i - REACH); n--) {
    const type = tokens[n]!.tokenType;
    if (t.CLOSES.has(type)) depth++;
    else if (openers.has(type) && depth-- === 0) return n + 1;
    else if (depth === 0 && ends.has(type)) return n + 1;
  }
  return Math.max(0, i - REACH);
}

/** The text of tokens `from` up to, not including, `to`, on one line; "…" when there is none. */
export const wordsOf = ({ text, tokens }: TokenList, from: number, to: number): string => {
  const [first, last] = [tokens[from], tokens[to - 1]];
  if (first === undefined || last === undefined || to <= from) return "…";
  const words = text.slice(first.startOffset, last.startOffset + last.image.length).replace(/\s+/g, " ");
  return words.length > 60 ? "…" : words;
};

/** The arguments of the call whose `(` is token `open`, each as text. */
export function argumentsOf(list: TokenList, open: number): readonly string[] {
  const found: string[] = [];
  for (let n = open + 1; n < list.tokens.length;) {
    let end = endOf(list, n);
    // A choice or a foreign comparison inside an argument: go on to its comma or bracket.
    while (end < list.tokens.length && ![t.Comma, t.RParen].includes(list.tokens[end]!.tokenType)) {
      if (t.CLOSES.has(list.tokens[end]!.tokenType) || beginsStatement(list, end)) return found;
      end = endOf(list, end + 1);
    }
    found.push(wordsOf(list, n, end));
    if (list.tokens[end]?.tokenType !== t.Comma) break;
    n = end + 1;
  }
  return found;
}
