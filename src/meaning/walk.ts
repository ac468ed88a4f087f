/** The order in which the interpreter meets the expressions of a spec, and what it has to know of each before. */
import type { SExpr, SpecAxis } from "../check/spec.ts";

type SizeExpr = SpecAxis["size"];

/** What an expression is made of. */
export const parts = (e: SExpr): readonly SExpr[] => {
  switch (e.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "in":
      return [];
    case "read":
      return e.at;
    case "at":
      return [...e.subst.map((s) => s.to), e.arg];
    case "unary":
      return [e.arg];
    case "binary":
      return [e.left, e.right];
    case "select":
      return [e.cond, e.then, e.else];
    case "where":
      return [e.cond, e.arg];
    case "reduce":
      return e.k === null ? [e.arg] : [e.k, e.arg];
    case "concat":
      return e.parts;
    case "prev":
      return [e.init];
    case "scan":
      return [e.step];
  }
};

/** All expressions below the roots, each once and after its parts. A chain of `let`s may be long: no recursion. */
export const inOrder = (roots: readonly SExpr[]): readonly SExpr[] => {
  const met = new Set<SExpr>();
  const out: SExpr[] = [];
  const open: { readonly e: SExpr; readonly isDone: boolean }[] = roots.map((e) => ({ e, isDone: false })).reverse();
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (top.isDone) out.push(top.e);
    else if (!met.has(top.e)) {
      met.add(top.e);
      open.push(
        { e: top.e, isDone: true },
        ...parts(top.e)
          .map((e) => ({ e, isDone: false }))
          .reverse(),
      );
    }
  }
  return out;
};

/** The value of a size expression. */
export const sizeValue = (e: SizeExpr, valueOf: (name: string) => number): number => {
  if (typeof e === "number") return e;
  if (typeof e === "string") return valueOf(e);
  const [x, y] = [sizeValue(e[1], valueOf), sizeValue(e[2], valueOf)];
  switch (e[0]) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return Math.floor(x / y);
    case "%":
      return x - y * Math.floor(x / y);
    case "ceil/":
      return Math.ceil(x / y);
    case "min":
      return Math.min(x, y);
    case "max":
      return Math.max(x, y);
  }
};

/**
 * The expressions whose values are worth remembering cell by cell: reductions, and what is used twice, by something with more
 * indices than it has, or at other indices.
 */
export const remembered = (order: readonly SExpr[]): ReadonlySet<SExpr> => {
  const uses = new Map<SExpr, number>();
  const out = new Set<SExpr>();
  const isLeaf = (e: SExpr): boolean =>
    e.kind === "read" || parts(e).length === 0 || e.kind === "prev" || e.kind === "scan";
  for (const e of order) {
    if (e.kind === "reduce") out.add(e);
    for (const p of parts(e)) {
      uses.set(p, (uses.get(p) ?? 0) + 1);
      const isWider = e.axes.length > p.axes.length || e.kind === "at" || e.kind === "read";
      if (!isLeaf(p) && (isWider || (uses.get(p) ?? 0) > 1)) out.add(p);
    }
  }
  return out;
};

/** The recurrence in whose step an expression stands (it reads the state before), by its number. */
export const statesRead = (order: readonly SExpr[]): ReadonlyMap<SExpr, number> => {
  const out = new Map<SExpr, number>();
  for (const e of order) {
    const state =
      e.kind === "prev"
        ? e.state
        : e.kind === "scan"
          ? undefined
          : parts(e)
              .map((p) => out.get(p))
              .find((s) => s !== undefined);
    if (state !== undefined) out.set(e, state);
  }
  return out;
};
