/** What the lowering of one kernel starts from. */
import { CODE } from "../../base/costs.ts";
import { NO_ORIGIN, type Origin, originAt } from "../../base/span.ts";
import type { KernelPlan, Store } from "../derive/plan.ts";
import type { AxisId, Graph, Node, NodeId } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import { integerRanges, rangeOfStorage } from "../scalar/integers.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { Stmt } from "../tile/tile.ts";
import { operands } from "../graph/graph.ts";
import { folded } from "../graph/walk.ts";
import { compute } from "./compute.ts";
import type { Emitter } from "./emit.ts";
import { statefulIn } from "./scan.ts";
import { scope } from "./scope.ts";

export type KernelInput = {
  readonly graph: Graph;
  readonly b: GraphBuilder;
  readonly plan: KernelPlan;
  readonly schedule: Schedule;
  readonly vectors: ReadonlySet<string>;
  readonly scalarUse: Set<string>;
  readonly names: ReadonlyMap<NodeId, string>;
};

const identifierOf = (base: string): string =>
  base.replace(/\W+/g, "_").replace(/^(\d)/, "_$1").slice(0, CODE.name) || "x";

/** The state of lowering one kernel: names, uses, what is carried, the pen of index arithmetic. */
export const emitterFor = (input: KernelInput, body: Stmt[]): Emitter => {
  const { b, plan } = input;
  const roots = [...plan.stores.map((s) => s.value), ...plan.accumulators.map((a) => a.node)];
  const uses = new Map<NodeId, number>();
  countUses(b, roots, uses);
  const taken = new Set<string>(["params", ...input.graph.tensors.map((t) => t.name)]);
  const counts = new Map<string, number>();
  const cleaned = new Map<string, string>();
  const origins = new Map<string, Origin>(plan.stores.map((s) => [s.tensor, storeOrigin(input.graph, b, s)]));
  const fresh = (base: string): string => {
    const clean = cleaned.get(base) ?? identifierOf(base);
    cleaned.set(base, clean);
    let id = clean;
    for (let n = counts.get(clean) ?? 1; taken.has(id); n++) {
      id = `${clean}_${n}`;
      counts.set(clean, n + 1);
    }
    taken.add(id);
    origins.set(id, em.origin);
    return id;
  };
  const opaque = new Set<AxisId>();
  const dtypes = new Map(input.graph.tensors.map((t) => [t.name, t.dtype]));
  const integers = integerRanges(b, {
    opaque,
    tensors: input.graph.tensors.map((t) => t.dims.flat()),
    loaded: (tensor) => rangeOfStorage(dtypes.get(tensor) ?? "i32"),
  });
  const accumulators = new Set([...plan.accumulators, ...plan.scans.flatMap((s) => s.last)].map((a) => a.node));
  const carries = (n: Node): boolean =>
    accumulators.has(n.id) || n.kind === "scan" || n.kind === "carried" || (n.kind === "reduce" && n.op === "cumsum");
  const em: Emitter = {
    compute,
    integers,
    opaque,
    plain: new Map(),
    b,
    graph: input.graph,
    root: scope("kernel", [], body),
    uses,
    names: new Map(input.names),
    fresh,
    vectors: input.vectors,
    scalarUse: input.scalarUse,
    overrides: new Map(),
    natural: new Set(),
    ranges: new Map(),
    strides: { ofScalars: new Map(), ofVectors: new Map() },
    accumulators,
    stateful: statefulIn(b),
    live: folded<boolean>(b, (n, of) => carries(n) || of.includes(true)),
    depth: folded<number>(b, (_, of) => of.reduce((most, x) => Math.max(most, x + 1), 0)),
    level: 0,
    origin: resultsOf(input),
    origins,
  };
  return em;
};

/** How often each node below the roots is an operand; nodes that are counted already are left alone. */
export const countUses = (b: GraphView, roots: readonly NodeId[], uses: Map<NodeId, number>): void => {
  const before = new Set(uses.keys());
  for (const id of b.reach(roots))
    for (const o of operands(b.node(id))) if (!before.has(o)) uses.set(o, (uses.get(o) ?? 0) + 1);
};

/** The expressions of the results that the kernel writes; of scratch tensors what they hold. */
export const resultsOf = ({ graph, b, plan }: KernelInput): Origin =>
  plan.stores.flatMap((s) => storeOrigin(graph, b, s));

const storeOrigin = (graph: Graph, b: GraphView, s: Store): Origin => {
  const result = graph.results.find((r) => r.tensor === s.tensor);
  const own = result === undefined ? NO_ORIGIN : originAt(result.span);
  return own.length > 0 ? own : (b.origins[s.value] ?? NO_ORIGIN);
};
