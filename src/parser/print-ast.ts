/**
 * AST to canonical text, with doc comments (other comments are the formatter's). Parsing the text gives the AST back,
 * spans aside; an expression that needs parentheses and has none gets them.
 */
import type {
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
  Stmt,
  Use,
} from "./ast.ts";

/** A signature longer than this has one parameter on each line. */
const WIDTH = 100;

/** How tightly an expression binds: an operand must bind at least as tightly as its place demands. */
const LEVEL = {
  if: 0,
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  additive: 5,
  multiplicative: 6,
  unary: 7,
  power: 8,
  primary: 9,
} as const;

const OPERATOR_LEVEL: Readonly<Record<BinaryOp, number>> = {
  or: LEVEL.or,
  and: LEVEL.and,
  "==": LEVEL.comparison,
  "!=": LEVEL.comparison,
  "<": LEVEL.comparison,
  "<=": LEVEL.comparison,
  ">": LEVEL.comparison,
  ">=": LEVEL.comparison,
  "+": LEVEL.additive,
  "-": LEVEL.additive,
  "*": LEVEL.multiplicative,
  "/": LEVEL.multiplicative,
  "%": LEVEL.multiplicative,
  "**": LEVEL.power,
};

/** The whole file, with a final newline unless it is empty. */
export function printProgram(program: Program): string {
  return program.items
    .map((item, i) => {
      const previous = program.items[i - 1];
      const gap = previous === undefined || (previous.kind === "use" && item.kind === "use") ? "" : "\n";
      return `${gap}${printItem(item)}\n`;
    })
    .join("");
}

/** One `use`, `fn` or `kernel`, without a final newline. */
export function printItem(item: Item): string {
  switch (item.kind) {
    case "use":
      return printUse(item);
    case "fn":
      return printDoc(item.doc) + printFn(item);
    case "kernel":
      return printDoc(item.doc) + printKernel(item);
  }
}

function printUse(use: Use): string {
  return `use { ${commas(use.names.map(text))} } from "${use.from}"`;
}

function printDoc(doc: string): string {
  if (doc === "") return "";
  return doc
    .split("\n")
    .map((line) => `/// ${line}`.trimEnd() + "\n")
    .join("");
}

function printFn(fn: Fn): string {
  const axes = fn.axes.length === 0 ? "" : `[${commas(fn.axes.map(text))}]`;
  const params = fn.params.map((p) => (p.type === null ? p.name.text : `${p.name.text}: ${p.type.text}`));
  const head = `fn ${fn.name.text}${axes}(${commas(params)})`;
  if (!fn.block) return `${head} = ${printExpr(fn.body)}`;
  return `${head} ${block([...fn.lets.map(printStmt), printBlockValue(fn)])}`;
}

/** A value that begins with `-` would go on with the last `let`. */
function printBlockValue(fn: Fn): string {
  const body = printExpr(fn.body);
  return fn.lets.length > 0 && body.startsWith("-") ? `(${body})` : body;
}

function printKernel(kernel: Kernel): string {
  const vars = kernel.typeVars.map((v) => `${v.name.text}: ${v.options.map(text).join(" | ")}`);
  const head = `kernel ${kernel.name.text}${vars.length === 0 ? "" : `<${commas(vars)}>`}`;
  const params = kernel.params.map(printParam);
  const results = commas(kernel.results.map(printResult));
  const tail = ` -> ${kernel.resultList ? `(${results})` : results} `;
  const short = `${head}(${commas(params)})${tail}`;
  const signature = short.length < WIDTH ? short : `${head}(\n${params.map((p) => `  ${p},\n`).join("")})${tail}`;
  return signature + block(kernel.body.map(printStmt));
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? "{}" : `{\n${lines.map((line) => `  ${line}\n`).join("")}}`;
}

/** `static name: type[dims] = init` */
function printParam(param: Param): string {
  const init = param.init === null ? "" : ` = ${printExpr(param.init)}`;
  return `${param.isStatic ? "static " : ""}${printResult(param)}${init}`;
}

/** `name: type[dims]` */
function printResult(result: Pick<Result, "name" | "type" | "dims">): string {
  return `${result.name.text}: ${result.type.text}${printDims(result.dims)}`;
}

function printDims(dims: readonly Dim[] | null): string {
  return dims === null ? "" : `[${commas(dims.map(printDim))}]`;
}

/** `i`, `i: N` or `(g: G, r: R)` */
function printDim(dim: Dim): string {
  switch (dim.kind) {
    case "axis":
      return dim.size === null ? dim.name.text : `${dim.name.text}: ${printExpr(dim.size)}`;
    case "product":
      return `(${commas(dim.dims.map(printDim))})`;
  }
}

/** One statement on one line. */
function printStmt(stmt: Stmt): string {
  switch (stmt.kind) {
    case "let":
      return `let ${stmt.name.text}${printDims(stmt.indices)} = ${value(stmt)}`;
    case "axis":
      return `axis ${stmt.name.text} = ${stmt.parts.map(text).join(" | ")}`;
    case "assign":
      return `${stmt.name.text} = ${value(stmt)}`;
  }
}

function value(stmt: Pick<Let, "value" | "where">): string {
  const where = stmt.where === null ? "" : ` where ${printExpr(stmt.where)}`;
  return printExpr(stmt.value) + where;
}

/** An expression on one line. */
function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case "number":
      return expr.text;
    case "bool":
      return String(expr.value);
    case "apply":
      return printApply(expr.name, expr.index, expr.args);
    case "unary":
      return expr.op === "-" ? `-${operand(expr.arg, LEVEL.unary)}` : `not ${operand(expr.arg, LEVEL.not)}`;
    case "binary":
      return printBinary(expr.op, expr.left, expr.right);
    case "in":
      return `${expr.axis.text} in ${expr.part.text}`;
    case "if":
      return `if ${printExpr(expr.cond)} then ${printExpr(expr.then)} else ${printExpr(expr.else)}`;
    case "group":
      return `(${printExpr(expr.inner)})`;
  }
}

function printApply(name: Name, index: readonly IndexArg[] | null, args: readonly Expr[] | null): string {
  const brackets = index === null ? "" : `[${commas(index.map(printIndex))}]`;
  return name.text + brackets + (args === null ? "" : `(${commas(args.map(printExpr))})`);
}

function printIndex(arg: IndexArg): string {
  switch (arg.kind) {
    case "at":
      return printExpr(arg.value);
    case "named":
      return `${arg.name.text} = ${printExpr(arg.value)}`;
    case "range":
      return `${arg.name.text}: ${printExpr(arg.from)}..${printExpr(arg.to)}`;
  }
}

function printBinary(op: BinaryOp, left: Expr, right: Expr): string {
  const level = OPERATOR_LEVEL[op];
  if (op === "**") return `${operand(left, LEVEL.primary)} ** ${operand(right, LEVEL.unary)}`;
  const leftLevel = level === LEVEL.comparison ? level + 1 : level;
  return `${operand(left, leftLevel)} ${op} ${operand(right, level + 1)}`;
}

function operand(expr: Expr, least: number): string {
  return levelOf(expr) < least ? `(${printExpr(expr)})` : printExpr(expr);
}

function levelOf(expr: Expr): number {
  switch (expr.kind) {
    case "if":
      return LEVEL.if;
    case "binary":
      return OPERATOR_LEVEL[expr.op];
    case "in":
      return LEVEL.comparison;
    case "unary":
      return expr.op === "-" ? LEVEL.unary : LEVEL.not;
    case "number":
    case "bool":
    case "apply":
    case "group":
      return LEVEL.primary;
  }
}

function text(name: Name): string {
  return name.text;
}

function commas(parts: readonly string[]): string {
  return parts.join(", ");
}
