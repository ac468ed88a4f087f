/**
 * Ordered scans in plans: a kernel walks along the scanned axis in order, one lane for each point of the axes along which the
 * state is independent. The other axes of the state are mixed: reduced over, or read at other indices than their own. They
 * live in the registers of the lane.
 */
import { item } from "../../base/must.ts";
import { PLANNING } from "../../base/costs.ts";
import { edit, type GraphBuilder, type GraphParts } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId, Graph, Node, NodeId } from "../graph/graph.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import { isIndexOf, readBelow, readOperands, scansBelow, timeOf, type Carried, type Scan } from "../graph/scan.ts";
import { folded } from "../graph/walk.ts";
import { UnknownSize, Unsupported } from "../graph/unsupported.ts";
import type { Accumulator, Note, ScanState } from "./plan.ts";
import { replaced } from "./rules/replaced.ts";

/**
 * A state read at an index that does not follow the stream (the last one) becomes a sum over the stream with one cell: an
 * accumulator like any other, unless the registers of the scan have it anyway (`isLastOf`).
 */
export const fixedReads = (graph: Graph): Graph => {
  const b = edit(graph);
  let current: GraphParts = graph;
  for (;;) {
    const map = new Map<NodeId, NodeId>();
    for (const id of b.reach(current.results.map((r) => r.value))) {
      const n = b.node(id);
      const [t = -1] = n.kind === "scan" ? n.at : [];
      if (n.kind !== "scan" || timeOf(b, n) !== "elsewhere" || b.node(t).axes.includes(n.over)) continue;
      const here = b.index(n.over);
      map.set(
        id,
        b.from(id, () => b.reduce("sum", [n.over], b.scan(n, [here, ...n.at.slice(1)]), b.binary("==", here, t))),
      );
    }
    if (map.size === 0) return b.finish(current);
    current = replaced(current, b, map);
  }
};

/** A reduction over several axes that reads a state along one of them becomes one along that axis, of one over the others. */
export const splitReductions = (graph: Graph): Graph => {
  const b = edit(graph);
  const map = new Map<NodeId, NodeId>();
  if (
    scansBelow(
      b,
      graph.results.map((r) => r.value),
    ).length === 0
  )
    return graph;
  for (const id of b.reach(graph.results.map((r) => r.value))) {
    const n = b.node(id);
    if (n.kind !== "reduce" || n.over.length < 2 || REDUCTIONS[n.op].combine === null) continue;
    const [first = -1] = readsAlong(b, n);
    const scan = first < 0 ? null : b.node(first);
    if (scan?.kind !== "scan") continue;
    const rest = n.over.filter((a) => a !== scan.over);
    map.set(
      id,
      b.from(id, () => b.reduce(n.op, [scan.over], b.reduce(n.op, rest, n.body, n.where))),
    );
  }
  return b.finish(replaced(graph, b, map));
};

/** Running sums along an axis that states run along are states too: one of each point of their axes, like the others. */
export const sumsAsScans = (graph: Graph): Graph => {
  const b = edit(graph);
  const reached = [...b.reach(graph.results.map((r) => r.value))].sort((x, y) => x - y).map((id) => b.node(id));
  const along = new Set(reached.flatMap((n) => (n.kind === "scan" ? [n.over] : [])));
  const map = new Map<NodeId, NodeId>();
  for (const n of reached) {
    const [over = -1] = n.kind === "reduce" && n.op === "cumsum" && n.ty === "f32" ? n.over : [];
    if (n.kind !== "reduce" || !along.has(over)) continue;
    const [state, name, dims] = [b.freshState(), graph.names.get(n.id) ?? "running", n.axes.filter((a) => a !== over)];
    const running = (): NodeId => {
      const at = [over, ...dims].map((a) => b.index(a));
      const before = b.carried(state, name, at);
      const sum = b.binary("+", before, b.replaceNodes(n.body, map));
      const step = n.where === null ? sum : b.select(b.replaceNodes(n.where, map), sum, before);
      return b.scan({ state, name, over, dims, init: b.konst(0, "f32"), step });
    };
    map.set(n.id, b.from(n.id, running));
  }
  return b.finish(replaced(graph, b, map));
};

/** Whether a reduction is what `fixedReads` made of a read. */
export const isFixedRead = (b: GraphView, r: Reduce): boolean => {
  const [body, where] = [b.node(r.body), r.where === null ? null : b.node(r.where)];
  return (
    r.op === "sum" &&
    body.kind === "scan" &&
    timeOf(b, body) === "now" &&
    where?.kind === "binary" &&
    where.op === "==" &&
    isIndexOf(b, where.a, body.over) &&
    r.over.length === 1
  );
};

/** A note on what a lane carries. */
export const scanNote = (cx: ScanContext, s: ScanState): Note => {
  const values = s.local.reduce((k, a) => k * cx.sizeOf(a), 1);
  const held =
    s.local.length === 0
      ? "one number"
      : `${values} numbers, all of ${s.local.map((a) => `\`${cx.b.axis(a).name}\``).join(" x ")},`;
  return {
    kind: "scan",
    node: s.node,
    text: `\`${s.name}\` runs along \`${cx.b.axis(s.over).name}\` in order: a lane carries ${held} from cell to cell`,
  };
};

/** The user's name of a state, however its scan was rebuilt. */
export const scanName = (b: GraphView, id: NodeId): string | null => {
  const n = b.node(id);
  return n.kind === "scan" && timeOf(b, n) === "now" ? n.name : null;
};

/** Axes of states that a lane must hold whole, with the reason in words. */
export type Mixed = ReadonlyMap<AxisId, string>;

/** The mixed axes of all states below the roots. */
export const mixedAxes = (b: GraphView, roots: readonly NodeId[]): Mixed => {
  const out = new Map<AxisId, string>();
  const scans = scansBelow(b, roots);
  if (scans.length === 0) return out;
  const below = statesBelow(b);
  const statesRead = (n: Reduce): Iterable<Scan | Carried> =>
    new Set([...below(n.body), ...(n.where === null ? [] : below(n.where))]);
  const dims = new Map(scans.map((s) => [s.state, s.dims]));
  const add = (n: Scan | Carried, when: (at: NodeId, dim: AxisId) => boolean, why: string): void =>
    (dims.get(n.state) ?? []).forEach((dim, k) => {
      if (!out.has(dim) && when(item(n.at, k + 1), dim)) out.set(dim, why);
    });
  for (const whole of [roots, ...scans.map((s) => [s.step])]) {
    for (const n of readBelow(b, whole)) {
      if (isState(n))
        add(n, (at, dim) => !isIndexOf(b, at, dim), `\`${n.name}\` is read at other indices than its own`);
      if (n.kind !== "reduce" || n.op === "cumsum") continue;
      for (const s of statesRead(n))
        add(s, (at) => b.node(at).axes.some((a) => n.over.includes(a)), `\`${s.name}\` is reduced over it`);
    }
  }
  return out;
};

/** The states that a value reads, and what is carried of them. */
const statesBelow = (b: GraphView): ((id: NodeId) => ReadonlySet<Scan | Carried>) => {
  const none: ReadonlySet<Scan | Carried> = new Set();
  return folded<ReadonlySet<Scan | Carried>>(
    b,
    (n, of) => {
      const [first = none, ...rest] = [...of.filter((s) => s.size > 0), ...(isState(n) ? [new Set([n])] : [])];
      return rest.every((s) => s === first) ? first : new Set([...first, ...rest.flatMap((s) => [...s])]);
    },
    readOperands,
  );
};

type Reduce = Node & { readonly kind: "reduce" };

const isState = (n: Node): n is Scan | Carried => n.kind === "scan" || n.kind === "carried";

/**
 * Contractions of a state that another reduction follows, along an axis that could else be a row (a norm of each output, RetNet):
 * where the lane cannot hold the state along both, they are stored first. Their cells are fewer than the state's.
 */
export const contractedFirst = (cx: ScanContext, root: NodeId): readonly NodeId[] => {
  const { b } = cx;
  const fits = (n: Scan): boolean =>
    n.dims.filter((a) => cx.mixed.has(a)).reduce((k, a) => k * cx.sizeOf(a), 1) <= PLANNING.state;
  if (scansBelow(b, [root]).every(fits)) return [];
  const reading = readBelow(b, [root]).filter(
    (n): n is Reduce => n.kind === "reduce" && readsState(b, [n.id], () => true),
  );
  const inner = (r: Reduce): readonly Reduce[] => {
    const below = new Set(readBelow(b, [r.body]).map((n) => n.id));
    return reading.filter(
      (c) => c !== r && below.has(c.id) && c.axes.some((a) => r.over.includes(a)) && c.op !== "cumsum",
    );
  };
  const found = new Set(reading.flatMap(inner));
  // Of one inside another the outer one is stored.
  return [...found].filter((c) => ![...found].some((o) => o !== c && inner(o).includes(c))).map((c) => c.id);
};

/**
 * The axis that a root must be streamed along for the states that it reads; null: it reads none as they pass. Of several the one
 * of a state that the root has at each of its own cells, and not only inside a reduction.
 */
export const scannedAxis = (b: GraphView, root: NodeId, axes: readonly AxisId[]): AxisId | null => {
  const read = readBelow(b, [root]);
  const passing = read
    .filter((n): n is Scan => n.kind === "scan" && timeOf(b, n) !== "elsewhere")
    .sort((x, y) => x.id - y.id);
  const inside = new Set(read.filter((n): n is Reduce => n.kind === "reduce").flatMap((r) => readsAlong(b, r)));
  const open = passing.find((n) => axes.includes(n.over) && !inside.has(n.id));
  return (open ?? passing[0])?.over ?? null;
};

/** The states that a reduction reads along its own axes. */
export const readsAlong = (b: GraphView, r: Reduce): readonly NodeId[] =>
  readBelow(b, r.where === null ? [r.body] : [r.body, r.where]).flatMap((n) =>
    n.kind === "scan" && r.over.includes(n.over) ? [n.id] : [],
  );

export type ScanContext = { readonly b: GraphBuilder; readonly mixed: Mixed; readonly sizeOf: (a: AxisId) => number };

/**
 * Whether a scan is computed by a kernel of its own, which stores the state of every cell: it runs along another axis than the
 * stream, it is read at cells that are not at hand, or rows that no state of the root has would each walk it again.
 */
export const scansApart = (
  cx: ScanContext,
  root: NodeId,
  stream: readonly AxisId[],
  axes: readonly AxisId[],
): ((n: Scan) => boolean) => {
  const [over] = stream;
  const along = scansBelow(cx.b, [root]).filter((n) => n.over === over);
  const lacking = axes.filter((a) => a !== over && !along.some((n) => n.dims.includes(a)));
  const again =
    over !== undefined && !axes.includes(over) && lacking.reduce((k, a) => k * cx.sizeOf(a), 1) > PLANNING.sharing;
  return (n) => again || stream.length !== 1 || over !== n.over || timeOf(cx.b, n) === "elsewhere";
};

/** Whether the value reads what a scan carries, or the state of one that `here` says is in this kernel. */
export const readsState = (b: GraphView, roots: readonly NodeId[], here: (n: Scan) => boolean): boolean =>
  readBelow(b, roots).some((n) => n.kind === "carried" || (n.kind === "scan" && here(n)));

/** Rows of a root that walks along scans: the axes of their states that are not mixed, and axes of the result that are long. */
export const scanRows = (
  cx: ScanContext,
  axes: readonly AxisId[],
  stream: readonly AxisId[],
  scans: readonly Scan[],
): readonly AxisId[] => {
  const own = new Set(scans.flatMap((s) => s.dims));
  const shared = axes.filter((a) => !stream.includes(a) && !own.has(a));
  const few = shared.reduce((k, a) => k * cx.sizeOf(a), 1) <= PLANNING.sharing;
  return axes.filter((a) => !stream.includes(a) && !cx.mixed.has(a) && (own.has(a) || !few));
};

/** The states that a kernel carries, with what a lane holds of each. Refuses those that do not fit. */
export const statesOf = (cx: ScanContext, roots: readonly NodeId[], rows: readonly AxisId[]): readonly ScanState[] =>
  scansBelow(cx.b, roots).map((n) => {
    const local = n.dims.filter((a) => !rows.includes(a));
    for (const a of local) if (typeof cx.b.axis(a).size !== "number") throw new UnknownSize(cx.b.axis(a));
    const values = local.reduce((k, a) => k * cx.sizeOf(a), 1);
    if (values > PLANNING.state) {
      const name = (a: AxisId): string => `\`${cx.b.axis(a).name}\``;
      const why = local.map((a) => `${name(a)}: ${cx.mixed.get(a) ?? "the result lacks it"}`).join("; ");
      throw new Unsupported(
        n,
        `\`${n.name}\` carries ${values} values in one lane, over ${local.map(name).join(" x ")}, at most ${PLANNING.state} fit into registers (${why})`,
      );
    }
    return {
      node: cx.b.scan(n),
      state: n.state,
      name: n.name,
      over: n.over,
      dims: n.dims,
      init: n.init,
      step: n.step,
      local,
      last: [],
    };
  });

/** Whether an accumulator is the last value of the state: it needs no registers of its own. */
export const isLastOf = (b: GraphBuilder, acc: Accumulator, state: ScanState): boolean => {
  const [n, where] = [b.node(acc.node), acc.where === null ? null : b.node(acc.where)];
  if (n.kind !== "reduce" || !isFixedRead(b, n) || acc.body !== state.node) return false;
  const last = b.binary("-", b.sizeOf(b.axis(state.over).size), b.konst(1, "i32"));
  return where?.kind === "binary" && where.b === last;
};
