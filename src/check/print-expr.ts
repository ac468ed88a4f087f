/** The text of an expression, as a user would write it on one line; for the help of messages. */
import type { Expr, IndexArg } from "../parser/ast.ts";

const printIndex = (a: IndexArg, replace: ReadonlyMap<Expr, string>): string => {
  switch (a.kind) {
    case "at":
      return printExpr(a.value, replace);
    case "named":
      return `${a.name.text} = ${printExpr(a.value, replace)}`;
    case "range":
      return `${a.name.text}: ${printExpr(a.from, replace)}..${printExpr(a.to, replace)}`;
  }
};

/** Prints an expression; the nodes in `replace` are printed as the text given for them. */
export const printExpr = (e: Expr, replace: ReadonlyMap<Expr, string> = new Map()): string => {
  const other = replace.get(e);
  if (other !== undefined) return other;
  const sub = (x: Expr): string => printExpr(x, replace);
  switch (e.kind) {
    case "number":
      return e.text;
    case "bool":
      return String(e.value);
    case "group":
      // What replaces the whole inside of a group brings its own parentheses.
      return replace.has(e.inner) ? sub(e.inner) : `(${sub(e.inner)})`;
    case "unary":
      return e.op === "not" ? `not ${sub(e.arg)}` : `-${sub(e.arg)}`;
    case "binary":
      return `${sub(e.left)} ${e.op} ${sub(e.right)}`;
    case "in":
      return `${e.axis.text} in ${e.part.text}`;
    case "if":
      return `if ${sub(e.cond)} then ${sub(e.then)} else ${sub(e.else)}`;
    case "apply": {
      const index = e.index === null ? "" : `[${e.index.map((a) => printIndex(a, replace)).join(", ")}]`;
      return `${e.name.text}${index}${e.args === null ? "" : `(${e.args.map(sub).join(", ")})`}`;
    }
  }
};

/** The expressions directly below, in source order. */
const subExprs = (e: Expr): readonly Expr[] => {
  switch (e.kind) {
    case "number":
    case "bool":
    case "in":
      return [];
    case "group":
      return [e.inner];
    case "unary":
      return [e.arg];
    case "binary":
      return [e.left, e.right];
    case "if":
      return [e.cond, e.then, e.else];
    case "apply":
      return [...(e.index ?? []).flatMap((a) => (a.kind === "range" ? [a.from, a.to] : [a.value])), ...(e.args ?? [])];
  }
};

/** Every expression of a tree, without recursion, so that no nesting is too deep for it. */
export const allExprs = (roots: readonly Expr[]): Expr[] => {
  const out: Expr[] = [];
  const open = [...roots];
  for (let e = open.pop(); e !== undefined; e = open.pop()) {
    out.push(e);
    open.push(...subExprs(e));
  }
  return out;
};

/** How deep expressions are nested. */
export const exprDepth = (roots: readonly Expr[]): number => {
  let depth = 0;
  for (let level = roots; level.length > 0; level = level.flatMap(subExprs)) depth++;
  return depth;
};
