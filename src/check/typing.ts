/** The types of operations: int stays int, a float operand makes it float, conditions are apart. */
import type { BinaryOp, Expr } from "../parser/ast.ts";
import type { Span } from "../base/span.ts";
import { align } from "./align.ts";
import { branchTypes } from "./rules/branch-types.ts";
import { needCondition } from "./rules/need-condition.ts";
import { needInt } from "./rules/need-int.ts";
import { needNumber } from "./rules/need-number.ts";
import { describeType, report, spanIn, type Cx } from "./scope.ts";
import { binary, constant, select, toFloat } from "./sexpr.ts";
import type { SBinaryOp, SExpr, SType } from "./spec.ts";

/** An operand that has to be a number. `place` as in "before `+`". */
export const requireNumber = (cx: Cx, e: SExpr | null, at: Span, place: string): SExpr | null => {
  if (e === null || e.type !== "bool") return e;
  return report(cx, needNumber(at, place));
};

/** An operand that has to be an integer: an index, a size. */
export const requireInt = (cx: Cx, e: SExpr | null, at: Span, place: string): SExpr | null => {
  if (e === null || e.type === "int") return e;
  return report(cx, needInt(at, place, describeType(e.type)));
};

/** An operand that has to be a condition. */
export const requireBool = (cx: Cx, e: SExpr | null, at: Span, place: string): SExpr | null => {
  if (e === null || e.type === "bool") return e;
  return report(cx, needCondition(at, place, describeType(e.type)));
};

/** Converts to the type of a tensor, a scalar or a typed parameter; a float is not silently an integer. */
export const convertTo = (cx: Cx, e: SExpr, type: SType, at: Span, place: string): SExpr | null => {
  switch (type) {
    case "float":
      return e.type === "bool" ? report(cx, needNumber(at, place)) : toFloat(e);
    case "int":
      return requireInt(cx, e, at, place);
    case "bool":
      return requireBool(cx, e, at, place);
  }
};

/** A condition as 1 or 0. */
export const boolToNumber = (e: SExpr, type: "int" | "float", span: Span): SExpr =>
  select(e, constant(1, type, span), constant(0, type, span), span);

/** Brings numbers to one type: float when one of them is. All conditions stay; null (reported) for a mixture. */
export const unify = (cx: Cx, es: readonly SExpr[], at: Span, what: string): readonly SExpr[] | null => {
  const bools = es.filter((e) => e.type === "bool").length;
  if (bools === es.length) return es;
  if (bools > 0) return report(cx, branchTypes(at, what));
  return es.some((e) => e.type === "float") ? es.map((e) => toFloat(e)) : es;
};

type Side = { readonly expr: SExpr | null; readonly source: Expr };

const logic = (cx: Cx, op: "and" | "or", l: Side, r: Side, span: Span): SExpr | null => {
  const left = requireBool(cx, l.expr, l.source.span, `before \`${op}\``);
  const right = requireBool(cx, r.expr, r.source.span, `after \`${op}\``);
  if (left === null || right === null) return null;
  const sides = align(cx, [left, right], span);
  return sides === null ? null : binary(op, "bool", sides[0]!, sides[1]!, spanIn(cx, span));
};

const comparison = (cx: Cx, op: SBinaryOp, l: Side, r: Side, span: Span): SExpr | null => {
  const equality = op === "==" || op === "!=";
  const left = equality ? l.expr : requireNumber(cx, l.expr, l.source.span, `before \`${op}\``);
  const right = equality ? r.expr : requireNumber(cx, r.expr, r.source.span, `after \`${op}\``);
  if (left === null || right === null) return null;
  const sides = unify(cx, [left, right], span, `the two sides of \`${op}\``);
  const aligned = sides && align(cx, sides, span);
  return aligned === null ? null : binary(op, "bool", aligned[0]!, aligned[1]!, spanIn(cx, span));
};

/** `a ** n` of ints is an int only when n is a literal that is not negative. */
const powerIsFloat = (op: SBinaryOp, right: SExpr): boolean =>
  op === "**" && !(right.kind === "const" && right.type === "int" && right.value >= 0);

/** The n-th power of an int as products, by squaring. The zeroth is 1 where the base exists. */
const intPower = (base: SExpr, n: number, span: Span): SExpr => {
  const times = (a: SExpr, b: SExpr): SExpr => binary("*", "int", a, b, span);
  const one = constant(1, "int", span);
  if (n === 0) return binary("+", "int", times(base, constant(0, "int", span)), one, span);
  let product: SExpr | null = null;
  let square = base;
  for (let left = n; ; square = times(square, square)) {
    if (left % 2 === 1) product = product === null ? square : times(product, square);
    left = Math.floor(left / 2);
    if (left === 0) return product ?? one;
  }
};

/** A numeric operation of two checked operands, elementwise. */
export const arithmetic = (cx: Cx, op: SBinaryOp, left: SExpr, right: SExpr, span: Span): SExpr | null => {
  if (op === "**" && left.type === "int" && right.kind === "const" && !powerIsFloat(op, right))
    return intPower(left, right.value, spanIn(cx, span));
  const isFloat = left.type === "float" || right.type === "float" || powerIsFloat(op, right);
  const sides = align(cx, isFloat ? [toFloat(left), toFloat(right)] : [left, right], span);
  return sides === null ? null : binary(op, isFloat ? "float" : "int", sides[0]!, sides[1]!, spanIn(cx, span));
};

/** A binary operation of the source. */
export const checkBinary = (cx: Cx, op: BinaryOp, l: Side, r: Side, span: Span): SExpr | null => {
  switch (op) {
    case "and":
    case "or":
      return logic(cx, op, l, r, span);
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return comparison(cx, op, l, r, span);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "**": {
      const left = requireNumber(cx, l.expr, l.source.span, `before \`${op}\``);
      const right = requireNumber(cx, r.expr, r.source.span, `after \`${op}\``);
      return left === null || right === null ? null : arithmetic(cx, op, left, right, span);
    }
  }
};
