/** WGSL text of a module: two-space indent, the fewest parentheses that WGSL's grammar allows. */
import { commentLines } from "../../base/plain-text.ts";
import type { Origin } from "../../base/span.ts";
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

/** A line of the text and what it comes from. */
export type Line = { readonly text: string; readonly origin: Origin };

/** Appends the lines of a statement. */
const stmt = (s: WStmt, pad: string, around: Origin, out: Line[]): void => {
  const origin = s.origin ?? around;
  const line = (text: string): void => void out.push({ text: pad + text, origin });
  switch (s.kind) {
    case "let":
      return line(`let ${s.name} = ${expr(s.value)};`);
    case "var":
      return line(
        `var ${s.name}${s.type === null ? "" : `: ${s.type}`}${s.value === null ? "" : ` = ${expr(s.value)}`};`,
      );
    case "assign":
      return line(assign(s.to, s.value));
    case "if":
      return ifStmt(s, pad, "if", origin, out);
    case "for": {
      const step = s.step.kind === "text" && s.step.text === "1" ? `${s.name}++` : `${s.name} += ${expr(s.step)}`;
      line(`for (var ${s.name} = ${expr(s.from)}; ${s.name} < ${rightOfOrder(s.to)}; ${step}) {`);
      block(s.body, pad, origin, out);
      return line("}");
    }
    case "return":
      return line("return;");
    case "call":
      return line(`${s.fn}();`);
    case "comment":
      for (const text of commentLines(s.text, `${pad}//`)) out.push({ text, origin });
  }
};
const rightOfOrder = (e: WExpr): string => (bare("<", e, false) ? expr(e) : `(${expr(e)})`);
const block = (body: readonly WStmt[], pad: string, around: Origin, out: Line[]): void => {
  const inner = `${pad}  `;
  for (const s of body) stmt(s, inner, around, out);
};

const ifStmt = (
  s: WStmt & { readonly kind: "if" },
  pad: string,
  keyword: string,
  origin: Origin,
  out: Line[],
): void => {
  const line = (text: string): void => void out.push({ text: pad + text, origin });
  line(`${keyword} (${expr(s.cond)}) {`);
  block(s.then, pad, origin, out);
  const only = s.else[0];
  if (only === undefined) return line("}");
  if (s.else.length === 1 && only.kind === "if") return ifStmt(only, pad, "} else if", only.origin ?? origin, out);
  line("} else {");
  block(s.else, pad, origin, out);
  return line("}");
};

const comments = (lines: readonly string[]): readonly string[] => lines.flatMap((l) => commentLines(l, "//"));

const entry = (e: WEntry): readonly Line[] => {
  const inputs = e.inputs.map((i) => `@builtin(${i.builtin}) ${i.name}: ${i.type}`);
  const oneLine = `fn ${e.name}(${inputs.join(", ")}) {`;
  const head = oneLine.length <= 110 ? [oneLine] : [`fn ${e.name}(`, ...inputs.map((i) => `  ${i},`), ") {"];
  const arrays = e.workgroup.map((w) => ({ text: `var<workgroup> ${w.name}: ${w.type};`, origin: w.origin }));
  const out: Line[] = [
    ...(arrays.length === 0 ? [] : [...arrays, BLANK]),
    ...at(e.origin, [...comments(e.doc), `@compute @workgroup_size(${e.workgroupSize})`, ...head]),
  ];
  block(e.body, "", e.origin, out);
  out.push({ text: "}", origin: e.origin });
  return out;
};

const BLANK: Line = { text: "", origin: [] };
const at = (origin: Origin, lines: readonly string[]): readonly Line[] => lines.map((text) => ({ text, origin }));

/** The lines of the module, in order. */
export const printLines = (m: WgslModule): readonly Line[] => {
  const { struct, variable } = m.paramsName;
  const params = [
    ...at(m.origin, [`struct ${struct} {`]),
    ...m.params.flatMap((p) => at(p.origin, [`  ${p.name}: ${p.type},`])),
    ...at(m.origin, ["}", `@group(0) @binding(0) var<uniform> ${variable}: ${struct};`]),
  ];
  const bindings = m.bindings.flatMap((b) =>
    at(b.origin, [`@group(0) @binding(${b.binding}) var<storage, ${b.access}> ${b.name}: array<${b.type}>;`]),
  );
  const parts = [
    at(m.origin, comments(m.header)),
    at(
      m.origin,
      m.enables.map((e) => `enable ${e};`),
    ),
    [...(m.params.length === 0 ? [] : params), ...bindings],
    ...m.helpers.map((h) => at(h.origin.length > 0 ? h.origin : m.origin, h.text.split("\n"))),
    ...m.entries.map(entry),
  ];
  return parts.filter((p) => p.length > 0).flatMap((p, n) => (n === 0 ? p : [BLANK, ...p]));
};

/** The module as text, ending in a newline. */
export const printWgsl = (m: WgslModule): string => textOf(printLines(m));

export const textOf = (lines: readonly Line[]): string => lines.map((l) => `${l.text}\n`).join("");
