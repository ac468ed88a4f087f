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
