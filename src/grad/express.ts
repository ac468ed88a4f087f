/** Checked expressions as the syntax that is checked into them. */
import { UNARY } from "../base/operators.ts";
import { NO_SPAN, type Span } from "../base/span.ts";
import type { SizeExpr } from "../base/size.ts";
import type { AxisId, SExpr, SpecTensor } from "../check/spec.ts";
import type { BinaryOp, Expr, IndexArg, Name } from "../parser/ast.ts";
import type { Arena } from "./arena.ts";
import { knownAs } from "./known.ts";
import { message, NoGradient } from "./refuse.ts";

export const nameOf = (text: string): Name => ({ text, span: NO_SPAN });
const word = (text: string): Expr => call(text, null, null);
const call = (text: string, index: readonly IndexArg[] | null, args: readonly Expr[] | null): Expr => ({
  kind: "apply",
  name: nameOf(text),
  index,
  args,
  span: NO_SPAN,
});
const positional = (value: Expr): IndexArg => ({ kind: "at", value, span: NO_SPAN });
const binary = (op: BinaryOp, left: Expr, right: Expr): Expr => ({ kind: "binary", op, left, right, span: NO_SPAN });
const negative = (arg: Expr): Expr => ({ kind: "unary", op: "-", arg, span: NO_SPAN });

/** A number as a literal; `isFloat`: nothing beside it says that it is one. */
const literal = (value: number, isFloat: boolean): Expr => {
  if (value < 0 || Object.is(value, -0)) return negative(literal(-value, isFloat));
  // What is too large for f64 is read as infinity.
  if (value === Infinity) return { kind: "number", value, text: "1e400", isInt: false, span: NO_SPAN };
  const [short, long] = [value.toExponential(), String(value)];
  const plain = (Math.abs(value) < 1e-3 && short.length < long.length ? short : long).replace("e+", "e");
  const text = isFloat && /^\d+$/.test(plain) ? `${plain}.0` : plain;
  return { kind: "number", value, text, isInt: /^\d+$/.test(text), span: NO_SPAN };
};

/** A size as an expression. */
export const sizeSyntax = (s: SizeExpr): Expr => {
  if (typeof s === "number") return literal(s, false);
  if (typeof s === "string") return word(s);
  const [op, x, y] = s;
  const [left, right] = [sizeSyntax(x), sizeSyntax(y)];
  if (op === "min" || op === "max") return call(op, null, [left, right]);
  if (op !== "ceil/") return binary(op, left, right);
  return binary("/", binary("-", binary("+", left, right), literal(1, false)), right);
};

export type Writer = {
  readonly a: Arena;
  /** Where the kernel is, for messages. */
  readonly span: Span;
  readonly tensors: ReadonlyMap<string, SpecTensor>;
  readonly axisName: (axis: AxisId) => string;
  /** Whether an index can be written as it is; one that cannot is brought by the range of its reduction. */
  readonly inScope: (axis: AxisId) => boolean;
  /** The name of a value that has been defined above. */
  readonly defined: (e: SExpr) => string | null;
  /** The name of a recurrence, inside and outside of it. */
  readonly stateName: (state: number) => string;
};

/** The parts of a value that its text mentions. */
export const mentioned = (a: Arena, e: SExpr): readonly SExpr[] => {
  const known = knownAs(a, e);
  if (known !== null) return [known.arg];
  switch (e.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "in":
      return [];
    case "read":
      return e.at;
    case "at":
      return [e.arg, ...e.subst.map((s) => s.to)];
    case "unary":
    case "where":
      return e.kind === "where" ? [e.arg, e.cond] : [e.arg];
    case "binary":
      return [e.left, e.right];
    case "select":
      return [e.cond, e.then, e.else];
    case "reduce":
      return e.k === null ? [e.arg] : [e.arg, e.k];
    case "concat":
      return e.parts;
    case "prev":
      return [e.init];
    case "scan":
      return [e.step];
  }
};

/** The syntax of a value, in terms of what has been defined. `where` and `at` of what has no name are not expressions. */
export const syntaxOf = (w: Writer, e: SExpr): Expr =>
  w.defined(e) === null ? own(w, e) : word(w.defined(e) as string);

/** The same where a float is understood: an integer is not converted in words. */
const asFloat = (w: Writer, e: SExpr): Expr => {
  if (e.kind === "const") return literal(e.value, false);
  if (w.defined(e) === null && e.kind === "unary" && e.op === "float") return syntaxOf(w, e.arg);
  return syntaxOf(w, e);
};
/** Whether a value says by itself that it is a float. */
const showsFloat = (w: Writer, e: SExpr): boolean =>
  e.type === "float" && e.kind !== "const" && !(w.defined(e) === null && e.kind === "unary" && e.op === "float");

/** Two numbers side by side: one that is seen to be a float makes the other one. */
const pair = (w: Writer, x: SExpr, y: SExpr): readonly [Expr, Expr] => {
  if (x.type !== "float" || y.type !== "float") return [syntaxOf(w, x), syntaxOf(w, y)];
  if (showsFloat(w, x)) return [syntaxOf(w, x), asFloat(w, y)];
  return [showsFloat(w, y) ? asFloat(w, x) : syntaxOf(w, x), syntaxOf(w, y)];
};

const own = (w: Writer, e: SExpr): Expr => {
  const known = knownAs(w.a, e);
  if (known !== null)
    return "axis" in known
      ? call(known.fn, brackets(w, [known.axis]), [syntaxOf(w, known.arg)])
      : call(known.fn, null, [syntaxOf(w, known.arg)]);
  switch (e.kind) {
    case "const":
      return e.type === "bool"
        ? { kind: "bool", value: e.value !== 0, span: NO_SPAN }
        : literal(e.value, e.type === "float");
    case "index":
      return word(w.axisName(e.axis));
    case "size":
      return sizeSyntax(e.size);
    case "scalar":
      return word(e.scalar);
    case "read":
      return readSyntax(w, e);
    case "at": {
      if (e.subst.length === 0) return call("stop_gradient", null, [syntaxOf(w, e.arg)]);
      const named: IndexArg[] = e.subst.map((s) => ({
        kind: "named",
        name: nameOf(w.axisName(s.axis)),
        value: syntaxOf(w, s.to),
        span: NO_SPAN,
      }));
      return call(w.defined(e.arg) ?? missing(w, e, "a value at other indices"), named, null);
    }
    case "unary":
      if (e.op === "neg") return negative(syntaxOf(w, e.arg));
      if (e.op === "not") return { kind: "unary", op: "not", arg: syntaxOf(w, e.arg), span: NO_SPAN };
      return call(e.op, null, [UNARY[e.op].result === "float" ? asFloat(w, e.arg) : syntaxOf(w, e.arg)]);
    case "binary": {
      if (e.op === "**" && e.type === "float") {
        const base = showsFloat(w, e.left) || showsFloat(w, e.right) ? asFloat(w, e.left) : syntaxOf(w, e.left);
        return binary("**", base, showsFloat(w, e.left) ? asFloat(w, e.right) : syntaxOf(w, e.right));
      }
      const [x, y] = pair(w, e.left, e.right);
      return e.op === "min" || e.op === "max" ? call(e.op, null, [x, y]) : binary(e.op, x, y);
    }
    case "select": {
      const [x, y] = pair(w, e.then, e.else);
      return { kind: "if", cond: syntaxOf(w, e.cond), then: x, else: y, span: NO_SPAN };
    }
    case "reduce":
      return call(e.op, brackets(w, e.over), [
        e.op === "mean" || e.op === "var" ? asFloat(w, e.arg) : syntaxOf(w, e.arg),
        ...(e.k === null ? [] : [syntaxOf(w, e.k)]),
      ]);
    case "concat":
      return call(
        "concat",
        [positional(word(w.axisName(e.axis)))],
        e.parts.map((p) => syntaxOf(w, p)),
      );
    case "prev":
      return call("prev", [positional(word(w.axisName(e.axis)))], [word(w.stateName(e.state)), syntaxOf(w, e.init)]);
    case "in": {
      const part = w.a.axes[e.axis]?.parts?.[e.part];
      return {
        kind: "in",
        axis: nameOf(w.axisName(e.axis)),
        part: nameOf(w.axisName(part ?? e.axis)),
        span: NO_SPAN,
      };
    }
    case "where":
      return missing(w, e, "a domain");
    case "scan":
      return missing(w, e, "a recurrence");
  }
};

/** What the language has no way to write. */
const missing = (w: Writer, e: SExpr, what: string): never => {
  const span = e.span.file === "" ? w.span : e.span;
  throw new NoGradient(
    message("TFX7003", span, `the gradient has ${what} inside an expression, which cannot be written`),
  );
};

/** The indices of a reduction; one that no bracket has introduced brings its range. */
const brackets = (w: Writer, axes: readonly AxisId[]): readonly IndexArg[] =>
  axes.map((axis) => {
    const name = w.axisName(axis);
    if (w.inScope(axis)) return positional(word(name));
    const to = sizeSyntax(w.a.axes[axis]?.size ?? 0);
    return { kind: "range", name: nameOf(name), from: literal(0, false), to, span: NO_SPAN };
  });

const readSyntax = (w: Writer, e: SExpr & { kind: "read" }): Expr => {
  const declared = w.tensors.get(e.tensor)?.dims.flatMap((d) => d.axes) ?? [];
  const isPlain = e.at.every((x, n) => x.kind === "index" && x.axis === declared[n]);
  return isPlain
    ? word(e.tensor)
    : call(
        e.tensor,
        e.at.map((x) => positional(syntaxOf(w, x))),
        null,
      );
};
