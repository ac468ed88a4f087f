/** Walks over the shared expressions of a spec. */
import { children } from "./sexpr.ts";
import type { SExpr } from "./spec.ts";

/** Every expression below the roots once, each after those it uses. Without recursion: a chain of `let`s may be long. */
export const postOrder = (roots: readonly SExpr[]): SExpr[] => {
  const done = new Set<SExpr>();
  const out: SExpr[] = [];
  const open: { readonly e: SExpr; readonly leave: boolean }[] = roots.toReversed().map((e) => ({ e, leave: false }));
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (top.leave) {
      out.push(top.e);
    } else if (!done.has(top.e)) {
      done.add(top.e);
      open.push(
        { e: top.e, leave: true },
        ...children(top.e)
          .toReversed()
          .map((e) => ({ e, leave: false })),
      );
    }
  }
  return out;
};

/** After so many levels a part of a deep expression is taken by itself. */
const STEP = 100;

/**
 * Parts of an expression to look at first, the innermost first: then no way down to what was looked at is longer than a few hundred
 * levels, however long a chain of `let`s is. Left out is what reads the state of a scan around it, unless `isOpen` knows it.
 */
export const deepParts = (root: SExpr, isOpen: (state: number) => boolean): readonly SExpr[] => {
  const none: ReadonlySet<number> = new Set();
  const facts = new Map<SExpr, { readonly depth: number; readonly reads: ReadonlySet<number> }>();
  for (const e of postOrder([root])) {
    const below = children(e).flatMap((c) => facts.get(c) ?? []);
    const sets = below.map((f) => f.reads).filter((s) => s.size > 0);
    const reads =
      sets.length > 1 || e.kind === "prev" || e.kind === "scan"
        ? new Set(sets.flatMap((s) => [...s]))
        : (sets[0] ?? none);
    if (e.kind === "prev") (reads as Set<number>).add(e.state);
    if (e.kind === "scan") (reads as Set<number>).delete(e.state);
    facts.set(e, { depth: 1 + below.reduce((most, f) => Math.max(most, f.depth), 0), reads });
  }
  return [...facts].filter(([, f]) => f.depth % STEP === 0 && [...f.reads].every(isOpen)).map(([e]) => e);
};
