/** Bytes that norms move: one kernel an operation against one kernel in all. */
import { TARGETS, BASELINE } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compile.ts";
import { operands, type Node } from "../../src/ir/graph/graph.ts";
import { inOrder, nodeAt } from "../../src/ir/graph/walk.ts";
import { compileJob, countJob, PARAMETERS, plannedBytes, total } from "./count.ts";
import { RMSNORM_SAVES, SCALENORM_SAVES } from "./figures.ts";
import { kib, number, percent, table, times } from "./markdown.ts";

export type Rows = { readonly N: number; readonly D: number };

export type Norm = {
  readonly name: string;
  readonly title: string;
  /** Row passes unfused, from the operations written out; `part`: the share of the row that pRMSNorm looks at. */
  readonly passes: (part: number) => number;
  /** Kernels that touch a whole row, unfused. */
  readonly kernels: number;
};

/**
 * A row pass is one reading or writing of N x D numbers. LayerNorm: mean 1, sub 2, square 2, mean 1, div 2, mul 2, add 2.
 * RMSNorm: square 2, mean 1, div 2, mul 2; pRMSNorm: the first two on a part only. ScaleNorm: square 2, sum 1, mul 2. The
 * residual sum: 3 more.
 */
export const NORMS: readonly Norm[] = [
  { name: "layernorm", title: "LayerNorm", passes: () => 12, kernels: 7 },
  { name: "rmsnorm", title: "RMSNorm", passes: () => 7, kernels: 4 },
  { name: "prmsnorm", title: "pRMSNorm, 6.25 %", passes: (part) => 4 + 3 * part, kernels: 4 },
  { name: "scalenorm", title: "ScaleNorm", passes: () => 5, kernels: 3 },
  { name: "add_layernorm", title: "x + r, LayerNorm", passes: () => 15, kernels: 8 },
  { name: "add_rmsnorm", title: "x + r, RMSNorm", passes: () => 10, kernels: 5 },
];

/** Elements of the row that pRMSNorm looks at: the paper's k = ceil(n p), p = 6.25 %. */
export const partOf = (D: number): number => Math.ceil(D * 0.0625);

export type Eager = {
  /** Kernels that touch a value with a row and a feature axis. */
  readonly kernels: number;
  /** Bytes that all kernels read and write, small ones included. */
  readonly bytes: number;
  /** Readings and writings of N x D numbers. */
  readonly passes: number;
};

/**
 * Traffic of one kernel an operation, f32: each operation of the graph reads its operands (each once) and writes its result. An
 * operand's values are read at its own size, not at that of the result.
 */
const eager = (compiled: Compiled, { N, D }: Rows): Eager => {
  const { graph } = compiled;
  const extent = (axis: number): number => {
    const size = graph.axes.find((a) => a.id === axis)?.size;
    return typeof size === "number" ? size : N;
  };
  const cells = (n: Node): number => n.axes.reduce((k, a) => k * extent(a), 1);
  const computes = (n: Node): boolean => n.axes.length > 0 && ["unary", "binary", "select", "reduce"].includes(n.kind);
  const values = inOrder(
    graph,
    graph.results.map((r) => r.value),
  );
  const indices = new Set(values.flatMap((n) => (n.kind === "load" ? inOrder(graph, n.at).map((x) => x.id) : [])));
  const touched = values
    .filter((n) => computes(n) && !indices.has(n.id) && n.ty === "f32")
    .map((n) => [n, ...[...new Set(n.kind === "reduce" ? [n.body] : operands(n))].map((id) => nodeAt(graph, id))]);
  const wide = (n: Node): boolean => n.axes.length > 1;
  const sum = (xs: readonly Node[]): number => xs.reduce((k, n) => k + (n.axes.length === 0 ? 0 : cells(n)), 0);
  return {
    kernels: touched.filter((ns) => ns.some(wide)).length,
    bytes: 4 * sum(touched.flat()),
    passes: sum(touched.flat().filter(wide)) / (N * D),
  };
};

export type Fused = {
  /** Each tensor once, bytes. */
  readonly least: number;
  /** Row passes of that. */
  readonly leastPasses: number;
  /** Row passes that lanes ask storage for, by target. */
  readonly passes: Readonly<Record<string, number>>;
  /** Bytes of gains and biases that lanes ask for, target baseline. */
  readonly gains: number;
};

const COUNTED = ["baseline", "software"] as const;

/** Rows are counted on a slab of at most so many and scaled: workgroups share nothing. */
const SLAB = 64;

const fused = (name: string, { N, D }: Rows): Fused => {
  const slab = N % SLAB === 0 ? SLAB : N;
  const byTarget = COUNTED.map((target) => {
    const compiled = compileJob({
      file: `stdlib/norm/${name}.tfx`,
      kernel: name,
      dims: { D },
      target: TARGETS[target] ?? BASELINE,
    });
    const counts = countJob(compiled, { N: slab });
    const rows = new Set(compiled.artifact.tensors.filter((t) => t.dims.length === 2).map((t) => t.name));
    const moved = [...Object.entries(counts.loaded), ...Object.entries(counts.stored)];
    const bytes = (wide: boolean): number =>
      moved.reduce((n, [t, b]) => n + (rows.has(t) === wide ? b : 0), 0) * (N / slab);
    return { compiled, wide: bytes(true), gains: bytes(false), rows: rows.size };
  });
  const [first] = byTarget;
  if (first === undefined) throw new Error("no target");
  const buffers = [...plannedBytes(first.compiled, { N })].filter(([name]) => name !== PARAMETERS);
  return {
    least: total(new Map(buffers)),
    leastPasses: first.rows,
    passes: Object.fromEntries(COUNTED.map((t, i) => [t, (byTarget[i]?.wide ?? NaN) / (4 * N * D)])),
    gains: first.gains,
  };
};

export type NormFigures = { readonly norm: Norm; readonly rows: Rows; readonly eager: Eager; readonly fused: Fused };

const SHAPES: readonly Rows[] = [
  { N: 512, D: 768 },
  { N: 61, D: 771 },
];

export const countNorms = (): readonly NormFigures[] =>
  SHAPES.flatMap((rows) =>
    NORMS.map((norm) => {
      const statics = norm.name === "prmsnorm" ? { K: partOf(rows.D) } : {};
      const compiled = compileJob({
        file: "scripts/paper/norms.tfx",
        kernel: norm.name,
        dims: { D: rows.D },
        statics,
        target: BASELINE,
      });
      return { norm, rows, eager: eager(compiled, rows), fused: fused(norm.name, rows) };
    }),
  );

const normTable = (figures: readonly NormFigures[]): string =>
  table([
    [
      "f32",
      "kernels, unfused (c)",
      "row passes, unfused (c)",
      "KiB, unfused (c)",
      "row passes, fused, least (c)",
      "KiB, fused, least (c)",
      "row passes, baseline (m)",
      "row passes, software (m)",
      "gains asked for, KiB (m)",
      "KiB, unfused / least (c)",
      "row passes, unfused (c) / baseline (m)",
    ],
    ...figures.map(({ norm, eager: e, fused: f }) => [
      norm.title,
      number(e.kernels),
      number(e.passes, 2),
      kib(e.bytes),
      number(f.leastPasses),
      kib(f.least),
      number(f.passes["baseline"] ?? NaN, 2),
      number(f.passes["software"] ?? NaN, 2),
      kib(f.gains),
      times(e.bytes / f.least),
      times(e.passes / (f.passes["baseline"] ?? NaN)),
    ]),
  ]);

const savingTable = (figures: readonly NormFigures[]): string => {
  const [layer] = figures;
  const row = (name: string, paper: string): readonly string[] => {
    const own = figures.find((f) => f.norm.name === name);
    const saved = (of: (f: NormFigures) => number): string =>
      percent(1 - (own === undefined ? NaN : of(own)) / (layer === undefined ? NaN : of(layer)));
    return [
      own?.norm.title ?? name,
      paper,
      saved((f) => f.eager.passes),
      saved((f) => f.fused.leastPasses),
      saved((f) => f.fused.passes["baseline"] ?? NaN),
    ];
  };
  const range = (x: { readonly least: number; readonly most: number }): string =>
    `${percent(x.least)} to ${percent(x.most)}`;
  return table([
    [
      "saved against LayerNorm",
      "time, end to end (p)",
      "row passes, unfused (c)",
      "row passes, fused, least (c)",
      "row passes, fused, baseline (m)",
    ],
    row("rmsnorm", range(RMSNORM_SAVES.rmsnorm)),
    row("prmsnorm", range(RMSNORM_SAVES.prmsnorm)),
    row("scalenorm", `about ${percent(SCALENORM_SAVES)}`),
  ]);
};

export const normSection = (figures: readonly NormFigures[]): string => {
  const at = ({ N, D }: Rows): readonly NormFigures[] => figures.filter((f) => f.rows.N === N && f.rows.D === D);
  const above = figures.filter((f) => (f.fused.passes["baseline"] ?? NaN) > f.fused.leastPasses * 1.1);
  const names = (rows: Rows): string =>
    above
      .filter((f) => f.rows.N === rows.N && f.rows.D === rows.D)
      .map((f) => f.norm.title)
      .join("; ");
  const lists = SHAPES.map((rows) => ({ rows, list: names(rows) })).filter(({ list }) => list !== "");
  const honest =
    lists.length === 0
      ? "On baseline every kernel reads and writes each row once."
      : `Above the least on baseline, because a later pass asks for the row again (a cache may serve it):\n\n${lists.map(({ rows, list }) => `- ${rows.N} x ${rows.D}: ${list}`).join("\n")}`;
  return `## Norms: bytes moved, unfused and fused

_Unfused_: one kernel an operation, as an eager framework runs it. The operations are those of the papers' formulas
(\`scripts/paper/norms.tfx\`); each reads its operands and writes its result, numbers of one a row included. A _row pass_ is one
reading or writing of all N x D numbers. _Fused_: the kernel of \`std/norm\`. Least: each tensor once. Row passes (m) are what lanes ask
storage for when the Tile IR is run; gains and biases are asked for by every row, and caches serve nearly all of that, so they are
not in the row passes.

${SHAPES.map((rows) => `**${rows.N} x ${rows.D}**\n\n${normTable(at(rows))}`).join("\n\n")}

${honest}

What the papers promise for the norms with fewer operations, beside the traffic at ${SHAPES[0]?.N} x ${SHAPES[0]?.D}:

${savingTable(at(SHAPES[0] ?? { N: 0, D: 0 }))}

The papers' figures are times of whole models, so the columns are not the same quantity. The upper ends of the RMSNorm paper's ranges
(order-embedding; the lower ends are the Transformer) lie near what is saved unfused: the right size, but no derivation. Fused, all
these norms need only read a row and write a row: where memory is the bound, what one saves against the other goes away.
`;
};
