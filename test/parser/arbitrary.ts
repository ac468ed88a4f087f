/** Random ASTs without parentheses: the printer has to put in those that are needed. */
import fc, { type Arbitrary } from "fast-check";
import type {
  Assign,
  AxisDecl,
  BinaryOp,
  Dim,
  Expr,
  Fn,
  IndexArg,
  Item,
  Kernel,
  Let,
  Name,
  Param,
  Program,
  Result,
  TypeVar,
  Use,
} from "../../src/parser/ast.ts";
import { NO_SPAN } from "../../src/base/span.ts";

const span = NO_SPAN;
const words = [
  "a",
  "b",
  "q",
  "N",
  "sum",
  "max",
  "softmax",
  "e",
  "e1",
  "_x",
  "in_",
  "lambda",
  "letter",
  "notx",
  "T",
  "f32",
  "size",
];
const ops: readonly BinaryOp[] = ["or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "**"];

const name: Arbitrary<Name> = fc.constantFrom(...words).map((text) => ({ text, span }));
const int: Arbitrary<Expr> = fc
  .nat(1e9)
  .map((value) => ({ kind: "number", value, text: String(value), isInt: true, span }));
const float: Arbitrary<Expr> = fc
  .constantFrom("0.5", "1e-6", "12.25", "3E8", "1.5e+3", "0.0")
  .map((text) => ({ kind: "number", value: Number(text), text, isInt: false, span }));
const bool: Arbitrary<Expr> = fc.boolean().map((value) => ({ kind: "bool", value, span }));
const some = <T>(item: Arbitrary<T>, minLength = 1): Arbitrary<T[]> => fc.array(item, { minLength, maxLength: 3 });
const maybe = <T>(item: Arbitrary<T>): Arbitrary<T | null> => fc.option(item, { nil: null });

const { expr } = fc.letrec<{ expr: Expr; index: IndexArg }>((tie) => {
  const bare: Arbitrary<Expr> = name.map((n) => ({ kind: "apply", name: n, index: null, args: null, span }));
  return {
    expr: fc.oneof(
      { maxDepth: 5, depthSize: "small", withCrossShrink: true },
      bare,
      int,
      float,
      bool,
      fc.record({
        kind: fc.constant("apply" as const),
        name,
        index: maybe(some(tie("index"))),
        args: maybe(some(tie("expr"), 0)),
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("unary" as const),
        op: fc.constantFrom("-" as const, "not" as const),
        arg: tie("expr"),
        span: fc.constant(span),
      }),
      fc.record({
        kind: fc.constant("binary" as const),
        op: fc.constantFrom(...ops),
        left: tie("expr"),
        right: tie("expr"),
        span: fc.constant(span),
      }),
      fc.record({ kind: fc.constant("in" as const), axis: name, part: name, span: fc.constant(span) }),
      fc.record({
        kind: fc.constant("if" as const),
        cond: tie("expr"),
        then: tie("expr"),
        else: tie("expr"),
        span: fc.constant(span),
      }),
    ),
    index: fc.oneof(
      fc.record({ kind: fc.constant("at" as const), value: tie("expr"), span: fc.constant(span) }),
      fc.record({ kind: fc.constant("named" as const), name, value: tie("expr"), span: fc.constant(span) }),
      fc.record({
        kind: fc.constant("range" as const),
        name,
        from: tie("expr"),
        to: tie("expr"),
        span: fc.constant(span),
      }),
    ),
  };
});

const { dim } = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.record({ kind: fc.constant("axis" as const), name, size: maybe(expr), span: fc.constant(span) }),
    fc.record({ kind: fc.constant("product" as const), dims: some(tie("dim")), span: fc.constant(span) }),
  ),
}));
const dims: Arbitrary<Dim[] | null> = maybe(some(dim));

const letStmt: Arbitrary<Let> = fc.record({
  kind: fc.constant("let" as const),
  name,
  indices: dims,
  value: expr,
  where: maybe(expr),
  span: fc.constant(span),
});
const axisDecl: Arbitrary<AxisDecl> = fc.record({
  kind: fc.constant("axis" as const),
  name,
  parts: some(name),
  span: fc.constant(span),
});
const assign: Arbitrary<Assign> = fc.record({
  kind: fc.constant("assign" as const),
  name,
  value: expr,
  where: maybe(expr),
  span: fc.constant(span),
});

const doc = fc
  .array(fc.constantFrom("A doc line.", "", "  indented", "with `code` and // slashes", "é ∑ ok"), { maxLength: 3 })
  .map((lines) => lines.join("\n"))
  .filter((text) => text === "" || text.trim() !== "");

const use: Arbitrary<Use> = fc.record({
  kind: fc.constant("use" as const),
  names: some(name),
  from: fc.constantFrom("./a.tfx", "tfx/prelude", ""),
  fromSpan: fc.constant(span),
  span: fc.constant(span),
});
const fn: Arbitrary<Fn> = fc
  .record({
    kind: fc.constant("fn" as const),
    doc,
    name,
    axes: some(name, 0),
    params: some(fc.record({ name, type: maybe(name) }), 0),
    lets: some(letStmt, 0),
    body: expr,
    block: fc.boolean(),
    span: fc.constant(span),
  })
  .map((f) => (f.block ? f : { ...f, lets: [] }));
const param: Arbitrary<Param> = fc.record({
  isStatic: fc.boolean(),
  name,
  type: name,
  dims,
  init: maybe(expr),
  span: fc.constant(span),
});
const result: Arbitrary<Result> = fc.record({ name, type: name, dims, span: fc.constant(span) });
const typeVar: Arbitrary<TypeVar> = fc.record({ name, options: some(name) });
const kernel: Arbitrary<Kernel> = fc
  .record({
    kind: fc.constant("kernel" as const),
    doc,
    name,
    typeVars: some(typeVar, 0),
    params: some(param, 0),
    results: some(result),
    resultList: fc.boolean(),
    unread: fc.constant(null),
    body: fc.array(fc.oneof(letStmt, axisDecl, assign), { maxLength: 4 }),
    span: fc.constant(span),
  })
  .map((k) => ({ ...k, resultList: k.resultList || k.results.length > 1 }));

const item: Arbitrary<Item> = fc.oneof(use, fn, kernel);

/** A random file. */
export const anyProgram: Arbitrary<Program> = fc.record({
  items: fc.array(item, { maxLength: 4 }),
  span: fc.constant(span),
});
