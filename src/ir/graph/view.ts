/** The read-only face of a graph: what analyses, decisions and reports take, of a finished graph or of one that is being written. */
import type { SizeExpr } from "../../base/size.ts";
import type { Origin } from "../../base/span.ts";
import type { Axis, AxisId, Graph, Node, NodeId } from "./graph.ts";
import { nodeAt, reach } from "./walk.ts";

export type GraphView = {
  readonly axes: readonly Axis[];
  /** In dependency order, `nodes[id].id === id`. */
  readonly nodes: readonly Node[];
  readonly origins: readonly Origin[];
  /** The node with this id; throws when there is none. */
  readonly node: (id: NodeId) => Node;
  /** The axis with this id; throws when there is none. */
  readonly axis: (id: AxisId) => Axis;
  /** Whether a tensor is the user's data, not a value that a kernel stored. */
  readonly isInput: (tensor: string) => boolean;
  /** The sizes of a tensor along its axes, one after the other; null of one that is not in the graph yet. */
  readonly extents: (tensor: string) => readonly SizeExpr[] | null;
  /** All nodes at or under the roots. */
  readonly reach: (roots: Iterable<NodeId>) => Set<NodeId>;
};

/** Which tensors of a graph are inputs; what is not in it yet is a kernel's. */
export const inputsOf = ({ tensors }: Graph): ((tensor: string) => boolean) => {
  const inputs = new Set(tensors.filter((t) => t.role === "input").map((t) => t.name));
  return (tensor) => inputs.has(tensor);
};

/** The sizes of the tensors of a graph. */
export const extentsOf = ({ tensors, axes }: Graph): GraphView["extents"] => {
  const sizes = new Map(axes.map((a) => [a.id, a.size]));
  const known = new Map(tensors.map((t) => [t.name, t.dims.flat().map((a) => sizes.get(a) ?? 0)]));
  return (tensor) => known.get(tensor) ?? null;
};

/** One view of each graph, so that what is remembered about its nodes is remembered once. */
const views = new WeakMap<Graph, GraphView>();

/** The view of a finished graph. */
export const viewOf = (graph: Graph): GraphView => {
  const known = views.get(graph);
  if (known !== undefined) return known;
  const { axes, nodes, origins } = graph;
  const axisById = new Map(axes.map((a) => [a.id, a]));
  const axis = (id: AxisId): Axis => {
    const found = axisById.get(id);
    if (found === undefined) throw new Error(`no axis ${id}`);
    return found;
  };
  const made: GraphView = {
    axes,
    nodes,
    origins,
    node: (id) => nodeAt(graph, id),
    axis,
    isInput: inputsOf(graph),
    extents: extentsOf(graph),
    reach: (roots) => reach(graph, roots),
  };
  views.set(graph, made);
  return made;
};
