/** Calls: built-in functions, reductions, and `fn`s, which are inlined. */
import type { Expr, Let } from "../parser/ast.ts";
import { align } from "./align.ts";
import { checkCounts, resolveCallee, usageOf, type Apply } from "./builtins.ts";
import { axisOf, lookUp } from "./names.ts";
import { checkPrev } from "./prev.ts";
import { checkIndexName, checkReduction } from "./reduce.ts";
import { argumentCount } from "./rules/argument-count.ts";
import { badConcat } from "./rules/bad-concat.ts";
import { positionAsSize } from "./rules/position-as-size.ts";
import { repeatedIndex } from "./rules/repeated-index.ts";
import { sizeOfWhat } from "./rules/size-of-what.ts";
import { tooComplex } from "./rules/too-complex.ts";
import { listNames } from "../base/report.ts";
import {
  axisName,
  axisNames,
  checkPart,
  report,
  spanIn,
  typeOfStorage,
  type Binding,
  type Cx,
  type FnDef,
  type Scope,
} from "./scope.ts";
import { concat, named, sizeOf, stopped, toFloat, unary, where } from "./sexpr.ts";
import type { AxisId, SExpr, SUnaryOp } from "./spec.ts";
import { arithmetic, boolToNumber, convertTo, requireBool, requireNumber, unify } from "./typing.ts";

/** The most calls that one kernel may expand to. */
const MAX_INLINED = 20000;

const checkSize = (cx: Cx, e: Apply, arg: Expr): SExpr | null => {
  if (arg.kind !== "apply" || arg.index !== null || arg.args !== null) return report(cx, sizeOfWhat(arg.span, null));
  const axis = axisOf(cx, arg.name.text);
  if (axis === null) return null;
  if (axis !== undefined) return sizeOf(cx.builder.axes[axis.id]?.size ?? 0, spanIn(cx, e.span));
  return lookUp(cx, arg.name) && report(cx, sizeOfWhat(arg.span, arg.name.text));
};

const checkUnaryCall = (
  cx: Cx,
  e: Apply,
  op: SUnaryOp,
  result: "float" | "same" | "round" | "convert",
  source: Expr,
): SExpr | null => {
  const arg = checkPart(cx, source);
  const span = spanIn(cx, e.span);
  const isRoot = (op === "sqrt" || op === "rsqrt") && cx.inlined === null;
  if (isRoot && arg?.kind === "index" && source.kind === "apply") report(cx, positionAsSize(op, source.name));
  if (arg !== null && result === "convert") {
    const type = op === "int" ? "int" : "float";
    if (arg.type === "bool") return boolToNumber(arg, type, span);
    return arg.type === type ? arg : type === "float" ? toFloat(arg, span) : unary("int", "int", arg, span);
  }
  const number = requireNumber(cx, arg, source.span, `in \`${op}\``);
  if (number === null || (result === "round" && number.type === "int")) return number;
  return result === "float" ? unary(op, "float", toFloat(number), span) : unary(op, number.type, number, span);
};

/** `max(a, b, c)` and `pow(a, b)`, folded from the left. */
const checkElementwise = (cx: Cx, e: Apply, op: "min" | "max" | "**", sources: readonly Expr[]): SExpr | null => {
  const args = sources.map((s) => requireNumber(cx, checkPart(cx, s), s.span, `in \`${e.name.text}\``));
  return args.reduce((a, b) => (a === null || b === null ? null : arithmetic(cx, op, a, b, e.span)));
};

/** The indices that part `n` of a concatenation may not have: the union's own and those of the other parts. */
const foreignAxes = (cx: Cx, arg: SExpr, axis: AxisId, parts: readonly AxisId[], n: number): readonly AxisId[] =>
  arg.axes.filter((a) => a === axis || (parts.includes(a) && a !== parts[n]));

const checkConcat = (cx: Cx, e: Apply, sources: readonly Expr[]): SExpr | null => {
  const axis = e.index?.[0] === undefined ? null : checkIndexName(cx, e.index[0], "concat");
  const args = sources.map((s) => checkPart(cx, s));
  if (axis === null) return null;
  const name = axisName(cx, axis);
  const parts = cx.builder.axes[axis]?.parts;
  if (!parts)
    return report(cx, badConcat(e.span, `\`${name}\` is not a union axis`, `declare one above: axis ${name} = m | s`));
  if (args.length !== parts.length) {
    const wanted = `one for each of ${listNames(axisNames(cx, parts))}`;
    return report(
      cx,
      badConcat(e.span, `\`concat[${name}]\` takes ${parts.length} arguments, ${wanted}, ${args.length} given`, null),
    );
  }
  if (args.some((a) => a === null)) return null;
  const whole = unify(cx, args as SExpr[], e.span, "the parts of `concat`");
  const wrong = (args as SExpr[]).flatMap((a, n) => foreignAxes(cx, a, axis, parts, n).map((x) => ({ n, x })));
  for (const { n, x } of wrong) {
    const expected = axisName(cx, parts[n]!);
    const message = `argument ${n + 1} of \`concat[${name}]\` runs over \`${expected}\`, but it has index \`${axisName(cx, x)}\``;
    report(
      cx,
      badConcat(
        sources[n]!.span,
        message,
        `the arguments follow \`axis ${name} = ${axisNames(cx, parts).join(" | ")}\``,
      ),
    );
  }
  return whole === null || wrong.length > 0 ? null : concat(axis, whole, parts, spanIn(cx, e.span));
};

/** The value of a `let` with its domain. */
export const checkLetValue = (cx: Cx, value: Expr, cond: Expr | null): SExpr | null => {
  const arg = checkPart(cx, value);
  if (cond === null) return arg;
  const domain = requireBool(cx, checkPart(cx, cond), cond.span, "after `where`");
  if (arg === null || domain === null) return null;
  const both = align(cx, [arg, domain], value.span);
  return both && where(both[0]!, both[1]!, spanIn(cx, value.span));
};

const inlinedLet = (cx: Cx, l: Let): Binding => {
  const value = checkLetValue(cx, l.value, l.where);
  const order = l.indices?.map((d) => (d.kind === "axis" ? (axisOf(cx, d.name.text)?.id ?? null) : null)) ?? null;
  const dims = order === null || order.includes(null) ? null : order.map((a) => [a!]);
  return { kind: "value", what: "let", expr: value && named(value, l.name.text), dims, span: l.name.span };
};

/** An argument: a bare name passes its index order along. */
const argument = (cx: Cx, def: FnDef, n: number, source: Expr): Binding => {
  const isName = source.kind === "apply" && source.index === null && source.args === null;
  const value = isName ? lookUp(cx, source.name) : { expr: checkPart(cx, source), dims: null };
  const param = def.fn.params[n];
  const type = param?.type?.text;
  const place = `for \`${param?.name.text ?? ""}\` of \`${def.fn.name.text}\``;
  const raw = value?.expr ?? null;
  const expr = raw === null || type === undefined ? raw : convertTo(cx, raw, typeOfStorage(type), source.span, place);
  return { kind: "value", what: "parameter", expr, dims: value?.dims ?? null, span: param?.name.span ?? null };
};

const inline = (cx: Cx, e: Apply, def: FnDef, sources: readonly Expr[]): SExpr | null => {
  const { fn } = def;
  const axes = (e.index ?? []).map((a) => checkIndexName(cx, a, fn.name.text));
  const args = sources.map((s, n) => argument(cx, def, n, s));
  const repeated = axes.findIndex((a, n) => a !== null && axes.indexOf(a) < n);
  if (repeated >= 0) {
    const entry = e.index![repeated]!;
    if (entry.kind === "at" && entry.value.kind === "apply")
      report(cx, repeatedIndex(entry.value.name, `the brackets of \`${fn.name.text}\``));
    return null;
  }
  if (def.broken || axes.includes(null) || args.some((a) => a.kind === "value" && a.expr === null)) return null;
  cx.builder.inlined++;
  if (cx.builder.inlined > MAX_INLINED) {
    const first = cx.builder.inlined === MAX_INLINED + 1;
    return first ? report(cx, tooComplex(e.span, `the functions expand to more than ${MAX_INLINED} calls`)) : null;
  }
  const scope: Scope = new Map();
  fn.axes.forEach((a, n) => scope.set(a.text, { kind: "axis", id: axes[n] ?? null, from: null, span: a.span }));
  fn.params.forEach((p, n) => scope.set(p.name.text, args[n]!));
  const inner: Cx = { ...cx, module: def.module, scope, inlined: { fn: fn.name.text, call: spanIn(cx, e.span) } };
  for (const l of fn.lets) scope.set(l.name.text, inlinedLet(inner, l));
  return checkPart(inner, fn.body);
};

/** Checks a call; null after an error. */
export const checkCall = (cx: Cx, e: Apply, args: readonly Expr[]): SExpr | null => {
  const callee = resolveCallee(cx.module, e, args, cx.scope.has(e.name.text));
  if (callee.kind === "error") {
    // What the arguments have wrong is worth a message of its own.
    for (const a of args) checkPart(cx, a);
    return callee.error && report(cx, callee.error);
  }
  const wrong = checkCounts(callee, e, args);
  if (wrong !== null) return report(cx, wrong);
  switch (callee.kind) {
    case "reduction":
      return checkReduction(cx, e, callee.op, args);
    case "elementwise":
      return checkElementwise(cx, e, callee.op, args);
    case "pow":
      return checkElementwise(cx, e, "**", args);
    case "unary":
      return checkUnaryCall(cx, e, callee.op, callee.result, args[0]!);
    case "prev":
      return checkPrev(cx, e, args[0]!, args[1]!);
    case "stop_gradient": {
      const number = requireNumber(cx, checkPart(cx, args[0]!), args[0]!.span, "in `stop_gradient`");
      return number && stopped(number, spanIn(cx, e.span));
    }
    case "size":
      return checkSize(cx, e, args[0]!);
    case "concat":
      if (args.length === 0)
        return report(cx, argumentCount("concat", e.span, "one argument for each part", 0, usageOf("concat", null)));
      return checkConcat(cx, e, args);
    case "fn":
      return inline(cx, e, callee.def, args);
  }
};
