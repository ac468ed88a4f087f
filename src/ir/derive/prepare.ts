/** Graph passes before planning: rewrites that keep the meaning and make the derivation or the arithmetic better. */
import type { GraphBuilder } from "../graph/build.ts";
import type { Graph, Node, NodeId } from "../graph/graph.ts";
import { evaluateGraph } from "../graph/eval.ts";
import { rangeAnalysis } from "../scalar/range.ts";
import { evalSize } from "../scalar/size.ts";
import type { Note } from "./plan.ts";
import { restrictSums } from "./rules/restrict-sum.ts";
import { fixedReads, readsState, splitReductions, sumsAsScans } from "./scan.ts";

type Reduce = Node & { readonly kind: "reduce" };

/** Runs all of them. */
export const prepare = (graph: Graph, b: GraphBuilder, notes: Note[]): Graph => constantGauge(fixedReads(splitReductions(sumsAsScans(center(restrictSums(graph, b), b), b), b), b), b, notes);

/** Exponents up to this size are safe in f32 without a maximum: N e^60 stays below 1e38 for any N that fits an index. */
const MAX_EXPONENT = 60;

/**
 * A maximum that is only a gauge (no result changes when it is replaced by any other number) of scores that range analysis
 * bounds is replaced by 0: no running maximum, no rescaling (theory 2.5). Softcap and cosine scores qualify.
 */
export const constantGauge = (graph: Graph, b: GraphBuilder, notes: Note[]): Graph => {
  let current = graph;
  const range = rangeAnalysis(b);
  for (const id of [...b.reach(graph.results.map((r) => r.value))]) {
    const n = b.node(id);
    if (n.kind !== "reduce" || n.op !== "max" || n.ty !== "f32") continue;
    const { lo, hi } = range(n.body);
    const bound = Math.max(Math.abs(lo), Math.abs(hi));
    if (!(bound <= MAX_EXPONENT)) continue;
    // Any value of its range must do as well as the maximum itself: only then is it a gauge.
    const others = [lo, hi, lo + 0.37 * (hi - lo)].map((c) => withNode(current, b, id, b.konst(c, "f32")));
    const replaced = withNode(current, b, id, b.konst(0, "f32"));
    if (![replaced, ...others].every((g) => sameMeaning(current, g))) continue;
    notes.push({ kind: "gauge", node: id, text: `no running maximum: |${graph.names.get(n.body) ?? "the score"}| <= ${Number(bound.toPrecision(4))} is proved, so a constant gauge is safe` });
    current = replaced;
  }
  return current;
};

/** The graph with one node replaced in all results. */
const withNode = (graph: Graph, b: GraphBuilder, from: NodeId, to: NodeId): Graph => {
  const map = new Map([[from, to]]);
  const names = new Map(graph.names);
  const results = graph.results.map((r) => {
    const value = b.replaceNodes(r.value, map);
    const name = graph.names.get(r.value);
    if (name !== undefined) names.set(value, name);
    return { tensor: r.tensor, value };
  });
  for (const [id, name] of graph.names) {
    const moved = b.replaceNodes(id, map);
    if (moved !== id && !names.has(moved)) names.set(moved, name);
  }
  return { ...graph, nodes: b.nodes, results, names };
};

/** Whether two graphs give the same results at a random point of small sizes: decides what is a gauge. False when in doubt. */
const sameMeaning = (p: Graph, q: Graph): boolean => {
  const small = (g: Graph): Graph => ({ ...g, axes: g.axes.map((a) => (typeof a.size === "number" && a.parts === null ? { ...a, size: Math.min(a.size, 3) } : a)) });
  let seed = 12345;
  const random = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  const sizes = Object.fromEntries(p.sizes.map((s) => [s, 3]));
  const scalars = Object.fromEntries(p.scalars.map((s) => [s.name, s.ty === "f32" ? 0.5 + 0.1 * random() : 1]));
  const tensors = Object.fromEntries(p.tensors.filter((t) => t.role === "input").map((t) => {
    const real = t.dtype === "f32" || t.dtype === "f16";
    const count = small(p).axes.filter((a) => t.dims.flat().includes(a.id)).reduce((n, a) => n * evalSize(a.size, (s) => sizes[s] ?? scalars[s] ?? 3), 1);
    return [t.name, Float64Array.from({ length: count }, () => (real ? random() : t.dtype === "bool" ? Number(random() > -0.5) : Math.floor(1.5 * (random() + 1))))];
  }));
  try {
    const a = evaluateGraph(small(p), { sizes, scalars, tensors });
    const c = evaluateGraph(small(q), { sizes, scalars, tensors });
    return p.results.every((r) => (a[r.tensor] ?? []).every((x, i) => {
      const y = c[r.tensor]?.[i] ?? NaN;
      return x === y || (Number.isFinite(x) && Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x)));
    }));
  } catch {
    return false;
  }
};

/**
 * Statistics of shifted values: with c one element of the row, `x - mean(x) = (x - c) - mean(x - c)` and
 * `var(x) = var(x - c)`. Exact, and it keeps f32 sums small where the mean is far above the deviation (a mean of 10,000 with
 * unit noise loses 1e-3 otherwise).
 */
export const center = (graph: Graph, b: GraphBuilder): Graph => {
  const reached = [...b.reach(graph.results.map((r) => r.value))].sort((x, y) => x - y).map((id) => b.node(id));
  const sums = reached.filter((n): n is Reduce => n.kind === "reduce" && n.op === "sum" && n.ty === "f32" && n.where === null);
  const map = new Map<NodeId, NodeId>();
  const shiftedBodies = new Map<NodeId, NodeId>();
  for (const s of sums) {
    const mean = reached.find((n) => n.kind === "binary" && n.op === "/" && n.a === s.id);
    if (mean === undefined || mean.kind !== "binary") continue;
    const differences = reached.filter((n) => n.kind === "binary" && n.op === "-" && n.a === s.body && n.b === mean.id);
    // A state is known in the order of its scan: its first cell cannot be looked up.
    if (readsState(b, [s.body], () => true)) continue;
    if (differences.length === 0 || s.over.some((a) => Number(b.axis(a).size) === 0)) continue;
    const first = b.substitute(s.body, new Map(s.over.map((a) => [a, b.konst(0, "i32")])));
    const shifted = b.binary("-", s.body, first);
    const meanOfShifted = b.binary("/", b.reduce("sum", s.over, shifted), mean.b);
    for (const d of differences) map.set(d.id, b.binary("-", shifted, meanOfShifted));
    map.set(mean.id, b.binary("+", first, meanOfShifted));
    shiftedBodies.set(s.body, shifted);
  }
  for (const n of reached) {
    if (n.kind !== "reduce" || n.op !== "var" || n.where !== null) continue;
    const shifted = shiftedBodies.get(n.body);
    if (shifted !== undefined) map.set(n.id, b.reduce("var", n.over, shifted));
  }
  if (map.size === 0) return graph;
  const names = new Map(graph.names);
  const results = graph.results.map((r) => {
    const value = b.replaceNodes(r.value, map);
    const name = graph.names.get(r.value);
    if (name !== undefined) names.set(value, name);
    return { tensor: r.tensor, value };
  });
  return { ...graph, nodes: b.nodes, results, names };
};
