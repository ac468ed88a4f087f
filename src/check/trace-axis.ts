/** Where a free index comes from: the smallest expression that holds all of its uses, and the tensors that bring it in. */
import type { Span } from "../base/span.ts";
import { children } from "./sexpr.ts";
import type { AxisId, SExpr } from "./spec.ts";

export type AxisSource = {
  /** Everything that has the index free goes through this expression. */
  readonly expr: SExpr;
  /** The tensors read at the index. */
  readonly tensors: readonly string[];
};

/** The children in which the axis is free, as seen from outside an `at` that replaces it. */
const carriers = (e: SExpr, axis: AxisId): readonly SExpr[] => {
  const replaced = e.kind === "at" && e.subst.some((s) => s.axis === axis);
  return children(e).filter((c) => c.axes.includes(axis) && !(replaced && e.kind === "at" && c === e.arg));
};

/** Nodes that carry the axis, each after the nodes that use it. */
const usesFirst = (root: SExpr, axis: AxisId): SExpr[] => {
  const done = new Set<SExpr>();
  const out: SExpr[] = [];
  const open: { e: SExpr; leave: boolean }[] = [{ e: root, leave: false }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (top.leave) out.push(top.e);
    else if (!done.has(top.e)) {
      done.add(top.e);
      open.push({ e: top.e, leave: true }, ...carriers(top.e, axis).map((e) => ({ e, leave: false })));
    }
  }
  return out.reverse();
};

/** Follows the index from the root down; `root` has it free. */
export const traceAxis = (root: SExpr, axis: AxisId): AxisSource => {
  const order = usesFirst(root, axis);
  const position = new Map(order.map((e, n) => [e, n] as const));
  const isSource = (e: SExpr): boolean => e.kind === "read" || carriers(e, axis).length === 0;
  // An edge from position a to b > a crosses every position between: a node is passed by all paths when no edge crosses it.
  let reach = 0;
  let best = root;
  const uses = new Map<SExpr, number>();
  for (const [n, e] of order.entries()) {
    // A tensor used twice, as in `square(x)`, is not where a reduction would go: what is made of it is.
    if (n >= reach && !(e.kind === "read" && (uses.get(e) ?? 0) > 1)) best = e;
    if (isSource(e)) {
      reach = Math.max(reach, order.length);
      continue;
    }
    for (const c of carriers(e, axis)) {
      reach = Math.max(reach, position.get(c)!);
      uses.set(c, (uses.get(c) ?? 0) + 1);
    }
  }
  const tensors = order.flatMap((e) => (e.kind === "read" ? [e.tensor] : []));
  return { expr: best, tensors: [...new Set(tensors)] };
};

/** Whether two spans are the same place. */
export const sameSpan = (a: Span, b: Span): boolean => a.file === b.file && a.start === b.start && a.end === b.end;
