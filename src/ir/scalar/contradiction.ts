/** Conditions that cannot hold together although each of them can: comparisons that bound one linear form from both sides. */
import type { Node, NodeId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import { nodeAt } from "../graph/walk.ts";
import { type Linear, keyOfLinear, linAdd, linScale } from "./affine.ts";
import { type Interval, interval, point } from "./interval.ts";

/** Linear forms of nodes, and the range of one in the box at hand. */
type Ranges = {
  readonly g: Pick<GraphView, "nodes">;
  readonly forms: (id: NodeId) => Linear;
  readonly linear: (form: Linear) => Interval;
};

/** A condition, or its negation. */
export type Part = { readonly id: NodeId; readonly negated: boolean };

/** Whether parts that bound the same linear form leave it no value: `i < j and i > j`. */
export const contradicts = (cx: Ranges, parts: readonly Part[]): boolean => {
  const allowed = new Map<string, Interval>();
  for (const part of parts) {
    const bound = boundOf(cx, part);
    if (bound === null) continue;
    const before = allowed.get(bound.key) ?? cx.linear(bound.form);
    const now = { lo: Math.max(before.lo, bound.lo), hi: Math.min(before.hi, bound.hi) };
    if (now.lo > now.hi) return true;
    allowed.set(bound.key, now);
  }
  return false;
};

/** An integer comparison as lo <= form <= hi, the form without constant and with a first coefficient above zero. */
const boundOf = (cx: Ranges, part: Part): (Interval & { form: Linear; key: string }) | null => {
  const node = nodeAt(cx.g, part.id);
  if (node.kind !== "binary" || nodeAt(cx.g, node.a).ty !== "i32") return null;
  const difference = linAdd(cx.forms(node.a), cx.forms(node.b), -1);
  const set = allowedBy(node.op, part.negated);
  const first = Math.min(...[...difference.terms.keys()].filter((k) => typeof k === "number"));
  if (set === null || difference.terms.size === 0) return null;
  const flip = (difference.terms.get(first) ?? 1) < 0;
  const moved = { lo: set.lo - difference.constant, hi: set.hi - difference.constant };
  const form = linScale({ terms: difference.terms, constant: 0 }, flip ? -1 : 1);
  return { ...(flip ? { lo: -moved.hi, hi: -moved.lo } : moved), form, key: keyOfLinear(form) };
};

/** The integers that a - b may be. */
const allowedBy = (op: Extract<Node, { kind: "binary" }>["op"], negated: boolean): Interval | null => {
  if (op === "<=") return negated ? interval(1, Infinity) : interval(-Infinity, 0);
  if (op === "<") return negated ? interval(0, Infinity) : interval(-Infinity, -1);
  if (op === ">=") return negated ? interval(-Infinity, -1) : interval(0, Infinity);
  if (op === ">") return negated ? interval(-Infinity, 0) : interval(1, Infinity);
  if ((op === "==" && !negated) || (op === "!=" && negated)) return point(0);
  return null;
};
