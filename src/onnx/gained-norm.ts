/**
 * LayerNormalization and RMSNormalization whose gain or bias broadcasts to X in any way, as a text: an axis of the kernel is a run of dims
 * of X that every tensor has or lacks together, and a gain has the axes it does not broadcast along.
 */
import type { Step } from "./step.ts";

/** A run of neighbouring dims. `in`: names of the gains that have them. */
type Run = { readonly isRow: boolean; readonly in: readonly string[]; readonly size: number };

const runsOf = (
  shape: readonly number[],
  axis: number,
  gains: Readonly<Record<string, readonly number[]>>,
): readonly Run[] => {
  const runs: Run[] = [{ isRow: true, in: [], size: 1 }];
  shape.forEach((size, d) => {
    // A dim of 1 is in no tensor, or in all: it adds nothing to a run.
    if (size === 1) return;
    const own = Object.entries(gains).filter(([, g]) => (g[d - shape.length + g.length] ?? 1) !== 1);
    const run: Run = { isRow: d < axis, in: own.map(([name]) => name), size };
    const last = runs.at(-1);
    if (last !== undefined && last.isRow === run.isRow && last.in.join() === run.in.join())
      runs[runs.length - 1] = { ...run, size: last.size * size };
    else runs.push(run);
  });
  return runs.some((r) => !r.isRow) ? runs : [...runs, { isRow: false, in: [], size: 1 }];
};

/** The kernel, and the sizes of its axes. */
export const gainedNorm = (
  kernel: "layer_normalization" | "rms_normalization",
  shape: readonly number[],
  axis: number,
  gains: Readonly<Record<string, readonly number[]>>,
  hasMoments: boolean,
): Pick<Step, "file" | "text" | "kernel" | "sizes" | "known"> => {
  const runs = runsOf(shape, axis, gains);
  const names = runs.map((_, n) => `a${n}`);
  const pick = (f: (r: Run) => boolean): readonly string[] => names.filter((_, n) => f(runs[n] as Run));
  const normalised = pick((r) => !r.isRow).join(", ");
  const rows = pick((r) => r.isRow).join(", ");
  const tensors = Object.keys(gains).map((name) => {
    const own = pick((r) => r.in.includes(name));
    return own.length === 0
      ? { parameter: `${name}: T[one_${name}: ONE]`, read: `${name}[0]` }
      : { parameter: `${name}: T[${own.join(", ")}]`, read: name };
  });
  const [gain, bias] = tensors;
  const isRms = kernel === "rms_normalization";
  const normal = isRms
    ? `X * rsqrt(mean[${normalised}](X * X) + eps)`
    : `(X - mean[${normalised}](X)) * rsqrt(var[${normalised}](X) + eps)`;
  const all = names.join(", ");
  const moments = hasMoments ? `, mean_: f32[${rows}], inv_std_dev: f32[${rows}]` : "";
  const text = [
    `kernel ${kernel}<T: f32 | f16>(`,
    `  X: T[${names.map((n) => `${n}: ${n.toUpperCase()}`).join(", ")}],`,
    ...tensors.map((t) => `  ${t.parameter},`),
    "  eps: f32 = 1e-5,",
    `) -> (Y: T[${all}]${moments}) {`,
    ...(hasMoments ? [`  mean_ = mean[${normalised}](X)`, `  inv_std_dev = rsqrt(var[${normalised}](X) + eps)`] : []),
    `  Y = ${normal} * ${gain?.read ?? "1"}${bias === undefined ? "" : ` + ${bias.read}`}`,
    "}",
    "",
  ].join("\n");
  const hasOne = text.includes("ONE");
  return {
    file: `onnx/${kernel}_broadcast`,
    text,
    kernel,
    sizes: { ...Object.fromEntries(runs.map((r, n) => [`A${n}`, r.size])), ...(hasOne ? { ONE: 1 } : {}) },
    known: [...pick((r) => !r.isRow).map((n) => n.toUpperCase()), ...(hasOne ? ["ONE"] : [])],
  };
};
