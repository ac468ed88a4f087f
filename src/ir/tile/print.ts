/** Tile IR as text, for `--print-after`, goldens and error reports. */
import { NO_ORIGIN, type Origin } from "../../base/span.ts";
import { printSize } from "../../base/size.ts";
import { originsOf } from "./origin.ts";
import type { Buffer, Expr, Stmt, TBinary, TileKernel, TileProgram, VType } from "./tile.ts";

/** `f32`, `f16x4`, … */
export const printType = (t: VType): string => (t.width === 1 ? t.elem : `${t.elem}x${t.width}`);

const SYMBOLS: Partial<Readonly<Record<TBinary, readonly [string, number]>>> = {
  or: ["or", 1],
  and: ["and", 2],
  "==": ["==", 3],
  "!=": ["!=", 3],
  "<": ["<", 3],
  "<=": ["<=", 3],
  ">": [">", 3],
  ">=": [">=", 3],
  bitand: ["&", 4],
  shl: ["<<", 5],
  shr: [">>", 5],
  "+": ["+", 6],
  "-": ["-", 6],
  "*": ["*", 7],
  "/": ["/", 7],
  "%": ["%", 7],
};

const number = (value: number, t: VType): string => {
  if (t.elem === "bool") return value === 0 ? "false" : "true";
  if (t.elem === "u32") return `${value}u`;
  if (t.elem === "i32") return `${value}`;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return `${/[.eIN]/.test(text) ? text : `${text}.0`}${t.elem === "f16" ? "h" : ""}`;
};

const call = (name: string, ...args: readonly Expr[]): string => `${name}(${args.map((a) => print(a, 0)).join(", ")})`;

/** `level`: how tightly what stands around binds; parentheses come when the expression binds less. */
const print = (e: Expr, level: number): string => {
  switch (e.kind) {
    case "lit":
      return e.type.width === 1 ? number(e.value, e.type) : `${printType(e.type)}(${number(e.value, e.type)})`;
    case "infinity":
      return e.sign > 0 ? "inf" : "-inf";
    case "ref":
      return e.name;
    case "uniform":
      return `$${e.name}`;
    case "builtin":
      return `@${e.name}`;
    case "load":
      return `${e.buffer}[${print(e.index, 0)}]`;
    case "element":
      return `${e.array}[${print(e.index, 0)}]`;
    case "unary":
      return e.op === "neg" ? `-${print(e.a, 8)}` : call(e.op, e.a);
    case "binary": {
      const symbol = SYMBOLS[e.op];
      if (symbol === undefined) return call(e.op, e.a, e.b);
      const [op, own] = symbol;
      const text = `${print(e.a, own)} ${op} ${print(e.b, own + 1)}`;
      return own < level ? `(${text})` : text;
    }
    case "select":
      return call("select", e.cond, e.a, e.b);
    case "cast":
      return call(printType(e.type), e.a);
    case "bitcast":
      return call(`bits_${printType(e.type)}`, e.a);
    case "splat":
      return call(printType(e.type), e.a);
    case "vector":
      return call(printType(e.type), ...e.parts);
    case "component":
      return `${print(e.a, 9)}.${"xyzw"[e.at] ?? e.at}`;
    case "dot":
      return call("dot", e.a, e.b);
    case "fma":
      return call("fma", e.a, e.b, e.c);
    case "subgroup":
      return call(`subgroup_${e.op}`, e.a, ...(e.lane === null ? [] : [e.lane]));
  }
};

/** One expression. Uniforms are written `$name`, builtins `@name`. */
export const printExpr = (e: Expr): string => print(e, 0);

/** A line with the expressions that it comes from. */
export type TileLine = { readonly text: string; readonly origin: Origin };

type Names = TileKernel["origins"];

const body = (stmts: readonly Stmt[], pad: string, names: Names, around: Origin): readonly TileLine[] => {
  const origins = originsOf(stmts, names, around);
  return stmts.flatMap((s, n) => stmt(s, pad, names, origins[n] ?? around));
};

const stmt = (s: Stmt, pad: string, names: Names, origin: Origin): readonly TileLine[] => {
  const line = (text: string): TileLine => ({ text: `${pad}${text}`, origin });
  const inner = (stmts: readonly Stmt[]): readonly TileLine[] => body(stmts, `${pad}  `, names, origin);
  switch (s.kind) {
    case "let":
      return [line(`let ${s.name}: ${printType(s.value.type)} = ${printExpr(s.value)}`)];
    case "var":
      return [line(`var ${s.name}: ${printType(s.type)}${s.init === null ? "" : ` = ${printExpr(s.init)}`}`)];
    case "array":
      return [
        line(`array ${s.name}: ${printType(s.type)}[${s.length}]${s.init === null ? "" : ` = ${printExpr(s.init)}`}`),
      ];
    case "set":
      return [line(`${s.name} = ${printExpr(s.value)}`)];
    case "setElement":
      return [line(`${s.array}[${printExpr(s.index)}] = ${printExpr(s.value)}`)];
    case "store":
      return [line(`store ${s.buffer}[${printExpr(s.index)}] = ${printExpr(s.value)}`)];
    case "if":
      return [
        line(`if ${printExpr(s.cond)}`),
        ...inner(s.then),
        ...(s.else.length === 0 ? [] : [line("else"), ...inner(s.else)]),
      ];
    case "for": {
      const step = s.step.kind === "lit" && s.step.value === 1 ? "" : ` step ${printExpr(s.step)}`;
      return [line(`for ${s.name} in ${printExpr(s.from)} .. ${printExpr(s.to)}${step}`), ...inner(s.body)];
    }
    case "barrier":
      return [line("barrier")];
    case "comment":
      return s.text.split("\n").map((text) => line(`# ${text}`));
  }
};

const buffer = (b: Buffer): string =>
  `${b.space} ${b.name}: ${printType(b.type)}[${b.length ?? ""}]${b.space === "storage" ? ` ${b.access}` : ""}`;

/** One kernel. */
const kernelLines = (k: TileKernel): readonly TileLine[] => {
  const line = (text: string, origin: Origin = k.origin): TileLine => ({ text, origin });
  return [
    line(`kernel ${k.name}: ${k.lanes} lanes, ${printSize(k.groups)} groups`),
    ...k.doc.flatMap((d) => d.split("\n")).map((d) => line(`  # ${d}`)),
    ...k.workgroup.map((b) => line(`  ${buffer(b)}`, k.origins.get(b.name))),
    ...body(k.body, "  ", k.origins, k.origin),
  ];
};

const BLANK: TileLine = { text: "", origin: NO_ORIGIN };

/** A whole program, line by line. */
export const tileLines = (p: TileProgram): readonly TileLine[] => [
  { text: `tile ${p.name}`, origin: p.origin },
  ...p.storage.map((b) => ({ text: `  ${buffer(b)}`, origin: p.declared.get(b.name) ?? NO_ORIGIN })),
  ...p.uniforms.map((u) => ({
    text: `  uniform ${u.name}: ${printType(u.type)}`,
    origin: p.declared.get(u.name) ?? NO_ORIGIN,
  })),
  ...p.kernels.flatMap((k) => [BLANK, ...kernelLines(k)]),
];

/** A whole program; ends in a newline. */
export const printTile = (p: TileProgram): string =>
  tileLines(p)
    .map((l) => `${l.text}\n`)
    .join("");
