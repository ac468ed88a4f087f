/**
 * Integers are exact: conditions and indices with scalars and data at the ends of 32 bits, held against the graph's exact integers.
 * The tile evaluator wraps as WGSL does, and gives up after more turns of loops than there are cells.
 */
import fc from "fast-check";
import { describe, test } from "vitest";
import { TARGETS } from "../../src/base/target.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { compileCase, type Case } from "../numeric/harness.ts";

const RUNS = Number(process.env["TFX_FUZZ"] ?? 60);
const SEED = Number(process.env["TFX_SEED"] ?? 4711);

const [LEAST, GREATEST] = [-2147483648, 2147483647];

/** Any integer, the ends of 32 bits and small ones most often. */
const integer = fc.oneof(
  fc.constantFrom(LEAST, LEAST + 1, LEAST + 3, GREATEST, GREATEST - 1, GREATEST - 4, 0, 1, -1),
  fc.integer({ min: -9, max: 9 }),
  fc.integer({ min: LEAST, max: GREATEST }),
);

/** Atoms of a sum: indices, sizes, scalars, data, and values that are no sums (these are 32 bits each). */
const OF_ROWS = [
  "i",
  "w",
  "u",
  "a",
  "b",
  "size(j)",
  "size(i)",
  "max(i, w)",
  "min(a, u)",
  "(w / 3)",
  "(a % 7)",
  "abs(w / 2)",
  "(if a < w then a else u)",
];
const OF_CELLS = [...OF_ROWS, "j", "c", "j", "abs(i - j)", "(i + j) / 5", "max(j, a)"];
const coefficient = fc.constantFrom("", "", "", "2 * ", "3 * ", "7 * ", "100 * ");
const constants = fc.constantFrom("", "", " + 3", " - 3", " + 2147483647", " - 2147483647", " - 2147483640");

/** A sum of multiples and a constant. */
const sumOf = (atoms: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.record({ sign: fc.constantFrom("+", "-"), k: coefficient, x: fc.constantFrom(...atoms) }), {
        minLength: 1,
        maxLength: 3,
      }),
      constants,
    )
    .map(
      ([terms, constant]) =>
        `${terms.map((t, n) => `${n === 0 ? (t.sign === "-" ? "-" : "") : ` ${t.sign} `}${t.k}${t.x}`).join("")}${constant}`,
    );
const sum = sumOf(OF_CELLS);

const comparison = fc
  .record({ x: sum, op: fc.constantFrom("<", "<=", ">", ">=", "==", "!="), y: sum })
  .map(({ x, op, y }) => `${x} ${op} ${y}`);
const plain = fc
  .record({ x: fc.constantFrom("j", "i - j", "j - i", "2 * j"), op: fc.constantFrom("<", "<=", ">", ">="), y: sum })
  .map(({ x, op, y }) => `${x} ${op} ${y}`);
const condition = fc.oneof(
  { weight: 3, arbitrary: plain },
  { weight: 3, arbitrary: comparison },
  {
    weight: 2,
    arbitrary: fc.tuple(plain, comparison, fc.constantFrom("and", "or")).map(([x, y, op]) => `${x} ${op} ${y}`),
  },
  { weight: 1, arbitrary: fc.tuple(plain, plain).map(([x, y]) => `${x} and not (${y})`) },
);

type Drawn = {
  readonly where: string;
  readonly value: string;
  readonly n: number;
  readonly m: number;
  readonly w: number;
  readonly u: number;
  readonly data: readonly number[];
  readonly known: boolean;
  readonly on: string;
};
const drawn: fc.Arbitrary<Drawn> = fc.record({
  where: condition,
  value: sumOf(OF_ROWS),
  n: fc.integer({ min: 1, max: 9 }),
  m: fc.integer({ min: 1, max: 40 }),
  w: integer,
  u: integer,
  data: fc.array(integer, { minLength: 60, maxLength: 60 }),
  known: fc.boolean(),
  on: fc.constantFrom("baseline", "subgroups", "software", "software-subgroups"),
});

const sourceOf = (d: Drawn): string => `
kernel k(x: f32[i: N, j: M], a: i32[i], c: i32[j], b: u32[i], w: i32, u: i32) -> (y: f32[i], z: i32[i]) {
  let s = x where ${d.where}
  y = sum[j](s)
  z = ${d.value}
}
`;

/** What differs, a line each. */
const differences = (d: Drawn): readonly string[] => {
  const sizes = { N: d.n, M: d.m };
  const c: Case = { kernel: "k", sizes, known: d.known ? ["M"] : [] };
  const target = TARGETS[d.on];
  if (target === undefined) throw new Error("no target");
  const compiled = compileCase(sourceOf(d), c, target);
  const wrong = verifyTile(compiled.tile, target);
  if (wrong.length > 0) return wrong;
  const tensors = {
    x: Array.from({ length: d.n * d.m }, (_, k) => 1 + (k % 13)),
    a: d.data.slice(0, d.n),
    c: d.data.slice(10, 10 + d.m),
    b: d.data.slice(50, 50 + d.n).map((x) => x - LEAST),
  };
  const scalars = { w: d.w, u: d.u };
  // What is read of u32 saturates: integers are i32.
  const expected = evaluateGraph(compiled.graph, {
    sizes,
    scalars,
    tensors: { ...tensors, b: tensors.b.map((x) => Math.min(x, GREATEST)) },
  });
  const lengths: Record<string, number> = { y: d.n, z: d.n };
  const buffers = Object.fromEntries(
    compiled.artifact.tensors.map((t) => [
      t.name,
      (tensors as Record<string, number[]>)[t.name] ?? new Float64Array(lengths[t.name] ?? 64 * d.n),
    ]),
  );
  const found = evaluateTile(compiled.tile, {
    sizes,
    uniforms: scalars,
    buffers,
    precision: "f64",
    subgroupSize: 4,
    turns: 20_000,
  }).buffers;
  return Object.entries(expected).flatMap(([out, values]) =>
    [...values]
      .map((x) => (out === "z" ? Math.min(GREATEST, Math.max(LEAST, x)) : x))
      .flatMap((x, k) => (x === found[out]?.[k] ? [] : [`${out}[${k}] is ${found[out]?.[k]}, should be ${x}`])),
  );
};

describe("integers of 32 bits in conditions", () => {
  test.each(Array.from({ length: 6 }, (_, k) => k))("mean what exact integers mean, %i", { timeout: 600_000 }, (k) => {
    fc.assert(
      fc.property(drawn, (d) => {
        const wrong = differences(d);
        if (wrong.length > 0)
          throw new Error(
            `${wrong.slice(0, 4).join("\n")}\n${sourceOf(d)}${JSON.stringify({ ...d, data: d.data.slice(0, 50) })}`,
          );
      }),
      { numRuns: Math.ceil(RUNS / 6), seed: SEED + k },
    );
  });
});
