/**
 * A stream cut into parts: one planned kernel becomes two, for devices that have more workgroups than there are rows (Flash-Decoding).
 * The first carries the same state over each part of the stream and stores it; the second merges the states of a row's parts
 * (docs/theory.md 2.2). What merges is written as plain reductions over the axis of the parts,
 *
 *     m = max[part](m_part),   l = sum[part](exp(γ(m) - γ(m_part)) * l_part)   with the gauge γ of l,
 *
 * and goes through the same derivation as what a user writes. A part without a cell takes no share of a gauged sum: its maximum is the
 * identity, of which no difference can be taken.
 */
import { entry, item } from "../../base/must.ts";
import { NO_SPAN } from "../../base/span.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId, Node, NodeId, Tensor } from "../graph/graph.ts";
import { REDUCTIONS, identity, isExtremum } from "../graph/reduction.ts";
import { size } from "../../base/size.ts";
import { deriveCascade } from "./cascade.ts";
import type { Accumulator, KernelPlan, Note } from "./plan.ts";

type Reduce = Node & { readonly kind: "reduce" };

/** The two kernels, in the order in which they run, what lies between them, and names for nodes that were rebuilt. */
export type CutKernels = {
  readonly kernels: readonly [KernelPlan, KernelPlan];
  readonly scratch: readonly Tensor[];
  readonly names: ReadonlyMap<NodeId, string>;
};

export type CutOptions = {
  readonly parts: number;
  /** Why it is cut: for the report. */
  readonly why: string;
  /** The user's names of values. */
  readonly nameOf: (id: NodeId) => string | undefined;
  /** Names that a scratch tensor cannot have. */
  readonly taken: ReadonlySet<string>;
};

/** Why a kernel's stream cannot be cut into parts; null when it can. */
export const cutRefusal = (b: GraphView, k: KernelPlan): string | null => {
  const stream = k.stream.map((a) => b.axis(a).name).join(", ");
  if (k.stream.length !== 1) return `the stream runs over ${k.stream.length} axes (${stream})`;
  if (k.passes > 1) return `it takes ${k.passes} passes over ${stream}, and each waits for statistics of the whole one`;
  const along = k.stores.find((s) => s.pass !== null);
  if (along !== undefined) return `\`${along.tensor}\` is written along ${stream}`;
  const [state] = k.scans;
  if (state !== undefined) return `the state \`${state.name}\` goes on from part to part`;
  const other = k.accumulators.find((a) => REDUCTIONS[a.op].combine === null);
  if (other !== undefined) return `the state of \`${other.op}\` is not merged over workgroups`;
  const carried = new Set(k.accumulators.map((a) => a.node));
  const read = b.reach(k.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])));
  const running = [...read]
    .map((id) => b.node(id))
    .find((n) => n.kind === "reduce" && !carried.has(n.id) && n.over.some((a) => k.stream.includes(a)));
  if (running !== undefined) return `a value that runs along ${stream} goes on from part to part`;
  const ungauged = k.accumulators.find(
    (a) => a.gauge !== null && statisticsOf(b, k, a.gauge).some((x) => !isExtremum(x.op)),
  );
  return ungauged === undefined ? null : `the exponent of \`${ungauged.name}\` needs more than maxima`;
};

/** The accumulators that a value is made of. */
const statisticsOf = (b: GraphView, k: KernelPlan, id: NodeId): readonly Accumulator[] => {
  const reached = b.reach([id]);
  return k.accumulators.filter((a) => reached.has(a.node));
};

/** Cuts the stream of a kernel that `cutRefusal` has nothing against. `parts` is at least 2; more parts than cells are right. */
export const cutKernel = (b: GraphBuilder, k: KernelPlan, options: CutOptions): CutKernels => {
  const part = b.newAxis("part", options.parts);
  const names = new Map<NodeId, string>();
  const rename = (roots: readonly NodeId[], map: ReadonlyMap<NodeId, NodeId>): void => {
    for (const id of b.reach(roots)) {
      const own = options.nameOf(id);
      const moved = b.replaceNodes(id, map);
      if (moved !== id && own !== undefined && options.nameOf(moved) === undefined && !names.has(moved))
        names.set(moved, own);
    }
  };
  const first = partialStates(b, k, part, options, rename);
  const second = mergedStates(b, k, part, first.stored, rename);
  return { kernels: [first.kernel, second], scratch: first.stored.map((s) => s.tensor), names };
};

type Rename = (roots: readonly NodeId[], map: ReadonlyMap<NodeId, NodeId>) => void;

/** The kernel over (rows, part): the accumulators over the cells `part * C <= j < part * C + C`, C = ceil(M / parts), stored as they are. */
const partialStates = (
  b: GraphBuilder,
  k: KernelPlan,
  part: AxisId,
  options: CutOptions,
  rename: Rename,
): { readonly kernel: KernelPlan; readonly stored: readonly Stored[] } => {
  const [stream = -1] = k.stream;
  const length = b.sizeOf(size("ceil/", b.axis(stream).size, options.parts));
  const begin = b.binary("*", b.index(part), length);
  const inPart = b.and(
    b.binary(">=", b.index(stream), begin),
    b.binary("<", b.index(stream), b.binary("+", begin, length)),
  );
  const taken = new Set(options.taken);
  const map = new Map<NodeId, NodeId>();
  const made = [...k.accumulators]
    .sort((p, q) => p.node - q.node)
    .map((a): { readonly from: Accumulator; readonly acc: Accumulator } => {
      const old = b.node(a.node) as Reduce;
      const body = b.replaceNodes(a.body, map);
      const where = b.and(inPart, a.where === null ? null : b.replaceNodes(a.where, map));
      const gauge = a.gauge === null ? null : b.replaceNodes(a.gauge, map);
      rename([a.body], map);
      const node = b.from(a.node, () => b.reduce(a.op, old.over, body, where, a.k));
      map.set(a.node, node);
      return { from: a, acc: { ...a, node, body, where, gauge } };
    });
  const stored = layOut(b, k, part, taken);
  const stores = stored.map((s) => ({
    tensor: s.tensor.name,
    value: allOf(b, s, map),
    axes: s.tensor.dims.flat(),
    pass: null,
  }));
  const drifting = (a: Accumulator): Accumulator =>
    a.drift === undefined
      ? a
      : { ...a, drift: { companion: entry(map, a.drift.companion), shifted: b.replaceNodes(a.drift.shifted, map) } };
  const accumulators = k.accumulators.flatMap((a) => made.filter((m) => m.from === a).map((m) => drifting(m.acc)));
  const kernel: KernelPlan = {
    ...k,
    name: `${k.name}_parts`,
    rows: [...k.rows, part],
    part,
    accumulators,
    stores,
    notes: [...k.notes.filter((n) => n.kind !== "hoist"), noted(options.why)],
  };
  return { kernel, stored };
};

/** A scratch tensor and the accumulators in it: several side by side along the axis `stat`, or one (`stat` null). */
type Stored = { readonly tensor: Tensor; readonly of: readonly Accumulator[]; readonly stat: AxisId | null };

/** Single numbers of a row share a tensor: a kernel may bind eight. */
const layOut = (b: GraphBuilder, k: KernelPlan, part: AxisId, taken: Set<string>): readonly Stored[] => {
  const isNumber = (a: Accumulator): boolean => a.local.length === 0 && b.node(a.node).ty === "f32";
  const numbers = k.accumulators.filter(isNumber);
  const together =
    numbers.length > 1
      ? [numbers, ...k.accumulators.filter((a) => !isNumber(a)).map((a) => [a])]
      : k.accumulators.map((a) => [a]);
  return together.map((of): Stored => {
    const [first] = of;
    if (first === undefined) throw new Error("a tensor of no accumulator");
    const stat = of.length > 1 ? b.newAxis("stat", of.length) : null;
    const axes = [...k.rows, part, ...(stat === null ? [] : [stat]), ...first.local];
    const { ty } = b.node(first.node);
    const span = b.origins[first.node]?.[0] ?? NO_SPAN;
    const name = unused(stat === null ? `${first.name}_part` : "stats_part", taken);
    return {
      of,
      stat,
      tensor: { name, dtype: ty === "f32" ? "f32" : "i32", dims: axes.map((a) => [a]), role: "scratch", span },
    };
  });
};

/** What is stored, chosen by the index of `stat`. */
const allOf = (b: GraphBuilder, s: Stored, nodes: ReadonlyMap<NodeId, NodeId>): NodeId => {
  const { stat } = s;
  const values = s.of.map((a) => entry(nodes, a.node));
  const last = item(values, -1);
  if (stat === null) return last;
  return values
    .slice(0, -1)
    .reduceRight((rest, value, n) => b.select(b.binary("==", b.index(stat), b.konst(n, "i32")), value, rest), last);
};

/** What is stored of an accumulator, read back. */
const stateIn = (b: GraphBuilder, stored: readonly Stored[], a: Accumulator): NodeId => {
  const s = stored.find((x) => x.of.includes(a));
  if (s === undefined) throw new Error(`no partial state of ${a.name}`);
  const at = s.tensor.dims.flat().map((x) => (x === s.stat ? b.konst(s.of.indexOf(a), "i32") : b.index(x)));
  return b.from(a.node, () => b.load(s.tensor.name, at, b.node(a.node).ty));
};

/** The kernel that streams over the parts: what the results are made of, as reductions over partial states. */
const mergedStates = (
  b: GraphBuilder,
  k: KernelPlan,
  part: AxisId,
  stored: readonly Stored[],
  rename: Rename,
): KernelPlan => {
  const states = new Map(k.accumulators.map((a) => [a.node, stateIn(b, stored, a)]));
  const stateOf = (a: Accumulator): NodeId => entry(states, a.node);
  const maxima = new Map(
    k.accumulators
      .filter((a) => a.gauge === null)
      .map((a) => [a.node, b.from(a.node, () => b.reduce(a.op, [part], stateOf(a)))]),
  );
  const mergedOf = (a: Accumulator): NodeId => {
    const { gauge } = a;
    if (gauge === null) return entry(maxima, a.node);
    const growth = b.binary("-", b.replaceNodes(gauge, maxima), b.replaceNodes(gauge, states));
    const toWhole = b.unary("exp", growth);
    const companion = a.drift === undefined ? undefined : states.get(a.drift.companion);
    const state = companion === undefined ? stateOf(a) : b.binary("+", stateOf(a), b.binary("*", growth, companion));
    const seen = b.and(
      ...statisticsOf(b, k, gauge).map((x) => b.binary(REDUCTIONS[x.op].best ?? ">", stateOf(x), identityOf(b, x))),
    );
    return b.reduce("sum", [part], b.binary("*", toWhole, state), seen);
  };
  const merged = new Map(
    k.accumulators.map((a): readonly [NodeId, NodeId] => [a.node, b.from(a.node, () => mergedOf(a))]),
  );
  const roots = k.stores.map((s) => b.replaceNodes(s.value, merged));
  rename(
    k.stores.map((s) => s.value),
    merged,
  );
  const nameOf = (id: NodeId): string => k.accumulators.find((a) => merged.get(a.node) === id)?.name ?? "value";
  const cascade = deriveCascade(b, roots, [part], nameOf);
  const stores = k.stores.map((s, n) => ({ ...s, value: b.replaceNodes(roots[n] ?? s.value, cascade.values) }));
  rename(roots, cascade.values);
  const accumulators = cascade.carried.map((c): Accumulator => {
    const n = b.node(c.node) as Reduce;
    const from = k.accumulators.find((a) => cascade.values.get(entry(merged, a.node)) === c.node);
    return {
      node: c.node,
      name: from?.name ?? n.op,
      op: n.op,
      body: n.body,
      where: n.where,
      k: n.k,
      gauge: c.gauge,
      pass: c.pass,
      ...(c.drift === undefined ? {} : { drift: c.drift }),
      local: n.axes.filter((a) => !k.rows.includes(a)),
    };
  });
  const passes = 1 + Math.max(0, ...accumulators.map((a) => a.pass));
  const notes = [...k.notes.filter((n) => n.kind === "hoist"), noted(`merges the parts of \`${k.name}_parts\``)];
  return {
    name: `${k.name}_merge`,
    rows: k.rows,
    stream: [part],
    part,
    accumulators,
    scans: [],
    stores,
    passes,
    notes,
  };
};

const identityOf = (b: GraphBuilder, a: Accumulator): NodeId => {
  const { ty } = b.node(a.node);
  return b.konst(identity(a.op, ty), ty);
};

const noted = (text: string): Note => ({ kind: "parts", text, node: null });

const unused = (base: string, taken: Set<string>): string => {
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}${n}`;
  taken.add(name);
  return name;
};
