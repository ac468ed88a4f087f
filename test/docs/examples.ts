/**
 * The examples of docs/language.md. A block ```tfx holds a program; a comment line of it that has an arrow is a run of the kernel
 * above it: `// x = [1, 2], w = 3 -> y = [4, 5]`, continued by lines that begin with three blanks. A block ```tfx error TFX2103
 * must be refused with exactly that code. A block ```tfx file x.tfx is a file that other blocks import as "./x.tfx".
 */
import type { Span } from "../../src/base/span.ts";
import { parseProgram } from "../../src/parser/parse.ts";

/** A number with what it may be off by, for a decimal that is written with six digits or more behind the point; else 0. */
export type Cell = { readonly value: number; readonly rounded: number };
export type Value = { readonly cells: readonly Cell[]; readonly shape: readonly number[] } | { readonly word: string };

export type Run = {
  readonly line: number;
  readonly text: string;
  readonly kernel: string;
  /** Tensors, scalars, sizes and types by name. */
  readonly given: Readonly<Record<string, Value>>;
  readonly expected: Readonly<Record<string, Value>>;
};

export type Example = {
  readonly line: number;
  readonly text: string;
  readonly kind: "runs" | "error" | "file";
  /** The code of an error, the name of a file. */
  readonly what: string;
  /** The section that the block is in. */
  readonly section: string;
  readonly runs: readonly Run[];
};

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sin: Math.sin,
  cos: Math.cos,
};
const WORDS: Readonly<Record<string, number>> = { inf: Infinity, true: 1, false: 0 };

/** Reads values: numbers, `inf`, `true`, `false`, sums, products and quotients of them, `exp(1)`, and lists in brackets. */
const reader = (text: string) => {
  const tokens = [...text.matchAll(/\d+(?:\.\d+)?(?:e[+-]?\d+)?|[A-Za-z_]\w*|[^\s]/g)].map((m) => m[0]);
  let next = 0;
  const peek = (): string | undefined => tokens[next];
  const take = (what?: string): string => {
    const found = tokens[next++];
    if (found === undefined || (what !== undefined && found !== what))
      throw new Error(`${what ?? "a value"} expected, found ${found ?? "the end"}: ${text}`);
    return found;
  };
  const primary = (): Cell => {
    const t = take();
    if (t === "-") {
      const { value, rounded } = primary();
      return { value: -value, rounded };
    }
    if (t === "(") {
      const inside = sum();
      take(")");
      return inside;
    }
    if (/^\d/.test(t)) {
      const decimals = /^\d+\.(\d{6,})$/.exec(t)?.[1]?.length;
      return { value: Number(t), rounded: decimals === undefined ? 0 : 0.5 * 10 ** -decimals };
    }
    const known = WORDS[t];
    if (known !== undefined) return { value: known, rounded: 0 };
    const f = FUNCTIONS[t];
    if (f === undefined) throw new Error(`\`${t}\` is no value: ${text}`);
    take("(");
    const { value } = sum();
    take(")");
    return { value: f(value), rounded: 0 };
  };
  const chain = (below: () => Cell, ops: readonly string[]): Cell => {
    let left = below();
    for (let op = peek(); op !== undefined && ops.includes(op); op = peek()) {
      take();
      const right = below();
      const [a, b] = [left.value, right.value];
      left = {
        value: op === "+" ? a + b : op === "-" ? a - b : op === "*" ? a * b : a / b,
        rounded: left.rounded + right.rounded,
      };
    }
    return left;
  };
  const product = (): Cell => chain(primary, ["*", "/"]);
  const sum = (): Cell => chain(product, ["+", "-"]);
  const value = (): Exclude<Value, { readonly word: string }> => {
    if (peek() !== "[") return { cells: [sum()], shape: [] };
    take("[");
    const parts: Exclude<Value, { readonly word: string }>[] = [];
    while (peek() !== "]") {
      parts.push(value());
      if (peek() !== "]") take(",");
    }
    take("]");
    const inner = parts[0]?.shape ?? [];
    if (parts.some((p) => p.shape.join() !== inner.join())) throw new Error(`a ragged list: ${text}`);
    return { cells: parts.flatMap((p) => p.cells), shape: [parts.length, ...inner] };
  };
  const list = (): Readonly<Record<string, Value>> => {
    const out: Record<string, Value> = {};
    while (peek() !== undefined) {
      const name = take();
      take("=");
      out[name] = /^[fiu]\d+$/.test(peek() ?? "") ? { word: take() } : value();
      if (peek() !== undefined) take(",");
    }
    return out;
  };
  return { list };
};

/** Named values of one side of an arrow. */
const readValues = (text: string): Readonly<Record<string, Value>> => reader(text).list();

const runsOf = (text: string, firstLine: number): readonly Run[] => {
  const kernels = parseProgram(text, "example.tfx").program.items.flatMap(
    (i): { readonly name: string; readonly span: Span }[] =>
      i.kind === "kernel" ? [{ name: i.name.text, span: i.span }] : [],
  );
  const comments: { start: number; text: string }[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    const last = comments.at(-1);
    if (line.startsWith("//   ") && last !== undefined) last.text += ` ${line.slice(2).trim()}`;
    else if (line.startsWith("// ")) comments.push({ start, text: line.slice(3) });
    start += line.length + 1;
  }
  return comments
    .filter((c) => /(^|\s)->\s/.test(c.text))
    .map((c) => {
      const kernel = kernels.findLast((k) => k.span.end <= c.start);
      if (kernel === undefined) throw new Error(`no kernel above: ${c.text}`);
      const [left = "", right = ""] = c.text.split(/(?:^|\s)->\s/);
      const line = firstLine + text.slice(0, c.start).split("\n").length;
      return { line, text: c.text, kernel: kernel.name, given: readValues(left), expected: readValues(right) };
    });
};

/** All blocks of the page that hold programs. */
export const examplesOf = (page: string): readonly Example[] =>
  [...page.matchAll(/^```tfx([^\n]*)\n([\s\S]*?)^```$/gm)].map((m): Example => {
    const before = page.slice(0, m.index);
    const line = before.split("\n").length;
    const [, kind = "runs", what = ""] = /^ (error|file) (\S+)$/.exec(m[1] ?? "") ?? [];
    const section = [...before.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? "";
    const text = m[2] ?? "";
    return {
      line,
      text,
      kind: kind as Example["kind"],
      what,
      section,
      runs: kind === "runs" ? runsOf(text, line) : [],
    };
  });
