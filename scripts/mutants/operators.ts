/** What is changed in a source text, one place at a time: the mutants of a file, by the Babel tree that Prettier brings along. */
import * as babel from "prettier/plugins/babel";

/** One small change. `kind` says how it lies in the text: in place of an expression, around a statement, or at the head of a function. */
export type Mutant = {
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly kind: "expression" | "statement" | "entry";
  readonly operator: string;
  /** The text that takes the place of start..end; of a deleted statement nothing. */
  readonly becomes: string;
};

type Node = { readonly type: string; readonly start: number; readonly end: number; readonly [key: string]: unknown };

const isNode = (x: unknown): x is Node =>
  typeof x === "object" && x !== null && typeof (x as Node).type === "string" && typeof (x as Node).start === "number";
const nodeAt = (n: Node, key: string): Node | null => {
  const x = n[key];
  return isNode(x) ? x : null;
};
const nodesAt = (n: Node, key: string): readonly Node[] => {
  const x = n[key];
  return Array.isArray(x) ? x.filter(isNode) : [];
};

/** Each operator with what it may become. */
const BINARY: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
};
const METHODS: Readonly<Record<string, string>> = {
  every: "some",
  some: "every",
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
};
/** `x.filter(f)` becomes `x`, and so on. */
const DROPPED: readonly string[] = ["filter", "slice", "toReversed", "reverse", "toSorted", "sort"];
/** Names of operations that the compiler builds or looks for. */
const WORDS: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  min: "max",
  max: "min",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "==": "!=",
  "!=": "==",
  and: "or",
  or: "and",
};

/** Every mutant of a text, in the order of the text. */
export const mutantsOf = (file: string, text: string): readonly Mutant[] => {
  const found: Mutant[] = [];
  const at = (n: Node): string => text.slice(n.start, n.end);
  const put = (n: Node, operator: string, becomes: string, kind: Mutant["kind"] = "expression"): void => {
    found.push({
      file,
      line: text.slice(0, n.start).split("\n").length,
      start: n.start,
      end: n.end,
      kind,
      operator,
      becomes,
    });
  };

  const condition = (test: Node | null): void => {
    if (test === null || test.type === "BooleanLiteral") return;
    put(test, "condition true", "true");
    put(test, "condition false", "false");
  };

  const infix = (n: Node): void => {
    const [left, right, op] = [nodeAt(n, "left"), nodeAt(n, "right"), String(n["operator"])];
    if (left === null || right === null) return;
    const swapped = (to: string): string =>
      `${text.slice(n.start, left.end)}${text.slice(left.end, right.start).replace(op, to)}${text.slice(right.start, n.end)}`;
    if (op === "&&" || op === "||") {
      put(n, `${op} to ${op === "&&" ? "||" : "&&"}`, `(${at(left)}) ${op === "&&" ? "||" : "&&"} (${at(right)})`);
      put(n, `left of ${op} only`, at(left));
      put(n, `right of ${op} only`, at(right));
      return;
    }
    const to = BINARY[op];
    const isText = [left, right].some((x) => x.type === "StringLiteral" || x.type === "TemplateLiteral");
    if (to !== undefined && !(op === "+" && isText)) put(n, `${op} to ${to}`, swapped(to));
  };

  const call = (n: Node): void => {
    const callee = nodeAt(n, "callee");
    if (callee?.type !== "MemberExpression" || callee["computed"] === true) return;
    const [object, property] = [nodeAt(callee, "object"), nodeAt(callee, "property")];
    if (object === null || property === null) return;
    const name = at(property);
    const to = METHODS[name];
    const isMath = at(object) === "Math";
    if (to !== undefined && isMath === ["min", "max", "floor", "ceil"].includes(name)) {
      put(n, `${name} to ${to}`, `${text.slice(n.start, property.start)}${to}${text.slice(property.end, n.end)}`);
    }
    if (DROPPED.includes(name)) put(n, `without ${name}`, at(object));
  };

  /** A function answers at once, without looking at anything: yes or no, nothing, or what it was given. */
  const early = (n: Node): void => {
    const [body, returns] = [nodeAt(n, "body"), nodeAt(nodeAt(n, "returnType") ?? n, "typeAnnotation")];
    if (body === null || returns === null) return;
    const answers: string[] = [];
    if (returns.type === "TSBooleanKeyword") answers.push("true", "false");
    if (returns.type === "TSUnionType" && nodesAt(returns, "types").some((t) => t.type === "TSNullKeyword"))
      answers.push("null");
    if (/^readonly .*\[\]$/.test(at(returns))) answers.push("[]");
    const same = nodesAt(n, "params").find((p) => {
      const type = nodeAt(nodeAt(p, "typeAnnotation") ?? p, "typeAnnotation");
      return p.type === "Identifier" && type !== null && at(type) === at(returns);
    });
    if (same !== undefined && returns.type !== "TSBooleanKeyword") answers.push(String(same["name"]));
    for (const a of answers) {
      if (at(body) === a) continue;
      if (body.type === "BlockStatement")
        put({ ...body, start: body.start + 1, end: body.start + 1 }, `returns ${a}`, `return ${a};`, "entry");
      else put(body, `returns ${a}`, a);
    }
  };

  const literal = (n: Node, parent: Node): void => {
    // `xs[i] ?? 0` is there for the types: an index in range has a value.
    const isDefault =
      parent.type === "LogicalExpression" &&
      parent["operator"] === "??" &&
      nodeAt(parent, "left")?.["computed"] === true;
    if (isDefault || parent.type === "SwitchCase") return;
    if ((parent.type === "ObjectProperty" || parent.type === "MemberExpression") && nodeAt(parent, "key") === n) return;
    switch (n.type) {
      case "NumericLiteral": {
        const value = Number(n["value"]);
        const to = value === 0 ? "1" : value === 1 ? "0" : String(value + 1);
        return put(n, `${at(n)} to ${to}`, to);
      }
      case "BooleanLiteral":
        return put(n, `${at(n)} to ${String(n["value"] !== true)}`, String(n["value"] !== true));
      case "StringLiteral": {
        const word = WORDS[String(n["value"])];
        if (word !== undefined && parent.type !== "ImportDeclaration")
          put(n, `"${String(n["value"])}" to "${word}"`, JSON.stringify(word));
      }
    }
  };

  const visit = (n: Node, parent: Node): void => {
    // Types are not run; the words of an exception of the compiler are nobody's business; an optional chain stays whole.
    if (n.type.startsWith("TS") && !["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"].includes(n.type))
      return;
    if (
      n.type === "ThrowStatement" ||
      n.type === "ImportDeclaration" ||
      n.type.startsWith("Optional") ||
      n.type === "TemplateLiteral"
    )
      return;
    switch (n.type) {
      case "IfStatement":
      case "ConditionalExpression":
        condition(nodeAt(n, "test"));
        break;
      case "WhileStatement":
      case "ForStatement": {
        const test = nodeAt(n, "test");
        if (test !== null && test.type !== "BooleanLiteral") put(test, "condition false", "false");
        break;
      }
      case "BinaryExpression":
      case "LogicalExpression":
        infix(n);
        break;
      case "CallExpression":
        call(n);
        break;
      case "ArrowFunctionExpression":
      case "FunctionDeclaration":
        early(n);
        break;
      case "ExpressionStatement":
      case "ContinueStatement":
      case "BreakStatement":
        put(n, "deleted", "", "statement");
        break;
      case "UnaryExpression": {
        const [argument, op] = [nodeAt(n, "argument"), n["operator"]];
        if (argument !== null && (op === "!" || op === "-")) put(n, `without ${String(op)}`, at(argument));
        break;
      }
      case "NumericLiteral":
      case "BooleanLiteral":
      case "StringLiteral":
        literal(n, parent);
        break;
    }
    for (const [key, value] of Object.entries(n)) {
      if (
        key === "loc" ||
        key === "extra" ||
        key.endsWith("omments") ||
        key === "typeAnnotation" ||
        key === "returnType" ||
        key === "typeParameters"
      )
        continue;
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, n);
    }
  };

  const parser = (
    babel as unknown as { parsers: Record<string, { parse: (text: string, options: object) => unknown }> }
  ).parsers["babel-ts"];
  const root = parser?.parse(text, {});
  if (!isNode(root)) throw new Error(`cannot parse ${file}`);
  const program = nodeAt(root, "program");
  if (program !== null) visit(program, program);
  return found.toSorted((a, b) => a.start - b.start || b.end - a.end);
};

/** A text that holds all of `mutants` (of this file), numbered from `first`, each asleep until `__mutant(n)` says yes. */
export const withMutants = (text: string, mutants: readonly (readonly [number, Mutant])[]): string => {
  const sorted = mutants.toSorted(
    ([, a], [, b]) =>
      a.start - b.start || b.end - a.end || Number(b.kind === "statement") - Number(a.kind === "statement"),
  );
  let next = 0;
  /** The text from..to with what lies inside it changed. */
  const render = (from: number, to: number): string => {
    let [out, at] = ["", from];
    for (let m = sorted[next]; m !== undefined && m[1].start >= from && m[1].end <= to; m = sorted[next]) {
      const { start, end } = m[1];
      out += text.slice(at, start);
      at = end;
      const here: (readonly [number, Mutant])[] = [];
      for (let x = sorted[next]; x !== undefined && x[1].start === start && x[1].end === end; x = sorted[++next])
        here.push(x);
      const inner = start === end ? "" : render(start, end);
      const [first] = here;
      if (first?.[1].kind === "entry") out += here.map(([n, x]) => ` if (__mutant(${n})) { ${x.becomes} }`).join("");
      else if (first?.[1].kind === "statement")
        out += `{ if (!__mutant(${first[0]})) { ${inner} } }`; // the braces: an else may follow
      else if (
        /\b(await|yield)\b|\+\+|--|[^=!<>]=[^=>]|\.(push|add|set|delete|pop|shift)\(/.test(text.slice(start, end))
      )
        out += `(${here.map(([n, x]) => `__mutant(${n}) ? (${x.becomes}) : `).join("")}(${inner}))`;
      else out += here.reduce((value, [n, x]) => `__value(${n}, () => (${value}), () => (${x.becomes}))`, inner);
    }
    return out + text.slice(at, to);
  };
  return render(0, text.length);
};
