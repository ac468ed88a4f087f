/**
 * What people write who come from NumPy, PyTorch, C or GLSL, where the parser stumbles over it: what to write instead, with their
 * own words where they can be found. Nothing here decides what is legal; it only words mistakes that the parser has found.
 */
import type { IToken, TokenType } from "chevrotain";
import type { Complaint } from "./messages.ts";
import {
  afterOperand,
  argumentsOf,
  beginsLine,
  beginsStatement,
  endOf,
  openerOf,
  startOf,
  wordsOf,
  type TokenList,
} from "./token-list.ts";
import * as t from "./tokens.ts";

const typeAt = ({ tokens }: TokenList, i: number): TokenType | undefined => tokens[i]?.tokenType;
const imageAt = ({ tokens }: TokenList, i: number): string => tokens[i]?.image ?? "";

/** The habit behind an unexpected token `i` of a grammar rule, or null. */
export function habit(rule: string, list: TokenList, i: number): Complaint | null {
  if (i >= list.tokens.length) return null;
  if (rule === "program") return item(list, i) ?? choice(list, i);
  return (
    signature(rule, list, i) ??
    slice(list, i) ??
    choice(list, i) ??
    namedArgument(list, i) ??
    comparison(list, i) ??
    string(rule, list, i) ??
    statement(rule, list, i)
  );
}

/** Whether the brackets that open at token `open` are those of a value: not of a type, a `let` or a function's head. */
const readsValue = (list: TokenList, open: number): boolean => {
  if (typeAt(list, open) !== t.LSquare || typeAt(list, open - 1) !== t.Name) return false;
  const before = typeAt(list, open - 2);
  return before !== t.Colon && before !== t.Let && before !== t.Fn;
};

/** `q[:, 0]`, `q[0:4]`, `q[0..4]` */
function slice(list: TokenList, i: number): Complaint | null {
  const type = typeAt(list, i);
  if (type !== t.Colon && type !== t.DotDot) return null;
  const open = openerOf(list, i);
  if (!readsValue(list, open)) return null;
  const name = imageAt(list, open - 1);
  return {
    code: "TFX1017",
    message: "there are no slices",
    label: "",
    help: `\`${name}\` alone has all its indices; name those that change: ${name}[d = 0]`,
  };
}

/** What stands for infinity in other languages. */
const isInfinite = (text: string): boolean =>
  /^-?\s*((\w+\s*\.\s*)?(inf|infinity|neg_?inf)|(torch\s*\.\s*)?finfo.*|float\s*\(.*\)|\d+(\.\d+)?e\d+|\d{5,}(\.\d*)?)$/i.test(
    text,
  );

const choose = (cond: string, then: string, otherwise: string): string =>
  isInfinite(otherwise)
    ? `cells are left out behind the value: let x = ${then} where ${cond}`
    : isInfinite(then)
      ? `cells are left out behind the value: let x = ${otherwise} where not (${cond})`
      : `write if ${cond} then ${then} else ${otherwise}`;

/** `a if c else b`, and `where(c, a, b)`. */
function choice(list: TokenList, i: number): Complaint | null {
  if (typeAt(list, i) === t.If && afterOperand(list, i) && !beginsLine(list, i)) {
    const otherwise = endOf(list, i + 1);
    const isWhole = typeAt(list, otherwise) === t.Else;
    const then = wordsOf(list, startOf(list, i), i);
    return {
      code: "TFX1018",
      message: "a choice begins with its condition",
      label: "",
      help: isWhole
        ? choose(wordsOf(list, i + 1, otherwise), then, wordsOf(list, otherwise + 1, endOf(list, otherwise + 1)))
        : `write if ${wordsOf(list, i + 1, otherwise)} then ${then} else …`,
    };
  }
  if (typeAt(list, i) !== t.Where || typeAt(list, i + 1) !== t.LParen || afterOperand(list, i)) return null;
  // `fn where(x)`: a name is expected, and keywords have a message of their own.
  const before = typeAt(list, i - 1);
  if (before === t.Fn || before === t.Kernel || before === t.Let) return null;
  const [cond, then, otherwise] = argumentsOf(list, i + 1);
  const isWhole = cond !== undefined && then !== undefined && otherwise !== undefined;
  return {
    code: "TFX1018",
    message: "`where` is not a function",
    label: "",
    help: isWhole
      ? choose(cond, then, otherwise)
      : "a choice is `if c then a else b`; `where c` behind a value leaves cells out",
  };
}

/** Arguments that say over which axis. */
const AXIS_ARGUMENTS: ReadonlySet<string> = new Set(["dim", "axis", "axes", "dims", "keepdim", "keepdims"]);

/** `max(s, dim=-1)` */
function namedArgument(list: TokenList, i: number): Complaint | null {
  const name = imageAt(list, i);
  const open = openerOf(list, i);
  if (!/^\w+$/.test(name) || typeAt(list, i + 1) !== t.Equals || typeAt(list, open) !== t.LParen) return null;
  if (!afterOperand(list, open) || (typeAt(list, i - 1) !== t.Comma && !AXIS_ARGUMENTS.has(name))) return null;
  const callee = typeAt(list, open - 1) === t.Name ? imageAt(list, open - 1) : null;
  return {
    code: "TFX1019",
    message: "arguments have no names",
    label: "",
    help:
      AXIS_ARGUMENTS.has(name) && callee !== null
        ? `the index stands in brackets: ${callee}[j](${argumentsOf(list, open)[0] ?? "x"})`
        : `leave \`${name} =\` out`,
  };
}

const asksCondition: ReadonlySet<TokenType> = new Set([t.If, t.Where, t.And, t.Or, t.Not, t.LParen]);

/** `if i = j then`, `where i = j` */
function comparison(list: TokenList, i: number): Complaint | null {
  const sign = typeAt(list, i) === t.Equals ? i : i + 1;
  if (typeAt(list, sign) !== t.Equals) return null;
  if (sign > i) {
    const before = typeAt(list, i - 1);
    if (typeAt(list, i) !== t.Name || beginsLine(list, i) || before === undefined || !asksCondition.has(before))
      return null;
  } else if (!afterOperand(list, i) || !isInCondition(list, i)) {
    return null;
  }
  const sides = /\b(?:and|or|not)\b/;
  const left = wordsOf(list, startOf(list, sign), sign).split(sides).at(-1)!.trim();
  const right = wordsOf(list, sign + 1, endOf(list, sign + 1))
    .split(sides)[0]!
    .trim();
  return {
    code: "TFX1022",
    message: "`=` gives a name its value, `==` compares",
    label: "",
    help: `write ${left} == ${right}`,
  };
}

/** Whether a statement has come to its condition before token `i`. */
function isInCondition(list: TokenList, i: number): boolean {
  for (let n = i - 1; n >= Math.max(0, i - 400) && !beginsStatement(list, n); n--) {
    const type = typeAt(list, n);
    if (type === t.If || type === t.Where) return true;
    if (type === t.LCurly || type === t.RCurly || type === t.Then) return false;
  }
  return false;
}

/** `einsum("id,jd->ij", q, k)`, `float("inf")` */
function string(rule: string, list: TokenList, i: number): Complaint | null {
  if (typeAt(list, i) !== t.Text || rule === "use") return null;
  const callee = typeAt(list, i - 1) === t.LParen ? imageAt(list, i - 2) : "";
  const help = callee === "einsum" ? einsum(list, i) : callee === "float" ? LEAVE_OUT : null;
  return { code: "TFX1023", message: "there are no strings in expressions", label: "", help };
}

const LEAVE_OUT = "to leave cells out write `where` and a condition behind the value: let s = … where causal(i, j)";

/** The sum that an `einsum` stands for: over the letters of its operands that are not in its result. */
function einsum(list: TokenList, i: number): string {
  const [operands = "", result] = imageAt(list, i).replaceAll('"', "").split("->");
  const letters = [...new Set(operands.replace(/[^A-Za-z]/g, ""))];
  const rest = argumentsOf(list, i - 1).slice(1);
  const product = rest.length === 0 ? "a * b" : rest.join(" * ");
  const summed = result === undefined ? [] : letters.filter((l) => !result.includes(l));
  return result !== undefined && summed.length === 0
    ? `indices by their names make the product: write ${product}`
    : `write the sum out, over its indices: sum[${summed.length === 0 ? "d" : summed.join(", ")}](${product})`;
}

const LOOPS = "there are no loops: an index runs over its axis; a sum is sum[d](…), a recurrence uses prev[t](…)";
const NAMED = "a value is named with `let x = …`";

/** Words that begin statements of other languages. */
const STATEMENTS: Readonly<Record<string, string>> = {
  for: LOOPS,
  while: LOOPS,
  const: NAMED,
  var: NAMED,
  auto: NAMED,
  float: NAMED,
  int: NAMED,
  def: "functions stand outside kernels: fn f(x) = …",
  assert: "a condition of the data belongs behind a value: `where c`",
};

/** `return x`, `for …`, `o[i] = x`, `o += x` */
function statement(rule: string, list: TokenList, i: number): Complaint | null {
  if (rule !== "kernel" && rule !== "fnBlock") return null;
  const word = imageAt(list, i);
  const help = statementHelp(rule, list, i);
  return help === null ? null : { code: "TFX1015", message: `no statement begins with \`${word}\``, label: "", help };
}

function statementHelp(rule: string, list: TokenList, i: number): string | null {
  const word = imageAt(list, i);
  if (word === "return") {
    const results = rule === "kernel" ? resultNames(list, i) : [];
    return results.length === 0
      ? "the last line of a function is its value: leave `return` out"
      : `a result gets its value by its name: ${results.map((name) => `${name} = …`).join(", ")}`;
  }
  if (Object.hasOwn(STATEMENTS, word)) return STATEMENTS[word]!;
  if (typeAt(list, i) !== t.Name) return null;
  if (typeAt(list, i + 1) === t.LSquare) {
    const end = endOf(list, i + 2);
    const closes = endOfBrackets(list, end);
    if (closes !== null && typeAt(list, closes + 1) === t.Equals)
      return `a result has its indices in the head of the kernel: write ${word} = …`;
  }
  const sign = imageAt(list, i + 1);
  const isChange = ["+", "-", "*", "/"].includes(sign) && typeAt(list, i + 2) === t.Equals;
  return isChange ? `a name has one value: let ${word}2 = ${word} ${sign} …` : null;
}

/** The `]` of brackets, from the end of one of their entries. */
function endOfBrackets(list: TokenList, from: number): number | null {
  let n = from;
  while (typeAt(list, n) === t.Comma) n = endOf(list, n + 1);
  return typeAt(list, n) === t.RSquare ? n : null;
}

/** The results in the head of the kernel around token `i`. */
function resultNames(list: TokenList, i: number): readonly string[] {
  const arrow = list.tokens.findLastIndex((token, n) => n < i && token.tokenType === t.Arrow);
  const body = list.tokens.findIndex((token, n) => n > arrow && token.tokenType === t.LCurly);
  if (arrow < 0 || body < 0) return [];
  const isResult = (token: IToken, n: number): boolean => {
    const open = openerOf(list, arrow + 1 + n);
    return (
      token.tokenType === t.Name &&
      typeAt(list, arrow + 2 + n) === t.Colon &&
      (open < arrow || imageAt(list, open) === "(")
    );
  };
  return list.tokens
    .slice(arrow + 1, body)
    .filter((token, n) => isResult(token, n))
    .map((token) => token.image);
}

/** `q: f32(i: N)`, `-> f32[i]` */
function signature(rule: string, list: TokenList, i: number): Complaint | null {
  const head = { code: "TFX1010", label: "" };
  const type = imageAt(list, i - 1);
  if (typeAt(list, i) === t.LParen && typeAt(list, i - 2) === t.Colon && ["params", "results", "kernel"].includes(rule))
    return { ...head, message: "the axes of a tensor stand in square brackets", help: `write ${type}[i: N, d: D]` };
  if (rule === "result" && typeAt(list, i) !== t.Colon && typeAt(list, i - 1) === t.Name)
    return { ...head, message: "a result has a name", help: `write -> o: ${type}` };
  return null;
}

/** Words that begin functions and imports of other languages. */
const ITEMS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["def", "function", "func", "fun", "void", "proc", "class", "struct"].map((word) => [
      word,
      "what runs is a `kernel`, what is put into one is a function: fn f(x) = …",
    ]),
  ),
  ...Object.fromEntries(
    ["import", "from", "include", "require"].map((word) => [word, 'write use { band } from "std/onnx/band"']),
  ),
  let: "values are named inside a kernel or a function",
};

function item(list: TokenList, i: number): Complaint | null {
  const word = imageAt(list, i);
  const help = Object.hasOwn(ITEMS, word) ? ITEMS[word]! : null;
  if (help === null) return null;
  return { code: "TFX1014", message: `no item begins with \`${word}\``, label: "", help };
}
