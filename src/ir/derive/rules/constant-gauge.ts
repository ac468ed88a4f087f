/**
 * A maximum that is only a gauge, of scores that are known to be bounded, is replaced by 0: no running maximum, no rescaling (softcap and
 * cosine scores qualify). With |m| <= B and every value that answers m -> m + δ by a factor e^(k δ), leaving m out scales that value by
 * at most e^(|k| B).
 */
import { edit, type GraphBuilder, type GraphParts } from "../../graph/build.ts";
import type { Graph, NodeId } from "../../graph/graph.ts";
import { magnitude } from "../../scalar/interval.ts";
import { MAX_EXPONENT, rangeOfPolynomial } from "../../scalar/polynomial.ts";
import { rangeAnalysis } from "../../scalar/range.ts";
import type { Note } from "../plan.ts";
import { replaced } from "./replaced.ts";
import type { Rule } from "./rule.ts";
import { responses } from "./shift.ts";

export const CONSTANT_GAUGE: Rule = {
  name: "constant gauge",
  equation: "f(m) = f(0)",
  condition:
    "m -> m + δ cancels in every result, |m| <= B is proved, and |k| B <= 60 for every value that scales by e^(k δ)",
};

/** Applies the rule to every maximum; `notes` says where, and where a bounded maximum had to stay. */
export const constantGauge = (graph: Graph, notes: Note[]): Graph => {
  const b = edit(graph);
  const range = rangeAnalysis(b);
  let current: GraphParts = graph;
  for (const id of [...b.reach(graph.results.map((r) => r.value))].sort((x, y) => x - y)) {
    const n = b.node(id);
    if (n.kind !== "reduce" || n.op !== "max" || n.ty !== "f32") continue;
    const bound = magnitude(range(n.body));
    if (!(bound <= MAX_EXPONENT)) continue;
    const roots = current.results.map((r) => r.value);
    if (!b.reach(roots).has(id)) continue;
    const score = graph.names.get(n.body) ?? "the score";
    const refusal = whyNot(b, roots, id, bound);
    if (refusal === null) {
      notes.push({
        kind: "gauge",
        node: id,
        text: `no running maximum: |${score}| <= ${Number(bound.toPrecision(4))} is proved, so a constant gauge is safe`,
      });
      current = replaced(current, b, new Map([[id, b.konst(0, "f32")]]));
    } else if (refusal !== "") {
      notes.push({
        kind: "gauge",
        node: id,
        text: `the running maximum stays, although |${score}| <= ${Number(bound.toPrecision(4))}: ${refusal}`,
      });
    }
  }
  return b.finish(current);
};

/** null: the maximum may go; "": it is no gauge and was never one, there is nothing to say. */
const whyNot = (b: GraphBuilder, roots: readonly NodeId[], m: NodeId, bound: number): string | null => {
  const found = responses(b, roots, m);
  const scales = [...found.values()].filter((r) => r.kind === "scale");
  if (roots.some((id) => found.get(id) === undefined || found.get(id)?.by.size !== 0))
    return scales.length === 0 ? "" : "a result depends on it beyond the differences to it";
  const range = rangeAnalysis(b);
  const most = scales.reduce((k, r) => Math.max(k, magnitude(rangeOfPolynomial(r.by, range))), 0);
  return most * bound <= MAX_EXPONENT ? null : `exponents would reach ${Number((most * bound).toPrecision(3))}`;
};
