/**
 * Layers on layers: reductions of reductions of reductions, each along axes that the ones below have too, with residuals, norms and
 * gates between. Every target's tile program, evaluated in f64, says what the graph says naively.
 */
import { some } from "../tier.ts";
import { describe, expect, test } from "vitest";
import { TARGETS, type Target } from "../../src/base/target.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { evalSize } from "../../src/base/size.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { inputsOf, resolveImport } from "../numeric/harness.ts";

const NAMES = ["baseline", "subgroups", "software", "software-subgroups"] as const;

/** Two axes taken in turn: d -> e -> d; the first layer comes from x. */
const PARAMETERS = "x: f32[i: N, d: D], w: f32[d, e: E], u: f32[e, d], g: f32[d], k: f32[i, j: M], v: f32[j, d]";

/** What one layer makes of the one below, `p`, a value over (i, d). */
const LAYERS: Readonly<Record<string, (p: string) => string>> = {
  "relu(sum(x * w))": (p) => `relu(sum[e](u * sum[d](w * ${p})))`,
  "with a residual": (p) => `${p} + relu(sum[e](u * sum[d](w * ${p})))`,
  "with a norm": (p) => `sum[e](u * relu(sum[d](w * rms_norm[d](${p}, 0.001))))`,
  "a norm and a residual": (p) => `${p} + g * sum[e](u * tanh(sum[d](w * layer_norm[d](${p}, 0.001))))`,
  "rows of their own mean": (p) => `${p} + ${p} * mean[d](${p})`,
  "weights over a stream": (p) => `${p} + sum[j](softmax[j](k + sum[d](${p} * v)) * v)`,
  "the largest of a layer": (p) => `${p} / (1 + max[d](abs(sum[e](u * sum[d](w * ${p})))))`,
};

const source = (layer: (p: string) => string, n: number): string =>
  `kernel layers(${PARAMETERS}) -> y: f32[i, d] {\n  let a0 = x + 0 * g\n${Array.from({ length: n }, (_, at) => `  let a${at + 1} = ${layer(`a${at}`)}\n`).join("")}  y = a${n}\n}\n`;

const SIZES = { N: 5, D: 3, E: 4, M: 6 };

/** The kernel, or the code with which it is refused. */
const compiledOrCode = (text: string, target: Target, sizes: Readonly<Record<string, number>>): Compiled | string => {
  const {
    compiled: [one],
    diagnostics,
  } = compile(text, { file: "layers.tfx", dims: sizes, target, resolveImport });
  return one ?? diagnostics.map((d) => d.code).join();
};

/** What the graph says naively of a text at sizes: the same for every target, so evaluated once. */
const naives = new Map<string, ArrayLike<number>>();
const naiveOf = (text: string, one: Compiled, sizes: Readonly<Record<string, number>>): ArrayLike<number> => {
  const key = `${JSON.stringify(sizes)} ${text}`;
  const tensors = inputsOf(one, { kernel: "layers", sizes, known: [] });
  const made = naives.get(key) ?? evaluateGraph(one.graph, { sizes, scalars: {}, tensors })["y"] ?? [];
  naives.set(key, made);
  return made;
};

/** The largest difference, as a share of the largest number. */
const differenceOf = (text: string, one: Compiled, sizes: Readonly<Record<string, number>>): number => {
  const tensors = inputsOf(one, { kernel: "layers", sizes, known: [] });
  const buffers = Object.fromEntries(
    one.artifact.tensors.map((t) => [
      t.name,
      tensors[t.name] ?? new Float64Array(t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => sizes[s] ?? 0), 1)),
    ]),
  );
  const found = evaluateTile(one.tile, { sizes, uniforms: sizes, buffers, precision: "f64" }).buffers["y"] ?? [];
  const naive = naiveOf(text, one, sizes);
  const scale = Math.max(...Array.from(naive, Math.abs));
  return Math.max(...Array.from(naive, (x, n) => Math.abs(x - (found[n] ?? NaN)))) / scale;
};

describe.each(Object.entries(LAYERS))("%s", (_, layer) => {
  test.each(some([1, 2, 3, 4, 5, 6], 2))("%i layers", { timeout: 120_000 }, (n) => {
    for (const name of NAMES) {
      const target = TARGETS[name] as Target;
      const text = source(layer, n);
      const one = compiledOrCode(text, target, SIZES);
      if (typeof one === "string") throw new Error(`${name}: refused with ${one}`);
      expect(verifyTile(one.tile, target), name).toEqual([]);
      expect(differenceOf(text, one, SIZES), name).toBeLessThan(1e-9);
    }
  });
});

test("a statistic of the stream that other rows ask for is stored; one that a row keeps for itself is not", () => {
  const kernels = (text: string): number | string => {
    const one = compiledOrCode(text, TARGETS["baseline"] as Target, SIZES);
    return typeof one === "string" ? one : one.plan.kernels.length;
  };
  // Each row holds its features, so it has the layer below. A mean over the rows it has not: each layer is stored, and read by the next two.
  expect(kernels(source(LAYERS["relu(sum(x * w))"] as (p: string) => string, 4))).toBe(1);
  const centred = (p: string): string => {
    const layer = `relu(sum[e](u * sum[d](w * ${p})))`;
    return `${layer} - mean[i](${layer})`;
  };
  expect(kernels(source(centred, 3))).toBe(5);
  expect(kernels(source(LAYERS["rows of their own mean"] as (p: string) => string, 4))).toBe(1);
});
