/**
 * From text to tokens: runs the lexer, replaces the spellings of other languages by what they mean, and looks for
 * nesting that no parser or later stage should have to survive.
 */
import type { ILexingError, IToken, TokenType } from "chevrotain";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Span } from "../base/span.ts";
import * as t from "./tokens.ts";

/** A comment: `text` is as written, slashes included, without the line end. */
export type Comment = { readonly kind: "line" | "doc"; readonly text: string; readonly span: Span };

/** What the parser needs of a text. */
export type Scan = {
  readonly tokens: readonly IToken[];
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
  /** False: nested so deeply that parsing must not be tried. */
  readonly parseable: boolean;
};

/** Brackets, `if`, `**` and prefix operators may nest this deep. */
const MAX_DEPTH = 100;

/** One expression may hold so many operators: a chain makes the AST one node deeper with every one. */
const MAX_OPERATORS = 1000;

/** The span of a token in `file`. */
export function tokenSpan(token: IToken, file: string): Span {
  return { file, start: token.startOffset, end: (token.endOffset ?? token.startOffset + token.image.length - 1) + 1 };
}

/** Reads `text` into tokens and comments. Never throws. */
export function scan(text: string, file: string): Scan {
  const result = t.lexer.tokenize(text);
  const diagnostics: Diagnostic[] = result.errors.map((error) => unknownCharacters(error, text, file));
  const comments: Comment[] = [];
  for (const token of result.groups[t.COMMENTS] ?? []) {
    const span = tokenSpan(token, file);
    if (token.tokenType === t.BlockComment) diagnostics.push(blockComment(span));
    else if (token.tokenType === t.HashComment) diagnostics.push(hashComment(span));
    else comments.push({ kind: token.tokenType === t.DocComment ? "doc" : "line", text: token.image, span });
  }
  const tokens = result.tokens.flatMap((token) => understand(token, file, diagnostics));
  diagnostics.push(...joinedNumbers(tokens, file));
  const excess = findExcess(tokens);
  if (excess !== null) diagnostics.push(excessive(excess, file));
  return { tokens, comments, diagnostics, parseable: excess === null };
}

function unknownCharacters(error: ILexingError, text: string, file: string): Diagnostic {
  const found = text.slice(error.offset, error.offset + error.length);
  const span = { file, start: error.offset, end: error.offset + error.length };
  const help = found === "." ? "write `0.5` and `1.0`, with a digit on both sides" : null;
  return error_(
    "TFX1001",
    `unexpected ${found.length > 1 ? "characters" : "character"} \`${found}\``,
    span,
    "not part of the language",
    help,
  );
}

function blockComment(span: Span): Diagnostic {
  return error_("TFX1005", "there are no block comments", span, "", "start each line of the comment with `//`");
}

function hashComment(span: Span): Diagnostic {
  return error_("TFX1005", "a comment begins with `//`", { ...span, end: span.start + 1 }, "", "write `//` instead");
}

/** TFX1030 at `span`. */
export function deepNesting(span: Span, message: string): Diagnostic {
  return error_("TFX1030", message, span, "", "name a part of it with `let`");
}

function error_(code: string, message: string, span: Span, label: string, help: string | null): Diagnostic {
  return { code, severity: "error", message, primary: { span, text: label }, related: [], help };
}

/** The token itself, or what a foreign spelling stands for (nothing, for `;`), reporting it. */
function understand(token: IToken, file: string, diagnostics: Diagnostic[]): IToken[] {
  const span = tokenSpan(token, file);
  if (token.tokenType === t.OpenText) {
    const message = token.image.startsWith("'") ? "a string has double quotes" : "the string is not closed on its line";
    diagnostics.push(error_("TFX1002", message, span, "", 'write `"…"`'));
    return [retyped(token, t.Text)];
  }
  if (token.tokenType === t.Alien) diagnostics.push(alien(token.image, span));
  if (token.tokenType !== t.Foreign) return [token];
  const foreign = t.FOREIGN[token.image]!;
  const help = foreign.write === "" ? "leave it out: statements need no separator" : `write \`${foreign.write}\``;
  const title = foreign.write === "" ? "leave it out" : help;
  const found = error_("TFX1003", `\`${token.image}\` is not an operator here`, span, "", help);
  diagnostics.push({ ...found, fix: { title, span, text: foreign.write } });
  const means = foreign.means();
  return means === null ? [] : [retyped(token, means)];
}

const TRANSPOSED = "an index stands where it is used, so nothing is transposed: k[j, d] has both orders, by name";
const SIZE = "the size of an index is size(d)";

/** Members that people ask of tensors, and what to write. A member that is not here was a function or a module. */
const MEMBERS: Readonly<Record<string, string>> = {
  T: TRANSPOSED,
  mT: TRANSPOSED,
  t: TRANSPOSED,
  transpose: TRANSPOSED,
  permute: TRANSPOSED,
  swapaxes: TRANSPOSED,
  shape: SIZE,
  size: SIZE,
  length: SIZE,
  dim: SIZE,
  ndim: SIZE,
  view: "a product axis, `(g: G, r: R)`, is one axis with two indices",
  reshape: "a product axis, `(g: G, r: R)`, is one axis with two indices",
  unsqueeze: "indices are matched by name: nothing is broadcast by hand",
  expand: "indices are matched by name: nothing is broadcast by hand",
};

function alien(image: string, span: Span): Diagnostic {
  const known = t.ALIEN[image];
  if (known !== undefined) return error_("TFX1003", known.message, span, "", known.help);
  const member = image.slice(1);
  const help = Object.hasOwn(MEMBERS, member)
    ? MEMBERS[member]!
    : `functions stand before their argument, without a module: ${member}(x)`;
  return error_("TFX1006", "nothing here has members", span, "", help);
}

function retyped(token: IToken, tokenType: TokenType): IToken {
  return { ...token, tokenType, tokenTypeIdx: tokenType.tokenTypeIdx! };
}

/** `2x`: a number that runs into a name is neither a product nor a name. */
function joinedNumbers(tokens: readonly IToken[], file: string): Diagnostic[] {
  return tokens.flatMap((token, i) => {
    const next = tokens[i + 1];
    if (token.tokenType !== t.Int && token.tokenType !== t.Float) return [];
    if (next === undefined || next.startOffset !== token.startOffset + token.image.length) return [];
    if (next.tokenType !== t.Name && !t.KEYWORDS.has(next.tokenType)) return [];
    const span = { file, start: token.startOffset, end: tokenSpan(next, file).end };
    const text = token.image + next.image;
    return [
      error_(
        "TFX1004",
        `\`${text}\` is neither a number nor a name`,
        span,
        "",
        `for a product write ${token.image} * ${next.image}`,
      ),
    ];
  });
}

/** A token at which the text goes beyond a limit, and which limit. */
type Excess = { readonly token: IToken; readonly limit: "depth" | "operators" };

function excessive({ token, limit }: Excess, file: string): Diagnostic {
  const span = tokenSpan(token, file);
  if (limit === "depth") return deepNesting(span, `nested more than ${MAX_DEPTH} levels deep`);
  return error_(
    "TFX1031",
    `more than ${MAX_OPERATORS} operators in one expression`,
    span,
    "",
    "name a part of it with `let`",
  );
}

/** What nests in one pair of brackets without brackets: reset where an expression ends or an operator binds less. */
type Level = { conditionals: number; prefixes: number };

/** The first token beyond {@link MAX_DEPTH} or {@link MAX_OPERATORS}, or null. */
function findExcess(tokens: readonly IToken[]): Excess | null {
  const levels: Level[] = [{ conditionals: 0, prefixes: 0 }];
  let depth = 0;
  let operators = 0;
  const leave = (level: Level, what: readonly (keyof Level)[]): void => {
    for (const key of what) {
      depth -= level[key];
      level[key] = 0;
    }
  };
  for (const [i, token] of tokens.entries()) {
    const level = levels.at(-1)!;
    const nests = nesting(token.tokenType, tokens[i - 1]);
    if (nests === "bracket") levels.push({ conditionals: 0, prefixes: 0 });
    else if (nests !== null) level[nests] += 1;
    if (nests !== null) depth += 1;
    if (t.CLOSES.has(token.tokenType) || endsExpression.has(token.tokenType))
      leave(level, ["conditionals", "prefixes"]);
    else if (nests === null && binary.has(token.tokenType)) leave(level, ["prefixes"]);
    if (t.CLOSES.has(token.tokenType) && levels.length > 1) {
      levels.pop();
      depth -= 1;
    }
    operators =
      beginsStatement.has(token.tokenType) && levels.length <= 2
        ? 0
        : operators + (binary.has(token.tokenType) ? 1 : 0);
    if (depth > MAX_DEPTH) return { token, limit: "depth" };
    if (operators > MAX_OPERATORS) return { token, limit: "operators" };
  }
  return null;
}

/** How a token makes what follows it one level deeper, if it does. */
function nesting(type: TokenType, previous: IToken | undefined): "bracket" | keyof Level | null {
  if (opens.has(type)) return "bracket";
  if (type === t.If) return "conditionals";
  const prefix = type === t.Minus && !(previous !== undefined && operandEnds.has(previous.tokenType));
  return prefix || type === t.Not || type === t.StarStar ? "prefixes" : null;
}

const opens: ReadonlySet<TokenType> = new Set([t.LParen, t.LSquare, t.LCurly]);
const beginsStatement: ReadonlySet<TokenType> = new Set([t.Let, t.Axis, t.Equals, t.Where, t.Kernel, t.Fn, t.Use]);
const endsExpression: ReadonlySet<TokenType> = new Set([...beginsStatement, t.Comma]);
const binary: ReadonlySet<TokenType> = new Set([
  t.Plus,
  t.Minus,
  t.Star,
  t.Slash,
  t.Percent,
  t.And,
  t.Or,
  t.EqualEqual,
  t.NotEqual,
  t.Less,
  t.LessEqual,
  t.Greater,
  t.GreaterEqual,
  t.In,
  t.Then,
  t.Else,
]);
const operandEnds: ReadonlySet<TokenType> = new Set([t.Name, t.Int, t.Float, t.True, t.False, t.RParen, t.RSquare]);
