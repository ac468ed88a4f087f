/** WGSL text of a module: two-space indent, the fewest parentheses that WGSL's grammar allows. */
import { commentLines } from "../../base/plain-text.ts";
import type { WBinary, WEntry, WExpr, WgslModule, WStmt } from "./module.ts";

/** How tightly an operator binds; a unary expression is 7, anything with its own brackets 8. */
const LEVEL: Readonly<Record<WBinary, number>> = {
  "||": 1,
  "&&": 1,
  "&": 2,
  "|": 2,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "==": 3,
  "!=": 3,
  "<<": 4,
  ">>": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
};
const level = (e: WExpr): number =>
  e.kind === "binary" ? LEVEL[e.op] : e.kind === "unary" || (e.kind === "text" && e.text.startsWith("-")) ? 7 : 8;

/**
 * Whether an operand may stand bare. WGSL mixes fewer operators than C: `&&`, `||`, `&`, `|` only with themselves on the
 * left, shifts and bit operations take unary operands, comparisons do not chain.
 */
const bare = (op: WBinary, e: WExpr, isLeft: boolean): boolean => {
  const inner = level(e);
  if (inner >= 7) return true;
  switch (op) {
    case "&&":
    case "||":
      return inner >= 3 || (isLeft && e.kind === "binary" && e.op === op);
    case "&":
    case "|":
      return isLeft && e.kind === "binary" && e.op === op;
    case "<<":
    case ">>":
      return false;
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "==":
    case "!=":
      return inner >= 5;
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return isLeft ? inner >= LEVEL[op] : inner > LEVEL[op];
  }
};

/** `f(a < b, c > d)` would read as a template list: comparisons beside comparisons are wrapped. */
const args = (list: readonly WExpr[]): string => {
  const isOrder = (e: WExpr): boolean => e.kind === "binary" && LEVEL[e.op] === 3;
  const many = list.filter(isOrder).length > 1;
  return list.map((e) => (many && isOrder(e) ? `(${expr(e)})` : expr(e))).join(", ");
};

const expr = (e: WExpr): string => {
  switch (e.kind) {
    case "text":
      return e.text;
    case "call":
      return `${e.fn}(${args(e.args)})`;
    case "unary":
      return level(e.a) >= 8 ? `${e.op}${expr(e.a)}` : `${e.op}(${expr(e.a)})`;
    case "binary": {
      const side = (x: WExpr, isLeft: boolean): string => (bare(e.op, x, isLeft) ? expr(x) : `(${expr(x)})`);
      return `${side(e.a, true)} ${e.op} ${side(e.b, false)}`;
    }
    case "index":
      return `${level(e.a) >= 8 ? expr(e.a) : `(${expr(e.a)})`}[${expr(e.index)}]`;
    case "member":
      return `${level(e.a) >= 8 ? expr(e.a) : `(${expr(e.a)})`}.${e.name}`;
  }
};

const COMPOUND: ReadonlySet<WBinary> = new Set<WBinary>(["+", "-", "*", "/"]);

/** `a = a + b` as `a += b`, when the target is a plain name. */
const assign = (to: WExpr, value: WExpr): string => {
  const target = expr(to);
  if (value.kind === "binary" && COMPOUND.has(value.op) && expr(value.a) === target)
    return `${target} ${value.op}= ${expr(value.b)};`;
  return `${target} = ${expr(value)};`;
};

const stmt = (s: WStmt, pad: string): readonly string[] => {
  switch (s.kind) {
    case "let":
      return [`${pad}let ${s.name} = ${expr(s.value)};`];
    case "var":
      return [
        `${pad}var ${s.name}${s.type === null ? "" : `: ${s.type}`}${s.value === null ? "" : ` = ${expr(s.value)}`};`,
      ];
    case "assign":
      return [pad + assign(s.to, s.value)];
    case "if":
      return ifStmt(s, pad, "if");
    case "for": {
      const step = s.step.kind === "text" && s.step.text === "1" ? `${s.name}++` : `${s.name} += ${expr(s.step)}`;
      const head = `for (var ${s.name} = ${expr(s.from)}; ${s.name} < ${rightOfOrder(s.to)}; ${step}) {`;
      return [pad + head, ...block(s.body, pad), `${pad}}`];
    }
    case "return":
      return [`${pad}return;`];
    case "call":
      return [`${pad}${s.fn}();`];
    case "comment":
      return commentLines(s.text, `${pad}//`);
  }
};
const rightOfOrder = (e: WExpr): string => (bare("<", e, false) ? expr(e) : `(${expr(e)})`);
const block = (body: readonly WStmt[], pad: string): readonly string[] => body.flatMap((s) => stmt(s, `${pad}  `));

const ifStmt = (s: WStmt & { readonly kind: "if" }, pad: string, keyword: string): readonly string[] => {
  const head = [`${pad}${keyword} (${expr(s.cond)}) {`, ...block(s.then, pad)];
  const only = s.else[0];
  if (only === undefined) return [...head, `${pad}}`];
  if (s.else.length === 1 && only.kind === "if") return [...head, ...ifStmt(only, pad, "} else if")];
  return [...head, `${pad}} else {`, ...block(s.else, pad), `${pad}}`];
};

const comments = (lines: readonly string[]): readonly string[] => lines.flatMap((l) => commentLines(l, "//"));

const entry = (e: WEntry): readonly string[] => {
  const inputs = e.inputs.map((i) => `@builtin(${i.builtin}) ${i.name}: ${i.type}`);
  const oneLine = `fn ${e.name}(${inputs.join(", ")}) {`;
  const head = oneLine.length <= 110 ? [oneLine] : [`fn ${e.name}(`, ...inputs.map((i) => `  ${i},`), ") {"];
  return [
    ...(e.workgroup.length === 0 ? [] : [...e.workgroup.map((w) => `var<workgroup> ${w.name}: ${w.type};`), ""]),
    ...comments(e.doc),
    `@compute @workgroup_size(${e.workgroupSize})`,
    ...head,
    ...block(e.body, ""),
    "}",
  ];
};

/** The module as text, ending in a newline. */
export const printWgsl = (m: WgslModule): string => {
  const { struct, variable } = m.paramsName;
  const params = [
    `struct ${struct} {`,
    ...m.params.map((p) => `  ${p.name}: ${p.type},`),
    "}",
    `@group(0) @binding(0) var<uniform> ${variable}: ${struct};`,
  ];
  const bindings = m.bindings.map(
    (b) => `@group(0) @binding(${b.binding}) var<storage, ${b.access}> ${b.name}: array<${b.type}>;`,
  );
  const parts = [
    comments(m.header),
    m.enables.map((e) => `enable ${e};`),
    [...(m.params.length === 0 ? [] : params), ...bindings],
    ...m.helpers.map((h) => h.split("\n")),
    ...m.entries.map(entry),
  ];
  return parts
    .filter((p) => p.length > 0)
    .map((p) => `${p.join("\n")}\n`)
    .join("\n");
};
