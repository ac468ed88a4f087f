/** Rewriting: substitution of indices, replacement of nodes, and dropping what nothing uses any more. */
import { item } from "../../base/must.ts";
import { NO_ORIGIN } from "../../base/span.ts";
import { operands, type AxisId, type Graph, type Node, type NodeId } from "./graph.ts";
import type { GraphBuilder } from "./pen.ts";
import { folded, inOrder } from "./walk.ts";

type Reduce = Extract<Node, { kind: "reduce" }>;
type Scope = ReadonlyMap<AxisId, NodeId>;

/** One node at the indices of a scope, with what it still waits for. */
type Task = {
  readonly id: NodeId;
  readonly inner: Scope;
  readonly kids: readonly (readonly [NodeId, Scope])[];
  readonly make: (of: readonly NodeId[]) => NodeId;
};

/**
 * The value at other indices: every free index of an axis in `map` is replaced, all at once. A reduction's own axes are never
 * replaced; when a replacement mentions one, the reduction gets a fresh axis first (nothing is captured). A `cumsum` whose own
 * axis is replaced by `e` becomes the sum over the cells 0..e. A scan is read elsewhere: its definition is closed.
 */
export const substitute = (b: GraphBuilder, root: NodeId, map: Scope): NodeId => substituter(b, map)(root);

/** `substitute` for many roots: what they share is rewritten once. Does not recurse. */
export const substituter = (b: GraphBuilder, map: Scope): ((root: NodeId) => NodeId) => {
  /** Equal scopes are one object, each with its memo. */
  const scopes = new Map<string, Scope>();
  const memos = new Map<Scope, Map<NodeId, NodeId>>();
  const scopeOf = (entries: readonly (readonly [AxisId, NodeId])[]): Scope => {
    const key = entries
      .map(([axis, id]) => `${axis}:${id}`)
      .sort()
      .join();
    const known = scopes.get(key);
    if (known !== undefined) return known;
    const made = new Map(entries);
    scopes.set(key, made);
    memos.set(made, new Map());
    return made;
  };
  const restrictions = new Map<Scope, Map<string, Scope>>();
  /** The scope without what does not vary. */
  const seenBy = (node: Node, outer: Scope): Scope => {
    const known = restrictions.get(outer) ?? new Map<string, Scope>();
    restrictions.set(outer, known);
    const key = node.axes.join();
    const scope = known.get(key) ?? scopeOf([...outer].filter(([axis]) => node.axes.includes(axis)));
    known.set(key, scope);
    return scope;
  };
  const task = (node: Node, inner: Scope): Task => {
    const same = (of: readonly NodeId[]): readonly (readonly [NodeId, Scope])[] => of.map((id) => [id, inner] as const);
    const of = (kids: Task["kids"], make: Task["make"]): Task => ({ id: node.id, inner, kids, make });
    if (node.kind === "index") return of([], () => inner.get(node.axis) ?? node.id);
    if (node.kind === "reduce") return reduceTask(node, inner);
    if (node.kind === "scan") return of(same(node.at), (at) => b.from(node.id, () => b.scan(node, at)));
    return of(same(operands(node)), (made) => b.rebuild(node, made));
  };
  const reduceTask = (node: Reduce, scope: Scope): Task => {
    const captured = (axis: AxisId): boolean => [...scope.values()].some((id) => b.node(id).axes.includes(axis));
    const where = node.where === null ? [] : [node.where];
    if (node.op === "cumsum" && node.over.some((axis) => scope.has(axis) || captured(axis))) {
      const [axis] = node.over as [AxisId];
      const upTo = scope.get(axis) ?? b.index(axis);
      const fresh = b.freshAxis(axis);
      const inside = scopeOf([...new Map(scope).set(axis, b.index(fresh))]);
      const upper = b.binary("<=", b.index(fresh), upTo);
      return {
        id: node.id,
        inner: scope,
        kids: [...where, node.body].map((id) => [id, inside] as const),
        make: (of) =>
          b.from(node.id, () =>
            b.reduce("sum", [fresh], item(of, -1), b.and(upper, of.length > 1 ? (of[0] ?? null) : null)),
          ),
      };
    }
    const inner = new Map([...scope].filter(([axis]) => !node.over.includes(axis)));
    const over = node.over.map((axis) => {
      if (!captured(axis)) return axis;
      const fresh = b.freshAxis(axis);
      inner.set(axis, b.index(fresh));
      return fresh;
    });
    const inside = scopeOf([...inner]);
    return {
      id: node.id,
      inner: scope,
      kids: [...where, node.body].map((id) => [id, inside] as const),
      make: (of) =>
        b.from(node.id, () => b.reduce(node.op, over, item(of, -1), of.length > 1 ? (of[0] ?? null) : null, node.k)),
    };
  };
  /** The value, or null where it is still to be made. */
  const known = ([id, outer]: readonly [NodeId, Scope]): NodeId | null => {
    const scope = seenBy(b.node(id), outer);
    return scope.size === 0 ? id : (memos.get(scope)?.get(id) ?? null);
  };
  const made = (kid: readonly [NodeId, Scope]): NodeId => {
    const id = known(kid);
    if (id === null) throw new Error(`node ${kid[0]} is not made yet`);
    return id;
  };
  const whole = scopeOf([...map]);
  return (root) => {
    const begin = (id: NodeId, outer: Scope): Task => task(b.node(id), seenBy(b.node(id), outer));
    const open: Task[] = known([root, whole]) === null ? [begin(root, whole)] : [];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const missing = top.kids.find((kid) => known(kid) === null);
      if (missing !== undefined) {
        open.push(begin(...missing));
        continue;
      }
      open.pop();
      memos.get(top.inner)?.set(top.id, top.make(top.kids.map((kid) => made(kid))));
    }
    return known([root, whole]) ?? root;
  };
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
    origins: kept.map((node) => graph.origins[node.id] ?? NO_ORIGIN),
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
