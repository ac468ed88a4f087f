/** Gelu, Swish and RotaryEmbedding. */
import { hasErrors } from "../base/diagnostic.ts";
import { fault, givenFor, inputOf, matchShapes, numberOf, product, storageOf, type Read, type Sizes } from "./read.ts";
import { from, into, type Chooser, type Step } from "./step.ts";

const elementwise =
  (kernel: (r: Read) => string): Chooser =>
  (r) => {
    const x = inputOf(r, "X");
    const step: Step = {
      file: "onnx/activations",
      kernel: kernel(r),
      sizes: { N: product(x.shape) },
      known: [],
      scalars: r.attributes.has("alpha") ? { alpha: numberOf(r, "alpha", 1) } : {},
      types: { T: storageOf(x.type) },
      buffers: { x: from(r, "X"), y: into(r, "Y") },
    };
    return { steps: [step], outputs: { Y: { type: givenFor(x.type), shape: x.shape } } };
  };

export const gelu = elementwise((r) =>
  r.attributes.get("approximate") === "tanh" ? "gelu_approximate" : "gelu_exact",
);
export const swish = elementwise(() => "swish");

export const rotaryEmbedding: Chooser = (r) => {
  const x = inputOf(r, "X");
  const isFlat = x.shape.length === 3;
  const hasPositions = r.inputs.has("position_ids");
  const sizes: Sizes = {};
  const width = x.shape.at(-1) ?? 0;
  if (isFlat) {
    const H = (sizes["H"] = numberOf(r, "num_heads", 0));
    if (H === 0)
      r.faults.push(fault("TFX6103", "`RotaryEmbedding` needs the attribute `num_heads` where `X` has 3 dims"));
    else if (width % H !== 0)
      r.faults.push(fault("TFX6105", `the last dim of \`X\` is ${width}, no multiple of \`num_heads\` ${H}`));
    sizes["D"] = H === 0 ? 0 : width / H;
  }
  const cache = hasPositions ? ["P", "C"] : ["B", "N", "C"];
  const dims = { X: isFlat ? ["B", "N", "H D"] : ["B", "H", "N", "D"], cos_cache: cache, sin_cache: cache };
  if (!matchShapes(r, { ...dims, position_ids: ["B", "N"] }, sizes)) return null;
  const { D = 0, C = 0 } = sizes;
  const rotated = numberOf(r, "rotary_embedding_dim", 0) || D;
  if (rotated !== 2 * C || rotated > D)
    r.faults.push(
      fault(
        "TFX6105",
        `${rotated} of ${D} features are rotated, but the caches have ${C} angles: half as many are needed`,
      ),
    );
  if (hasErrors(r.faults)) return null;
  const step: Step = {
    file: "onnx/rotary_embedding",
    kernel: `rotary_embedding${isFlat ? "_3d" : ""}${hasPositions ? "_positions" : ""}`,
    sizes: Object.fromEntries(["B", "H", "N", "D", "C", ...(hasPositions ? ["P"] : [])].map((n) => [n, sizes[n] ?? 0])),
    known: ["D", "C", "H"],
    statics: { interleaved: numberOf(r, "interleaved", 0) },
    types: { T: storageOf(x.type) },
    buffers: {
      x: from(r, "X"),
      cos: from(r, "cos_cache"),
      sin: from(r, "sin_cache"),
      ...(hasPositions ? { position: from(r, "position_ids") } : {}),
      y: into(r, "Y"),
    },
  };
  return { steps: [step], outputs: { Y: { type: givenFor(x.type), shape: x.shape } } };
};
