/**
 * What the parser says when a token is not the one it needs: found, expected, in the user's words.
 */
import { EOF, type IParserErrorMessageProvider, type IToken, type TokenType } from "chevrotain";
import * as t from "./tokens.ts";

/**
 * What the grammar wanted, and in which rule; `token` null: the start of one of several things. Chevrotain keeps only a
 * string of what its hook knows, so an expectation travels as JSON in the error's message, and {@link complain} words
 * it once the neighbours of the token are known too.
 */
export type Expectation = { readonly rule: string; readonly token: string | null };

/** A syntax error in words, without its place. */
export type Complaint = {
  readonly code: string;
  readonly message: string;
  readonly label: string;
  readonly help: string | null;
};

/** Chevrotain's hook; each message is the JSON of an {@link Expectation}. */
export const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, ruleName }) => encode(ruleName, expected),
  buildNotAllInputParsedMessage: () => encode("program", EOF),
  buildNoViableAltMessage: ({ ruleName }) => encode(ruleName, null),
  buildEarlyExitMessage: ({ ruleName }) => encode(ruleName, null),
};

function encode(rule: string, token: TokenType | null): string {
  const expectation: Expectation = { rule, token: token === null ? null : token.name };
  return JSON.stringify(expectation);
}

const tokenTypes: ReadonlyMap<string, TokenType> = new Map(t.TOKENS.map(({ type }) => [type.name, type]));

/** A token with its neighbours in the text. */
export type Place = {
  readonly found: IToken;
  readonly previous: IToken | undefined;
  readonly next: IToken | undefined;
};

/** Words an expectation that was not met at `place`. */
export function complain(expectation: Expectation, place: Place): Complaint {
  const { rule } = expectation;
  if (rule === "program") return notAnItem(place);
  if (place.found.tokenType === t.LSquare && place.previous?.tokenType === t.RParen) return axesAfterArguments();
  if (expectation.token === null) return missingPart(rule, place);
  const token = tokenTypes.get(expectation.token)!;
  if (token === t.Name) return missingName(rule, place);
  if (rule === "kernel" && token === t.RCurly) return notAStatement(place);
  const closes = t.CLOSES.has(token) || token === t.Greater;
  const label = token.LABEL ?? token.name;
  const expected = closes && lists.has(rule) ? `\`,\` or ${label}` : label;
  return wording(
    closes ? "TFX1012" : "TFX1010",
    expected,
    place,
    token === t.Arrow ? arrowHelp : token === t.Colon ? colonHelp(rule) : null,
  );
}

/** The list rules: where one of these closes, a further item could have followed. */
const lists: ReadonlySet<string> = new Set([
  "use",
  "fn",
  "fnAxes",
  "typeVars",
  "params",
  "axes",
  "axis",
  "results",
  "indices",
  "args",
]);

/** What a rule could have begun with. */
const nouns: Readonly<Record<string, string>> = {
  fn: "`=` or `{`",
  axis: "an axis",
  axes: "an axis",
  fnAxes: "an axis",
  typeVars: "a type variable",
  typeVar: "a type",
  results: "a result",
  statement: "a statement",
  comparisonTail: "a comparison",
  additive: "`+` or `-`",
  multiplicative: "`*`, `/` or `%`",
  indices: "an index",
};

const arrowHelp = "name the results after the parameters: -> o: f32[i, d]";

function colonHelp(rule: string): string | null {
  if (rule === "typeVar") return "list the types it stands for: T: f32 | f16";
  return rule === "param" || rule === "result" ? "every parameter and result has a type: q: f32[i: N, d: D]" : null;
}

/** `` `foo` ``, ``the keyword `let` ``, `the end of the file`. */
function describeToken(token: IToken): string {
  if (token.tokenType === EOF) return "the end of the file";
  if (t.KEYWORDS.has(token.tokenType)) return `the keyword \`${token.image}\``;
  return token.tokenType === t.Text ? "a string" : `\`${token.image}\``;
}

function wording(code: string, expected: string, { found, previous }: Place, help: string | null = null): Complaint {
  const after = previous === undefined ? "" : ` after ${describeToken(previous)}`;
  const message = `expected ${expected}${after}, found ${describeToken(found)}`;
  return { code, message, label: `expected ${expected}`, help };
}

function notAnItem({ found }: Place): Complaint {
  const message = `expected \`use\`, \`fn\` or \`kernel\`, found ${describeToken(found)}`;
  return { code: "TFX1014", message, label: "no item begins like this", help: null };
}

function axesAfterArguments(): Complaint {
  return {
    code: "TFX1016",
    message: "brackets cannot follow the arguments",
    label: "axes and indices stand between the name and the `(`",
    help: "write `sum[d](x)`; to index a value, name it first: `let y = f(x)`, then `y[i]`",
  };
}

function notAStatement(place: Place): Complaint {
  const { found, next } = place;
  const defines = found.tokenType === t.Name && next?.tokenType === t.EqualEqual;
  const help = defines
    ? `to give \`${found.image}\` its value write \`${found.image} = …\``
    : "a statement is `let x = …`, `axis j = …` or `name = …`";
  return wording("TFX1015", "a statement or `}`", place, help);
}

function missingName(rule: string, place: Place): Complaint {
  const axis = rule === "axis" || rule === "fnAxes" || rule === "axisDecl";
  const what = rule === "type" ? "a type" : axis ? "an axis" : "a name";
  const word = place.found.image;
  if (!t.KEYWORDS.has(place.found.tokenType)) return wording("TFX1010", what, place);
  return {
    ...wording("TFX1013", what, place, `\`${word}_\` is free`),
    label: `\`${word}\` is a keyword and cannot be a name`,
  };
}

function missingPart(rule: string, place: Place): Complaint {
  const noun = nouns[rule];
  if (noun !== undefined) {
    const empty =
      rule.startsWith("ax") && place.found.tokenType === t.RSquare && place.previous?.tokenType === t.LSquare;
    return wording("TFX1010", noun, place, empty ? "a scalar is written without brackets" : null);
  }
  return wording("TFX1011", "an expression", place, expressionHelp(place));
}

function expressionHelp({ found, previous }: Place): string | null {
  if (found.tokenType === t.If) return "put the `if` in parentheses: (if a then b else c)";
  const ended = previous?.tokenType === t.Name || previous?.tokenType === t.RParen;
  return found.tokenType === t.RCurly && ended ? "after its `let`s a function has one expression, its value" : null;
}
