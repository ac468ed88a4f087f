/** A choice is a sum of two guarded terms: each branch is taken apart, and stays a choice. */
import type { Node, NodeId } from "../../graph/graph.ts";
import { isDefined } from "../../scalar/defined.ts";
import { readsInside } from "../../scalar/reads.ts";
import type { Rule } from "./rule.ts";
import { atom, type Separation, type Term } from "./terms.ts";

export const CHOICE: Rule = {
  name: "terms of a choice",
  equation: "if c then h · g else y = h · (if c then g else 0) + (if c then 0 else y)",
  condition:
    "c does not depend on live statistics, and h, which moves behind the loop, is a number and reads what is there whether c holds or not",
};

/** The terms of `if c then a else b`. */
export const choice = (cx: Separation, n: Node & { kind: "select" }): readonly Term[] => {
  const { b } = cx;
  if (cx.depends(n.cond)) return atom(n.id);
  const [yes, no] = [guardedBy(cx, n.cond, n.a), guardedBy(cx, b.unary("not", n.cond), n.b)];
  const moved = [...yes, ...no].flatMap((t) => [
    ...t.factors.filter((f) => cx.depends(f) && !cx.streams(f)),
    ...t.exponents.filter((x) => cx.depends(x) && !cx.extremal(x)).map((x) => b.unary("exp", x)),
  ]);
  if (moved.every((h) => isDefined(b, h, cx.cells) && readsInside(b, h, cx.cells.where))) return [...yes, ...no];
  cx.refuse(n.id, "nothing moves out of the choice: it may not be a number where the other branch is taken");
  return atom(n.id);
};

/** A branch that is 0 has no terms. */
const guardedBy = (cx: Separation, guard: NodeId, branch: NodeId): readonly Term[] => {
  const n = cx.b.node(branch);
  if (n.kind === "const" && n.value === 0) return [];
  const inner = cx.depends(branch) ? cx.terms(branch) : atom(branch);
  return inner.map((t) => ({ ...t, guards: t.guards.includes(guard) ? t.guards : [guard, ...t.guards] }));
};
