/** FlashAttention's theorem 2 and proposition 4: how often keys and values are loaded, counted in the generated kernels. */
import { BASELINE, TARGETS, type Target } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compile.ts";
import type { Schedule, StreamSchedule } from "../../src/ir/schedule/schedule.ts";
import { lanesOf } from "../../src/ir/schedule/sharing.ts";
import { compileJob, countJob, exponents, withWorkgroupBytes } from "./count.ts";
import { number, percent, table } from "./markdown.ts";

type Change = (chosen: Schedule) => Schedule;

/** For lanes that own rows, which these tables are about, also where the target would take tiles of rows and cells. */
const attention = (D: number, target: Target, change?: Change): Compiled =>
  compileJob({
    file: "stdlib/attention/dense.tfx",
    kernel: "dense_attention",
    dims: { D, E: D },
    target: { ...target, tuning: { ...target.tuning, tiles: null } },
    ...(change === undefined ? {} : { schedule: change }),
  });

export type Traffic = {
  readonly N: number;
  readonly M: number;
  readonly D: number;
  /** Elements of K and V that lanes load from storage. */
  readonly loads: number;
  readonly barriers: number;
  /** Bytes of workgroup memory that the kernel uses. */
  readonly workgroupBytes: number;
  readonly schedule: StreamSchedule;
};

const traffic = (compiled: Compiled, N: number, M: number, D: number): Traffic => {
  const counts = countJob(compiled, { B: 1, H: 1, N, M });
  const [schedule] = compiled.schedules;
  if (schedule === undefined || schedule.kind === "elements" || schedule.kind === "tiles")
    throw new Error("no schedule of a stream");
  return {
    N,
    M,
    D,
    schedule,
    loads: ((counts.loaded["k"] ?? 0) + (counts.loaded["v"] ?? 0)) / 4,
    barriers: counts.barriers,
    workgroupBytes: Math.max(...compiled.artifact.dispatches.map((d) => d.workgroupBytes)),
  };
};

/** Rows that one load of a key serves: all N M pairs need its 2 D numbers. */
export const rowsPerLoad = (t: Traffic): number => (2 * t.N * t.M * t.D) / t.loads;

/** Rows that a workgroup owns, when lanes own rows. */
export const rowsOf = (s: StreamSchedule): number => lanesOf(s).rows;

/** Bytes that a workgroup's rows of q and o take, the M of the theorem for our loop order. */
const stateBytes = (t: Traffic): number => rowsOf(t.schedule) * 2 * t.D * 4;

const withRows =
  (lanes: number, rowsPerLane: number): Change =>
  (chosen) =>
    chosen.kind === "rows" ? { ...chosen, lanes, rowsPerLane } : chosen;

export type Sparse = {
  /** The target. */
  readonly name: string;
  /** Share of blocks that are visible. */
  readonly share: number;
  readonly loads: number;
  readonly multiplies: number;
};

export type TrafficFigures = {
  readonly byLength: readonly Traffic[];
  readonly byBytes: readonly { readonly given: number; readonly found: Traffic }[];
  readonly byTarget: readonly { readonly name: string; readonly found: Traffic }[];
  readonly byRows: readonly Traffic[];
  readonly grid: readonly Traffic[];
  readonly sparse: readonly Sparse[];
};

const KIB = 1024;

/** Everything that is counted, at sizes that take seconds. Counts do not depend on the data, but for block sparsity. */
export const countTraffic = (): TrafficFigures => ({
  byLength: [64, 128, 256, 512].map((N) => traffic(attention(8, BASELINE), N, N, 8)),
  byBytes: [1, 2, 4, 8, 16, 32, 64].map((k) => ({
    given: k * KIB,
    found: traffic(attention(32, withWorkgroupBytes(BASELINE, k * KIB)), 128, 32, 32),
  })),
  byTarget: ["baseline", "subgroups", "software", "software-subgroups"].map((name) => ({
    name,
    found: traffic(attention(16, TARGETS[name] ?? BASELINE), 128, 64, 16),
  })),
  byRows: (
    [
      [16, 1],
      [32, 1],
      [64, 1],
      [64, 2],
      [128, 1],
      [64, 4],
      [256, 1],
    ] as const
  ).map(([lanes, rows]) => traffic(attention(16, BASELINE, withRows(lanes, rows)), 256, 64, 16)),
  grid: [64, 128].flatMap((N) =>
    [8, 16, 32].flatMap((D) => [16, 64].map((lanes) => traffic(attention(D, BASELINE, withRows(lanes, 1)), N, N, D))),
  ),
  sparse: ["baseline", "software"].flatMap((name) => [4, 2, 1].map((k) => sparseTraffic(name, k))),
});

/** 4 x 4 blocks of 64 x 64 scores, k of each row and of each column visible. */
const sparseTraffic = (name: string, k: number): Sparse => {
  const compiled = compileJob({
    file: "stdlib/attention/block_sparse.tfx",
    kernel: "block_sparse",
    dims: { D: 8, E: 8 },
    statics: { P: 64 },
    target: TARGETS[name] ?? BASELINE,
  });
  const blocks = Array.from({ length: 16 }, (_, i) => ((Math.floor(i / 4) + i) % 4 < k ? 1 : 0));
  const { loaded, multiplies } = countJob(compiled, { B: 1, H: 1, N: 256, M: 256, X: 4, Y: 4 }, { blocks });
  return { name, share: k / 4, loads: ((loaded["k"] ?? 0) + (loaded["v"] ?? 0)) / 4, multiplies };
};

/** Exponents fitted to the counts. */
export const fits = (
  f: TrafficFigures,
): Readonly<Record<"length" | "bytes" | "rows" | "gridN" | "gridD" | "gridM", number>> => {
  const one = (points: readonly (readonly number[])[]): number => exponents(points)[0] ?? NaN;
  const staged = f.byBytes.filter((x) => x.found.workgroupBytes > 0);
  const [gridN = NaN, gridD = NaN, gridM = NaN] = exponents(f.grid.map((t) => [t.N, t.D, stateBytes(t), t.loads]));
  return {
    length: one(f.byLength.map((t) => [t.N, t.loads])),
    bytes: one(staged.map((x) => [x.given, x.found.loads])),
    rows: one(f.byRows.map((t) => [rowsOf(t.schedule), t.loads])),
    gridN,
    gridD,
    gridM,
  };
};

const fixed = (x: number): string => (Math.abs(x) < 0.005 ? "0" : x.toFixed(2));

const how = (s: StreamSchedule): string => {
  switch (s.source) {
    case "direct":
      return "each lane for itself";
    case "subgroup":
      return "subgroup broadcast";
    case "workgroup":
      return `tiles of ${s.tile}`;
  }
};

const lengthTable = (rows: readonly Traffic[]): string =>
  table([
    ["N", "loads of K and V (m)", "2 N^2 d / rows (c)", "m / c", "standard (c)"],
    ...rows.map((t) => {
      const closed = (2 * t.N * t.M * t.D) / rowsOf(t.schedule);
      return [
        number(t.N),
        number(t.loads),
        number(closed),
        number(t.loads / closed, 3),
        number(2 * t.N * t.D + 4 * t.N ** 2),
      ];
    }),
  ]);

const bytesTable = (rows: TrafficFigures["byBytes"]): string =>
  table([
    [
      "workgroup bytes of the target",
      "keys staged at once (c)",
      "bytes used (c)",
      "loads of K and V (m)",
      "rows that share a load (m)",
      "barriers (m)",
    ],
    ...rows.map(({ given, found: t }) => [
      number(given),
      how(t.schedule),
      number(t.workgroupBytes),
      number(t.loads),
      number(rowsPerLoad(t), 2),
      number(t.barriers),
    ]),
  ]);

const targetTable = (rows: TrafficFigures["byTarget"]): string =>
  table([
    ["target", "lanes x rows (c)", "keys come from (c)", "loads of K and V (m)", "rows that share a load (m)"],
    ...rows.map(({ name, found: t }) => [
      name,
      `${t.schedule.lanes} x ${lanesOf(t.schedule).rowsPerLane}`,
      how(t.schedule),
      number(t.loads),
      number(rowsPerLoad(t), 2),
    ]),
  ]);

const rowsTable = (rows: readonly Traffic[]): string =>
  table([
    [
      "lanes x rows a lane",
      "rows a workgroup (c)",
      "bytes of q and o (c)",
      "loads of K and V (m)",
      "2 N M d / rows (c)",
    ],
    ...rows.map((t) => [
      `${t.schedule.lanes} x ${lanesOf(t.schedule).rowsPerLane}`,
      number(rowsOf(t.schedule)),
      number(stateBytes(t)),
      number(t.loads),
      number((2 * t.N * t.M * t.D) / rowsOf(t.schedule)),
    ]),
  ]);

/** Loads and multiplications as a share of those of the same target with all blocks visible. */
const sparseShares = (r: Sparse, rows: readonly Sparse[]): { readonly loads: number; readonly multiplies: number } => {
  const whole = rows.find((x) => x.name === r.name && x.share === 1);
  return { loads: r.loads / (whole?.loads ?? NaN), multiplies: r.multiplies / (whole?.multiplies ?? NaN) };
};

const sparseTable = (rows: readonly Sparse[]): string =>
  table([
    [
      "target",
      "share s of blocks visible",
      "loads of K and V (m)",
      "of those at s = 1 (m)",
      "multiplications of those at s = 1 (m)",
    ],
    ...rows.map((r) => {
      const share = sparseShares(r, rows);
      return [r.name, String(r.share), number(r.loads), percent(share.loads), percent(share.multiplies)];
    }),
  ]);

/** Whether the chooser turns workgroup memory into rows; the text follows what was counted. */
const bytesText = (exponent: number): string =>
  Math.abs(exponent) < 0.05
    ? `**Here the chosen schedule does not follow the theorem**: workgroup memory decides how many keys are staged between two
barriers, and with too little of it nothing is staged and every lane loads for itself. How many rows share a staged key is the
number of lanes times the rows a lane, which does not depend on workgroup memory.`
    : `The loads fall with workgroup memory: the schedule has more rows share a staged key where there is more of it.`;

/** Targets of which a share lies well above s. */
const above = (rows: readonly Sparse[], what: "loads" | "multiplies"): string =>
  [...new Set(rows.filter((r) => sparseShares(r, rows)[what] > r.share + 0.05).map((r) => r.name))].join(" and ");

const sparseText = (rows: readonly Sparse[]): string => {
  const [loads, work] = [above(rows, "loads"), above(rows, "multiplies")];
  const traffic =
    loads === ""
      ? "The loads fall with s, as the proposition says."
      : `**The loads do not fall with s** (${loads}): keys and
values of blocks that no row sees are loaded too.`;
  return `${traffic} ${work === "" ? "The work falls with s." : `The work does not fall with s (${work}): blocks are masked, not skipped.`}`;
};

export const trafficSection = (f: TrafficFigures): string => {
  const fit = fits(f);
  return `## Loads of keys and values: FlashAttention, theorem 2

Theorem 2 (p): standard attention makes Θ(N d + N^2) accesses to the large memory, FlashAttention Θ(N^2 d^2 / M) for
d <= M <= N d, M being the small memory. The paper's algorithm 1 has keys in the outer loop. A WebGPU kernel cannot add to
results of other workgroups, so TFX has queries in the outer loop: a workgroup owns rows, walks all keys, and K and V are loaded
once for each workgroup: 2 N^2 d / rows elements. What must stay on chip is a row of q and a row of o for each row, M = 2 d rows,
which gives 4 N^2 d^2 / M. With blocks of M / 4 d keys algorithm 1 moves about 12 N^2 d^2 / M (c): the same law.

Counted are the elements of K and V that the lanes of \`std/attention/dense\` ask storage for when its Tile IR is run (f32, one
head). A staged tile and a broadcast count once; caches are not modelled. Fits are least squares in logarithms. _Standard_ stores the
scores: it reads K and V once (ideal products of matrices), and writes and reads scores and weights, 2 N d + 4 N^2.

**N**, d = 8, target baseline. Fitted exponent of N: ${fixed(fit.length)} (m), the theorem's is 2.

${lengthTable(f.byLength)}

**Workgroup bytes**, N = 128 queries, 32 keys, d = 32. Fitted exponent where keys are staged: ${fixed(fit.bytes)} (m), the theorem's is -1.

${bytesTable(f.byBytes)}

${bytesText(fit.bytes)}

**Targets**, N = 128 queries, 64 keys, d = 16 (subgroups of 4 lanes).

${targetTable(f.byTarget)}

**Rows a workgroup**, set by hand through the option \`schedule\` of \`compile\`; N = 256 queries, 64 keys, d = 16. Fitted exponent of the
rows: ${fixed(fit.rows)} (m), -1 by the closed form. This is the parameter that the theorem's M stands for: rows live in registers, not
in workgroup memory, so what bounds them is the registers of a lane, 2 d numbers a row.

${rowsTable(f.byRows)}

**All three at once**: ${f.grid.length} kernels, N = 64 and 128, d = 8, 16 and 32, 16 and 64 rows, M = bytes of the rows of q and o. Fitted: loads
proportional to N^${fixed(fit.gridN)} d^${fixed(fit.gridD)} M^${fixed(fit.gridM)} (m); the theorem: N^2 d^2 M^-1 (p).

### Block-sparse attention: proposition 4

Proposition 4 (p): Θ(N d + N^2 d^2 s / M), s being the share of blocks that are visible. \`std/attention/block_sparse\`, N = 256, d = 8,
blocks of 64 x 64.

${sparseTable(f.sparse)}

${sparseText(f.sparse)}
`;
};
