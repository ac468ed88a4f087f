/** The pass: recurrences that can be taken in chunks and for which that pays are. */
import type { Target } from "../../base/target.ts";
import { edit, type GraphBuilder } from "../graph/build.ts";
import { operands, type AxisId, type Graph, type Node, type NodeId } from "../graph/graph.ts";
import { readBelow, scansBelow, type Scan } from "../graph/scan.ts";
import { UnknownSize, Unsupported } from "../graph/unsupported.ts";
import { type GraphView, viewOf } from "../graph/view.ts";
import { reach } from "../graph/walk.ts";
import type { Note } from "./plan.ts";
import { inChunks, readInChunks } from "./chunk/form.ts";
import { planKernels } from "./partition.ts";
import { bound } from "./planning.ts";
import { replaced } from "./rules/replaced.ts";
import { mixedAxes } from "./scan.ts";
import { cellsOf, uncounted } from "./chunk/cost.ts";
import { featurewise, NO_DECAY, pairwise, type Chunks } from "./chunk/decay.ts";
import { keeping, type Kept, type Keeping } from "./chunk/kept.ts";
import { pickScan, type Picked } from "./chunk/pick.ts";

/** A graph of the same values, and which of them kernels of their own store. */
export type InChunks = { readonly graph: Graph; readonly notes: readonly Note[]; readonly kept: readonly Kept[] };

/** `asked`: cells of a chunk for every recurrence that can be taken so, whatever it costs; 1: none is. */
export const takeChunks = (graph: Graph, notes: readonly Note[], target: Target, asked?: number): InChunks => {
  const none: InChunks = { graph, notes, kept: [] };
  if (asked === undefined ? !target.tuning.chunks : asked < 2) return none;
  const roots = graph.results.map((r) => r.value);
  const b = edit(graph);
  const scans = scansBelow(b, roots);
  if (scans.length === 0) return none;
  const { chosen, told } = choose(b, roots, target, asked);
  if (chosen.length === 0) return { graph: b.finish(graph), notes: [...notes, ...told], kept: [] };
  const keep = keeping(b);
  const axesOf = chunkAxes(b);
  const map = new Map<NodeId, NodeId>();
  for (const { picked, cells } of chosen) rewrite(b, keep, picked, axesOf(picked.scan.over, cells), map);
  const whole = replaced(graph, b, map);
  const taken = new Set(chosen.map((c) => c.picked.scan.state));
  const serial = new Set(scans.flatMap((s) => (taken.has(s.state) ? [] : [s.state])));
  const changed = whole.results.flatMap((r, n) => (r.value === roots[n] ? [] : [r.value]));
  storeOthers(b, keep, changed, serial);
  const found: InChunks = { graph: b.finish(whole), notes: [...notes, ...told], kept: keep.all() };
  const why = asked === undefined ? whyNot(found, target) : null;
  if (why === null) return found;
  return { ...none, notes: [...notes, ...scans.map((s) => serially(b, s, why))] };
};

/** Why what was made of a kernel that could be walked cell by cell cannot be run; null: it can. */
const whyNot = ({ graph, notes, kept }: InChunks, target: Target): string | null => {
  try {
    const { graph: whole, kernels } = planKernels(graph, notes, target.storageBuffers, kept);
    const b = viewOf(whole);
    const most = Math.max(...kernels.map((k) => new Set(k.stores.flatMap((s) => bound(b, s))).size));
    return most <= target.storageBuffers ? null : `a kernel would bind ${most} tensors`;
  } catch (e) {
    if (e instanceof Unsupported) return e.message;
    if (e instanceof UnknownSize) return `the size of \`${e.axis.name}\` is not known`;
    throw e;
  }
};

const serially = (b: GraphView, scan: Scan, why: string): Note => ({
  kind: "chunk",
  node: scan.id,
  text: `\`${scan.name}\` is walked along \`${b.axis(scan.over).name}\` cell by cell, not in chunks: ${why}`,
});

type Chosen = { readonly picked: Picked; readonly cells: number };

/** Which recurrences are taken, and what is to be said of all. */
const choose = (
  b: GraphBuilder,
  roots: readonly NodeId[],
  target: Target,
  asked: number | undefined,
): { readonly chosen: readonly Chosen[]; readonly told: readonly Note[] } => {
  const mixed = mixedAxes(b, roots);
  const scans = scansBelow(b, roots);
  const why = new Map<number, string>();
  const able = scans.flatMap((scan): readonly Picked[] => {
    const picked = pickScan(b, scan, roots);
    const no = "why" in picked ? picked.why : uncounted(b, picked);
    if (no !== null || "why" in picked) return (why.set(scan.state, String(no)), []);
    return [picked];
  });
  let chosen = [...new Set(able.map((p) => p.scan.over))].flatMap((over): readonly Chosen[] => {
    const along = able.filter((p) => p.scan.over === over);
    const cells = cellsOf(b, over, along, mixed, target, asked);
    if (typeof cells === "number") return along.map((picked) => ({ picked, cells }));
    for (const p of along) why.set(p.scan.state, cells);
    return [];
  });
  // What else a rewritten result reads comes from memory, the state of each cell: only where that is one number a row.
  const beside = ({ picked: { scan } }: Chosen): Scan | undefined =>
    roots
      .filter((id) => readBelow(b, [id]).some((n) => n.kind === "scan" && n.state === scan.state))
      .flatMap((id) => scansBelow(b, [id]))
      .find((s) => !chosen.some((c) => c.picked.scan.state === s.state) && s.dims.some((a) => mixed.has(a)));
  // What is read of one at other cells is not rewritten again there: it is walked, and stored.
  const around = ({ picked: { scan } }: Chosen): Chosen | undefined =>
    chosen.find(
      ({ picked: p }) =>
        p.scan.state !== scan.state && scansBelow(b, partsOf(p)).some((below) => below.state === scan.state),
    );
  for (let gone = chosen.find((c) => around(c) !== undefined); gone !== undefined;) {
    why.set(gone.picked.scan.state, `what is read of \`${around(gone)?.picked.scan.name ?? ""}\` is made of it`);
    chosen = chosen.filter((c) => c !== gone);
    gone = chosen.find((c) => around(c) !== undefined);
  }
  for (let gone = chosen.find((c) => beside(c) !== undefined); gone !== undefined;) {
    why.set(gone.picked.scan.state, `a result reads \`${beside(gone)?.name ?? ""}\` as well, which is walked so`);
    chosen = chosen.filter((c) => c !== gone);
    gone = chosen.find((c) => beside(c) !== undefined);
  }
  const told = scans.map((scan): Note => {
    const own = chosen.find((c) => c.picked.scan.state === scan.state);
    return own === undefined
      ? serially(b, scan, why.get(scan.state) ?? "")
      : {
          kind: "chunk",
          node: scan.id,
          text: `\`${scan.name}\` runs along \`${b.axis(scan.over).name}\` in chunks of ${own.cells} cells: what each adds to the state and what it reads of its own cells are sums, only the states between chunks follow each other`,
        };
  });
  return { chosen, told };
};

/** What a recurrence and the sums that read it are made of, but for its state. */
const partsOf = ({ gate, added, readings }: Picked): readonly NodeId[] =>
  [gate, added, ...readings.flatMap((r) => [r.coefficient, r.rest, r.sum.where])].filter((id) => id !== null);

/** The axes of chunks, once for each axis and length. */
const chunkAxes = (b: GraphBuilder): ((over: AxisId, cells: number) => Chunks & { readonly other: AxisId }) => {
  const made = new Map<string, Chunks & { readonly other: AxisId }>();
  return (over, cells) => {
    const known = made.get(`${over} ${cells}`);
    if (known !== undefined) return known;
    const { name, size, span } = b.axis(over);
    const count = typeof size === "number" ? Math.ceil(size / cells) + 1 : (["+", ["ceil/", size, cells], 1] as const);
    const chunk = b.newAxis(`${name}_chunk`, count, span);
    const place = b.newAxis(`${name}_place`, cells, span);
    const from = b.newAxis(`${name}_from`, cells + 1, span);
    const axes = { over, cells, chunk, place, from, other: b.freshAxis(over) };
    made.set(`${over} ${cells}`, axes);
    return axes;
  };
};

/** What takes the place of each sum that reads the state. */
const rewrite = (
  b: GraphBuilder,
  keep: Keeping,
  p: Picked,
  chunks: Chunks & { readonly other: AxisId },
  map: Map<NodeId, NodeId>,
): void => {
  const { scan, gate, added } = p;
  const name = `${scan.name}_decay`;
  const made = p.featurewise ? featurewise : pairwise;
  const decay = gate === null ? NO_DECAY : b.from(scan.id, () => made(b, chunks, keep, gate, name));
  const features = new Set(p.readings.flatMap((r) => r.sum.over));
  const [outer, own] = [scan.dims.filter((a) => rowLike(b, p, a)), scan.dims.filter((a) => !rowLike(b, p, a))];
  const layout = [...outer, chunks.chunk, ...own.toSorted((x, y) => Number(features.has(y)) - Number(features.has(x)))];
  const s = b.from(scan.id, () => inChunks(b, keep, scan, { gate, added, decay }, chunks, layout));
  for (const id of p.last) map.set(id, s.last);
  for (const { sum, coefficient, rest, products } of p.readings) {
    const { over, where } = sum;
    const value = b.from(sum.id, () => {
      const read = readInChunks(b, keep, s, { over, coefficient, where }, products, chunks.other);
      return rest === null ? read : b.binary("+", read, b.reduce("sum", over, rest, where));
    });
    map.set(sum.id, value);
  }
};

/** Whether an axis of the state is one of every reader's coefficient too: a batch, a head. */
const rowLike = (b: GraphBuilder, p: Picked, a: AxisId): boolean =>
  p.readings.every((r) => !r.sum.over.includes(a) && b.node(r.coefficient).axes.includes(a));

/** Other states that rewritten values read are stored, cell by cell. */
const storeOthers = (b: GraphBuilder, keep: Keeping, changed: readonly NodeId[], serial: ReadonlySet<number>): void => {
  const isOther = (n: Node): n is Scan => n.kind === "scan" && serial.has(n.state);
  const below = [...changed, ...keep.all().map((k) => k.value)];
  for (const id of reach(b, below, (n) => (isOther(n) ? n.at : operands(n)))) {
    const n = b.node(id);
    if (!isOther(n)) continue;
    const own = [n.over, ...n.dims];
    keep.scan(n, b.node(b.scan(n)).axes)(new Map(own.map((a, k) => [a, n.at[k] ?? b.index(a)])));
  }
};
