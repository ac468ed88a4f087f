/** The domain of a stream: its loop bounds in the user's words, and which tiles of it are skipped, masked and whole. */
import type { Compiled } from "../compiled.ts";
import type { KernelPlan } from "../ir/derive/plan.ts";
import type { AxisId, NodeId } from "../ir/graph/graph.ts";
import { ownRows } from "../ir/derive/sharing.ts";
import { printSchedule, type Schedule, type WalkingSchedule } from "../ir/schedule/schedule.ts";
import { lanesOf } from "../ir/schedule/sharing.ts";
import { streamBounds } from "../ir/scalar/bounds.ts";
import { conjuncts } from "../ir/graph/walk.ts";
import type { DomainEnv } from "../ir/scalar/domain.ts";
import { maskMap } from "../ir/scalar/tiles.ts";
import { count, percent, type Names } from "./names.ts";
import type { Example } from "./sizes.ts";
import { countGrid, type Counted } from "./tile-count.ts";
import { penOf } from "./pen.ts";

/** Rows of a workgroup and stream cells of a step: the tile that a workgroup decides about at once. */
export const tileShape = (schedule: WalkingSchedule): readonly [number, number] => {
  const { lanesPerRow, rows } = lanesOf(schedule);
  if (schedule.kind === "tiles") return [rows, schedule.cells * lanesPerRow];
  const step = schedule.cells * lanesPerRow * (schedule.vectorStream ? 4 : 1);
  return [rows, schedule.source === "workgroup" ? Math.max(schedule.tile, step) : step];
};

/** The row axis that tiles are cut along: the last one, or the parts of a stream that is cut. Null when a workgroup has one row. */
export const tiledRow = (compiled: Compiled, kernel: KernelPlan): AxisId | null => {
  if (kernel.part !== null && kernel.rows.includes(kernel.part)) return kernel.part;
  return ownRows(penOf(compiled), kernel).at(-1) ?? kernel.rows.at(-1) ?? null;
};

/** What restricts the stream of a kernel in one pass; `where` null: nothing. */
export type Domain = { readonly where: NodeId | null; readonly passes: readonly number[] };

/** The conditions of the accumulators, each once, with the passes (from 0) that it holds in. */
export const domainsOf = (kernel: KernelPlan): readonly Domain[] => {
  const found = new Map<NodeId | null, Set<number>>();
  for (const a of kernel.accumulators) {
    const passes = found.get(a.where) ?? new Set<number>();
    found.set(a.where, passes.add(a.pass));
  }
  return [...found].map(([where, passes]) => ({ where, passes: [...passes].sort() }));
};

const envOf = (example: Example): DomainEnv => ({
  size: (n) => example.sizes[n] ?? null,
  scalar: example.scalar,
});

/** `cells`: boxes of `grain` x `grain` cells; of a box on an edge about half the cells exist (all when `grain` is 1 and data decide). */
export type DomainCount = { readonly tiles: Counted; readonly cells: Counted; readonly grain: number };

/** Boxes along a side up to which single cells are counted. */
const FINEST = 2048;

/** What was counted: the report, the picture and the cost of a kernel ask for the same. */
const counts = new WeakMap<Example, Map<string, DomainCount | null>>();

/** Tiles and cells of a domain at the example's sizes; null where there is no plane of rows and stream to count in. */
export const countDomain = (
  compiled: Compiled,
  kernel: KernelPlan,
  schedule: Schedule,
  where: NodeId | null,
  example: Example,
): DomainCount | null => {
  const known = counts.get(example) ?? new Map<string, DomainCount | null>();
  counts.set(example, known);
  const key = `${kernel.name} ${where} ${printSchedule(schedule)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const counted = countAnew(compiled, kernel, schedule, where, example);
  known.set(key, counted);
  return counted;
};

const countAnew = (
  compiled: Compiled,
  kernel: KernelPlan,
  schedule: Schedule,
  where: NodeId | null,
  example: Example,
): DomainCount | null => {
  const [column, more] = kernel.stream;
  const row = tiledRow(compiled, kernel);
  if (schedule.kind === "elements" || column === undefined || more !== undefined || row === null) return null;
  const size = [example.extent(row), example.extent(column)] as const;
  const plane = { rows: row, columns: column, size };
  const b = penOf(compiled);
  const tiles = countGrid(b, where, { ...plane, tile: tileShape(schedule) }, envOf(example));
  // Data decides about single cells only: what reads it is left out, so that whole blocks can be counted.
  const known = where === null ? null : b.and(...conjuncts(b, where).filter((c) => !readsData(compiled, c)));
  const grain = Math.max(1, Math.ceil(Math.max(...size) / FINEST));
  const cells = countGrid(b, known, { ...plane, tile: [grain, grain] }, envOf(example));
  return { tiles, cells: { ...cells, exact: cells.exact && known === where }, grain };
};

const readsData = (compiled: Compiled, id: NodeId): boolean => {
  const b = penOf(compiled);
  return [...b.reach([id])].some((x) => ["load", "reduce"].includes(b.node(x).kind));
};

/** Share of tiles that are visited, 1 when all are. */
export const tileShare = (c: DomainCount | null): number =>
  c === null ? 1 : (c.tiles.partial + c.tiles.full) / Math.max(1, c.tiles.empty + c.tiles.partial + c.tiles.full);

/** Share of cells that exist; cells that are not decided without data count as existing. */
export const cellShare = (c: DomainCount | null): number => {
  if (c === null) return 1;
  const { empty, partial, full } = c.cells;
  return (full + partial * (c.grain > 1 ? 0.5 : 1)) / Math.max(1, empty + partial + full);
};

const reads = (compiled: Compiled, id: NodeId): readonly string[] => [
  ...new Set(
    [...penOf(compiled).reach([id])].flatMap((x) => {
      const n = penOf(compiled).node(x);
      return n.kind === "load" ? [n.tensor] : [];
    }),
  ),
];

/** The bounds of the loop and what stays a test in it. */
const boundLines = (compiled: Compiled, kernel: KernelPlan, where: NodeId, names: Names): readonly string[] => {
  const [stream] = kernel.stream;
  if (stream === undefined || kernel.stream.length > 1) return [`  tested cell by cell: ${names.full(where)}`];
  const b = penOf(compiled);
  const { lower, upper, exact, rest } = streamBounds(b, where, stream);
  const j = names.axis(stream);
  const size = b.sizeOf(b.axis(stream).size);
  const list = (fn: string, first: string, more: readonly string[]): string =>
    more.length === 0 ? first : `${fn}(${[first, ...more].join(", ")})`;
  const from = list(
    "max",
    "0",
    lower.map((x) => names.full(x.node)),
  );
  const to = list(
    "min",
    `${names.full(size)} - 1`,
    upper.map((x) => names.full(x.node)),
  );
  const row = tiledRow(compiled, kernel);
  const moves = (ids: readonly NodeId[]): boolean => row !== null && ids.some((id) => b.node(id).axes.includes(row));
  const i = row === null ? "" : names.axis(row);
  const edges = [
    ...(moves(lower.map((x) => x.node)) ? [`starts at the least lower bound of its ${i}`] : []),
    ...(moves(upper.map((x) => x.node)) ? [`ends at the greatest upper bound of its ${i}`] : []),
  ];
  const data = rest.filter((id) => reads(compiled, id).length > 0);
  const inner = rest.filter((id) => !data.includes(id));
  return [
    `  ${j} runs from ${from} to ${to}${exact ? ": this says all of the condition" : ""}`,
    ...(edges.length === 0
      ? []
      : [`  a tile of ${i} ${edges.join(" and ")}; between the tightest bounds of its ${i} no cell needs a mask`]),
    ...inner.map((id) => `  tested in the loop: ${names.full(id)}`),
    ...data.map(
      (id) =>
        `  tested in the loop, and known at run time only (reads ${reads(compiled, id)
          .map((t) => `\`${t}\``)
          .join(", ")}): ${names.full(id)}`,
    ),
  ];
};

/** Longest side of a map, in characters. */
const MAP_SIDE = 32;

const mapLines = (
  compiled: Compiled,
  kernel: KernelPlan,
  schedule: WalkingSchedule,
  where: NodeId,
  example: Example,
  names: Names,
): readonly string[] => {
  const row = tiledRow(compiled, kernel);
  const [column] = kernel.stream;
  if (row === null || column === undefined || kernel.stream.length > 1) return [];
  const size = [example.extent(row), example.extent(column)] as const;
  const own = tileShape(schedule);
  // Characters stand for whole numbers of tiles: as many as keep both sides short.
  const side = (k: 0 | 1): number => own[k] * Math.max(1, Math.ceil(size[k] / own[k] / MAP_SIDE));
  const tile = [side(0), side(1)] as const;
  const map = maskMap(penOf(compiled), where, { rows: row, columns: column, tile, size }, envOf(example));
  return [
    `  map at ${example.text}: a character is ${tile[0]} ${names.axis(row)} (down) x ${tile[1]} ${names.axis(column)} (across); . skipped  / masked  # whole`,
    ...map.split("\n").map((l) => `    ${l}`),
  ];
};

/** The section on one domain. */
export const domainLines = (
  compiled: Compiled,
  kernel: KernelPlan,
  schedule: WalkingSchedule,
  domain: Domain,
  example: Example,
  names: Names,
  withMap: boolean,
): readonly string[] => {
  const over = names.axes(kernel.stream);
  const { where } = domain;
  const passes =
    kernel.passes > 1
      ? ` (${domain.passes.length === 1 ? "pass" : "passes"} ${domain.passes.map((p) => p + 1).join(", ")})`
      : "";
  if (where === null) return [`${over}: all cells${passes}, no mask`];
  const counted = countDomain(compiled, kernel, schedule, where, example);
  const shape = tileShape(schedule);
  const lines = [`${over} where ${names.full(where)}${passes}`, ...boundLines(compiled, kernel, where, names)];
  if (counted === null) return lines;
  const { tiles, cells } = counted;
  const all = tiles.empty + tiles.partial + tiles.full;
  const work = `${percent(tileShare(counted))} of the full tile work`;
  lines.push(
    `  tiles of ${shape[0]} x ${shape[1]} at ${example.text}: ${tiles.empty} of ${count(all, "tile")} skipped, ${tiles.partial} masked, ${tiles.full} whole; ${work}`,
  );
  const about = !cells.exact ? "at most " : counted.grain > 1 ? "about " : cells.partial > 0 ? "at most " : "";
  lines.push(`  cells that exist: ${about}${percent(cellShare(counted))}`);
  return withMap ? [...lines, ...mapLines(compiled, kernel, schedule, where, example, names)] : lines;
};
