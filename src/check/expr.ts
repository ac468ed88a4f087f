/** Expressions: from syntax to checked expressions. */
import type { Expr } from "../parser/ast.ts";
import { align } from "./align.ts";
import { checkCall } from "./call.ts";
import { axisOf, lookUp, unknown } from "./names.ts";
import { checkRead } from "./read.ts";
import { notAPart } from "./rules/not-a-part.ts";
import { tooComplex } from "./rules/too-complex.ts";
import { axisNames, report, spanIn, type Cx } from "./scope.ts";
import { constant, inPart, select, unary } from "./sexpr.ts";
import type { SExpr } from "./spec.ts";
import { checkBinary, requireBool, requireNumber, unify } from "./typing.ts";

const checkIn = (cx: Cx, e: Extract<Expr, { kind: "in" }>): SExpr | null => {
  const [axis, part] = [axisOf(cx, e.axis.text), axisOf(cx, e.part.text)];
  if (axis === null || part === null) return null;
  if (axis === undefined && !cx.scope.has(e.axis.text)) return unknown(cx, e.axis);
  const parts = axis === undefined ? null : (cx.builder.axes[axis.id]?.parts ?? null);
  const position = part === undefined || parts === null ? -1 : parts.indexOf(part.id);
  if (axis === undefined || position < 0) return report(cx, notAPart(e.axis, e.part, parts && axisNames(cx, parts)));
  return inPart(axis.id, position, spanIn(cx, e.span));
};

const checkIf = (cx: Cx, e: Extract<Expr, { kind: "if" }>): SExpr | null => {
  const cond = requireBool(cx, checkExpr(cx, e.cond), e.cond.span, "after `if`");
  const [then, otherwise] = [checkExpr(cx, e.then), checkExpr(cx, e.else)];
  if (cond === null || then === null || otherwise === null) return null;
  const branches = unify(cx, [then, otherwise], e.span, "the branches of `if`");
  const all = branches && align(cx, [cond, ...branches], e.span);
  return all === null ? null : select(all[0]!, all[1]!, all[2]!, spanIn(cx, e.span));
};

const checkUnary = (cx: Cx, e: Extract<Expr, { kind: "unary" }>): SExpr | null => {
  const arg = checkExpr(cx, e.arg);
  if (e.op === "not") {
    const cond = requireBool(cx, arg, e.arg.span, "after `not`");
    return cond === null ? null : unary("not", "bool", cond, spanIn(cx, e.span));
  }
  const number = requireNumber(cx, arg, e.arg.span, "after `-`");
  return number === null ? null : unary("neg", number.type, number, spanIn(cx, e.span));
};

/** How many expressions may be nested, those of inlined functions included. */
const MAX_OPEN = 400;

/** Checks an expression; null after an error, which has been reported. */
export const checkExpr = (cx: Cx, e: Expr): SExpr | null => {
  if (cx.builder.depth > MAX_OPEN) return report(cx, tooComplex(e.span, "this is nested too deeply"));
  cx.builder.depth++;
  const checked = checkKind(cx, e);
  cx.builder.depth--;
  return checked;
};

const checkKind = (cx: Cx, e: Expr): SExpr | null => {
  switch (e.kind) {
    case "number":
      return constant(e.value, e.isInt ? "int" : "float", spanIn(cx, e.span));
    case "bool":
      return constant(e.value ? 1 : 0, "bool", spanIn(cx, e.span));
    case "group":
      return checkExpr(cx, e.inner);
    case "unary":
      return checkUnary(cx, e);
    case "binary":
      return checkBinary(
        cx,
        e.op,
        { expr: checkExpr(cx, e.left), source: e.left },
        { expr: checkExpr(cx, e.right), source: e.right },
        e.span,
      );
    case "in":
      return checkIn(cx, e);
    case "if":
      return checkIf(cx, e);
    case "apply":
      if (e.args !== null) return checkCall(cx, e, e.args);
      return e.index === null ? (lookUp(cx, e.name)?.expr ?? null) : checkRead(cx, e.name, e.index, e.span);
  }
};
