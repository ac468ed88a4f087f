/** What is chosen for which kernel: each number of `choose.ts` from both of its sides, worked out from its comments. */
import { TARGETS, type Target } from "../../../src/base/target.ts";
import { compileCase } from "../../numeric/harness.ts";
import { printSchedule, type Schedule } from "../../../src/ir/schedule/schedule.ts";

export type Chosen = {
  readonly why: string;
  readonly text: string;
  readonly on: Target;
  readonly dims: Readonly<Record<string, number>>;
  readonly parts?: number;
};

const BASELINE = TARGETS["baseline"]!;
/** The same without tiles of rows and cells: what streams is staged for lanes that own rows. */
const STAGED: Target = { ...BASELINE, tuning: { ...BASELINE.tuning, tiles: null } };
const SUBGROUPS = TARGETS["subgroups"]!;
const SOFTWARE = TARGETS["software"]!;
const CPU = TARGETS["software-subgroups"]!;

const each = (shape: string, body: string): string => `kernel k(${shape}) { ${body} }`;
const plusOne = each("x: f32[n: N, d: D]) -> (y: f32[n, d]", "y = x + 1.0");
const norm = each("x: f32[n: N, d: D]) -> (y: f32[n, d]", "let s = sum[d](x * x)\n y = x * s");
const total = each("x: f32[n: N, d: D]) -> (y: f32[n]", "y = sum[d](x)");
const across = each("x: f32[d: D, n: N]) -> (y: f32[n]", "y = sum[d](x)");
const masked = each("x: f32[n: N, d: D]) -> (y: f32[n]", "let s = x where d < 5\n y = sum[d](s)");
const largest = each("x: f32[n: N, d: D]) -> (y: i32[n]", "y = argmax[d](x)");
const running = each("x: f32[n: N, d: D]) -> (y: f32[n, d]", "y = cumsum[d](x)");
const attention = each(
  "q: f32[b: B, i: N, d: D], k: f32[b, j: M, d], v: f32[b, j, e: E]) -> (o: f32[b, i, e]",
  "o = sum[j](softmax[j](sum[d](q * k)) * v)",
);
const projected = each(
  "x: f32[n: N, c: 3], w: f32[c, d: D]) -> (y: f32[n]",
  "let p = sum[c](x * w)\n y = sum[d](p * p)",
);

const grouped = each(
  "q: f32[g: G, r: R, d: D], k: f32[g, j: M, d], v: f32[g, j, e: E]) -> (o: f32[g, r, e]",
  "o = sum[j](softmax[j](sum[d](q * k)) * v)",
);
const product = each("x: f32[n: N, d: D], w: f32[d, f: F]) -> (y: f32[n, f]", "y = sum[d](x * w)");
const products = each("x: f32[b: B, n: N, d: D], w: f32[b, d, f: F]) -> (y: f32[b, n, f]", "y = sum[d](x * w)");
const gated = each(
  "x: f32[n: N, d: D], w: f32[d, f: F], u: f32[d, f]) -> (y: f32[n, f]",
  "y = silu(sum[d](x * w)) * sum[d](x * u)",
);
const turned = each("x: f32[d: D, n: N]) -> (y: f32[n, d]", "y = x + 1.0");
const union = each(
  "x: f32[n: N, c: C], z: f32[n, e: D]) -> (y: f32[n]",
  "axis d = c | e\n y = sum[d](concat[d](x, z))",
);
const chain = each("x: f32[n: N, d: D]) -> (y: f32[n, d]", "let h[n, d] = 0.5 * prev[d](h, 0) + x\n y = h");
const flat = each("x: f32[n: N, d: D, e: E]) -> (y: f32[n]", "y = sum[d, e](x)");
const two = each("x: f32[n: N, d: D]) -> (y: f32[n, d], z: f32[d, n]", "y = x + 1.0\n z = x + 2.0");
const single = each("x: f32[n: N]) -> (y: f32", "y = sum[n](x)");

const at = (why: string, text: string, on: Target, dims: Readonly<Record<string, number>>, parts?: number): Chosen => ({
  why,
  text,
  on,
  dims,
  ...(parts === undefined ? {} : { parts }),
});

/** Each with its schedules. */
export const CASES: readonly (readonly [Chosen, string])[] = [
  [at("four cells of a known size", plusOne, BASELINE, { D: 8 }), "elements, 64 lanes, four each"],
  [at("a size that is no multiple of four", plusOne, BASELINE, { D: 6 }), "elements, 64 lanes, one each"],
  [at("a size that is not known", plusOne, BASELINE, {}), "elements, 64 lanes, one each"],
  [at("a size of none", plusOne, BASELINE, { D: 0 }), "elements, 64 lanes, one each"],
  [at("reads that are not side by side", turned, BASELINE, { D: 8, N: 8 }), "elements, 64 lanes, one each"],
  [at("a result the other way round", two, BASELINE, { D: 8, N: 8 }), "elements, 64 lanes, one each"],
  [
    at("a row of one vector", norm, BASELINE, { D: 4 }),
    "rows, 64 lanes x 1 row, 1 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("of two", norm, BASELINE, { D: 8 }),
    "split, 64 lanes, 2 a row, 1 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("of three: two lanes, two vectors each", norm, BASELINE, { D: 12 }),
    "split, 64 lanes, 2 a row, 2 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("of 64", norm, BASELINE, { D: 256 }),
    "split, 64 lanes, 64 a row, 1 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("the longest row that 64 lanes hold", norm, BASELINE, { D: 4096 }),
    "split, 64 lanes, 64 a row, 16 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("one vector longer", norm, BASELINE, { D: 4100 }),
    "split, 64 lanes, 64 a row, 4 x vec4 cells a step, 1 at edges",
  ],
  [
    at("a lane of a CPU holds 16 vectors", norm, SOFTWARE, { D: 64 }),
    "rows, 64 lanes x 1 row, 16 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("not 17, nor are they walked by four", norm, SOFTWARE, { D: 68 }),
    "rows, 64 lanes x 1 row, 1 x vec4 cells a step, 1 at edges",
  ],
  [at("20 are walked by four", norm, SOFTWARE, { D: 80 }), "rows, 64 lanes x 1 row, 4 x vec4 cells a step, 1 at edges"],
  [
    at("a cell that takes a loop is not held", projected, SOFTWARE, { D: 16 }),
    "rows, 64 lanes x 1 row, 4 x vec4 cells a step, 1 at edges",
  ],
  [
    at("the same on a GPU", projected, BASELINE, { D: 16 }),
    "split, 64 lanes, 4 a row, 1 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("a ragged row: four lanes, two cells each", total, BASELINE, { D: 7 }),
    "split, 64 lanes, 4 a row, 2 cells a step, row held in registers, 2 at edges",
  ],
  [
    at("of one cell", total, BASELINE, { D: 1 }),
    "rows, 64 lanes x 1 row, 1 cells a step, row held in registers, 1 at edges",
  ],
  [
    at("the longest ragged row that is held", total, BASELINE, { D: 1023 }),
    "split, 64 lanes, 64 a row, 16 cells a step, row held in registers, 16 at edges",
  ],
  [at("one that is longer", total, BASELINE, { D: 1025 }), "split, 64 lanes, 64 a row, 4 cells a step, 4 at edges"],
  [at("of unknown length", total, BASELINE, {}), "split, 64 lanes, 64 a row, 4 cells a step, 4 at edges"],
  [at("of unknown length on a CPU", total, SOFTWARE, {}), "rows, 16 lanes x 2 rows, 4 cells a step, 1 at edges"],
  [
    at("a stream that is not the last index", across, BASELINE, { D: 8 }),
    "rows, 64 lanes x 1 row, 4 cells a step, 4 at edges",
  ],
  [at("a condition on cells", masked, BASELINE, { D: 8 }), "rows, 64 lanes x 1 row, 4 cells a step, 4 at edges"],
  [at("what cannot be merged", largest, BASELINE, { D: 8 }), "rows, 64 lanes x 1 row, 4 cells a step, 4 at edges"],
  [at("a running sum", running, BASELINE, { D: 8 }), "rows, 64 lanes x 1 row, 1 cells a step, 1 at edges"],
  [
    at("16 rows: a workgroup each", across, BASELINE, { D: 8, N: 16 }),
    "split, 64 lanes, 64 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("17 rows fill a workgroup", across, BASELINE, { D: 8, N: 17 }),
    "rows, 64 lanes x 1 row, 4 cells a step, 4 at edges",
  ],
  [at("four rows of a CPU", across, SOFTWARE, { D: 8, N: 4 }), "split, 64 lanes, 64 a row, 1 cells a step, 1 at edges"],
  [at("five rows of a CPU", across, SOFTWARE, { D: 8, N: 5 }), "rows, 16 lanes x 2 rows, 4 cells a step, 1 at edges"],
  [
    at("16 rows that share what streams", attention, BASELINE, { D: 4, E: 8, N: 16 }),
    "split, 64 lanes, 64 a row, 1 cells a step, 1 at edges; split, 64 lanes, 8 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("17", attention, BASELINE, { D: 4, E: 8, N: 17 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [
    at("rows and cells in two dimensions", attention, BASELINE, { D: 64, E: 64 }),
    "tiles, 8 x 8 lanes of 4 x 8 cells, 16 features and 8 cells staged at once, loaded ahead",
  ],
  [
    at("with more workgroup memory", attention, TARGETS["32k"]!, { D: 128, E: 128 }),
    "tiles, 16 x 8 lanes of 4 x 4 cells, 16 features and 16 cells staged at once, loaded ahead",
  ],
  [
    at("with more features than 8 cells leave registers for", attention, BASELINE, { D: 128, E: 128 }),
    "tiles, 16 x 8 lanes of 4 x 4 cells, 16 features and 8 cells staged at once, loaded ahead",
  ],
  [
    at("the fewest features in tiles", attention, BASELINE, { D: 32, E: 8 }),
    "tiles, 8 x 8 lanes of 4 x 8 cells, 16 features and 8 cells staged at once, loaded ahead",
  ],
  [
    at("one fewer", attention, BASELINE, { D: 31, E: 8 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [
    at("four heads that decode from the same cells", grouped, BASELINE, { R: 4, D: 128, E: 128 }),
    "tiles, 4 x 32 lanes of 1 x 4 cells, 16 features and 4 cells staged at once; split, 64 lanes, 16 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("sixteen of them", grouped, BASELINE, { R: 16, D: 64, E: 64 }),
    "tiles, 16 x 8 lanes of 1 x 4 cells, 16 features and 4 cells staged at once; split, 64 lanes, 8 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("one of them", grouped, BASELINE, { R: 1, D: 128, E: 128 }),
    "split, 64 lanes, 64 a row, 1 cells a step, 1 at edges; split, 64 lanes, 16 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("a product", product, BASELINE, {}),
    "tiles, 8 x 8 lanes of 8 x 4 cells and 64 columns, 16 cells staged at once, loaded ahead",
  ],
  [
    at("two sums of one left side", gated, BASELINE, { D: 512, F: 2048 }),
    "tiles, 8 x 8 lanes of 4 x 4 cells and 64 columns, 16 cells staged at once, loaded ahead",
  ],
  [
    at("the fewest rows and features", product, BASELINE, { N: 32, D: 32, F: 128 }),
    "tiles, 8 x 8 lanes of 8 x 4 cells and 64 columns, 16 cells staged at once, loaded ahead",
  ],
  [
    at("a row fewer", product, BASELINE, { N: 31, D: 32, F: 128 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [
    at("a feature fewer", product, BASELINE, { N: 32, D: 31, F: 128 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [
    at("as many rows of each right side as are known", products, BASELINE, { N: 32 }),
    "tiles, 8 x 8 lanes of 8 x 4 cells and 64 columns, 16 cells staged at once, loaded ahead",
  ],
  [
    at("rows of each right side that are not known", products, BASELINE, { D: 64, F: 64 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [at("a product on a CPU", product, SOFTWARE, {}), "rows, 16 lanes x 2 rows, 4 cells a step, 1 at edges"],
  [
    at("tiles of 16", attention, STAGED, { D: 64, E: 64 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [
    at("tiles of 8", attention, STAGED, { D: 128, E: 128 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 8 in workgroup memory, 4 at edges",
  ],
  [
    at("the widest of 16: 64 bytes are left", attention, STAGED, { D: 128, E: 127 }),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [
    at("tiles of 4", attention, STAGED, { D: 400, E: 400 }),
    "rows, 64 lanes x 1 row, 2 cells a step, tiles of 4 in workgroup memory, 1 at edges",
  ],
  [
    at("no room for tiles", attention, STAGED, { D: 600, E: 600 }),
    "rows, 64 lanes x 1 row, 2 cells a step, 1 at edges",
  ],
  [
    at("broadcast in subgroups", attention, SUBGROUPS, { D: 8, E: 64 }),
    "rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast, 4 at edges",
  ],
  [
    at(
      "not in subgroups that may have two lanes",
      attention,
      { ...SUBGROUPS, subgroups: { min: 2, max: 4 } },
      { D: 8, E: 64 },
    ),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges",
  ],
  [
    at("four cells in subgroups of 16", attention, { ...SUBGROUPS, subgroups: { min: 16, max: 32 } }, { D: 8, E: 64 }),
    "rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast, 4 at edges",
  ],
  [
    at("192 features", attention, SUBGROUPS, { D: 8, E: 190 }),
    "rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast, 4 at edges",
  ],
  [
    at("193: fewer cells, single ones at edges", attention, SUBGROUPS, { D: 8, E: 191 }),
    "rows, 64 lanes x 1 row, 2 cells a step, subgroup broadcast, 1 at edges",
  ],
  [
    at("31 features of a CPU: one row", attention, CPU, { D: 8, E: 29 }),
    "rows, 16 lanes x 1 row, 4 cells a step, subgroup broadcast, 1 at edges",
  ],
  [
    at("32: two", attention, CPU, { D: 8, E: 30 }),
    "rows, 16 lanes x 2 rows, 4 cells a step, subgroup broadcast, 1 at edges",
  ],
  [
    at("96: two", attention, CPU, { D: 8, E: 94 }),
    "rows, 16 lanes x 2 rows, 4 cells a step, subgroup broadcast, 1 at edges",
  ],
  [
    at("97: one", attention, CPU, { D: 8, E: 95 }),
    "rows, 16 lanes x 1 row, 4 cells a step, subgroup broadcast, 1 at edges",
  ],
  [
    at("193 of a CPU with subgroups", attention, CPU, { D: 8, E: 191 }),
    "rows, 16 lanes x 1 row, 2 cells a step, subgroup broadcast, 1 at edges",
  ],
  [
    at("a CPU without subgroups", attention, SOFTWARE, { D: 8, E: 190 }),
    "rows, 16 lanes x 2 rows, 4 cells a step, 1 at edges",
  ],
  [at("193 of one", attention, SOFTWARE, { D: 8, E: 191 }), "rows, 16 lanes x 1 row, 2 cells a step, 1 at edges"],
  [
    at("193 in tiles", attention, STAGED, { D: 8, E: 191 }),
    "rows, 64 lanes x 1 row, 2 cells a step, tiles of 16 in workgroup memory, 1 at edges",
  ],
  [at("a union", union, BASELINE, { C: 4, D: 8 }), "rows, 64 lanes x 1 row, 4 cells a step, 4 at edges"],
  [at("several streams", flat, BASELINE, { D: 8, E: 4 }), "rows, 64 lanes x 1 row, 4 cells a step, 4 at edges"],
  [
    at("several streams, subgroups", flat, SUBGROUPS, { D: 8, E: 4 }),
    "rows, 64 lanes x 1 row, 4 cells a step, 4 at edges",
  ],
  [
    at("one number", single, BASELINE, { N: 64 }),
    "split, 64 lanes, 16 a row, 1 x vec4 cells a step, row held in registers, 1 at edges",
  ],
  [at("a recurrence", chain, SUBGROUPS, { D: 8 }), "rows, 64 lanes x 1 row, 1 cells a step, 1 at edges"],
  [
    at("two parts", attention, BASELINE, { D: 4, E: 8 }, 2),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges; split, 64 lanes, 2 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("three parts take four lanes", attention, BASELINE, { D: 4, E: 8 }, 3),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges; split, 64 lanes, 4 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("70 parts take 64", attention, BASELINE, { D: 4, E: 8 }, 70),
    "rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory, 4 at edges; split, 64 lanes, 64 a row, 1 cells a step, 1 at edges",
  ],
  [
    at("parts on a CPU", attention, SOFTWARE, { D: 4, E: 8 }, 2),
    "rows, 16 lanes x 2 rows, 4 cells a step, 1 at edges; rows, 16 lanes x 2 rows, 4 cells a step, 1 at edges",
  ],
];

/** All of a schedule in words. */
const inWords = (s: Schedule): string => {
  if (s.kind === "elements") return `${printSchedule(s)}, ${s.vectorStream ? "four" : "one"} each`;
  return "edgeCells" in s ? `${printSchedule(s)}, ${s.edgeCells} at edges` : printSchedule(s);
};

/** The schedules of all kernels. */
export const chosenFor = ({ text, on, dims, parts }: Chosen): string =>
  compileCase(text, { kernel: "k", sizes: dims, known: Object.keys(dims) }, on, undefined, parts)
    .schedules.map(inWords)
    .join("; ");
