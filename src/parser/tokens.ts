/**
 * The one token table: the lexer, the parser, the EBNF and the TextMate grammar are all made from it.
 */
import { createToken, Lexer, type TokenType } from "chevrotain";

/** What kind of word a token is, for messages and for colouring. */
export type TokenClass =
  | "space"
  | "comment"
  | "doc"
  | "declaration"
  | "control"
  | "word-operator"
  | "constant"
  | "name"
  | "float"
  | "int"
  | "string"
  | "operator"
  | "bracket"
  | "separator"
  | "foreign";

/** One row of the table. */
export type TokenRow = { readonly type: TokenType; readonly class: TokenClass };

/** The group under which the lexer hands over comments, which the parser does not see. */
export const COMMENTS = "comments";

const rows: TokenRow[] = [];

function row(cls: TokenClass, config: Parameters<typeof createToken>[0]): TokenType {
  const type = createToken(config);
  rows.push({ type, class: cls });
  return type;
}

row("space", { name: "Space", pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true });
export const DocComment = row("doc", { name: "DocComment", pattern: /\/\/\/(?!\/)[^\n\r]*/, group: COMMENTS });
export const LineComment = row("comment", { name: "LineComment", pattern: /\/\/[^\n\r]*/, group: COMMENTS });
/** Not in the language; recognised so that the message can say what to write instead. */
export const BlockComment = row("foreign", {
  name: "BlockComment",
  pattern: /\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/,
  group: COMMENTS,
  line_breaks: true,
});

/** A comment of Python and of shells. */
export const HashComment = row("foreign", { name: "HashComment", pattern: /#[^\n\r]*/, group: COMMENTS });

/** Names are created before the keywords, which need it as `longer_alt`, and tried after them. */
export const Name: TokenType = createToken({ name: "Name", pattern: /[A-Za-z_][A-Za-z0-9_]*/, label: "a name" });

function keyword(word: string, cls: TokenClass): TokenType {
  const name = word[0]!.toUpperCase() + word.slice(1);
  return row(cls, { name, pattern: word, longer_alt: Name, label: `\`${word}\`` });
}

function symbol(name: string, text: string, cls: TokenClass): TokenType {
  return row(cls, { name, pattern: text, label: `\`${text}\`` });
}

export const Use = keyword("use", "declaration");
export const From = keyword("from", "declaration");
export const Fn = keyword("fn", "declaration");
export const Kernel = keyword("kernel", "declaration");
export const Let = keyword("let", "declaration");
export const Axis = keyword("axis", "declaration");
export const Static = keyword("static", "declaration");
export const Where = keyword("where", "control");
export const If = keyword("if", "control");
export const Then = keyword("then", "control");
export const Else = keyword("else", "control");
export const And = keyword("and", "word-operator");
export const Or = keyword("or", "word-operator");
export const Not = keyword("not", "word-operator");
export const In = keyword("in", "word-operator");
export const True = keyword("true", "constant");
export const False = keyword("false", "constant");
rows.push({ type: Name, class: "name" });

// `0..W` is `0` `..` `W`: a point belongs to a number only when a digit follows it.
export const Float = row("float", {
  name: "Float",
  pattern: /\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/,
  label: "a number",
});
export const Int = row("int", { name: "Int", pattern: /\d+/, label: "a number" });
export const Text = row("string", { name: "String", pattern: /"[^"\n\r]*"/, label: "a string" });
/** A string that the line ends before its closing quote, or one in single quotes. */
export const OpenText = row("foreign", { name: "OpenString", pattern: /"[^"\n\r]*|'[^'\n\r]*'?/ });

/** Spellings of other languages: the token that is meant (null: none), and what to write. */
export const FOREIGN: Readonly<Record<string, { readonly means: () => TokenType | null; readonly write: string }>> = {
  "===": { means: () => EqualEqual, write: "==" },
  ":=": { means: () => Equals, write: "=" },
  "&&": { means: () => And, write: "and" },
  "||": { means: () => Or, write: "or" },
  "!": { means: () => Not, write: "not" },
  "^": { means: () => StarStar, write: "**" },
  ";": { means: () => null, write: "" },
  "≤": { means: () => LessEqual, write: "<=" },
  "≥": { means: () => GreaterEqual, write: ">=" },
  "≠": { means: () => NotEqual, write: "!=" },
  "−": { means: () => Minus, write: "-" },
  "×": { means: () => Star, write: "*" },
  "·": { means: () => Star, write: "*" },
  "÷": { means: () => Slash, write: "/" },
  "→": { means: () => Arrow, write: "->" },
  "∧": { means: () => And, write: "and" },
  "∨": { means: () => Or, write: "or" },
  "¬": { means: () => Not, write: "not" },
  "∈": { means: () => In, write: "in" },
};
export const Foreign = row("foreign", {
  name: "Foreign",
  pattern: /===|:=|&&|\|\||!(?!=)|[\^;≤≥≠−×·÷→∧∨¬∈]/,
});

/** Signs of other languages that mean nothing here: no rule takes them, so that reading goes on behind their statement. */
export const ALIEN: Readonly<Record<string, { readonly message: string; readonly help: string }>> = {
  "@": {
    message: "`@` is not an operator here",
    help: "a product of matrices names the index that it sums over: sum[d](q * k)",
  },
  "?": { message: "`?` is not an operator here", help: "write if c then a else b" },
  "...": {
    message: "`...` is not an index",
    help: "a bare name has all its indices; name those that change: q[d = 0]",
  },
};

/** `.T`, `.shape`: nothing here has members. Their words are in `scan.ts`. */
export const Alien = row("foreign", { name: "Alien", pattern: /[@?]|\.\.\.|\.[A-Za-z_][A-Za-z0-9_]*/ });

export const Arrow = symbol("Arrow", "->", "operator");
export const StarStar = symbol("StarStar", "**", "operator");
export const EqualEqual = symbol("EqualEqual", "==", "operator");
export const NotEqual = symbol("NotEqual", "!=", "operator");
export const LessEqual = symbol("LessEqual", "<=", "operator");
export const GreaterEqual = symbol("GreaterEqual", ">=", "operator");
export const DotDot = symbol("DotDot", "..", "operator");
export const Less = symbol("Less", "<", "operator");
export const Greater = symbol("Greater", ">", "operator");
export const Equals = symbol("Equals", "=", "operator");
export const Plus = symbol("Plus", "+", "operator");
export const Minus = symbol("Minus", "-", "operator");
export const Star = symbol("Star", "*", "operator");
export const Slash = symbol("Slash", "/", "operator");
export const Percent = symbol("Percent", "%", "operator");
export const Bar = symbol("Bar", "|", "operator");
export const LParen = symbol("LParen", "(", "bracket");
export const RParen = symbol("RParen", ")", "bracket");
export const LSquare = symbol("LSquare", "[", "bracket");
export const RSquare = symbol("RSquare", "]", "bracket");
export const LCurly = symbol("LCurly", "{", "bracket");
export const RCurly = symbol("RCurly", "}", "bracket");
export const Comma = symbol("Comma", ",", "separator");
export const Colon = symbol("Colon", ":", "separator");

/** Every token, in the order in which the lexer tries them. */
export const TOKENS: readonly TokenRow[] = rows;

/** The closing brackets and what each closes. */
export const CLOSES: ReadonlyMap<TokenType, TokenType> = new Map([
  [RParen, LParen],
  [RSquare, LSquare],
  [RCurly, LCurly],
]);

const keywordClasses: readonly TokenClass[] = ["declaration", "control", "word-operator", "constant"];

/** The reserved words. */
export const KEYWORDS: ReadonlySet<TokenType> = new Set(
  rows.filter((r) => keywordClasses.includes(r.class)).map((r) => r.type),
);

export const lexer: Lexer = new Lexer([...rows.map((r) => r.type)], { positionTracking: "full" });
