/**
 * What the text would keep in memory if it ran one operation at a time, as an eager framework does. An operation is a
 * reduction (a matrix product, a row maximum, ...) or the whole elementwise expression between two reductions; it writes
 * one tensor, which lives until its last reader has run. Expressions that read nothing but inputs and positions (masks,
 * gathers, rotated keys) are part of the operation that reads them. All of this favours the eager program.
 */
import { entry } from "../base/must.ts";
import { operands, type AxisId, type Graph, type Node, type NodeId, type ReduceOp } from "../ir/graph/graph.ts";
import { nodeAt, reach, unionAxes } from "../ir/graph/walk.ts";
import { evalSize } from "../base/size.ts";

const ELEMENTWISE = new Set<Node["kind"]>(["const", "index", "size", "scalar", "load", "unary", "binary", "select"]);

const isOperation = (n: Node): boolean => !ELEMENTWISE.has(n.kind);

/** A tensor that an operation writes: the value of a node, or the product of several (a weight times its gate). */
type Written = readonly NodeId[];

/** The factors of a product, left to right. */
const factors = (g: Graph, id: NodeId): readonly NodeId[] => {
  const n = nodeAt(g, id);
  return n.kind === "binary" && n.op === "*" ? [...factors(g, n.a), ...factors(g, n.b)] : [id];
};

const axesOf = (g: Graph, ids: Written): readonly AxisId[] =>
  ids.reduce<readonly AxisId[]>((axes, id) => unionAxes(axes, nodeAt(g, id).axes), []);

/** Factors of one tensor's axes are multiplied before the product over others is taken. */
const grouped = (g: Graph, parts: readonly NodeId[]): readonly Written[] => {
  const largest = [...new Set(parts)].sort((a, b) => nodeAt(g, b).axes.length - nodeAt(g, a).axes.length);
  return largest.reduce<readonly Written[]>((groups, id) => {
    const home = groups.findIndex((w) => nodeAt(g, id).axes.every((a) => axesOf(g, w).includes(a)));
    return home < 0 ? [...groups, [id]] : groups.map((w, n) => (n === home ? [...w, id] : w));
  }, []);
};

/** Whether something of a kind is at or below a node. */
const below = (g: Graph, found: (n: Node) => boolean): ((id: NodeId) => boolean) => {
  const memo = new Map<NodeId, boolean>();
  const ask = (id: NodeId): boolean => {
    const known = memo.get(id);
    if (known !== undefined) return known;
    const answer = found(nodeAt(g, id)) || operands(nodeAt(g, id)).some(ask);
    memo.set(id, answer);
    return answer;
  };
  return ask;
};

/** Bytes of the tensors between the operations, at most at any one time; inputs and results are not among them. */
export const naiveBytes = (g: Graph, lookup: (size: string) => number): number => {
  const roots = g.results.map((r) => r.value);
  const readsOperation = below(g, isOperation);
  const extent = (axis: AxisId): number => evalSize(g.axes.find((a) => a.id === axis)?.size ?? 1, lookup);

  const isGather = (id: NodeId): boolean => nodeAt(g, id).kind === "load";
  const partsOf = (op: ReduceOp, body: NodeId): readonly NodeId[] => (op === "sum" ? factors(g, body) : [body]);

  /** What is written before a reduction reads it. */
  const writtenFor = (n: Node): readonly Written[] => {
    if (n.kind !== "reduce")
      return operands(n)
        .filter(readsOperation)
        .map((id) => [id]);
    const mask = n.where !== null && readsOperation(n.where) ? [[n.where]] : [];
    if (!readsOperation(n.body)) return mask;
    return [
      ...grouped(
        g,
        partsOf(n.op, n.body).filter((id) => !isGather(id) && readsOperation(id)),
      ),
      ...mask,
    ];
  };
  const operations = [...reach(g, roots)].map((id) => nodeAt(g, id)).filter(isOperation);
  const before = new Map(operations.map((n) => [n.id, writtenFor(n)]));
  const stored = new Set([...before.keys(), ...[...before.values()].flat().flatMap((w) => (w.length === 1 ? w : []))]);

  /** The stored values nearest below expressions, themselves among them unless it is their own value that is asked for. */
  const sources = (ids: readonly NodeId[], isOwn = false): readonly Written[] => {
    const out = new Set<NodeId>();
    const seen = new Set<NodeId>();
    const visit = (id: NodeId, isTop: boolean): void => {
      if (seen.has(id)) return;
      seen.add(id);
      if (stored.has(id) && !isTop) out.add(id);
      else operands(nodeAt(g, id)).forEach((o) => visit(o, false));
    };
    ids.forEach((id) => visit(id, isOwn));
    return [...out].map((id) => [id]);
  };
  const readBy = (w: Written): readonly Written[] => {
    const [id = 0] = w;
    if (w.length > 1) return sources(w);
    const n = nodeAt(g, id);
    const needed = before.get(id);
    if (needed === undefined) return sources(w, true);
    const gathers = n.kind === "reduce" ? partsOf(n.op, n.body).filter(isGather) : [];
    return [...needed, ...sources(gathers)];
  };

  const order: Written[] = [];
  const reads = new Map<string, readonly string[]>();
  const schedule = (w: Written): void => {
    if (reads.has(w.join())) return;
    const needed = readBy(w);
    reads.set(
      w.join(),
      needed.map((x) => x.join()),
    );
    needed.forEach(schedule);
    order.push(w);
  };
  roots.forEach((id) => schedule([id]));

  const bytes = new Map(
    order.map((w) => {
      const only = w.length === 1 ? w[0] : undefined;
      const isResult = only !== undefined && roots.includes(only);
      const width = only !== undefined && nodeAt(g, only).ty === "bool" ? 1 : 4;
      return [w.join(), isResult ? 0 : axesOf(g, w).reduce((n, a) => n * extent(a), width)];
    }),
  );
  const last = new Map(order.flatMap((w, at) => (reads.get(w.join()) ?? []).map((s) => [s, at] as const)));
  let [live, peak] = [0, 0];
  order.forEach((w, at) => {
    live += entry(bytes, w.join());
    peak = Math.max(peak, live);
    for (const s of new Set(reads.get(w.join()))) if (last.get(s) === at) live -= bytes.get(s) ?? 0;
  });
  return peak;
};
