/** Rewriting: substitution of indices, replacement of nodes, and dropping what nothing uses any more. */
import { operands, type AxisId, type Graph, type Node, type NodeId } from "./graph.ts";
import type { GraphBuilder } from "./build.ts";
import { folded, inOrder } from "./walk.ts";

type Reduce = Extract<Node, { kind: "reduce" }>;
type Scope = ReadonlyMap<AxisId, NodeId>;

const restrict = (scope: Scope, to: (axis: AxisId) => boolean): Scope =>
  new Map([...scope].filter(([axis]) => to(axis)));

/**
 * The value at other indices: every free index of an axis in `map` is replaced, all at once. A reduction's own axes are never
 * replaced; when a replacement mentions one, the reduction gets a fresh axis first (nothing is captured). A `cumsum` whose own
 * axis is replaced by `e` becomes the sum over the cells 0..e. A scan is read elsewhere: its definition is closed.
 */
export const substitute = (b: GraphBuilder, root: NodeId, map: Scope): NodeId => {
  const memos = new Map<string, Map<NodeId, NodeId>>();
  const memoOf = (scope: Scope): Map<NodeId, NodeId> => {
    const key = [...scope]
      .map(([axis, id]) => `${axis}:${id}`)
      .sort()
      .join();
    const memo = memos.get(key) ?? new Map<NodeId, NodeId>();
    memos.set(key, memo);
    return memo;
  };
  const go = (id: NodeId, outer: Scope): NodeId => {
    const node = b.node(id);
    const scope = restrict(outer, (axis) => node.axes.includes(axis));
    if (scope.size === 0) return id;
    const memo = memoOf(scope);
    const known = memo.get(id);
    if (known !== undefined) return known;
    const made = rewrite(node, scope);
    memo.set(id, made);
    return made;
  };
  const rewrite = (node: Node, scope: Scope): NodeId => {
    if (node.kind === "index") return scope.get(node.axis) ?? node.id;
    if (node.kind === "reduce") return inReduce(node, scope);
    if (node.kind === "scan")
      return b.scan(
        node,
        node.at.map((id) => go(id, scope)),
        node.span,
      );
    return b.rebuild(
      node,
      operands(node).map((id) => go(id, scope)),
    );
  };
  const inReduce = (node: Reduce, scope: Scope): NodeId => {
    const captured = (axis: AxisId): boolean => [...scope.values()].some((id) => b.node(id).axes.includes(axis));
    if (node.op === "cumsum" && node.over.some((axis) => scope.has(axis) || captured(axis)))
      return cumsumAt(node, scope);
    const inner = new Map(restrict(scope, (axis) => !node.over.includes(axis)));
    const over = node.over.map((axis) => {
      if (!captured(axis)) return axis;
      const fresh = b.freshAxis(axis);
      inner.set(axis, b.index(fresh));
      return fresh;
    });
    const where = node.where === null ? null : go(node.where, inner);
    return b.reduce(node.op, over, go(node.body, inner), where, node.k, node.span);
  };
  const cumsumAt = (node: Reduce, scope: Scope): NodeId => {
    const [axis] = node.over as [AxisId];
    const upTo = scope.get(axis) ?? b.index(axis);
    const fresh = b.freshAxis(axis);
    const inner = new Map(scope).set(axis, b.index(fresh));
    const where = b.and(b.binary("<=", b.index(fresh), upTo), node.where === null ? null : go(node.where, inner));
    return b.reduce("sum", [fresh], go(node.body, inner), where, 0, node.span);
  };
  return go(root, map);
};

/** The value with some nodes replaced by others, wherever they are reached. A replacement is not looked into. */
export const replaceNodes = (b: GraphBuilder, root: NodeId, map: ReadonlyMap<NodeId, NodeId>): NodeId => {
  return replacer(b, map)(root);
};

/** `replaceNodes` for many roots: what they share is rewritten once. */
export const replacer = (b: GraphBuilder, map: ReadonlyMap<NodeId, NodeId>): ((root: NodeId) => NodeId) => {
  if (map.size === 0) return (root) => root;
  // Nothing below the first node that is replaced can change.
  const first = Math.min(...map.keys());
  return folded<NodeId>(
    b,
    (node, of) => {
      const to = map.get(node.id);
      if (to !== undefined || node.id < first) return to ?? node.id;
      const before = operands(node);
      return of.every((x, i) => x === before[i]) ? node.id : b.rebuild(node, of);
    },
    (node) => (node.id < first || map.has(node.id) ? [] : operands(node)),
  );
};

/** The graph without the nodes that no result and no scalar default uses; the rest is renumbered. */
export const dropDead = (graph: Graph): Graph => {
  const roots = [
    ...graph.results.map((r) => r.value),
    ...graph.scalars.flatMap((s) => (s.init === null ? [] : [s.init])),
  ];
  const kept = inOrder(graph, roots);
  const to = new Map(kept.map((node, i) => [node.id, i]));
  const id = (old: NodeId): NodeId => to.get(old) as NodeId;
  return {
    ...graph,
    nodes: kept.map((node) => renumber(node, id)),
    results: graph.results.map((r) => ({ ...r, value: id(r.value) })),
    scalars: graph.scalars.map((s) => ({ ...s, init: s.init === null ? null : id(s.init) })),
    names: new Map([...graph.names].filter(([old]) => to.has(old)).map(([old, name]) => [id(old), name])),
  };
};

const renumber = (node: Node, id: (old: NodeId) => NodeId): Node => {
  const self = { id: id(node.id) };
  switch (node.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
      return { ...node, ...self };
    case "load":
      return { ...node, ...self, at: node.at.map(id) };
    case "unary":
      return { ...node, ...self, a: id(node.a) };
    case "binary":
      return { ...node, ...self, a: id(node.a), b: id(node.b) };
    case "select":
      return { ...node, ...self, cond: id(node.cond), a: id(node.a), b: id(node.b) };
    case "reduce":
      return { ...node, ...self, body: id(node.body), where: node.where === null ? null : id(node.where) };
    case "carried":
      return { ...node, ...self, at: node.at.map(id) };
    case "scan":
      return { ...node, ...self, at: node.at.map(id), init: id(node.init), step: id(node.step) };
  }
};
