/** Which kernels and numbers the kind `tiles` can take, with the reason where it cannot, and the workgroup memory of its pieces. */
import type { Accumulator, KernelPlan, Store } from "../derive/plan.ts";
import { operands, type AxisId, type NodeId } from "../graph/graph.ts";
import { reach } from "../graph/walk.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import type { GraphView } from "../graph/view.ts";
import { columnAxis, tilePlan, vectorCount, withColumns } from "./columns.ts";
import type { TilesSchedule } from "./schedule.ts";
import { contractionsBelow, termsOf, tileView, type Contraction, type TileView } from "./tile-form.ts";

/** Rows of a workgroup, lanes along the rows, cells of a tile. */
export const tileShape = (
  s: TilesSchedule,
): { readonly rows: number; readonly high: number; readonly cells: number } => {
  const high = s.lanes / s.lanesPerRow;
  return { rows: high * s.rowsPerLane, high, cells: s.lanesPerRow * s.cells };
};

/** Vec4s of features that are staged at once, and the distance of two rows of them: one more keeps banks apart. */
export const chunkOf = (s: TilesSchedule, size: number): { readonly width: number; readonly stride: number } => {
  const width = Math.min(s.chunk / 4, Math.ceil(size / 4));
  return { width, stride: width + 1 };
};

/** Vec4s that the operands of a contraction take. */
export const operandRoom = (s: TilesSchedule, c: Contraction): number => {
  const { rows, cells } = tileShape(s);
  return (rows * c.ofRows.length + cells * c.ofCells.length) * chunkOf(s, c.size).stride;
};

/** Vec4s from one row of exchanged values to the next. */
export const exchangeStride = (s: TilesSchedule): number => tileShape(s).cells / 4 + 1;

/** The extrema that stay the same for all lanes of a row: a gauge reads them. */
export const gauging = (b: GraphView, accs: readonly Accumulator[]): ReadonlySet<NodeId> => {
  const reached = b.reach(accs.flatMap((a) => (a.gauge === null ? [] : [a.gauge])));
  return new Set(accs.map((a) => a.node).filter((n) => reached.has(n)));
};

const rootsOf = (accs: readonly Accumulator[]): readonly NodeId[] =>
  accs.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where]));

/** Bytes of workgroup memory; where parts of a union differ, a guess. */
export const tileBytes = (b: GraphView, given: KernelPlan, s: TilesSchedule): number => {
  const plan = tilePlan(b, given, s);
  const v = tileView(b, plan);
  const { rows } = tileShape(s);
  let [shared, slices, maxima] = [0, 0, 0];
  for (let pass = 0; pass < plan.passes; pass++) {
    const accs = plan.accumulators.filter((a) => a.pass === pass);
    const wide = accs.flatMap((a) => a.local.map((axis) => ({ axis, terms: termsOf(v, a.body, axis) })));
    const exchanged = new Set(wide.flatMap((w) => w.terms.exchanged)).size * rows * exchangeStride(s);
    shared = Math.max(shared, exchanged, ...contractionsBelow(v, rootsOf(accs)).map((c) => operandRoom(s, c)));
    for (const axis of new Set(wide.map((w) => w.axis))) {
      const staged = new Set(wide.filter((w) => w.axis === axis).flatMap((w) => w.terms.staged)).size;
      slices = Math.max(slices, staged * s.slice * vectorCount(b, s, axis));
    }
    const gauges = gauging(b, accs);
    const sums = accs.filter((a) => !gauges.has(a.node) && isPlainNumber(b, a)).length;
    maxima = Math.max(maxima, Math.max(gauges.size, sums) * rows * (s.lanesPerRow + 1));
  }
  return 16 * (shared + slices) + 16 * Math.ceil(maxima / 4) + mergedBytes(b, plan, s);
};

/** A number a row that is brought together as it is: an f32 whose state is its value. */
export const isPlainNumber = (b: GraphView, a: Accumulator): boolean =>
  a.local.length === 0 && REDUCTIONS[a.op].combine !== null && b.node(a.node).ty === "f32";

/** Arrays of one number a lane, in which other partial values of a row come together. */
const mergedBytes = (b: GraphView, plan: KernelPlan, s: TilesSchedule): number => {
  const single = plan.accumulators.filter((a) => a.local.length === 0 && !isPlainNumber(b, a));
  const arrays = (ints: boolean): number =>
    Math.max(
      0,
      ...single.filter((a) => (b.node(a.node).ty === "i32") === ints).map((a) => REDUCTIONS[a.op].registers(a.k)),
    );
  return (arrays(false) + arrays(true)) * 16 * Math.ceil(s.lanes / 4);
};

/** The shortest sum over features that a tile contracts; 0 where there is none. */
export const contractedFeatures = (b: GraphView, plan: KernelPlan): number => {
  const found = contractionsBelow(tileView(b, plan), rootsOf(plan.accumulators)).map((c) => c.size);
  return found.length === 0 ? 0 : Math.min(...found);
};

/**
 * About how many numbers a lane holds at once: what it carries, its block of sums, the vectors that are multiplied, what is loaded ahead.
 * Addresses and what the compiler keeps come on top.
 */
export const registersOfTile = (b: GraphView, given: KernelPlan, s: TilesSchedule): number => {
  const plan = tilePlan(b, given, s);
  const v = tileView(b, plan);
  const { rows, cells } = tileShape(s);
  const turns = (vectors: number): number => 4 * Math.ceil(vectors / s.lanes);
  const wide = plan.accumulators.flatMap((a) => a.local.map((axis) => ({ axis, terms: termsOf(v, a.body, axis) })));
  const vectors = (axis: AxisId): number => vectorCount(b, s, axis);
  const features = wide.reduce((n, w) => n + 4 * Math.ceil(vectors(w.axis) / s.lanesPerRow), 0);
  const single = plan.accumulators.filter((a) => a.local.length === 0).length;
  const contractions = contractionsBelow(v, rootsOf(plan.accumulators));
  const operands = contractions.map((c) => {
    const { width } = chunkOf(s, c.size);
    return c.ofRows.length * turns(rows * width) + c.ofCells.length * turns(cells * width);
  });
  const staged = wide.map((w) => w.terms.staged.length * turns(s.slice * vectors(w.axis)));
  const ahead = s.prefetch ? Math.max(0, ...operands) + Math.max(0, ...staged) : 0;
  return s.rowsPerLane * (features + single + contractions.length * s.cells) + 4 * (s.cells + 1) + ahead;
};

/** Why the kernel has no tiles under any numbers. */
export const planFaults = (b: GraphView, given: KernelPlan, columns = false): readonly string[] => {
  const axis = columns ? columnAxis(b, given) : null;
  if (columns && axis === null) return ["columns are those of a matrix product, which this is not"];
  const plan = axis === null ? given : withColumns(b, given, axis);
  const out: string[] = [];
  const names = (axes: readonly AxisId[]): string => axes.map((a) => b.axis(a).name).join(", ");
  if (plan.stream.length > 1) out.push(`tiles walk one axis, the stream is (${names(plan.stream)})`);
  const v = tileView(b, plan);
  if (v.inner.size === 0) out.push("no two rows read the same cells of the stream");
  if (plan.scans.length > 0) out.push("a recurrence walks its stream in order: lanes cannot share it");
  if (plan.stores.some((s) => s.pass !== null))
    out.push("a result varies along the stream: it is written cell by cell");
  for (const a of plan.accumulators) out.push(...accumulatorFaults(b, v, a, axis));
  const gauges = gauging(b, plan.accumulators);
  if (plan.accumulators.some((a) => gauges.has(a.node) && !isPlainNumber(b, a)))
    out.push("a gauge reads an integer, or what is no number a row");
  const wide = new Set(plan.accumulators.filter((a) => a.local.length > 0).map((a) => a.node));
  const reads = [...b.reach(rootsOf(plan.accumulators).flatMap((id) => [id]))];
  const bodies = new Set(reads.filter((id) => wide.has(id)));
  if (bodies.size > 0) out.push("a reduction reads what is carried a feature each");
  for (const st of plan.stores) {
    const local = st.axes.filter((a) => !plan.rows.includes(a));
    if (local.length > 1) out.push(`\`${st.tensor}\` has several axes that are no rows (${names(local)})`);
    const [only, ...more] = local;
    if (only !== undefined && more.length === 0 && only !== axis && typeof b.axis(only).size !== "number")
      out.push(`the size of \`${names(local)}\` is not known`);
    const below = [...b.reach([st.value])].map((id) => b.node(id));
    const carriedAlong = below
      .filter((n) => wide.has(n.id))
      .flatMap((n) => n.axes.filter((a) => !plan.rows.includes(a)));
    if (carriedAlong.some((a) => !local.includes(a)))
      out.push(`\`${st.tensor}\` reduces over features that lanes hold apart`);
    if (
      below.some(
        (n) =>
          n.kind === "reduce" &&
          !v.accumulators.has(n.id) &&
          v.live(n.id) &&
          n.over.some((a) => carriedAlong.includes(a)),
      )
    )
      out.push(`\`${st.tensor}\` reduces over features that lanes hold apart`);
  }
  if (wide.size === 0 && contractionsBelow(v, rootsOf(plan.accumulators)).length === 0)
    out.push("nothing is contracted over features: there is nothing for two dimensions of lanes");
  return [...new Set(out)];
};

const accumulatorFaults = (b: GraphView, v: TileView, a: Accumulator, columns: AxisId | null): readonly string[] => {
  if (!REDUCTIONS[a.op].merges) return [`partial results of \`${a.op}\` cannot be merged over lanes`];
  const out: string[] = [];
  const roots = a.where === null ? [a.body] : [a.body, a.where];
  if ([...b.reach(roots)].some((id) => isRunning(b, id)))
    out.push("a running sum walks its stream in order: lanes cannot share it");
  const [axis, ...more] = a.local;
  if (axis === undefined) return out;
  const of = `\`${a.name}\``;
  const { name, size } = b.axis(axis);
  if (more.length > 0) out.push(`${of} carries more than one axis of features`);
  if (a.op !== "sum" || b.node(a.body).ty !== "f32") out.push(`${of} is no sum of f32, and carries a value a feature`);
  if (typeof size !== "number" && axis !== columns) return [...out, `the size of \`${name}\` is not known`];
  if (a.gauge !== null && b.node(a.gauge).axes.includes(axis))
    out.push(`${of} has a gauge that varies along \`${name}\``);
  if (a.where !== null) {
    if (b.node(a.where).axes.includes(axis)) out.push(`a condition of ${of} varies along \`${name}\``);
    if (v.live(a.where) || v.reduces(a.where)) out.push(`a condition of ${of} is made of scores`);
  }
  const terms = termsOf(v, a.body, axis);
  if (terms.exchanged.some((id) => b.node(id).ty !== "f32"))
    out.push(`${of} reads an integer or a condition of scores`);
  if (!terms.whole && (typeof size !== "number" || size % 4 !== 0))
    out.push(`${of} reads \`${name}\`, no multiple of 4, other than with the cells of the stream`);
  return out;
};

const isRunning = (b: GraphView, id: NodeId): boolean => {
  const n = b.node(id);
  return n.kind === "reduce" && n.op === "cumsum";
};

/** Blocks and vectors of features that a lane writes out. */
const MAX_WRITTEN = 64;

const isPower = (n: number): boolean => (n & (n - 1)) === 0;

/** What is wrong with the numbers, for a kernel that has tiles. */
export const numberFaults = (b: GraphView, given: KernelPlan, s: TilesSchedule): readonly string[] => {
  const plan = tilePlan(b, given, s);
  const out: string[] = [];
  if (s.lanesPerRow < 2 || !isPower(s.lanesPerRow))
    out.push(`${s.lanesPerRow} lanes a row cannot merge in pairs: a power of two from 2 can`);
  if (s.lanes % s.lanesPerRow !== 0) out.push(`${s.lanes} lanes are no whole number of rows of ${s.lanesPerRow} lanes`);
  for (const [name, n] of [
    ["cells", s.cells],
    ["chunk", s.chunk],
    ["slice", s.slice],
  ] as const)
    if (n % 4 !== 0) out.push(`${name} is ${n}, no multiple of 4`);
  if ((s.lanesPerRow * s.cells) % s.slice !== 0)
    out.push(`slices of ${s.slice} cells do not divide a tile of ${s.lanesPerRow * s.cells}`);
  if (s.rowsPerLane * s.cells > MAX_WRITTEN)
    out.push(`${s.cells} cells of ${s.rowsPerLane} rows written out, at most ${MAX_WRITTEN} together`);
  const vectors = plan.accumulators
    .flatMap((a) => a.local)
    .reduce((n, axis) => n + Math.ceil(vectorCount(b, s, axis) / s.lanesPerRow), 0);
  if (s.columns !== undefined && s.columns % (4 * s.lanesPerRow) !== 0)
    out.push(`${s.columns} columns are no whole number of vectors for each of ${s.lanesPerRow} lanes`);
  if (vectors * s.rowsPerLane > MAX_WRITTEN)
    out.push(`${vectors} vectors of features of ${s.rowsPerLane} rows in a lane, at most ${MAX_WRITTEN} together`);
  return out;
};

/**
 * About how many operations a lane writes out: what varies along rows and cells for each of its (row, cell), the products of its features for
 * four cells; once where cells may be masked, once where all are there, and for each part of a union.
 */
export const writtenByTile = (b: GraphView, given: KernelPlan, s: TilesSchedule): number => {
  const plan = tilePlan(b, given, s);
  const v = tileView(b, plan);
  const [axis] = plan.stream;
  const parts = axis === undefined ? 1 : (b.axis(axis).parts?.length ?? 1);
  const contractions = contractionsBelow(v, rootsOf(plan.accumulators));
  const staged = new Set(contractions.flatMap((c) => [...c.ofRows, ...c.ofCells]));
  const isCell = (id: NodeId): boolean =>
    b.node(id).axes.some((a) => v.inner.has(a)) && b.node(id).axes.some((a) => v.stream.has(a));
  const wide = plan.accumulators.filter((a) => a.local.length > 0);
  const vectors = wide.map((a) => a.local.reduce((n, x) => n + Math.ceil(vectorCount(b, s, x) / s.lanesPerRow), 0));
  const below = reach(b, rootsOf(plan.accumulators), (n) => (staged.has(n.id) ? [] : operands(n)));
  const cells = [...below].filter((id) => !staged.has(id) && isCell(id)).length * s.rowsPerLane * s.cells;
  const features = vectors.reduce((n, x) => n + 4 * x * s.rowsPerLane, 0);
  // What is no plain number takes several registers a cell, and a merge a row.
  const merged = plan.accumulators.filter((a) => a.local.length === 0 && !isPlainNumber(b, a));
  const registers = merged.reduce((n, a) => n + REDUCTIONS[a.op].registers(a.k), 0);
  const updates = 2 * registers * s.rowsPerLane * s.cells;
  const merges = 4 * registers * s.rowsPerLane * Math.log2(s.lanesPerRow);
  return (
    2 * parts * (cells + features + updates) +
    merges +
    plan.stores.reduce((n, st) => n + writtenByResult(b, plan, s, st), 0)
  );
};

/** The same of a result: what stands behind its sums, and a store, for each vector of a lane, each element where these do not come in fours. */
const writtenByResult = (b: GraphView, plan: KernelPlan, s: TilesSchedule, st: Store): number => {
  const axis = st.axes.find((a) => !plan.rows.includes(a));
  const carried = new Set(plan.accumulators.map((a) => a.node));
  const behind = reach(b, [st.value], (n) => (carried.has(n.id) ? [] : operands(n)));
  const values = [...behind].map((id) => b.node(id)).filter((n) => n.kind !== "const" && n.axes.length > 0);
  const size = axis === undefined ? 4 : b.axis(axis).size;
  const points = axis === undefined ? 1 : Math.ceil(vectorCount(b, s, axis) / s.lanesPerRow);
  const each = typeof size === "number" && size % 4 === 0 ? 1 : 4;
  return (values.length + 1) * s.rowsPerLane * points * each;
};
