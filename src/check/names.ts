/** What names stand for in expressions. */
import type { Name } from "../parser/ast.ts";
import { BUILTIN_NAMES, usageOf } from "./builtins.ts";
import { notAValue } from "./rules/not-a-value.ts";
import { readBeforeAssign } from "./rules/read-before-assign.ts";
import { stateWithoutPrev } from "./rules/state-without-prev.ts";
import { unknownName } from "./rules/unknown-name.ts";
import { findItem, report, spanIn, type Cx, type Dims, type What } from "./scope.ts";
import { binary, indexOf } from "./sexpr.ts";
import type { AxisId, SExpr } from "./spec.ts";

/** What a name stands for, as a value; `dims` is its index order, if it has one. */
export type NamedValue = { readonly expr: SExpr | null; readonly dims: Dims | null; readonly what: What | "index" };

/** The index that a capital looks like the size of: `D` beside `d: 64`; null when there is none. */
const indexSized = (cx: Cx, name: string): string | null => {
  const lower = name.toLowerCase();
  return lower !== name && cx.scope.get(lower)?.kind === "axis" ? lower : null;
};

/** Reports a name that stands for no value; null, also where it is known to be wrong. */
export const unknown = (cx: Cx, name: Name): null => {
  const item = findItem(cx.module, name.text);
  if (item === null) return null;
  if (item !== undefined || BUILTIN_NAMES.includes(name.text)) {
    const isKernel = item?.kind === "kernel";
    const usage = isKernel
      ? "a kernel cannot be used in an expression"
      : `write ${usageOf(name.text, item?.kind === "fn" ? item.def.fn : null)}`;
    return report(cx, notAValue(name, usage));
  }
  return report(cx, unknownName(name, [...cx.scope.keys()], cx.inlined?.fn ?? null, indexSized(cx, name.text)));
};

/** Looks a name up as a value; null after an error. */
export const lookUp = (cx: Cx, name: Name): NamedValue | null => {
  const found = cx.scope.get(name.text);
  if (found === undefined) return unknown(cx, name);
  const span = spanIn(cx, name.span);
  switch (found.kind) {
    case "unassigned":
      return report(cx, readBeforeAssign(name, found.span));
    case "state":
      return report(cx, stateWithoutPrev(name, found.span));
    case "axis": {
      if (found.id === null) return null;
      const index = indexOf(found.id, span);
      return {
        expr: found.from === null ? index : binary("+", "int", found.from, index, span),
        dims: null,
        what: "index",
      };
    }
    case "value": {
      // Leaves carry the place where they are used; a `let` and an argument are shared.
      const isLeaf = found.what === "tensor" || found.what === "scalar" || found.what === "size";
      return {
        expr: isLeaf && found.expr !== null ? { ...found.expr, span } : found.expr,
        dims: found.dims,
        what: found.what,
      };
    }
  }
};

/** The axis a name stands for: an index, or a parameter whose argument is a bare index. undefined: neither; null: known to be wrong. */
export const axisOf = (
  cx: Cx,
  name: string,
): { readonly id: AxisId; readonly from: SExpr | null } | null | undefined => {
  const found = cx.scope.get(name);
  if (found?.kind === "axis") return found.id === null ? null : { id: found.id, from: found.from };
  if (found?.kind !== "value" || found.what === "size") return undefined;
  if (found.expr === null) return null;
  return found.expr.kind === "index" ? { id: found.expr.axis, from: null } : undefined;
};
