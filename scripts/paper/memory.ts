/** FlashAttention's table 21: memory by sequence length, from closed form, beside what our kernel needs. */
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compile.ts";
import { compileJob, plannedBytes, total } from "./count.ts";
import { LENGTHS, TABLE_21 } from "./figures.ts";
import { mib, number, table, times } from "./markdown.ts";
import type { Measured, Shape } from "./measure.ts";

const shapeAt = (N: number): Shape => ({ B: TABLE_21.B, H: TABLE_21.H, N, D: TABLE_21.D });

/** Bytes of one [B, H, N, D] tensor, of one [B, H, N, N] tensor, and of one f32 number a row. */
const parts = (
  { B, H, N, D }: Shape,
  element: number,
): { readonly nd: number; readonly nn: number; readonly row: number } => ({
  nd: B * H * N * D * element,
  nn: B * H * N * N * element,
  row: B * H * N * 4,
});

/** Bytes of the paper's PyTorch column: 4 tensors N x N and 10 tensors N x D. */
export const pytorchBytes = (s: Shape): number => 4 * parts(s, 2).nn + 10 * parts(s, 2).nd;

/** Bytes of the paper's FlashAttention column: 13 tensors N x D and two numbers a row; up to N = 256, 11 tensors. */
export const flashBytes = (s: Shape): number =>
  s.N <= 256 ? 11 * parts(s, 2).nd : 13 * parts(s, 2).nd + 2 * parts(s, 2).row;

/** Forward pass that stores scores and weights: q, k, v, o and two N x N tensors. */
export const naiveBytes = (s: Shape, element: number): number => 4 * parts(s, element).nd + 2 * parts(s, element).nn;

/** Forward pass that stores neither: q, k, v, o and one number a row. */
export const fusedBytes = (s: Shape, element: number): number => 4 * parts(s, element).nd + parts(s, element).row;

const compiledFor = (element: "f16" | "f32"): Compiled =>
  compileJob({
    file: "stdlib/attention/dense.tfx",
    kernel: "dense_attention",
    dims: { D: TABLE_21.D, E: TABLE_21.D },
    types: { T: element },
    target: element === "f16" ? (TARGETS["f16"] ?? BASELINE) : BASELINE,
  });

const sizesOf = ({ B, H, N }: Shape): Readonly<Record<string, number>> => ({ B, H, N, M: N });

/** What the compiled kernel needs at a shape: all buffers of a call, and those that are neither input nor output. */
export const planned = (element: "f16" | "f32"): ((s: Shape) => { readonly all: number; readonly scratch: number }) => {
  const compiled = compiledFor(element);
  const io = new Set(compiled.artifact.tensors.filter((t) => t.role !== "scratch").map((t) => t.name));
  return (s) => {
    const bytes = plannedBytes(compiled, sizesOf(s));
    return { all: total(bytes), scratch: total(new Map([...bytes].filter(([name]) => !io.has(name)))) };
  };
};

const shown = (x: number | null | undefined): string => (x == null ? "-" : number(x));

const paperTable = (): string =>
  table([
    ["N", "PyTorch (p)", "4 NN + 10 ND (c)", "FlashAttention (p)", "13 ND + 2 st (c)", "PyTorch / Flash (c)"],
    ...LENGTHS.map((N, i) => [
      number(N),
      shown(TABLE_21.pytorch[i]),
      mib(pytorchBytes(shapeAt(N))),
      shown(TABLE_21.flash[i]),
      `${mib(flashBytes(shapeAt(N)))}${N <= 256 ? " (11 ND)" : ""}`,
      times(pytorchBytes(shapeAt(N)) / flashBytes(shapeAt(N))),
    ]),
  ]);

const ourTable = (): string => {
  const [half, single] = [planned("f16"), planned("f32")];
  return table([
    [
      "N",
      "naive, f16 (c)",
      "TFX planned, f16 (c)",
      "4 ND + st (c)",
      "of it neither input nor output (c)",
      "naive / TFX (c)",
      "TFX planned, f32 (c)",
    ],
    ...LENGTHS.map((N) => {
      const s = shapeAt(N);
      return [
        number(N),
        mib(naiveBytes(s, 2)),
        mib(half(s).all),
        mib(fusedBytes(s, 2)),
        `${number(half(s).scratch)} B`,
        times(naiveBytes(s, 2) / half(s).all),
        mib(single(s).all),
      ];
    }),
  ]);
};

const measuredTable = (measured: Measured): string => {
  const single = planned("f32");
  return table([
    [
      "B x H x N x D",
      "naive, bytes (c)",
      "planned, bytes (c)",
      "`peakBytes` (m)",
      "buffers alive at once, bytes (m)",
      "naive (c) / alive (m)",
    ],
    ...measured.runs.map(({ shape, peakBytes, aliveBytes }) => [
      `${shape.B} x ${shape.H} x ${number(shape.N)} x ${shape.D}`,
      number(naiveBytes(shape, 4)),
      number(single(shape).all),
      number(peakBytes),
      number(aliveBytes),
      times(naiveBytes(shape, 4) / aliveBytes),
    ]),
  ]);
};

export const memorySection = (measured: Measured): string => `## Memory: FlashAttention, table 21

arXiv 2205.14135, table 21: ${TABLE_21.H} heads, head dim ${TABLE_21.D}, batch ${TABLE_21.B}, half floats, one attention layer.
Units are the paper's MB (2^20 bytes). NN is one tensor of N x N half floats for all heads and batches (N^2 / 4096 MB), ND one of
N x D (N / 64 MB), st one f32 a row (N / 2048 MB).

${paperTable()}

The closed forms give every printed cell (104.5 is printed as 104). They are fitted: the paper prints no decomposition. That many
tensors must include those of the backward pass. Dashes: no figure is printed.

TFX has no backward pass yet, so its rows stand beside the forward pass only: \`std/attention/dense\` with its two results \`o\` and
\`lse\`. _Planned_ is the sum of all buffers of a call that the artifact asks for: inputs, outputs, scratch, parameters. _Naive_
stores scores and weights: 4 ND + 2 NN.

${ourTable()}

Measured in f32 on ${measured.adapter}, at sizes that run there in seconds. \`peakBytes\` is what the runtime reports; the column
beside it adds up the buffers that the run created on the device and had not yet destroyed, at their most (staging buffers of the
read-back are left out: they are the harness's).

${measuredTable(measured)}
`;
