/** Hand-built graphs for the tests of the graph IR. */
import { NO_SPAN } from "../../src/base/span.ts";
import { graphBuilder, type GraphBuilder } from "../../src/ir/graph/build.ts";
import type { Axis, AxisId, Graph, NodeId, Scalar, Tensor } from "../../src/ir/graph/graph.ts";
import type { SizeExpr } from "../../src/base/size.ts";

export const axes = (sizes: Record<string, SizeExpr>): Axis[] =>
  Object.entries(sizes).map(([name, size], id) => ({ id, name, size, parts: null, span: NO_SPAN }));

export const tensor = (
  name: string,
  dims: readonly AxisId[],
  role: Tensor["role"] = "input",
  dtype: Tensor["dtype"] = "f32",
): Tensor => ({
  name,
  dtype,
  dims: dims.map((a) => [a]),
  role,
  span: NO_SPAN,
});

export const scalar = (name: string, ty: Scalar["ty"], init: NodeId | null = null): Scalar => ({
  name,
  ty,
  init,
  span: NO_SPAN,
});

export const graphOf = (
  b: GraphBuilder,
  tensors: readonly Tensor[],
  results: Record<string, NodeId>,
  rest: Partial<Graph> = {},
): Graph => ({
  name: "test",
  doc: "",
  span: NO_SPAN,
  nameSpan: NO_SPAN,
  axes: b.axes,
  tensors,
  scalars: [],
  sizes: [],
  nodes: b.nodes,
  origins: b.origins,
  results: Object.entries(results).map(([tensor, value]) => ({ tensor, value, span: NO_SPAN })),
  names: new Map(),
  ...rest,
});

/** A deterministic generator of numbers in (-1, 1). */
export const random = (seed: number): (() => number) => {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 31 - 1;
  };
};

export const fill = (n: number, next: () => number): Float64Array => Float64Array.from({ length: n }, next);

/** Attention over b, i, j, d, e with a condition, softmax by hand: axes ids 0..4. */
export const attention = (
  where: (b: GraphBuilder) => NodeId | null,
): { b: GraphBuilder; graph: Graph; s: NodeId; lse: NodeId } => {
  const b = graphBuilder(axes({ b: "B", i: "N", j: "M", d: "D", e: "E" }));
  const at = (...ids: AxisId[]): NodeId[] => ids.map((a) => b.index(a));
  const q = b.load("q", at(0, 1, 3), "f32");
  const k = b.load("k", at(0, 2, 3), "f32");
  const v = b.load("v", at(0, 2, 4), "f32");
  const s = b.binary("*", b.scalar("scale", "f32"), b.reduce("sum", [3], b.binary("*", q, k)));
  const w = where(b);
  const m = b.reduce("max", [2], s, w);
  const p = b.unary("exp", b.binary("-", s, m));
  const l = b.reduce("sum", [2], p, w);
  const o = b.reduce("sum", [2], b.binary("*", b.binary("/", p, l), v), w);
  const lse = b.binary("+", m, b.unary("log", l));
  const init = b.binary("/", b.konst(1, "f32"), b.unary("sqrt", b.unary("float", b.sizeOf("D"))));
  const tensors = [
    tensor("q", [0, 1, 3]),
    tensor("k", [0, 2, 3]),
    tensor("v", [0, 2, 4]),
    tensor("o", [0, 1, 4], "output"),
    tensor("lse", [0, 1], "output"),
  ];
  const names = new Map([
    [s, "s"],
    [m, "m"],
    [p, "p"],
    [l, "l"],
    [o, "o"],
    [lse, "lse"],
  ]);
  const graph = graphOf(
    b,
    tensors,
    { o, lse },
    { scalars: [scalar("scale", "f32", init)], sizes: ["B", "N", "M", "D", "E"], names },
  );
  return { b, graph, s, lse };
};
