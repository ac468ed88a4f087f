/** What a kernel says in numbers alone, computed: each constant must be a number of its type, whatever sizes are given later. */
import type { Diagnostic } from "../base/diagnostic.ts";
import { constantRange, sizeRange, zeroDivisor } from "./rules/constant-range.ts";
import { children } from "./sexpr.ts";
import type { SBinaryOp, SExpr, Spec, SUnaryOp } from "./spec.ts";
import { postOrder } from "./walk-spec.ts";

const [LOW, HIGH] = [-(2 ** 31), 2 ** 31 - 1];

const UNARY: Readonly<Partial<Record<SUnaryOp, (x: number) => number>>> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  exp2: (x) => 2 ** x,
  log2: Math.log2,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  floor: Math.floor,
  ceil: Math.ceil,
  float: (x) => x,
  int: Math.trunc,
};

const BINARY: Readonly<Partial<Record<SBinaryOp, (a: number, b: number, type: SExpr["type"]) => number>>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "**": (a, b) => a ** b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  "/": (a, b, type) => (type === "int" ? Math.floor(a / b) : a / b),
  "%": (a, b) => a - b * Math.floor(a / b),
};

/** The value of each expression of numbers alone; null for the others, and behind a fault. */
type Values = Map<SExpr, number | null>;

const valueOf = (e: SExpr, values: Values): number | null => {
  const at = (x: SExpr): number | null => values.get(x) ?? null;
  // A literal beyond every float (`1e400`) is how infinity is written where it is meant.
  if (e.kind === "const") return e.type === "bool" || !Number.isFinite(e.value) ? null : e.value;
  if (e.kind === "unary") {
    const a = at(e.arg);
    return a === null ? null : (UNARY[e.op]?.(a) ?? null);
  }
  if (e.kind !== "binary" || e.type === "bool") return null;
  const [a, b] = [at(e.left), at(e.right)];
  return a === null || b === null ? null : (BINARY[e.op]?.(a, b, e.type) ?? null);
};

const fits = (value: number, type: SExpr["type"]): boolean =>
  type === "int" ? value >= LOW && value <= HIGH : Number.isFinite(Math.fround(value));

/**
 * Faults of a kernel, innermost first. An integer may be larger than i32 where only its float value is used
 * (`x * 4294967296`), or as what a minus makes fit.
 */
export const constantFaults = (spec: Spec): readonly Diagnostic[] => {
  const out: Diagnostic[] = [];
  const values: Values = new Map();
  const roots = [...spec.results.map((r) => r.value), ...spec.scalars.flatMap((s) => s.init ?? [])];
  const reported = new Set<SExpr>();
  const use = (e: SExpr): void => {
    const value = values.get(e) ?? null;
    if (value === null || fits(value, e.type) || reported.has(e)) return;
    reported.add(e);
    out.push(constantRange(e.span, value, e.type === "int" ? "int" : "float"));
  };
  for (const e of postOrder(roots)) {
    if (e.kind === "binary" && e.type === "int" && (e.op === "/" || e.op === "%") && values.get(e.right) === 0) {
      out.push(zeroDivisor(e.span));
      values.set(e, null);
      continue;
    }
    const value = valueOf(e, values);
    const widens = e.kind === "unary" && (e.op === "float" || e.op === "neg");
    if (!widens) children(e).forEach(use);
    values.set(e, children(e).some((c) => reported.has(c)) ? null : value);
    if (e.type === "float") use(e);
  }
  roots.forEach(use);
  for (const axis of spec.axes) {
    const { size } = axis;
    if (typeof size === "number" && !(Number.isInteger(size) && size >= 0 && size <= HIGH))
      out.push(sizeRange(axis.span, axis.name, size));
  }
  return out;
};
