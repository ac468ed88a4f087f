/**
 * Scopes: where in the generated program a value is computed. A value goes to the outermost scope in which everything it
 * depends on is known, so loop-invariant code leaves the loops by itself and equal values are computed once a scope.
 * Scopes form a DAG: the cell of (row r, key k) has both the row's and the key's scope above it.
 */
import type { AxisId } from "../graph/graph.ts";
import type { Expr, Stmt } from "../tile/tile.ts";

export type Scope = {
  readonly name: string;
  readonly parents: readonly Scope[];
  /** This scope and all above it. */
  readonly above: ReadonlySet<Scope>;
  /** Statements go to the end of this list; scopes of one straight-line block share it. */
  readonly stmts: Stmt[];
  readonly memo: Map<string, Expr>;
  /** Values of axis indices that are known from here on. */
  readonly axes: Map<AxisId, Expr>;
  /** Of a key of a block: which cell of the stream (or which four) it is. */
  walked: Walked | null;
};

/** A cell as it is counted, and the same brought inside the stream. */
export type Walked = { readonly cell: Expr; readonly inside: Expr };

export const scope = (name: string, parents: readonly Scope[], stmts: Stmt[]): Scope => {
  const above = new Set<Scope>();
  const s: Scope = { name, parents, above, stmts, memo: new Map(), axes: new Map(), walked: null };
  above.add(s);
  for (const p of parents) for (const a of p.above) above.add(a);
  return s;
};

/** The outermost scope that sees both, among those that `at` sees. */
export const join = (a: Scope, b: Scope, at: Scope): Scope => {
  if (a.above.has(b)) return a;
  if (b.above.has(a)) return b;
  let best = at;
  for (const s of at.above) if (s.above.has(a) && s.above.has(b) && s.above.size < best.above.size) best = s;
  return best;
};

/** The value kept under a key, and the scope it was kept in. */
export const lookup = (at: Scope, key: string): { readonly e: Expr; readonly s: Scope } | null => {
  for (const s of at.above) {
    const e = s.memo.get(key);
    if (e !== undefined) return { e, s };
  }
  return null;
};
