import type { Dim, Expr, FnParam, IndexArg, Item, Name, Param, Program, Result, Stmt, TypeVar } from "../parser/ast.ts";
import type { Comment } from "../parser/scan.ts";

/** A comment as Prettier marks it while attaching and printing. */
export type FormatComment = Comment & {
  leading?: boolean;
  trailing?: boolean;
  printed?: boolean;
  enclosingNode?: FormatNode;
  precedingNode?: FormatNode;
  followingNode?: FormatNode;
};

/** The root that Prettier is given: the AST with the comments beside it. */
export type Root = Omit<Program, "span"> & {
  readonly kind: "program";
  readonly span: Program["span"];
  comments?: FormatComment[];
};

/** Everything that Prettier visits; it adds `comments` to the nodes to which it attached some. */
export type FormatNode = (Root | Item | Param | Result | FnParam | TypeVar | Dim | Stmt | Expr | IndexArg) & {
  comments?: FormatComment[];
};

/** The part of the text that a node covers. */
export function extentOf(node: FormatNode | FormatComment | Name): { readonly start: number; readonly end: number } {
  if ("span" in node) return node.span;
  const last = "options" in node ? (node.options.at(-1) ?? node.name) : (node.type ?? node.name);
  return { start: node.name.span.start, end: last.span.end };
}

/** The nodes inside a node, in source order: where comments may be attached. */
export function childrenOf(node: FormatNode): FormatNode[] {
  if (!("kind" in node)) return unkinded(node);
  switch (node.kind) {
    case "program":
      return [...node.items];
    case "use":
    case "number":
    case "bool":
      return [];
    case "fn":
      return [...node.params, ...node.lets, node.body];
    case "kernel":
      return [...node.typeVars, ...node.params, ...node.results, ...node.body];
    case "axis":
      return "parts" in node ? [] : some(node.size);
    case "product":
      return [...node.dims];
    case "let":
      return [...(node.indices ?? []), node.value, ...some(node.where)];
    case "assign":
      return [node.value, ...some(node.where)];
    case "apply":
      return [...(node.index ?? []), ...(node.args ?? [])];
    case "unary":
      return [node.arg];
    case "binary":
      return [node.left, node.right];
    case "in":
      return [];
    case "if":
      return [node.cond, node.then, node.else];
    case "group":
      return [node.inner];
    case "at":
    case "named":
      return [node.value];
    case "range":
      return [node.from, node.to];
  }
}

function unkinded(node: Param | Result | FnParam | TypeVar): FormatNode[] {
  if ("isStatic" in node) return [...(node.dims ?? []), ...some(node.init)];
  return "dims" in node ? [...(node.dims ?? [])] : [];
}

function some<T>(x: T | null): T[] {
  return x === null ? [] : [x];
}
