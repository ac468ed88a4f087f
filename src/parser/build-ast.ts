/**
 * The concrete syntax tree to the AST of `ast.ts`, dropping the punctuation. After recovery any child may be missing
 * although the generated types promise it: a node without its parts is left out, and nothing here throws.
 */
import type { IToken } from "chevrotain";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Span } from "../base/span.ts";
import type {
  Assign,
  AxisDecl,
  Dim,
  Fn,
  FnParam,
  Item,
  Kernel,
  Let,
  Name,
  Param,
  Program,
  Result,
  Stmt,
  TypeVar,
  Use,
} from "./ast.ts";
import { nameOf, nodeSpan, present, written, type BuildContext } from "./build.ts";
import { unreadIn } from "./unread.ts";
import { buildExpression } from "./build-expr.ts";
import type * as cst from "./cst.d.ts";
import { docAbove } from "./docs.ts";

/** Builds the program; the diagnostics are the mistakes that the grammar lets pass (TFX1020, TFX1021). */
export function buildProgram(
  node: cst.ProgramCstNode | undefined,
  source: Omit<BuildContext, "report">,
): { readonly program: Program; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const cx: BuildContext = { ...source, report: (d) => diagnostics.push(d) };
  const c = node?.children;
  const items: (Item | null)[] = [
    ...(c?.use ?? []).map((n) => buildUse(n, cx)),
    ...(c?.fn ?? []).map((n) => buildFn(n, cx)),
    ...(c?.kernel ?? []).map((n) => buildKernel(n, cx)),
  ];
  const found = items.filter((item) => item !== null).toSorted(bySpan);
  return { program: { items: found, span: { file: cx.file, start: 0, end: cx.text.length } }, diagnostics };
}

function bySpan(a: { readonly span: Span }, b: { readonly span: Span }): number {
  return a.span.start - b.span.start;
}

function names(tokens: readonly IToken[] | undefined, cx: BuildContext): Name[] {
  return present(written(tokens).map((token) => nameOf(token, cx)));
}

function buildUse(node: cst.UseCstNode, cx: BuildContext): Use | null {
  const from = written(node.children.String)[0];
  if (from === undefined) return null;
  const fromSpan = { file: cx.file, start: from.startOffset, end: from.startOffset + from.image.length };
  const text = from.image.replaceAll('"', "");
  return { kind: "use", names: names(node.children.Name, cx), from: text, fromSpan, span: nodeSpan(node, cx) };
}

function buildFn(node: cst.FnCstNode, cx: BuildContext): Fn | null {
  const c = node.children;
  const block = c.fnBlock?.[0];
  const name = nameOf(c.Name?.[0], cx);
  const body = buildExpression(block?.children.expression?.[0] ?? c.expression?.[0], cx);
  if (name === null || body === null) return null;
  const span = nodeSpan(node, cx);
  return {
    kind: "fn",
    doc: docAbove(span.start, cx),
    name,
    axes: names(c.fnAxes?.[0]?.children.Name, cx),
    params: present((c.fnParam ?? []).map((n) => buildFnParam(n, cx))),
    lets: present((block?.children.let ?? []).map((n) => buildLet(n, cx))),
    body,
    block: block !== undefined,
    span,
  };
}

function buildFnParam(node: cst.FnParamCstNode, cx: BuildContext): FnParam | null {
  const name = nameOf(node.children.Name?.[0], cx);
  return name === null ? null : { name, type: typeOf(node.children.type, cx) };
}

function typeOf(nodes: readonly cst.TypeCstNode[] | undefined, cx: BuildContext): Name | null {
  return nameOf(nodes?.[0]?.children.Name?.[0], cx);
}

function buildKernel(node: cst.KernelCstNode, cx: BuildContext): Kernel | null {
  const c = node.children;
  const name = nameOf(c.Name?.[0], cx);
  if (name === null) return null;
  const span = nodeSpan(node, cx);
  const results = c.results?.[0];
  const statements = (c.statement ?? []).map((n) => ({ node: n, built: buildStatement(n, cx) }));
  const lost = present(statements.map(({ node: n, built }) => (built === null ? statementName(n, cx) : null)));
  return {
    kind: "kernel",
    doc: docAbove(span.start, cx),
    name,
    typeVars: present((c.typeVars?.[0]?.children.typeVar ?? []).map((n) => buildTypeVar(n, cx))),
    params: present((c.params?.[0]?.children.param ?? []).map((n) => buildParam(n, cx))),
    results: present((results?.children.result ?? []).map((n) => buildResult(n, cx))),
    resultList: results?.children.LParen !== undefined,
    body: present(statements.map((s) => s.built)),
    unread: unreadIn(node, span, lost, cx),
    span,
  };
}

function buildTypeVar(node: cst.TypeVarCstNode, cx: BuildContext): TypeVar | null {
  const name = nameOf(node.children.Name?.[0], cx);
  const options = present((node.children.type ?? []).map((n) => typeOf([n], cx)));
  return name === null ? null : { name, options };
}

function buildParam(node: cst.ParamCstNode, cx: BuildContext): Param | null {
  const c = node.children;
  const name = nameOf(c.Name?.[0], cx);
  const type = typeOf(c.type, cx);
  if (name === null || type === null) return null;
  return {
    isStatic: c.Static !== undefined,
    name,
    type,
    dims: buildDims(c.axes, cx),
    init: buildExpression(c.expression?.[0], cx),
    span: nodeSpan(node, cx),
  };
}

function buildResult(node: cst.ResultCstNode, cx: BuildContext): Result | null {
  const name = nameOf(node.children.Name?.[0], cx);
  const type = typeOf(node.children.type, cx);
  if (name === null || type === null) return null;
  return { name, type, dims: buildDims(node.children.axes, cx), span: nodeSpan(node, cx) };
}

function buildDims(nodes: readonly cst.AxesCstNode[] | undefined, cx: BuildContext): Dim[] | null {
  const node = nodes?.[0];
  return node === undefined ? null : present((node.children.axis ?? []).map((n) => buildDim(n, cx)));
}

function buildDim(node: cst.AxisCstNode, cx: BuildContext): Dim | null {
  const c = node.children;
  const span = nodeSpan(node, cx);
  if (c.LParen !== undefined) {
    return { kind: "product", dims: present((c.axis ?? []).map((n) => buildDim(n, cx))), span };
  }
  const name = nameOf(c.Name?.[0], cx);
  return name === null ? null : { kind: "axis", name, size: buildExpression(c.expression?.[0], cx), span };
}

function buildStatement(node: cst.StatementCstNode, cx: BuildContext): Stmt | null {
  const { let: letNode, axisDecl, assign } = node.children;
  if (letNode?.[0] !== undefined) return buildLet(letNode[0], cx);
  if (axisDecl?.[0] !== undefined) return buildAxisDecl(axisDecl[0], cx);
  return assign?.[0] === undefined ? null : buildAssign(assign[0], cx);
}

function statementName(node: cst.StatementCstNode, cx: BuildContext): Name | null {
  const { let: letNode, axisDecl, assign } = node.children;
  return nameOf((letNode?.[0] ?? axisDecl?.[0] ?? assign?.[0])?.children.Name?.[0], cx);
}

function buildLet(node: cst.LetCstNode, cx: BuildContext): Let | null {
  const c = node.children;
  const name = nameOf(c.Name?.[0], cx);
  const value = buildExpression(c.expression?.[0], cx);
  if (name === null || value === null) return null;
  return {
    kind: "let",
    name,
    indices: buildDims(c.axes, cx),
    value,
    where: buildWhere(c.where, cx),
    span: nodeSpan(node, cx),
  };
}

function buildAxisDecl(node: cst.AxisDeclCstNode, cx: BuildContext): AxisDecl | null {
  const [name, ...parts] = names(node.children.Name, cx);
  if (name === undefined || parts.length === 0) return null;
  return { kind: "axis", name, parts, span: nodeSpan(node, cx) };
}

function buildAssign(node: cst.AssignCstNode, cx: BuildContext): Assign | null {
  const c = node.children;
  const name = nameOf(c.Name?.[0], cx);
  const value = buildExpression(c.expression?.[0], cx);
  if (name === null || value === null) return null;
  return { kind: "assign", name, value, where: buildWhere(c.where, cx), span: nodeSpan(node, cx) };
}

function buildWhere(nodes: readonly cst.WhereCstNode[] | undefined, cx: BuildContext): Assign["where"] {
  return buildExpression(nodes?.[0]?.children.expression?.[0], cx);
}
