/** AST to Prettier documents: the canonical layout, 100 columns, two spaces. */
import type { AstPath, Doc, ParserOptions, Printer } from "prettier";
import { builders } from "prettier/doc";
import type { Expr, Fn, Item, Kernel, Name, Param, Result, TypeVar, Use } from "../parser/ast.ts";
import { handleComments } from "./attach-comments.ts";
import { dangling, withComments } from "./print-comments.ts";
import { childrenOf, type FormatComment, type FormatNode } from "./node.ts";

const { group, hardline, ifBreak, indent, join, line, softline } = builders;

type Print = (selector: string | (string | number)[]) => Doc;
type Binary = Extract<Expr, { kind: "binary" }>;

/** The Prettier printer for `.tfx`. */
export const printer: Printer<FormatNode> = {
  print: ({ node }, options, print) => withComments(node, printNode(node, options, print), options.originalText),
  printComment: (path: AstPath) => (path.node as FormatComment).text.trimEnd(),
  willPrintOwnComments: () => true,
  canAttachComment: (node) => "kind" in node || "name" in node,
  getCommentChildNodes: (node) => childrenOf(node),
  isBlockComment: () => false,
  handleComments,
};

function printNode(node: FormatNode, options: ParserOptions<FormatNode>, print: Print): Doc {
  if (!("kind" in node)) return printPart(node, print);
  switch (node.kind) {
    case "program":
      return printProgram(node, node.items, options, print);
    case "use":
      return printUse(node);
    case "fn":
      return printFn(node, options, print);
    case "kernel":
      return printKernel(node, options, print);
    case "let":
      return group([
        "let ",
        node.name.text,
        brackets("indices", node.indices, print),
        " = ",
        ...printValue(node.where, print),
      ]);
    case "assign":
      return group([node.name.text, " = ", ...printValue(node.where, print)]);
    case "axis":
      if ("parts" in node) return ["axis ", node.name.text, " = ", join(" | ", texts(node.parts))];
      return node.size === null ? node.name.text : [node.name.text, ": ", print("size")];
    case "product":
      return list("(", each("dims", node.dims, print), ")");
    case "at":
      return print("value");
    case "named":
      return [node.name.text, " = ", print("value")];
    case "range":
      return [node.name.text, ": ", print("from"), "..", print("to")];
    case "number":
    case "bool":
    case "apply":
    case "unary":
    case "binary":
    case "in":
    case "if":
    case "group":
      return printExpression(node, print);
  }
}

function printPart(node: Param | Result | TypeVar | Fn["params"][number], print: Print): Doc {
  if ("options" in node) return [node.name.text, ": ", join(" | ", texts(node.options))];
  if (!("dims" in node)) return node.type === null ? node.name.text : [node.name.text, ": ", node.type.text];
  const init = "init" in node && node.init !== null ? [" = ", print("init")] : "";
  const isStatic = "isStatic" in node && node.isStatic ? "static " : "";
  return [isStatic, node.name.text, ": ", node.type.text, brackets("dims", node.dims, print), init];
}

function printProgram(node: FormatNode, items: readonly Item[], options: ParserOptions<FormatNode>, print: Print): Doc {
  const comments = dangling(node);
  const parts: Doc[] = comments.length === 0 ? [] : [join(hardline, comments), hardline];
  for (const [i, item] of items.entries()) {
    const next = items[i + 1];
    parts.push(print(["items", i]), hardline);
    if (next !== undefined && (blankAfter(item, options) || apart(item, next))) parts.push(hardline);
  }
  return parts;
}

/** A blank line is put around kernels and after the imports; elsewhere the author decides. */
function apart(a: Item, b: Item): boolean {
  return a.kind === "kernel" || b.kind === "kernel" || (a.kind === "use" && b.kind !== "use");
}

/** Is the line after the node's last line, its trailing comment included, blank? */
function blankAfter(node: { readonly span: { readonly end: number } }, options: ParserOptions<FormatNode>): boolean {
  return /^[^\S\n]*,?[^\S\n]*(?:\/\/[^\n]*)?\n[^\S\n]*\n/.test(options.originalText.slice(node.span.end));
}

function printUse(use: Use): Doc {
  const names = group(["{", indent([line, join([",", line], texts(use.names))]), ifBreak(","), line, "}"]);
  return ["use ", names, ' from "', use.from, '"'];
}

function printFn(fn: Fn, options: ParserOptions<FormatNode>, print: Print): Doc {
  const axes = fn.axes.length === 0 ? "" : ["[", join(", ", texts(fn.axes)), "]"];
  const head = ["fn ", fn.name.text, axes, list("(", each("params", fn.params, print), ")")];
  if (!fn.block) return [...head, " = ", print("body")];
  const lets = fn.lets.map((node, i) => [print(["lets", i]), hardline, blankAfter(node, options) ? hardline : ""]);
  return [...head, " {", indent([hardline, ...lets, print("body")]), hardline, "}"];
}

/** A signature that is too long for a line breaks at its parameters first, and at its results only if need be. */
function printKernel(kernel: Kernel, options: ParserOptions<FormatNode>, print: Print): Doc {
  const vars = kernel.typeVars.length === 0 ? "" : list("<", each("typeVars", kernel.typeVars, print), ">");
  const params = listParts("(", each("params", kernel.params, print), ")", ifBreak(","));
  const results = each("results", kernel.results, print);
  const tail = kernel.resultList ? list("(", results, ")", ifBreak(",")) : results;
  return ["kernel ", kernel.name.text, vars, group([params, " -> ", tail, " {"]), printBody(kernel, options, print)];
}

/** What follows the `{`. */
function printBody(kernel: Kernel, options: ParserOptions<FormatNode>, print: Print): Doc {
  if (kernel.body.length === 0) {
    const comments = dangling(kernel);
    return comments.length === 0 ? "}" : [indent([hardline, join(hardline, comments)]), hardline, "}"];
  }
  const lines = kernel.body.map((node, i) => {
    const last = i === kernel.body.length - 1;
    return [print(["body", i]), last ? "" : [hardline, blankAfter(node, options) ? hardline : ""]];
  });
  return [indent([hardline, ...lines]), hardline, "}"];
}

/** A condition that does not fit beside the value has a line of its own. */
function printValue(where: Expr | null, print: Print): Doc[] {
  return where === null ? [print("value")] : [print("value"), indent([line, "where ", print("where")])];
}

function printExpression(expr: Expr, print: Print): Doc {
  switch (expr.kind) {
    case "number":
      return expr.text;
    case "bool":
      return String(expr.value);
    case "apply":
      return [
        expr.name.text,
        brackets("index", expr.index, print),
        expr.args === null ? "" : list("(", each("args", expr.args, print), ")"),
      ];
    case "unary":
      return [expr.op === "-" ? "-" : "not ", print("arg")];
    case "binary":
      return printBinary(expr, print);
    case "in":
      return [expr.axis.text, " in ", expr.part.text];
    case "if":
      return group(indent(["if ", print("cond"), line, "then ", print("then"), line, "else ", print("else")]));
    case "group":
      return group(["(", indent([softline, print("inner")]), softline, ")"]);
  }
}

/** Operators of one level in a row break together, each at the start of its line. */
function printBinary(expr: Binary, print: Print): Doc {
  const tail: Doc[] = [];
  const path: string[] = [];
  let left: Expr & { comments?: FormatComment[] } = expr;
  while (
    left.kind === "binary" &&
    level[left.op] === level[expr.op] &&
    (left === expr || left.comments === undefined)
  ) {
    tail.unshift(left.op === "**" ? " " : line, left.op, " ", print([...path, "right"]));
    path.push("left");
    left = left.left;
    if (expr.op === "**") break;
  }
  return group([print(path), indent(tail)]);
}

const level: Readonly<Record<Binary["op"], number>> = {
  or: 1,
  and: 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  "**": 6,
};

function each(key: string, nodes: readonly unknown[], print: Print): Doc[] {
  return nodes.map((_, i) => print([key, i]));
}

function brackets(key: string, nodes: readonly unknown[] | null, print: Print): Doc {
  return nodes === null ? "" : list("[", each(key, nodes, print), "]");
}

/** `(a, b)`, or one on each line; `last` follows the last one. */
function list(open: string, docs: readonly Doc[], close: string, last: Doc = ""): Doc {
  return group(listParts(open, docs, close, last));
}

function listParts(open: string, docs: readonly Doc[], close: string, last: Doc): Doc[] {
  if (docs.length === 0) return [open, close];
  return [open, indent([softline, join([",", line], [...docs])]), last, softline, close];
}

function texts(names: readonly Name[]): string[] {
  return names.map((name) => name.text);
}
