/**
 * The abstract syntax of a `.tfx` file: what the parser read, with the punctuation dropped.
 * Readonly discriminated unions; every node has a span.
 */
import type { Span } from "../base/span.ts";

export type Name = { readonly text: string; readonly span: Span };

export type Program = { readonly items: readonly Item[]; readonly span: Span };

export type Item = Use | Fn | Kernel;

export type Use = {
  readonly kind: "use";
  readonly names: readonly Name[];
  readonly from: string;
  readonly fromSpan: Span;
  readonly span: Span;
};

/** `fn name[axes](params) = body` or `{ lets body }`. `doc` is the text of the `///` lines above it, without slashes. */
export type Fn = {
  readonly kind: "fn";
  readonly doc: string;
  readonly name: Name;
  readonly axes: readonly Name[];
  readonly params: readonly FnParam[];
  readonly lets: readonly Let[];
  readonly body: Expr;
  /** Written with braces. */
  readonly block: boolean;
  readonly span: Span;
};
export type FnParam = { readonly name: Name; readonly type: Name | null };

export type Kernel = {
  readonly kind: "kernel";
  readonly doc: string;
  readonly name: Name;
  readonly typeVars: readonly TypeVar[];
  readonly params: readonly Param[];
  readonly results: readonly Result[];
  /** Results were written in parentheses. */
  readonly resultList: boolean;
  readonly body: readonly Stmt[];
  /** What of it could not be read, null when all could. */
  readonly unread: Unread | null;
  readonly span: Span;
};
/** A head with a mistake in it, and the names of the statements with mistakes: nothing is known about their values. */
export type Unread = { readonly head: boolean; readonly names: readonly Name[] };
export type TypeVar = { readonly name: Name; readonly options: readonly Name[] };
export type Param = {
  readonly isStatic: boolean;
  readonly name: Name;
  readonly type: Name;
  /** null: a scalar, no brackets. */
  readonly dims: readonly Dim[] | null;
  readonly init: Expr | null;
  readonly span: Span;
};
/** One entry of a signature's brackets: an axis with an optional size, or a product of axes. */
export type Dim =
  | { readonly kind: "axis"; readonly name: Name; readonly size: Expr | null; readonly span: Span }
  | { readonly kind: "product"; readonly dims: readonly Dim[]; readonly span: Span };
export type Result = {
  readonly name: Name;
  readonly type: Name;
  readonly dims: readonly Dim[] | null;
  readonly span: Span;
};

export type Stmt = Let | AxisDecl | Assign;
/** `let name[indices] = value where cond`; an index may carry a size (`j: L * P`). */
export type Let = {
  readonly kind: "let";
  readonly name: Name;
  readonly indices: readonly Dim[] | null;
  readonly value: Expr;
  readonly where: Expr | null;
  readonly span: Span;
};
/** `axis j = m | s` */
export type AxisDecl = {
  readonly kind: "axis";
  readonly name: Name;
  readonly parts: readonly Name[];
  readonly span: Span;
};
export type Assign = {
  readonly kind: "assign";
  readonly name: Name;
  readonly value: Expr;
  readonly where: Expr | null;
  readonly span: Span;
};

export type BinaryOp = "or" | "and" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "**";

/**
 * `apply` covers a bare name, `x[i, j]`, `k[h = h / R]`, `f(x)`, `softmax[j](x)` and `sum[u: 0..W](x)`: what it means is
 * decided by the checker, from what the name stands for. `index` null: no brackets; `args` null: no parentheses.
 */
export type Expr =
  | {
      readonly kind: "number";
      readonly value: number;
      readonly text: string;
      readonly isInt: boolean;
      readonly span: Span;
    }
  | { readonly kind: "bool"; readonly value: boolean; readonly span: Span }
  | {
      readonly kind: "apply";
      readonly name: Name;
      readonly index: readonly IndexArg[] | null;
      readonly args: readonly Expr[] | null;
      readonly span: Span;
    }
  | { readonly kind: "unary"; readonly op: "-" | "not"; readonly arg: Expr; readonly span: Span }
  | { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr; readonly span: Span }
  | { readonly kind: "in"; readonly axis: Name; readonly part: Name; readonly span: Span }
  | { readonly kind: "if"; readonly cond: Expr; readonly then: Expr; readonly else: Expr; readonly span: Span }
  | { readonly kind: "group"; readonly inner: Expr; readonly span: Span };

/** One entry of an expression's brackets: `i - j`, `h = h / R`, or (reductions only) `u: 0..W`. */
export type IndexArg =
  | { readonly kind: "at"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "named"; readonly name: Name; readonly value: Expr; readonly span: Span }
  | { readonly kind: "range"; readonly name: Name; readonly from: Expr; readonly to: Expr; readonly span: Span };
