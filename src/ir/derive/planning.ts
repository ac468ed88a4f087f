/** What the steps of planning share: results on their way into groups, and questions about sizes. */
import { PLANNING } from "../../base/costs.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import type { Axis, AxisId, Node, NodeId, Tensor } from "../graph/graph.ts";
import { folded, reach, unionAxes } from "../graph/walk.ts";
import { readOperands } from "../graph/scan.ts";
import type { Note } from "./plan.ts";
import type { Mixed } from "./scan.ts";

export type Reduce = Node & { readonly kind: "reduce" };
/** A result or scratch tensor with its value. */
export type Root = { readonly tensor: string; readonly axes: readonly AxisId[]; value: NodeId };
/** Results that share a kernel. */
export type Group = {
  readonly stream: readonly AxisId[];
  readonly rows: readonly AxisId[];
  readonly roots: Root[];
  readonly level: number;
};

export type Cx = {
  readonly b: GraphBuilder;
  readonly sizeOf: (a: AxisId) => number;
  readonly facts: Facts;
  /** The tensors of the graph. */
  readonly tensors: readonly Tensor[];
  /** The scratch tensor of a value that is stored. */
  readonly stored: Map<NodeId, string>;
  /** Those of them that rows would have to ask each other for (`acrossRows`). */
  readonly across: Set<NodeId>;
  readonly scratch: Tensor[];
  readonly nameOf: (id: NodeId) => string;
  readonly notes: Note[];
  readonly taken: Set<string>;
  /** Names of nodes that were rebuilt. */
  readonly names: Map<NodeId, string>;
  /** The last axis of each stored tensor. */
  readonly lastAxes: ReadonlySet<AxisId>;
  /** Axes of states that one lane holds. */
  mixed: Mixed;
};

/** Questions about what is below a node, each answered once a node for all of planning. */
export type Facts = {
  /** How many cells one value goes through, in reductions inside one another. */
  readonly cells: (id: NodeId) => number;
  readonly hasScan: (id: NodeId) => boolean;
  readonly hasReduce: (id: NodeId) => boolean;
  readonly hasLoad: (id: NodeId) => boolean;
  /** Nothing but products and sums of loads. */
  readonly isPlain: (id: NodeId) => boolean;
  /** The free axes of the loads, those of a kind once. */
  readonly loads: (id: NodeId) => readonly (readonly AxisId[])[];
  /** The free axes of reductions over exactly this stream; `finished`: of those that do not vary along it. */
  readonly statistics: (stream: readonly AxisId[], finished: boolean) => (id: NodeId) => readonly AxisId[];
};

export const factsOf = (b: GraphView): Facts => {
  const has = (hit: (n: Node) => boolean): ((id: NodeId) => boolean) =>
    folded<boolean>(b, (n, of) => hit(n) || of.includes(true));
  const loads = folded<ReadonlyMap<string, readonly AxisId[]>>(b, (n, of) => {
    const [first = NO_LOADS, ...rest] = of;
    const more = rest
      .filter((m) => m !== first)
      .flatMap((m) => [...m])
      .filter(([key]) => !first.has(key));
    if (n.kind === "load" && !first.has(n.axes.join())) more.push([n.axes.join(), n.axes]);
    return more.length === 0 ? first : new Map([...first, ...more]);
  });
  const statistics = new Map<string, (id: NodeId) => readonly AxisId[]>();
  return {
    cells: folded<number>(b, (n, of) => {
      const below = of.reduce((most, x) => Math.max(most, x), 1);
      return n.kind === "reduce" && n.op !== "cumsum" ? n.over.reduce((k, a) => k * extent(b.axis(a)), below) : below;
    }),
    hasScan: has((n) => n.kind === "scan"),
    hasReduce: has((n) => n.kind === "reduce"),
    hasLoad: has((n) => n.kind === "load"),
    isPlain: folded<boolean>(b, (n, of) => !["reduce", "unary", "select"].includes(n.kind) && !of.includes(false)),
    loads: (id) => [...loads(id).values()],
    statistics: (stream, finished) => {
      const key = `${stream.join()} ${finished}`;
      const streams = (n: Node): boolean => finished && n.axes.some((a) => stream.includes(a));
      const made =
        statistics.get(key) ??
        folded<readonly AxisId[]>(b, (n, of) =>
          of.reduce(unionAxes, n.kind === "reduce" && same(n.over, stream) && !streams(n) ? n.axes : []),
        );
      statistics.set(key, made);
      return made;
    },
  };
};

const NO_LOADS: ReadonlyMap<string, readonly AxisId[]> = new Map();

export const extent = (a: Axis): number => (typeof a.size === "number" ? a.size : PLANNING.unknownSize);

/** Reductions reached without passing through another one. */
export const outermost = (b: GraphView, root: NodeId): Reduce[] => {
  const isOuter = (n: Node): n is Reduce => n.kind === "reduce" && n.op !== "cumsum";
  return [...reach(b, [root], (n) => (isOuter(n) ? [] : readOperands(n).toReversed()))]
    .map((id) => b.node(id))
    .filter(isOuter);
};

/** The tensors that a kernel binds for a result: its own and those that it reads. */
export const bound = (b: GraphView, r: Root): readonly string[] => [
  r.tensor,
  ...[...b.reach([r.value])].map((id) => b.node(id)).flatMap((n) => (n.kind === "load" ? [n.tensor] : [])),
];

/** Whether a value waits for the tensor, however many kernels lie between. */
export const waitsFor = (cx: Cx, groups: readonly Group[], value: NodeId, tensor: string): boolean => {
  const roots = new Map(groups.flatMap((g) => g.roots).map((r) => [r.tensor, r]));
  const seen = new Set<string>();
  const open = [value];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const x of cx.b.reach([id])) {
      const n = cx.b.node(x);
      if (n.kind !== "load" || seen.has(n.tensor)) continue;
      if (n.tensor === tensor) return true;
      seen.add(n.tensor);
      const from = roots.get(n.tensor);
      if (from !== undefined) open.push(from.value);
    }
  return false;
};

export const same = (p: readonly AxisId[], q: readonly AxisId[]): boolean =>
  p.length === q.length && p.every((a) => q.includes(a));

/** Whether a reduction is a contraction short enough to be evaluated wherever its value is asked for. */
export const isShort = (cx: Cx, r: Reduce): boolean =>
  !cx.facts.hasScan(r.id) && cx.facts.cells(r.id) <= PLANNING.inPlace;
