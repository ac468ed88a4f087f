/**
 * Kernels that are large enough for code in loops (`src/ir/lower/budget.ts`): their tile programs, verified and run in f64, against the
 * f64 meaning of the graph. The loops are there, too: else nothing would be tested.
 */
import { describe, expect, test } from "vitest";
import { compileEntry, readCatalogue } from "../../src/cli/catalogue.ts";
import { createRandom } from "../../src/cli/random.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { TARGETS, type Target } from "../../src/base/target.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import { evalSize } from "../../src/base/size.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { worst } from "../plan/tiny.ts";

/** A row that is reduced at each of its cells, four of them at a time. */
const RANKS = `
kernel ranks(x: f32[n: N, j: M], w: f32[l: M]) -> (y: f32[n, j], z: f32[n]) {
  y = sum[l](if x[j = l] >= x then w * x[j = l] else 0.0)
  z = sum[j](if y > 0 then x else 0.5)
}
`;

type Large = {
  /** Null: `RANKS`. */
  readonly file: string | null;
  readonly kernel: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars?: Readonly<Record<string, number>>;
  /** What the WGSL must have; null: short enough to be written out. */
  readonly loop: RegExp | null;
};

const LARGE: readonly Large[] = [
  // Results behind the stream read a state: a loop over chunks of e, within it one over d.
  {
    file: "onnx/linear_attention",
    kernel: "linear_attention_past",
    sizes: { B: 1, N: 5, G: 2, R: 2, D: 24, E: 32 },
    scalars: { scale: 0.25 },
    loop: /_all: array<vec4f, 8>/,
  },
  // No multiple of four: the last indices are written out.
  {
    file: "onnx/linear_attention",
    kernel: "linear_attention_past",
    sizes: { B: 1, N: 3, G: 1, R: 1, D: 17, E: 70 },
    scalars: { scale: 0.25 },
    loop: /_all: array<vec4f, 17>/,
  },
  {
    file: "residual/gru_gate",
    kernel: "gru_gate_gtrxl",
    sizes: { N: 3, D: 64, F: 64 },
    scalars: { bg: 2 },
    loop: /_all: array<vec4f, 16>/,
  },
  {
    file: "attention/mla",
    kernel: "mla_attention",
    sizes: { B: 1, H: 2, N: 2, M: 3, D: 4, E: 4, L: 512, R: 4 },
    loop: /_all: array<vec4f, 128>/,
  },
  // Scores of eight heads at each cell: a loop over the heads, the scores in an array.
  {
    file: "attention/talking_heads",
    kernel: "talking_heads",
    sizes: { B: 1, H: 8, X: 3, G: 2, N: 5, M: 7, D: 34, E: 5 },
    loop: /_all_?\d*: array<f32, 8>/,
  },
  {
    file: "attention/talking_heads",
    kernel: "talking_heads_residual",
    sizes: { B: 1, H: 5, N: 9, M: 9, D: 64, E: 8 },
    scalars: { offset: 0.5 },
    loop: /_all_?\d*: array<f32, 5>/,
  },
  { file: null, kernel: "ranks", sizes: { N: 3, M: 32 }, loop: /for \(var l = 0; l < 8; l\+\+\)/ },
  { file: null, kernel: "ranks", sizes: { N: 3, M: 16 }, loop: null },
  { file: null, kernel: "ranks", sizes: { N: 3, M: 35 }, loop: null },
];

const compiledFor = (l: Large, target: Target): Compiled => {
  if (l.file === null) {
    const { compiled, diagnostics } = compile(RANKS, {
      file: "ranks.tfx",
      dims: { M: l.sizes["M"] ?? 0 },
      target,
      resolveImport: () => null,
    });
    expect(diagnostics).toEqual([]);
    return compiled[0] as Compiled;
  }
  return compileEntry(entryOf(l), l.sizes, target);
};

const entryOf = (l: Large) => {
  const entry = readCatalogue([`std/${l.file}`]).entries.find((e) => e.kernel === l.kernel);
  if (entry === undefined) throw new Error(`no ${l.kernel}`);
  return entry;
};

describe.each(["baseline", "subgroups", "software", "software-subgroups"])("%s", (name) => {
  test.each(LARGE.map((l) => [`${l.kernel} ${JSON.stringify(l.sizes)}`, l] as const))("%s", (_, l) => {
    const target = TARGETS[name];
    if (target === undefined) throw new Error(`no target ${name}`);
    const compiled = compiledFor(l, target);
    if (l.loop !== null) expect(compiled.artifact.wgsl).toMatch(l.loop);
    expect(verifyTile(compiled.tile, target)).toEqual([]);
    const random = createRandom(3);
    const countOf = (dims: (typeof compiled.artifact.tensors)[number]["dims"]): number =>
      dims.reduce((n, d) => n * evalSize(d.extent, (s) => l.sizes[s] ?? 0), 1);
    const inputs = Object.fromEntries(
      compiled.artifact.tensors
        .filter((t) => t.role === "input")
        .map((t) => [t.name, Array.from({ length: countOf(t.dims) }, () => Math.fround(2 * random() - 1))]),
    );
    const buffers = Object.fromEntries(
      compiled.artifact.tensors.map((t) => [t.name, inputs[t.name] ?? new Float64Array(countOf(t.dims)).fill(12345)]),
    );
    const expected = interpret(compiled.spec, { sizes: l.sizes, scalars: l.scalars ?? {}, tensors: inputs });
    const found = evaluateTile(compiled.tile, {
      sizes: l.sizes,
      uniforms: l.scalars ?? {},
      buffers,
      precision: "f64",
      subgroupSize: 4,
    }).buffers;
    for (const [out, values] of Object.entries(expected))
      expect(worst(found[out] ?? [], values), out).toBeLessThan(1e-9);
  });
});
