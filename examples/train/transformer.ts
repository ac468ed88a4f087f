/** A transformer over characters as a chain of kernels, and what its parameters begin with. */
import type { Layer, Model } from "../../src/train/index.ts";
import { ATTENTIONS, dimOf, type Attention, type AttentionName, type Sizes } from "./attentions.ts";
import { normal, type Random } from "./random.ts";

export type Config = {
  readonly attention: AttentionName;
  readonly norm: "rmsnorm" | "scalenorm";
  readonly sizes: Sizes;
  readonly vocabulary: number;
};

/** Enough to learn words, and small enough for a CPU. */
export const SIZES: Sizes = { batch: 4, length: 64, width: 48, heads: 4, depth: 2, hidden: 48, memory: 16 };

/** The list of gradients as rows of so many, in which its parts begin. */
const ROW = 64;

export type Transformer = {
  readonly model: Model;
  /** What each parameter begins with. */
  readonly start: (random: Random) => Readonly<Record<string, Float32Array>>;
  /** Tables that a run writes once. */
  readonly tables: Readonly<Record<string, Float32Array>>;
  readonly parameters: number;
};

const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

export const transformer = ({ attention: name, norm: kind, sizes, vocabulary }: Config): Transformer => {
  const { batch, length, width, heads, depth, hidden } = sizes;
  const dim = dimOf(sizes);
  const attention: Attention = ATTENTIONS[name];
  const queries = attention.queries?.(sizes) ?? { heads, dim };
  const shapes: Record<string, readonly number[]> = {};
  const begins: Record<string, { readonly deviation: number; readonly mean: number }> = {};
  const learn = (parameter: string, shape: readonly number[], deviation: number, mean = 0): string => {
    shapes[parameter] = shape;
    begins[parameter] = { deviation, mean };
    return parameter;
  };

  const own = (kernel: string, buffers: Layer["buffers"] = {}): Layer => ({ file: "model.tfx", kernel, buffers });
  const norm = (x: string, y: string): Layer =>
    kind === "rmsnorm"
      ? { file: "std/norm/rmsnorm", kernel: "rmsnorm", buffers: { x, y, gamma: learn(`${y}.gain`, [width], 0, 1) } }
      : own("scale_norm", { x, y, g: learn(`${y}.gain`, [1], 0, width ** 0.5) });
  const linear = (x: string, w: string, y: string, shape: readonly [number, number]): Layer => ({
    file: "std/ffn/mlp",
    kernel: "linear_no_bias",
    buffers: { x, w: learn(w, shape, shape[0] ** -0.5), y },
  });
  /** The way back to the stream begins small, so that the depth does not matter at first. */
  const onto = (x: string, w: string, r: string, y: string, shape: readonly [number, number]): Layer =>
    own("linear_onto", { x, w: learn(w, shape, (depth * shape[0]) ** -0.5), r, y });

  /** x + attention, then + feed-forward, each behind its norm. */
  const block = (n: number, x: string): { readonly layers: readonly Layer[]; readonly y: string } => {
    const at = (what: string): string => `block${n}.${what}`;
    const toHeads = (what: string, kernel: string, H: number): readonly Layer[] => [
      linear(at("x"), at(`w${what}`), at(`${what}0`), [width, width]),
      { ...own(kernel, { x: at(`${what}0`), y: at(what) }), sizes: { B: batch, N: length, H } },
    ];
    const order = attention.isOrdered === true ? "split" : "rotate";
    const place = {
      sizes,
      block: n,
      x: at("x"),
      own: at,
      learn: (what: string, shape: readonly number[], deviation: number, mean = 0) =>
        learn(at(what), shape, deviation, mean),
    };
    const layers = [
      norm(x, at("x")),
      ...toHeads("q", order, queries.heads),
      ...toHeads("k", order, queries.heads),
      ...toHeads("v", "split", heads),
      ...attention.layers(place),
      own("join", { o: at("o"), y: at("rows") }),
      onto(at("rows"), at("wo"), x, at("mid"), [width, width]),
    ];
    if (hidden === 0) return { layers, y: at("mid") };
    const feed = [
      norm(at("mid"), at("z")),
      linear(at("z"), at("wu"), at("up"), [width, hidden]),
      { file: "std/onnx/activations", kernel: "gelu_exact", buffers: { x: at("up"), y: at("act") } },
      onto(at("act"), at("wd"), at("mid"), at("y"), [hidden, width]),
    ];
    return { layers: [...layers, ...feed], y: at("y") };
  };

  const layers: Layer[] = [
    {
      file: "std/train/embedding",
      kernel: "embedding",
      buffers: { table: learn("table", [vocabulary, width], 1), y: "y" },
    },
  ];
  let x = "y";
  for (let n = 0; n < depth; n++) {
    const { layers: more, y } = block(n, x);
    layers.push(...more);
    x = y;
  }
  layers.push(
    norm(x, "last"),
    linear("last", "head", "logits", [width, vocabulary]),
    { file: "std/train/cross_entropy", kernel: "cross_entropy", buffers: { z: "logits", loss: "loss", d_z: "gap" } },
    own("mean_gradient", { x: "gap", y: "d_logits" }),
  );

  const isTurned = attention.isOrdered !== true;
  const tokens = [batch * length];
  return {
    model: {
      parameters: shapes,
      inputs: {
        token: tokens,
        target: tokens,
        ...(isTurned
          ? { co: [length, queries.dim / 2], si: [length, queries.dim / 2] }
          : { nothing: [batch, heads, dim, dim] }),
      },
      layers,
      update: [
        { ...own("squared_norms", { s: "squares" }), sizes: { N: ROW } },
        { file: "std/train/clip", kernel: "clip_by_norm", buffers: { y: "clipped" } },
        { file: "std/train/optimizer", kernel: "adamw", buffers: { g: "clipped" } },
      ],
      loss: "loss",
      keep: ["logits"],
    },
    start: (random) =>
      Object.fromEntries(
        Object.entries(shapes).map(([parameter, shape]) => {
          const { deviation, mean } = begins[parameter]!;
          return [parameter, Float32Array.from({ length: count(shape) }, () => mean + deviation * normal(random))];
        }),
      ),
    tables: isTurned ? rotaryTables(length, queries.dim) : { nothing: new Float32Array(batch * heads * dim * dim) },
    parameters: Object.values(shapes).reduce((n, shape) => n + count(shape), 0),
  };
};

/** cos and sin of position times frequency. */
const rotaryTables = (length: number, dim: number): Readonly<Record<string, Float32Array>> => {
  const angles = Array.from({ length: (length * dim) / 2 }, (_, n) => {
    const [i, c] = [Math.floor(n / (dim / 2)), n % (dim / 2)];
    return i * 10000 ** ((-2 * c) / dim);
  });
  return { co: Float32Array.from(angles, Math.cos), si: Float32Array.from(angles, Math.sin) };
};
