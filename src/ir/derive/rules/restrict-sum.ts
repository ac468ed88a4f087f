/**
 * A sum may leave out the cells where its body is zero: what a `where` took from an inner sum need not be visited by an outer one.
 *
 *     sum[j](a · b) = sum[j](a · b where c)      if a = 0 wherever c does not hold, and b is a number there
 *
 * `a` is zero outside c when it is a sum over other axes whose own `where` asks for c: over no cell it gives 0.
 */
import { edit, type GraphBuilder } from "../../graph/build.ts";
import type { Graph, Node, NodeId } from "../../graph/graph.ts";
import { conjuncts } from "../../graph/walk.ts";
import { outermost } from "../planning.ts";
import { definedIn } from "../../scalar/defined.ts";
import { replaced } from "./replaced.ts";
import type { Rule } from "./rule.ts";

export const RESTRICT_SUM: Rule = {
  name: "cells that add nothing",
  equation: "sum[j](a · b) = sum[j](a · b where c)",
  condition:
    "a = 0 wherever c does not hold, being a sum over other axes whose cells all ask for c, and b is a number there",
};

/** Of any value the conditions outside of which it is zero. */
const supportIn = (b: GraphBuilder): ((id: NodeId) => readonly NodeId[]) => {
  const isDefined = definedIn(b);
  const known = new Map<NodeId, readonly NodeId[]>();
  const go = (id: NodeId): readonly NodeId[] => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const made = rule(b.node(id));
    known.set(id, made);
    return made;
  };
  const beside = (support: readonly NodeId[], other: NodeId): readonly NodeId[] =>
    support.length > 0 && isDefined(other) ? support : [];
  const rule = (n: Node): readonly NodeId[] => {
    if (n.kind === "reduce" && n.op === "sum" && n.where !== null)
      return conjuncts(b, n.where).filter((c) => !b.node(c).axes.some((a) => n.over.includes(a)));
    if (n.kind === "unary" && n.op === "neg") return go(n.a);
    if (n.kind !== "binary" || n.ty !== "f32") return [];
    if (n.op === "*") return [...new Set([...beside(go(n.a), n.b), ...beside(go(n.b), n.a)])];
    if (n.op === "/") return isDefined(b.binary("/", b.konst(1, "f32"), n.b)) ? go(n.a) : [];
    const right = new Set(n.op === "+" || n.op === "-" ? go(n.b) : []);
    return right.size === 0 ? [] : go(n.a).filter((c) => right.has(c));
  };
  return go;
};

/** The outermost reductions below `root` without conditions that hold wherever it is asked for. */
const withoutConditions = (
  b: GraphBuilder,
  root: NodeId,
  hold: ReadonlySet<NodeId>,
  map: ReadonlyMap<NodeId, NodeId>,
): [NodeId, NodeId][] =>
  outermost(b, root).flatMap((r): [NodeId, NodeId][] => {
    const asked = r.where === null ? [] : conjuncts(b, r.where);
    const left = asked.filter((c) => !hold.has(c) || b.node(c).axes.some((a) => r.over.includes(a)));
    if (left.length === asked.length) return [];
    const where = b.and(...left);
    return [
      [
        r.id,
        b.from(r.id, () =>
          b.reduce(r.op, r.over, b.replaceNodes(r.body, map), where === null ? null : b.replaceNodes(where, map), r.k),
        ),
      ],
    ];
  });

/** Applies the rule to every sum whose inner sums are restricted along its axes. */
export const restrictSums = (graph: Graph): Graph => {
  const b = edit(graph);
  const supportOf = supportIn(b);
  const map = new Map<NodeId, NodeId>();
  const sums = [...b.reach(graph.results.map((r) => r.value))].sort((x, y) => x - y).map((id) => b.node(id));
  for (const n of sums) {
    if (n.kind !== "reduce" || n.op !== "sum" || n.ty !== "f32") continue;
    const asked = new Set(n.where === null ? [] : conjuncts(b, n.where));
    const more = supportOf(n.body).filter((c) => !asked.has(c) && b.node(c).axes.some((a) => n.over.includes(a)));
    if (more.length === 0) continue;
    const where = b.and(n.where, ...more);
    const body = b.replaceNodes(n.body, new Map([...map, ...withoutConditions(b, n.body, new Set(more), map)]));
    map.set(
      n.id,
      b.from(n.id, () => b.reduce(n.op, n.over, body, where === null ? null : b.replaceNodes(where, map), n.k)),
    );
  }
  return b.finish(replaced(graph, b, map));
};
