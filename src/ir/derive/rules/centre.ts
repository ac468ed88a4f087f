/**
 * Statistics of shifted values: with c one element of the row, x - mean(x) = (x - c) - mean(x - c) and var(x) = var(x - c). Keeps f32 sums
 * small where the mean is far above the deviation (a mean of 10,000 with unit noise loses 1e-3 otherwise).
 */
import { edit, type GraphBuilder } from "../../graph/build.ts";
import { cellCount } from "../../graph/cells.ts";
import type { Graph, Node, NodeId } from "../../graph/graph.ts";
import { readsState } from "../scan.ts";
import { replaced } from "./replaced.ts";
import type { Rule } from "./rule.ts";

type Reduce = Node & { readonly kind: "reduce" };

export const CENTRE: Rule = {
  name: "statistics of shifted values",
  equation: "x - sum[d](x) / n = (x - c) - sum[d](x - c) / n,  var[d](x) = var[d](x - c)",
  condition:
    "n is the number of cells of d, all of which exist; c = x at the first of them; x is no state of a recurrence",
};

/** Applies the rule to every mean that something is the difference to. */
export const centre = (graph: Graph): Graph => {
  const b = edit(graph);
  const reached = [...b.reach(graph.results.map((r) => r.value))].sort((x, y) => x - y).map((id) => b.node(id));
  const sums = new Map(
    reached
      .filter((n): n is Reduce => n.kind === "reduce" && n.op === "sum" && n.ty === "f32" && n.where === null)
      .map((n) => [n.id, n]),
  );
  const means = reached.filter(
    (n): n is Node & { kind: "binary" } => n.kind === "binary" && n.op === "/" && sums.has(n.a),
  );
  const differences = new Map<string, Node[]>();
  for (const n of reached) {
    if (n.kind !== "binary" || n.op !== "-") continue;
    const key = `${n.a} ${n.b}`;
    differences.set(key, [...(differences.get(key) ?? []), n]);
  }
  const map = new Map<NodeId, NodeId>();
  const shiftedBodies = new Map<NodeId, NodeId>();
  for (const mean of means) {
    const s = sums.get(mean.a);
    if (s === undefined || mean.b !== b.unary("float", cellCount(b, s.over))) continue;
    const own = differences.get(`${s.body} ${mean.id}`) ?? [];
    if (own.length === 0 || s.over.some((a) => Number(b.axis(a).size) === 0)) continue;
    // A state is known in the order of its scan: its first cell cannot be looked up.
    if (readsState(b, [s.body], () => true)) continue;
    b.from(mean.id, () => {
      const first = b.substitute(s.body, new Map(s.over.map((a) => [a, b.konst(0, "i32")])));
      const shifted = b.binary("-", s.body, first);
      const meanOfShifted = b.binary("/", b.reduce("sum", s.over, shifted), mean.b);
      for (const d of own)
        map.set(
          d.id,
          b.from(d.id, () => b.binary("-", shifted, meanOfShifted)),
        );
      map.set(mean.id, ofCells(b, s, b.binary("+", first, meanOfShifted)));
      shiftedBodies.set(s.body, shifted);
    });
  }
  for (const n of reached) {
    if (n.kind !== "reduce" || n.op !== "var" || n.where !== null) continue;
    const shifted = shiftedBodies.get(n.body);
    if (shifted !== undefined)
      map.set(
        n.id,
        b.from(n.id, () => b.reduce("var", n.over, shifted)),
      );
  }
  return b.finish(replaced(graph, b, map));
};

/** The mean of no cell is 0, not what stands before the first. */
const ofCells = (b: GraphBuilder, s: Reduce, mean: NodeId): NodeId => {
  const unknown = s.over.filter((a) => !(Number(b.axis(a).size) >= 1));
  const some = b.and(...unknown.map((a) => b.binary(">", b.sizeOf(b.axis(a).size), b.konst(0, "i32"))));
  return some === null ? mean : b.select(some, mean, b.konst(0, "f32"));
};
