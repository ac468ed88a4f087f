/** What can be checked in a `fn` without a call: names, numbers of arguments, recursion. The rest depends on the arguments. */
import type { Expr, Fn, Let, Name } from "../parser/ast.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { BUILTIN_NAMES, checkCounts, resolveCallee, usageOf, type Apply } from "./builtins.ts";
import { allExprs, exprDepth, printExpr } from "./print-expr.ts";
import { builtinName } from "./rules/builtin-name.ts";
import { duplicateName } from "./rules/duplicate-name.ts";
import { notAValue } from "./rules/not-a-value.ts";
import { prevElsewhere } from "./rules/prev-elsewhere.ts";
import { recursiveFn } from "./rules/recursive-fn.ts";
import { reduceWithoutAxes } from "./rules/reduce-without-axes.ts";
import { tooComplex } from "./rules/too-complex.ts";
import { unknownIndex } from "./rules/unknown-index.ts";
import { unknownName } from "./rules/unknown-name.ts";
import { unknownType } from "./rules/unknown-type.ts";
import { wrongBrackets } from "./rules/wrong-brackets.ts";
import { findItem, type FnDef, type Module } from "./scope.ts";
import { STORAGE_TYPES } from "../base/storage-type.ts";

/** How deep an expression may be nested. */
const MAX_DEPTH = 256;

type Report = (d: Diagnostic | null) => void;
type Local = { readonly fn: Fn; readonly module: Module; readonly names: Set<string>; readonly report: Report };

const unknownLocal = (local: Local, name: Name): Diagnostic | null => {
  const item = findItem(local.module, name.text);
  if (item === null) return null;
  const isFunction = item !== undefined || BUILTIN_NAMES.includes(name.text);
  if (isFunction) return notAValue(name, `write ${usageOf(name.text, item?.kind === "fn" ? item.def.fn : null)}`);
  return unknownName(name, [...local.names], local.fn.name.text);
};

const checkCallee = (local: Local, e: Apply, args: readonly Expr[]): void => {
  const callee = resolveCallee(local.module, e, args, local.names.has(e.name.text));
  if (callee.kind === "error") return local.report(callee.error);
  local.report(checkCounts(callee, e, args));
  if (callee.kind === "prev") local.report(prevElsewhere(e.span, null));
  const bare = callee.kind === "reduction" && e.index === null && args[0] !== undefined;
  if (bare) local.report(reduceWithoutAxes(callee.op, e.span, null, args.map((a) => printExpr(a)).join(", ")));
};

/** The entries of a call's brackets, which name indices. */
const bracketNames = (e: Expr): Apply[] =>
  e.kind !== "apply" || e.args === null
    ? []
    : (e.index ?? []).flatMap((a) =>
        a.kind === "at" && a.value.kind === "apply" && a.value.index === null && a.value.args === null ? [a.value] : [],
      );

const checkNames = (local: Local, roots: readonly Expr[]): void => {
  const { report } = local;
  if (exprDepth(roots) > MAX_DEPTH)
    return report(tooComplex(roots[0]!.span, `this is nested deeper than ${MAX_DEPTH} levels`));
  const all = allExprs(roots);
  const ranges = all.flatMap((e) =>
    e.kind === "apply" ? (e.index ?? []).flatMap((a) => (a.kind === "range" ? [a.name.text] : [])) : [],
  );
  const visible = new Set([...local.names, ...ranges]);
  const index = (name: Name): void => {
    if (!visible.has(name.text))
      report(
        unknownIndex(
          name,
          ` of \`${local.fn.name.text}\``,
          local.fn.axes.map((a) => a.text),
          null,
        ),
      );
  };
  const brackets = new Set<Expr>(all.flatMap(bracketNames));
  for (const e of all) {
    if (e.kind === "in") [e.axis, e.part].forEach(index);
    if (e.kind !== "apply") continue;
    for (const a of e.index ?? []) if (a.kind === "named") index(a.name);
    if (brackets.has(e)) index(e.name);
    else if (e.args !== null) checkCallee({ ...local, names: visible }, e, e.args);
    else if (!visible.has(e.name.text)) report(unknownLocal(local, e.name));
  }
};

const checkLet = (local: Local, l: Let): void => {
  checkNames(local, l.where === null ? [l.value] : [l.value, l.where]);
  for (const d of l.indices ?? []) {
    if (d.kind === "product" || d.size !== null) {
      local.report(
        wrongBrackets(
          d.span,
          "a `let` of a function lists the function's axes only",
          "leave the size out, or introduce the index in the kernel",
        ),
      );
    } else if (!local.fn.axes.some((a) => a.text === d.name.text)) {
      local.report(
        unknownIndex(
          d.name,
          ` of \`${local.fn.name.text}\``,
          local.fn.axes.map((a) => a.text),
          null,
        ),
      );
    }
  }
};

const checkFn = (def: FnDef, reportAll: (d: Diagnostic) => void): void => {
  const { fn } = def;
  const report: Report = (d) => {
    if (d === null) return;
    def.broken = true;
    reportAll(d);
  };
  const local: Local = { fn, module: def.module, names: new Set(), report };
  const declare = (name: Name, what: string): void => {
    if (local.names.has(name.text)) report(duplicateName(name, what, "another name of this function", null));
    local.names.add(name.text);
  };
  if (BUILTIN_NAMES.includes(fn.name.text)) report(builtinName(fn.name));
  for (const a of fn.axes) declare(a, "an axis");
  for (const p of fn.params) {
    declare(p.name, "a parameter");
    if (p.type !== null && !STORAGE_TYPES.some((t) => t === p.type?.text)) report(unknownType(p.type, STORAGE_TYPES));
  }
  for (const l of fn.lets) {
    checkLet(local, l);
    declare(l.name, "a `let`");
  }
  checkNames(local, [fn.body]);
};

const callees = (def: FnDef): FnDef[] => {
  const roots = [...def.fn.lets.flatMap((l) => (l.where === null ? [l.value] : [l.value, l.where])), def.fn.body];
  return allExprs(roots).flatMap((e) => {
    const item =
      e.kind === "apply" && e.args !== null && !BUILTIN_NAMES.includes(e.name.text)
        ? findItem(def.module, e.name.text)
        : null;
    return item?.kind === "fn" ? [item.def] : [];
  });
};

/** The chain of calls from a function back to itself, or null. */
const cycleFrom = (start: FnDef, calls: ReadonlyMap<FnDef, readonly FnDef[]>): readonly string[] | null => {
  const from = new Map<FnDef, FnDef>();
  const open = [start];
  for (let f = open.pop(); f !== undefined; f = open.pop()) {
    for (const g of calls.get(f) ?? []) {
      if (g === start) {
        const chain = [start.fn.name.text];
        for (let back: FnDef | undefined = f; back !== undefined && back !== start; back = from.get(back))
          chain.unshift(back.fn.name.text);
        return [start.fn.name.text, ...chain];
      }
      if (!from.has(g)) {
        from.set(g, f);
        open.push(g);
      }
    }
  }
  return null;
};

/** Checks the definitions of all functions; those with errors are marked as broken. */
export const checkDefinitions = (modules: readonly Module[], report: (d: Diagnostic) => void): void => {
  const defs = modules.flatMap((m) => [...m.own.values()].flatMap((i) => (i.kind === "fn" ? [i.def] : [])));
  for (const def of defs) checkFn(def, report);
  const calls = new Map(defs.map((d) => [d, callees(d)] as const));
  for (const def of defs) {
    const cycle = cycleFrom(def, calls);
    if (cycle === null) continue;
    def.broken = true;
    report(recursiveFn(def.fn.name, cycle));
  }
};
