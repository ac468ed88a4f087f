/** Where in the source a value of the graph stands. */
import { edit, type GraphBuilder } from "../ir/graph/build.ts";
import type { SExpr, Spec } from "../check/spec.ts";
import type { StorageType } from "../base/storage-type.ts";
import { postOrder } from "../check/walk-spec.ts";
import type { Compiled } from "../compiled.ts";
import { operands, type Graph, type NodeId } from "../ir/graph/graph.ts";
import { inOrder } from "../ir/graph/walk.ts";
import { lowerToGraph } from "../ir/lower-to-graph.ts";
import type { Span } from "../base/span.ts";

/** The values of static parameters that the kernel was compiled with, where they are not the defaults. */
export type Chosen = { readonly statics?: Readonly<Record<string, number>> };

/** A kernel as far as it got: its graph is enough. */
export type Located = Pick<Compiled, "spec" | "graph"> & {
  /** The graph that has the nodes asked for: made of `graph`. */
  readonly within: Graph;
  readonly dims: Readonly<Record<string, number>>;
};

/**
 * A function from values to their place. Each expression of the spec is lowered by itself; because equal values are one
 * node, writing it behind the kernel's graph finds its node. Null for what no expression of the user's file says.
 */
export const placesOf = (compiled: Located, chosen: Chosen = {}): ((id: NodeId) => Span | null) => {
  const b = edit(compiled.within);
  const places = allPlaces(compiled, b, chosen);
  return (id) => places.get(id) ?? ownPlace(b, id);
};

/**
 * Where to point for a value that may be made by a rewrite: at its own place, else at the smallest expression that it is a
 * part of, else at the largest part of it that the user wrote. Null where there is none.
 */
export const nearestPlace = (compiled: Located, id: NodeId, chosen: Chosen = {}): Span | null => {
  const b = edit(compiled.within);
  const places = allPlaces(compiled, b, chosen);
  const own = places.get(id) ?? ownPlace(b, id);
  if (own !== null) return own;
  const parts = b.reach([id]);
  const around: { readonly span: Span; readonly size: number }[] = [];
  const inside: { readonly span: Span; readonly size: number }[] = [];
  for (const [placed, span] of places) {
    const reached = b.reach([placed]);
    if (reached.has(id)) around.push({ span, size: reached.size });
    else if (parts.has(placed)) inside.push({ span, size: -reached.size });
  }
  const [first] = (around.length > 0 ? around : inside).sort((x, y) => x.size - y.size);
  return first?.span ?? null;
};

const ownPlace = (b: GraphBuilder, id: NodeId): Span | null => (b.node(id).span.file === "" ? null : b.node(id).span);

const allPlaces = (compiled: Located, b: GraphBuilder, chosen: Chosen): ReadonlyMap<NodeId, Span> => {
  const { spec } = compiled;
  const places = new Map<NodeId, Span>();
  for (const e of postOrder(spec.results.map((r) => r.value))) {
    if (e.span.file !== spec.file || e.kind === "index" || e.kind === "const" || e.kind === "size") continue;
    for (const id of nodesOf(compiled, b, e, chosen)) if (!places.has(id)) places.set(id, e.span);
  }
  return places;
};

/** The spec with one expression as its only result. */
const only = (spec: Spec, e: SExpr): Spec => ({
  ...spec,
  results: [
    {
      name: "value",
      dtype: e.type === "float" ? "f32" : e.type === "int" ? "i32" : "bool",
      dims: e.axes.map((a) => ({ axes: [a] })),
      value: e,
      span: e.span,
    },
  ],
});

/** The nodes of an expression in the kernel's graph: as it is, and without the condition that it is given as a result. */
const nodesOf = (compiled: Located, b: GraphBuilder, e: SExpr, chosen: Chosen): readonly NodeId[] => {
  const { spec, graph, dims } = compiled;
  const typeOf = (variable: string): StorageType | undefined => {
    const tensor = [...spec.tensors, ...spec.results].find((t) => t.dtype === variable);
    return graph.tensors.find((t) => t.name === tensor?.name)?.dtype;
  };
  const types = Object.fromEntries(
    spec.typeVars.flatMap((v) => {
      const type = typeOf(v.name);
      return type === undefined ? [] : [[v.name, type]];
    }),
  );
  try {
    const lowered = lowerToGraph(only(spec, e), { dims, statics: chosen.statics ?? {}, types });
    const [root] = lowered.graph.results;
    if (root === undefined) return [];
    const moved = new Map<NodeId, NodeId>();
    for (const n of inOrder(lowered.graph, [root.value]))
      moved.set(
        n.id,
        b.rebuild(
          n,
          operands(n).map((id) => moved.get(id) ?? id),
        ),
      );
    const top = moved.get(root.value) ?? -1;
    const n = b.node(top);
    if (n.kind === "select") return [top, n.a];
    return n.kind === "reduce" && n.where !== null ? [top, b.reduce(n.op, n.over, n.body, null, n.k)] : [top];
  } catch {
    return [];
  }
};
