/** The functions that are part of the language, and what a call's name stands for. */
import type { Expr, Fn } from "../parser/ast.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { UNARY, UNARY_FUNCTIONS } from "../base/operators.ts";
import { printExpr } from "./print-expr.ts";
import { argumentCount } from "./rules/argument-count.ts";
import { axisCount } from "./rules/axis-count.ts";
import { kernelCalled } from "./rules/kernel-called.ts";
import { unknownFunction } from "./rules/unknown-function.ts";
import { findItem, functionNames, type FnDef, type Module } from "./scope.ts";
import type { SReduceOp, SUnaryOp } from "./spec.ts";

/** A call, or a name that looks like one. */
export type Apply = Extract<Expr, { readonly kind: "apply" }>;

const REDUCTIONS: ReadonlySet<string> = new Set<SReduceOp>([
  "sum",
  "max",
  "min",
  "prod",
  "mean",
  "var",
  "any",
  "all",
  "count",
  "argmax",
  "argmin",
  "kth_largest",
  "cumsum",
]);

/** Reductions over exactly one axis. */
const ONE_AXIS: ReadonlySet<string> = new Set<SReduceOp>(["argmax", "argmin", "kth_largest", "cumsum"]);

/** Every name that the language itself defines as a function. */
export const BUILTIN_NAMES: readonly string[] = [
  ...UNARY_FUNCTIONS,
  ...REDUCTIONS,
  "pow",
  "size",
  "concat",
  "prev",
  "stop_gradient",
];

export type Callee =
  | { readonly kind: "reduction"; readonly op: SReduceOp }
  | { readonly kind: "elementwise"; readonly op: "min" | "max" }
  | { readonly kind: "unary"; readonly op: SUnaryOp; readonly result: (typeof UNARY)[SUnaryOp]["result"] }
  | { readonly kind: "pow" | "size" | "concat" | "prev" | "stop_gradient" }
  | { readonly kind: "fn"; readonly def: FnDef };

/** How a function is called, for messages. */
export const usageOf = (name: string, fn: Fn | null): string => {
  if (fn !== null) {
    const axes = fn.axes.length === 0 ? "" : `[${fn.axes.map((a) => a.text).join(", ")}]`;
    return `${name}${axes}(${fn.params.map((p) => p.name.text).join(", ")})`;
  }
  if (name === "kth_largest") return "kth_largest[j](x, k)";
  if (name === "concat") return "concat[j](a, b)";
  if (name === "prev") return "prev[t](s, s0)";
  if (name === "size") return "size(j)";
  if (name === "stop_gradient") return "stop_gradient(x)";
  if (name === "pow") return "pow(x, y)";
  return REDUCTIONS.has(name) ? `${name}[j](x)` : `${name}(x)`;
};

const builtin = (e: Apply, args: readonly Expr[]): Callee | null => {
  const name = e.name.text;
  if ((name === "max" || name === "min") && e.index === null && args.length > 1)
    return { kind: "elementwise", op: name };
  if (REDUCTIONS.has(name)) return { kind: "reduction", op: name as SReduceOp };
  const op = UNARY_FUNCTIONS.find((f) => f === name);
  if (op !== undefined) return { kind: "unary", op, result: UNARY[op].result };
  return name === "pow" || name === "size" || name === "concat" || name === "prev" || name === "stop_gradient"
    ? { kind: name }
    : null;
};

/** What is called. A diagnostic when it cannot be; null when that was reported elsewhere. */
export const resolveCallee = (
  module: Module,
  e: Apply,
  args: readonly Expr[],
  isValue: boolean,
): Callee | { readonly kind: "error"; readonly error: Diagnostic | null } => {
  const known = builtin(e, args);
  if (known !== null) return known;
  const item = findItem(module, e.name.text);
  if (item === null) return { kind: "error", error: null };
  if (item === undefined) {
    const names = [...functionNames(module), ...BUILTIN_NAMES];
    return { kind: "error", error: unknownFunction(e.name, names, isValue, module.prelude !== null) };
  }
  if (item.kind === "kernel") return { kind: "error", error: kernelCalled(e.name) };
  return { kind: "fn", def: item.def };
};

const wantedArgs = (callee: Callee): number | null => {
  switch (callee.kind) {
    case "reduction":
      return callee.op === "kth_largest" ? 2 : 1;
    case "pow":
    case "prev":
      return 2;
    case "unary":
    case "size":
    case "stop_gradient":
      return 1;
    case "fn":
      return callee.def.fn.params.length;
    case "elementwise":
    case "concat":
      return null;
  }
};

const isBare = (e: Expr): e is Apply => e.kind === "apply" && e.index === null && e.args === null;
const isNumber = (e: Expr): boolean =>
  e.kind === "number" || (e.kind === "unary" && e.op === "-" && e.arg.kind === "number");

/** How a call would be written that has its index among the arguments, `softmax(s, j)`, or its rank among the indices; null: neither. */
const meantCall = (callee: Callee, e: Apply, args: readonly Expr[], wanted: number | null): string | null => {
  const name = e.name.text;
  const overAxes = callee.kind === "reduction" || (callee.kind === "fn" && callee.def.fn.axes.length > 0);
  if (!overAxes || wanted === null) return null;
  const text = (list: readonly Expr[]): string => list.map((x) => printExpr(x)).join(", ");
  const last = args.at(-1);
  if (e.index === null && args.length === wanted + 1 && last !== undefined && (isBare(last) || isNumber(last)))
    return `${name}[${isBare(last) ? last.name.text : "j"}](${text(args.slice(0, -1))})`;
  if (e.index === null && args.length === wanted) return `${name}[j](${text(args)})`;
  const entries = (e.index ?? []).flatMap((a) => (a.kind === "at" ? [a.value] : []));
  const rank = entries.find(isNumber);
  if (name !== "kth_largest" || rank === undefined || args.length !== 1) return null;
  return `${name}[${text(entries.filter((x) => x !== rank)) || "j"}](${text([...args, rank])})`;
};

/** Checks the numbers of arguments and of indices; null when they are right. A reduction without brackets is not asked here. */
export const checkCounts = (callee: Callee, e: Apply, args: readonly Expr[]): Diagnostic | null => {
  const name = e.name.text;
  const wanted = wantedArgs(callee);
  const meant = meantCall(callee, e, args, wanted);
  const usage = meant ?? usageOf(name, callee.kind === "fn" ? callee.def.fn : null);
  if (wanted !== null && args.length !== wanted) return argumentCount(name, e.span, wanted, args.length, usage, meant);
  const given = e.index?.length ?? 0;
  const axes =
    callee.kind === "fn" ? callee.def.fn.axes.length : callee.kind === "concat" || callee.kind === "prev" ? 1 : 0;
  if (callee.kind === "reduction")
    return given > 1 && ONE_AXIS.has(callee.op) ? axisCount(name, e.span, 1, given, usage, meant) : null;
  return given === axes ? null : axisCount(name, e.span, axes, given, usage, meant);
};
