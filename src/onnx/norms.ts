/** The normalizations: over rows, over groups of channels, along an axis. */
import { hasErrors } from "../base/diagnostic.ts";
import { gainedNorm } from "./gained-norm.ts";
import type { OnnxTensorType } from "./node.ts";
import { axisOf, fault, givenFor, inputOf, numberOf, product, storageOf, type Read } from "./read.ts";
import { from, into, type Chooser, type Step } from "./step.ts";

const same = (t: OnnxTensorType): OnnxTensorType => ({ type: givenFor(t.type), shape: t.shape });
const epsilon = (r: Read): Readonly<Record<string, number>> => ({ eps: numberOf(r, "epsilon", 1e-5) });

/** Whether a tensor broadcasts to X, one way; a fault when not. */
const broadcasts = (r: Read, name: string, to: readonly number[]): boolean => {
  const shape = r.inputs.get(name)?.shape ?? [];
  const beside = to.slice(to.length - shape.length);
  const fits = shape.length <= to.length && shape.every((n, d) => n === 1 || n === beside[d]);
  if (!fits)
    r.faults.push(
      fault("TFX6105", `\`${name}\` of shape [${shape.join(", ")}] does not broadcast to [${to.join(", ")}]`),
    );
  return fits;
};

export const layerNormalization: Chooser = (r) => {
  const x = inputOf(r, "X");
  const axis = axisOf(r, "X", -1);
  const fits = ["Scale", "B"].map((n) => broadcasts(r, n, x.shape));
  if (hasErrors(r.faults) || fits.includes(false)) return null;
  const moments = { type: "float32", shape: x.shape.map((n, d) => (d < axis ? n : 1)) };
  const outputs = { Y: same(x), Mean: moments, InvStdDev: moments };
  const hasMoments = r.wanted.has("Mean") || r.wanted.has("InvStdDev");
  const hasBias = r.inputs.has("B");
  const [N, D] = [product(x.shape.slice(0, axis)), product(x.shape.slice(axis))];
  const inputs = { X: from(r, "X"), W: from(r, "Scale"), ...(hasBias ? { B: from(r, "B") } : {}) };
  const results = {
    Y: into(r, "Y"),
    ...(hasMoments ? { mean_: into(r, "Mean"), inv_std_dev: into(r, "InvStdDev") } : {}),
  };
  const gains = { W: inputOf(r, "Scale").shape, ...(hasBias ? { B: inputOf(r, "B").shape } : {}) };
  if (!isTrailing(x.shape, axis, gains)) {
    const made = gainedNorm("layer_normalization", x.shape, axis, gains, hasMoments);
    return {
      steps: [{ ...made, scalars: epsilon(r), types: typesOf(x), buffers: { ...inputs, ...results } }],
      outputs,
    };
  }
  const step: Step = hasMoments
    ? {
        file: "onnx/layer_normalization",
        kernel: hasBias ? "layer_normalization" : "layer_normalization_no_bias",
        sizes: { N, D },
        known: ["D"],
        scalars: epsilon(r),
        types: typesOf(x),
        buffers: { ...inputs, ...results },
      }
    : {
        file: "norm/layernorm",
        kernel: hasBias ? "layernorm" : "layernorm_no_bias",
        sizes: { N, D },
        known: ["D"],
        scalars: epsilon(r),
        types: typesOf(x),
        buffers: {
          x: from(r, "X"),
          gamma: from(r, "Scale"),
          ...(hasBias ? { beta: from(r, "B") } : {}),
          y: into(r, "Y"),
        },
      };
  return { steps: [step], outputs };
};

const typesOf = (x: OnnxTensorType): Readonly<Record<string, string>> => ({ T: storageOf(x.type) });

/** Gains whose numbers lie along the normalised dims, in order and once each. */
const isTrailing = (x: readonly number[], axis: number, gains: Readonly<Record<string, readonly number[]>>): boolean =>
  Object.values(gains).every((shape) => {
    const full = [...Array<number>(Math.max(0, x.length - shape.length)).fill(1), ...shape];
    return full.every((n, d) => n === (d < axis ? 1 : x[d]));
  });

export const rmsNormalization: Chooser = (r) => {
  const x = inputOf(r, "X");
  const axis = axisOf(r, "X", -1);
  const fits = broadcasts(r, "scale", x.shape);
  if (hasErrors(r.faults) || !fits) return null;
  const outputs = { Y: same(x) };
  const gains = { W: inputOf(r, "scale").shape };
  if (!isTrailing(x.shape, axis, gains)) {
    const made = gainedNorm("rms_normalization", x.shape, axis, gains, false);
    const buffers = { X: from(r, "X"), W: from(r, "scale"), Y: into(r, "Y") };
    return { steps: [{ ...made, scalars: epsilon(r), types: typesOf(x), buffers }], outputs };
  }
  const step: Step = {
    file: "norm/rmsnorm",
    kernel: "rmsnorm",
    sizes: { N: product(x.shape.slice(0, axis)), D: product(x.shape.slice(axis)) },
    known: ["D"],
    scalars: epsilon(r),
    types: typesOf(x),
    buffers: { x: from(r, "X"), gamma: from(r, "scale"), y: into(r, "Y") },
  };
  return { steps: [step], outputs };
};

/** Up to opset 20 a group has one gain and one bias, from 21 on each channel. */
const BY_GROUP = `kernel groupnorm_by_group<T: f32 | f16>(
  x: T[n: N, (g: G, c: C), p: P],
  gamma: T[g],
  beta: T[g],
  eps: f32 = 1e-5,
) -> y: T[n, (g, c), p] {
  y = (x - mean[c, p](x)) * rsqrt(var[c, p](x) + eps) * gamma + beta
}
`;

/** Batch, channels and positions of an input, and gains of `count` each; null with a fault. */
const channels = (r: Read, input: string, gains: readonly [string, string], count: (channels: number) => number) => {
  const { shape } = inputOf(r, input);
  const [N = 0, C = 0, ...rest] = shape;
  if (shape.length < 2)
    r.faults.push(fault("TFX6105", `\`${input}\` of \`${r.op}\` has ${shape.length} dims, at least 2 are needed`));
  for (const name of gains) {
    const own = inputOf(r, name).shape;
    if (own.length !== 1 || own[0] !== count(C))
      r.faults.push(
        fault("TFX6105", `\`${name}\` of \`${r.op}\` has shape [${own.join(", ")}], expected [${count(C)}]`),
      );
  }
  return hasErrors(r.faults) ? null : { N, C, P: product(rest) };
};

export const groupNormalization: Chooser = (r) => {
  const x = inputOf(r, "X");
  const G = numberOf(r, "num_groups", 1);
  const isByGroup = r.opset < 21;
  const sizes = channels(r, "X", ["scale", "bias"], (C) => (isByGroup ? G : C));
  if (sizes === null) return null;
  const { N, C, P } = sizes;
  if (C % G !== 0) {
    r.faults.push(fault("TFX6105", `${C} channels of \`${r.op}\` are no multiple of \`num_groups\` ${G}`));
    return null;
  }
  const step: Step = {
    ...(isByGroup ? { file: "onnx/groupnorm_by_group", text: BY_GROUP } : { file: "norm/groupnorm" }),
    kernel: isByGroup ? "groupnorm_by_group" : "groupnorm",
    sizes: { N, G, C: C / G, P },
    known: ["G", "C", "P"],
    scalars: epsilon(r),
    types: typesOf(x),
    buffers: { x: from(r, "X"), gamma: from(r, "scale"), beta: from(r, "bias"), y: into(r, "Y") },
  };
  return { steps: [step], outputs: { Y: same(x) } };
};

export const instanceNormalization: Chooser = (r) => {
  const x = inputOf(r, "input");
  const sizes = channels(r, "input", ["scale", "B"], (C) => C);
  if (sizes === null) return null;
  const step: Step = {
    file: "norm/instancenorm",
    kernel: "instancenorm",
    sizes,
    known: ["C", "P"],
    scalars: epsilon(r),
    types: typesOf(x),
    buffers: { x: from(r, "input"), gamma: from(r, "scale"), beta: from(r, "B"), y: into(r, "output") },
  };
  return { steps: [step], outputs: { output: same(x) } };
};

/** The dims before, at and behind the axis; `isOne`: all from the axis on are one. */
const alongSizes = (r: Read, isOne: boolean): { readonly A: number; readonly J: number; readonly C: number } => {
  const { shape } = inputOf(r, "input");
  const axis = axisOf(r, "input", isOne ? 1 : -1);
  const behind = shape.slice(axis + 1);
  const [J, C] = [shape[axis] ?? 1, product(behind)];
  return { A: product(shape.slice(0, axis)), J: isOne ? J * C : J, C: isOne ? 1 : C };
};

/** The kernel of a file along any axis, and the one along the last. Before opset `oneBehind` all dims from the axis on are one. */
const along =
  (file: string, kernels: { readonly axis: (r: Read) => string; readonly last?: string }, oneBehind = 0): Chooser =>
  (r) => {
    const x = inputOf(r, "input");
    const { A, J, C } = alongSizes(r, r.opset < oneBehind);
    if (hasErrors(r.faults)) return null;
    const isLast = C === 1 && kernels.last !== undefined;
    const step: Step = {
      file,
      kernel: isLast ? kernels.last : kernels.axis(r),
      sizes: isLast ? { N: A, J } : { A, J, C },
      known: ["J"],
      types: typesOf(x),
      buffers: { x: from(r, "input"), y: into(r, "output") },
    };
    return { steps: [step], outputs: { output: same(x) } };
  };

export const softmax = along("norm/softmax", { axis: () => "softmax_axis", last: "softmax_last" }, 13);
export const logSoftmax = along("norm/log_softmax", { axis: () => "log_softmax_axis", last: "log_softmax_last" }, 13);
export const lpNormalization = along("onnx/lp_normalization", {
  axis: (r) => `l${numberOf(r, "p", 2)}_normalization`,
});
