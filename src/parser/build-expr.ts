/** The expression part of `build-ast.ts`: precedence levels of the tree become nested binary nodes. */
import type { IToken } from "chevrotain";
import type { Span } from "../base/span.ts";
import type { BinaryOp, Expr, IndexArg, Name } from "./ast.ts";
import { nameOf, nodeSpan, present, written, type BuildContext } from "./build.ts";
import type * as cst from "./cst.d.ts";
import { FOREIGN, In } from "./tokens.ts";

/** Builds an expression; null when a part of it is missing. */
export function buildExpression(node: cst.ExpressionCstNode | undefined, cx: BuildContext): Expr | null {
  const conditional = node?.children.conditional?.[0];
  if (conditional !== undefined) return buildConditional(conditional, cx);
  return buildDisjunction(node?.children.disjunction?.[0], cx);
}

function buildConditional(node: cst.ConditionalCstNode, cx: BuildContext): Expr | null {
  const parts = (node.children.expression ?? []).map((n) => buildExpression(n, cx));
  const [cond, then, otherwise] = parts;
  if (cond == null || then == null || otherwise == null) return null;
  return { kind: "if", cond, then, else: otherwise, span: nodeSpan(node, cx) };
}

function buildDisjunction(node: cst.DisjunctionCstNode | undefined, cx: BuildContext): Expr | null {
  const c = node?.children;
  return chain(
    (c?.conjunction ?? []).map((n) => buildConjunction(n, cx)),
    written(c?.Or),
  );
}

function buildConjunction(node: cst.ConjunctionCstNode, cx: BuildContext): Expr | null {
  const c = node.children;
  return chain(
    (c.negation ?? []).map((n) => buildNegation(n, cx)),
    written(c.And),
  );
}

/** `a op b op c`, grouped to the left. */
function chain(operands: readonly (Expr | null)[], ops: readonly IToken[]): Expr | null {
  const [first, ...rest] = operands;
  if (first == null || rest.length !== ops.length) return null;
  return rest.reduce<Expr | null>((left, right, i) => binary(left, operatorOf(ops[i]!), right), first);
}

/** The operator that a token spells; a foreign spelling (`&&`, `≤`) has been reported and stands for ours. */
function operatorOf(token: IToken): BinaryOp {
  return (FOREIGN[token.image]?.write ?? token.image) as BinaryOp;
}

function binary(left: Expr | null, op: BinaryOp, right: Expr | null): Expr | null {
  if (left === null || right === null) return null;
  return { kind: "binary", op, left, right, span: { ...left.span, end: right.span.end } };
}

function buildNegation(node: cst.NegationCstNode, cx: BuildContext): Expr | null {
  return prefixed("not", written(node.children.Not), buildComparison(node.children.comparison?.[0], cx));
}

function prefixed(op: "-" | "not", tokens: readonly IToken[], operand: Expr | null): Expr | null {
  if (operand === null) return null;
  return tokens.reduceRight<Expr>(
    (arg, token) => ({ kind: "unary", op, arg, span: { ...arg.span, start: token.startOffset } }),
    operand,
  );
}

function buildComparison(node: cst.ComparisonCstNode | undefined, cx: BuildContext): Expr | null {
  const left = buildAdditive(node?.children.additive?.[0], cx);
  const [tail, second] = node?.children.comparisonTail ?? [];
  if (left === null || tail === undefined) return left;
  const op = comparisonToken(tail);
  const right = buildAdditive(tail.children.additive?.[0], cx);
  if (op === undefined || right === null) return null;
  const chained = second === undefined ? undefined : comparisonToken(second);
  if (chained !== undefined) return chainedComparison(left, op, right, chained, cx);
  return op.tokenType === In ? membership(left, right, cx) : binary(left, operatorOf(op), right);
}

function comparisonToken(node: cst.ComparisonTailCstNode): IToken | undefined {
  const c = node.children;
  return (c.EqualEqual ?? c.NotEqual ?? c.LessEqual ?? c.GreaterEqual ?? c.Less ?? c.Greater ?? c.In)?.[0];
}

function chainedComparison(left: Expr, op: IToken, right: Expr, second: IToken, cx: BuildContext): null {
  const source = (span: Span): string => cx.text.slice(span.start, span.end).replace(/\s+/g, " ");
  const middle = source(right.span);
  cx.report({
    code: "TFX1020",
    severity: "error",
    message: "comparisons do not chain",
    primary: {
      span: { file: cx.file, start: second.startOffset, end: second.startOffset + second.image.length },
      text: "a second comparison",
    },
    related: [],
    help: `${source(left.span)} ${op.image} ${middle} and ${middle} ${second.image} …`,
  });
  return null;
}

function membership(left: Expr, right: Expr, cx: BuildContext): Expr | null {
  const axis = bareName(left);
  const part = bareName(right);
  if (axis !== null && part !== null) return { kind: "in", axis, part, span: { ...left.span, end: right.span.end } };
  const wrong = axis === null ? left : right;
  cx.report({
    code: "TFX1021",
    severity: "error",
    message: "`in` needs the name of an axis on both sides",
    primary: { span: wrong.span, text: "not a name" },
    related: [],
    help: "`j in m`, where `axis j = m | s`",
  });
  return null;
}

function bareName(expr: Expr): Name | null {
  return expr.kind === "apply" && expr.index === null && expr.args === null ? expr.name : null;
}

function buildAdditive(node: cst.AdditiveCstNode | undefined, cx: BuildContext): Expr | null {
  const c = node?.children;
  return chain(
    (c?.multiplicative ?? []).map((n) => buildMultiplicative(n, cx)),
    inOrder(c?.Plus, c?.Minus),
  );
}

function buildMultiplicative(node: cst.MultiplicativeCstNode, cx: BuildContext): Expr | null {
  const c = node.children;
  return chain(
    (c.unary ?? []).map((n) => buildUnary(n, cx)),
    inOrder(c.Star, c.Slash, c.Percent),
  );
}

function inOrder(...lists: readonly (readonly IToken[] | undefined)[]): IToken[] {
  return lists.flatMap((list) => written(list)).toSorted((a, b) => a.startOffset - b.startOffset);
}

function buildUnary(node: cst.UnaryCstNode | undefined, cx: BuildContext): Expr | null {
  return prefixed("-", written(node?.children.Minus), buildPower(node?.children.power?.[0], cx));
}

function buildPower(node: cst.PowerCstNode | undefined, cx: BuildContext): Expr | null {
  const base = buildPrimary(node?.children.primary?.[0], cx);
  if (node?.children.StarStar === undefined) return base;
  return binary(base, "**", buildUnary(node.children.unary?.[0], cx));
}

function buildPrimary(node: cst.PrimaryCstNode | undefined, cx: BuildContext): Expr | null {
  const c = node?.children;
  if (node === undefined || c === undefined) return null;
  const span = nodeSpan(node, cx);
  const number = c.Int?.[0] ?? c.Float?.[0];
  if (number !== undefined) {
    return { kind: "number", value: Number(number.image), text: number.image, isInt: c.Int !== undefined, span };
  }
  if (c.True !== undefined || c.False !== undefined) return { kind: "bool", value: c.True !== undefined, span };
  const group = c.group?.[0];
  if (group === undefined) return buildApplication(c.application?.[0], cx);
  const inner = buildExpression(group.children.expression?.[0], cx);
  return inner === null ? null : { kind: "group", inner, span };
}

function buildApplication(node: cst.ApplicationCstNode | undefined, cx: BuildContext): Expr | null {
  const name = nameOf(node?.children.Name?.[0], cx);
  if (node === undefined || name === null) return null;
  const index = node.children.indices?.[0]?.children.index?.map((n) => buildIndex(n, cx)) ?? null;
  const args = node.children.args?.[0];
  const values = args === undefined ? null : (args.children.expression ?? []).map((n) => buildExpression(n, cx));
  if (index?.includes(null) || values?.includes(null)) return null;
  return {
    kind: "apply",
    name,
    index: index && present(index),
    args: values && present(values),
    span: nodeSpan(node, cx),
  };
}

function buildIndex(node: cst.IndexCstNode, cx: BuildContext): IndexArg | null {
  const c = node.children;
  const span = nodeSpan(node, cx);
  const [value, to] = (c.expression ?? []).map((n) => buildExpression(n, cx));
  if (value == null) return null;
  const name = nameOf(c.Name?.[0], cx);
  if (name === null) return { kind: "at", value, span };
  if (c.Equals !== undefined) return { kind: "named", name, value, span };
  return to == null ? null : { kind: "range", name, from: value, to, span };
}
