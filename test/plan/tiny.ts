/** Every kernel of the language reference and of `fixtures/variants.tfx` at sizes that evaluators in TypeScript can take. */
import { readFileSync } from "node:fs";
import { TARGETS, type Target } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compile.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import type { Graph } from "../../src/ir/graph/graph.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import type { KernelPlan } from "../../src/ir/derive/plan.ts";
import { evaluateGraph, type Inputs } from "../../src/ir/graph/eval.ts";
import { compileCase, type Case } from "../numeric/harness.ts";

const read = (name: string): string => readFileSync(new URL(`../fixtures/${name}.tfx`, import.meta.url), "utf8");

/** Both fixture files as one source. */
export const SOURCE = `${read("language")}\n${read("variants")}`;

const { items } = parseProgram(SOURCE, "case.tfx").program;

/** The source of one kernel, with everything that is no kernel: what a test compiles many times need not be read whole each time. */
export const sourceOf = (kernel: string): string =>
  items
    .filter((i) => i.kind !== "kernel" || i.name.text === kernel)
    .map((i) => SOURCE.slice(i.span.start, i.span.end))
    .join("\n\n");

const SIZES = { B: 1, H: 2, N: 5, M: 7, D: 3, E: 5 };
const DE = ["D", "E"];
const simple = (...kernels: readonly string[]): readonly Case[] =>
  kernels.map((kernel) => ({ kernel, sizes: SIZES, known: DE }));

/** Ragged, with rows before the first key (N > M) for what is causal, and head dims of whole vec4s. */
export const TINY: readonly Case[] = [
  ...simple(
    "flash_attention",
    "relu2_normalised",
    "sink_attention",
    "alibi_attention",
    "shaw_attention",
    "entropy_attention",
  ),
  ...simple("column_mass", "cosine_static", "retnet_clamp", "threshold_relu", "data_temperature", "weights_returned"),
  ...simple("sub_norm_attention", "hard_attention"),
  { kernel: "flash_attention", sizes: { ...SIZES, N: 9, M: 4, D: 4, E: 8 }, known: DE },
  { kernel: "relu2_normalised", sizes: { ...SIZES, N: 9, M: 4, D: 4, E: 8 }, known: DE },
  { kernel: "entropy_attention", sizes: { ...SIZES, N: 9, M: 4, D: 8, E: 4 }, known: DE },
  { kernel: "cosine_static", sizes: { ...SIZES, N: 9, M: 4, D: 4, E: 8 }, known: DE },
  { kernel: "threshold_relu", sizes: { ...SIZES, N: 9, M: 4, D: 4, E: 8 }, known: DE },
  { kernel: "flash_attention", sizes: { ...SIZES, N: 1, D: 16, E: 16 }, known: DE },
  { kernel: "gemma2", sizes: { B: 1, G: 2, R: 2, N: 6, M: 11, D: 5 }, known: ["D", "G", "R"], scalars: { w: 3 } },
  { kernel: "persistent_memory", sizes: { B: 1, H: 2, N: 5, M: 6, D: 4, P: 3 }, known: ["D", "P"] },
  {
    kernel: "talking_heads",
    sizes: { B: 1, H: 2, G: 2, X: 3, N: 5, M: 6, D: 3, E: 4 },
    known: ["H", "G", "X", "D", "E"],
  },
  { kernel: "topk_attention", sizes: { B: 1, H: 2, N: 5, M: 13, D: 3 }, known: ["D"] },
  { kernel: "cosine_attention", sizes: { B: 1, H: 2, N: 5, M: 7, D: 3 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { N: 5, D: 12 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { N: 5, D: 7 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 5, D: 16 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { N: 5, D: 7 }, known: ["D"] },
  {
    kernel: "paged_decode",
    sizes: { B: 2, G: 2, R: 2, D: 4, C: 5, P: 2, L: 4 },
    known: ["D", "G", "R", "P"],
    inputs: (name, count, random) =>
      name === "pages"
        ? Array.from({ length: count }, () => Math.floor(random() * 5))
        : name === "length"
          ? [7, 3]
          : null,
  },
  { kernel: "linear_attention", sizes: { B: 1, H: 2, N: 7, D: 3, E: 5 }, known: DE },
  { kernel: "sigmoid_attention", sizes: SIZES, known: DE, scalars: { b0: -2 } },
  {
    kernel: "packed_documents",
    sizes: { ...SIZES, N: 9 },
    known: DE,
    inputs: (name, count) => (name === "doc" ? Array.from({ length: count }, (_, n) => Math.floor((n % 9) / 4)) : null),
  },
  { kernel: "differential_attention", sizes: SIZES, known: DE, scalars: { lambda: 0.3 } },
  { kernel: "rope_attention", sizes: { ...SIZES, D: 4 }, known: DE },
  { kernel: "row_softmax", sizes: { N: 5, D: 7 }, known: ["D"] },
  { kernel: "row_softmax", sizes: { N: 5, D: 8 }, known: ["D"] },
  { kernel: "row_softmax", sizes: { N: 5, D: 7 }, known: [] },
  { kernel: "prefix_lm", sizes: { ...SIZES, B: 2 }, known: DE, inputs: (name) => (name === "prefix" ? [2, 4] : null) },
  { kernel: "sink_window", sizes: { ...SIZES, N: 13 }, known: DE, scalars: { w: 4 } },
  { kernel: "matmul_bias", sizes: { N: 5, D: 7, F: 8 }, known: ["D", "F"] },
  { kernel: "group_norm", sizes: { N: 2, G: 2, C: 3, P: 5 }, known: ["C", "P"] },
  { kernel: "head_competition", sizes: SIZES, known: [...DE, "H"] },
  { kernel: "output_absmax", sizes: SIZES, known: DE },
  { kernel: "stick_breaking_bias", sizes: { ...SIZES, N: 7 }, known: DE },
  { kernel: "masked_values", sizes: { N: 9, M: 7, D: 3, E: 6 }, known: DE },
  { kernel: "gated_delta_rule", sizes: { B: 1, H: 2, N: 7, D: 3, E: 5 }, known: ["D"] },
  { kernel: "gated_delta_rule", sizes: { B: 2, H: 2, N: 1, D: 8, E: 35 }, known: DE },
  {
    kernel: "shared_retention",
    sizes: { B: 2, G: 2, R: 3, N: 7, D: 6, E: 4 },
    known: ["D", "R"],
    inputs: (name) => (name === "length" ? [3, 7] : null),
  },
  { kernel: "stabilised_memory", sizes: { B: 1, H: 2, N: 7, D: 5, E: 3 }, known: ["D"] },
  { kernel: "smoothed_keys", sizes: SIZES, known: DE },
  { kernel: "normed_retention", sizes: { B: 1, H: 2, N: 5, D: 16, E: 20 }, known: DE },
  { kernel: "normed_retention", sizes: { B: 1, H: 2, N: 5, D: 3, E: 5 }, known: DE },
  { kernel: "scan_statistics", sizes: { B: 2, N: 7, D: 5 }, known: ["D"] },
  { kernel: "scan_statistics", sizes: { B: 2, N: 2, D: 4 }, known: ["D", "N"] },
  { kernel: "flipping_state", sizes: { B: 2, N: 5, D: 6 }, known: ["D"] },
];

export const titleOf = (c: Case): string =>
  `${c.kernel} ${Object.entries(c.sizes)
    .map(([n, v]) => `${n}=${v}${c.known.includes(n) ? "" : "?"}`)
    .join(" ")}`;

/** A target by name. */
export const target = (name: string): Target => {
  const found = TARGETS[name];
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
};

export const compileTiny = (c: Case, on = "baseline", parts?: number): Compiled =>
  compileCase(SOURCE, c, target(on), undefined, parts);

/** The plan of a kernel as a graph of its own: its results are what the kernel stores. */
const graphOfPlan = (compiled: Compiled, kernel: KernelPlan): Graph => {
  const { plan } = compiled;
  const { graph } = plan;
  const results = kernel.stores.map((s) => ({ tensor: s.tensor, value: s.value as NodeId, span: graph.span }));
  return { ...graph, tensors: [...graph.tensors, ...plan.scratch], results };
};

/**
 * Runs the kernels of a plan one after the other in f64, each on what those before it stored. Of a tensor between kernels some cells
 * may be read by nobody (a neighbour that does not exist): what they would read out of range is NaN, and shows where it is used.
 */
export const evaluatePlan = (compiled: Compiled, inputs: Inputs): Record<string, Float64Array> => {
  let stored: Record<string, Float64Array> = {};
  const between = new Set(compiled.plan.scratch.map((t) => t.name));
  for (const kernel of compiled.plan.kernels) {
    const given = { ...inputs, tensors: { ...inputs.tensors, ...stored } };
    stored = { ...stored, ...evaluateGraph(graphOfPlan(compiled, kernel), given, { unread: between }) };
  }
  return stored;
};

/** Largest difference, relative to the largest finite value (at least 1); infinite where only one side is finite. */
export const worst = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  if (found.length !== expected.length) return Infinity;
  let [error, scale] = [0, 1];
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [found[i] ?? NaN, expected[i] ?? NaN];
    if (Object.is(x, y) || x === y) continue;
    const d = Math.abs(x - y);
    error = Math.max(error, Number.isNaN(d) ? Infinity : d);
    if (Number.isFinite(y)) scale = Math.max(scale, Math.abs(y));
  }
  return error / scale;
};
