/** Residual forms, feed-forward layers, embeddings and output heads of the standard library against their papers' formulas. */
import { describe } from "vitest";
import * as o from "./oracles-norm/layers.ts";
import type { StdCase } from "./oracles-norm/run.ts";
import { suite } from "./oracles-norm/suite.ts";

const D = ["D"];
const two = (file: string, kernel: string, oracle: StdCase["oracle"]): StdCase[] => [
  { file, kernel, sizes: { N: 5, D: 53 }, known: D, oracle },
  { file, kernel, sizes: { N: 3, D: 1 }, known: D, oracle },
];
const RESIDUAL: readonly StdCase[] = [
  ...two("residual/prenorm", "prenorm", o.prenorm),
  ...two("residual/postnorm", "postnorm", o.postnorm),
  ...two("residual/sandwich", "sandwich", o.sandwich),
  // Not D = 1: a second norm of a row without variance multiplies the last bit of the first by 1 / sqrt(eps).
  { file: "residual/sandwich", kernel: "sandwich_next", sizes: { N: 5, D: 53 }, known: D, oracle: o.sandwichNext },
  { file: "residual/sandwich", kernel: "sandwich_next", sizes: { N: 3, D: 120 }, known: D, oracle: o.sandwichNext },
  ...two("residual/pre_post", "pre_post", o.prePost),
  ...two("residual/residual_dual", "residual_dual", o.residualDual),
  ...two("residual/residual_dual", "residual_dual_out", o.residualDualOut),
  ...two("residual/deepnorm", "deepnorm", o.deepnorm),
  ...two("residual/normformer", "normformer_residual", o.normformer),
  ...two("residual/normformer", "normformer_attention", o.sandwich),
  ...two("residual/scaled", "scaled_residual", o.scaled),
  {
    file: "residual/deepnorm",
    kernel: "deepnorm",
    sizes: { N: 3, D: 30 },
    known: D,
    scalars: { layers: 100 },
    oracle: o.deepnorm,
    note: "100 layers",
  },
  {
    file: "residual/deepnorm",
    kernel: "deepnorm",
    sizes: { N: 3, D: 30 },
    known: D,
    scalars: { alpha: 1.5 },
    oracle: o.deepnorm,
    note: "alpha given",
  },
  {
    file: "residual/residual_dual",
    kernel: "residual_dual",
    sizes: { N: 3, D: 30 },
    known: D,
    scalars: { s: 0.1 },
    oracle: o.residualDual,
    note: "s = 0.1",
  },
  { file: "residual/gru_gate", kernel: "gru_gate", sizes: { N: 5, D: 15 }, known: D, oracle: o.gruGate },
  { file: "residual/gru_gate", kernel: "gru_gate", sizes: { N: 3, D: 1 }, known: D, oracle: o.gruGate },
  { file: "residual/gru_gate", kernel: "gru_gate_gtrxl", sizes: { N: 5, D: 15 }, known: D, oracle: o.gruGateGtrxl },
];

const layer = (file: string, kernel: string, oracle: StdCase["oracle"]): StdCase[] => [
  { file, kernel, sizes: { N: 7, D: 15, F: 21 }, known: ["D", "F"], oracle },
  { file, kernel, sizes: { N: 37, D: 53, F: 64 }, known: D, oracle },
];
const FFN: readonly StdCase[] = [
  ...layer(
    "ffn/glu",
    "glu",
    o.glu((r, x) => r(1 / r(1 + r(Math.exp(-x))))),
  ),
  ...layer(
    "ffn/bilinear",
    "bilinear",
    o.glu((_r, x) => x),
  ),
  ...layer("ffn/reglu", "reglu", o.glu(o.relu)),
  ...layer("ffn/geglu", "geglu", o.glu(o.gelu)),
  ...layer("ffn/swiglu", "swiglu", o.glu(o.silu)),
  { file: "ffn/swiglu", kernel: "swiglu", sizes: { N: 1, D: 1, F: 5 }, known: D, oracle: o.glu(o.silu) },
  ...layer("ffn/mlp", "mlp_relu", o.linear(o.relu)),
  ...layer("ffn/mlp", "mlp_gelu", o.linear(o.gelu)),
  ...layer("ffn/mlp", "mlp_gelu_tanh", o.linear(o.geluTanh)),
  ...layer("ffn/mlp", "mlp_swish", o.linear(o.silu)),
  ...layer("ffn/mlp", "linear", o.linear()),
  ...layer("ffn/mlp", "linear_no_bias", o.linear()),
  ...layer("ffn/mlp", "linear_residual", o.linear()),
  ...layer("ffn/relu2", "mlp_relu2", o.linear(o.relu2)),
  ...layer("ffn/macaron", "macaron_half", o.linear(undefined, 0.5)),
  ...two("ffn/solu", "solu", o.solu),
  ...two("ffn/solu", "solu_norm", o.soluNorm),
  ...two("ffn/post_act_norm", "post_act_norm", o.postActNorm),
];

const ids = (name: string, count: number, random: () => number): number[] | null =>
  name === "token" ? Array.from({ length: count }, () => Math.floor(random() * 9)) : null;
const ENDS: readonly StdCase[] = [
  { file: "embed/xval", kernel: "xval", sizes: { B: 2, N: 5, V: 9, D: 15 }, known: D, inputs: ids, oracle: o.xval },
  {
    file: "embed/l2norm_embed",
    kernel: "l2norm_embed",
    sizes: { B: 2, N: 5, V: 9, D: 15 },
    known: D,
    inputs: ids,
    oracle: o.l2normEmbed,
  },
  {
    file: "embed/post_emb_norm",
    kernel: "post_emb_norm",
    sizes: { B: 2, N: 5, V: 9, D: 30 },
    known: D,
    inputs: ids,
    oracle: o.postEmbNorm,
  },
  {
    file: "embed/token_shift",
    kernel: "token_shift",
    sizes: { B: 2, N: 7, S: 3, C: 5 },
    known: ["S", "C"],
    oracle: o.tokenShift((s) => s),
  },
  {
    file: "embed/token_shift",
    kernel: "token_shift",
    sizes: { B: 2, N: 2, S: 4, C: 1 },
    known: [],
    oracle: o.tokenShift((s) => s),
    note: "more chunks than tokens",
  },
  {
    file: "embed/token_shift",
    kernel: "token_shift_both",
    sizes: { B: 2, N: 7, S: 5, C: 3 },
    known: ["S", "C"],
    oracle: o.tokenShift((s, S) => s - Math.floor(S / 2)),
  },
  { file: "head/mos", kernel: "mos", sizes: { N: 5, K: 3, D: 8, V: 37 }, known: ["D", "K"], oracle: o.mos },
  { file: "head/sigsoftmax", kernel: "sigsoftmax", sizes: { N: 5, V: 53 }, known: ["V"], oracle: o.sigsoftmax },
  { file: "head/sigsoftmax", kernel: "sigsoftmax", sizes: { N: 4, V: 1 }, known: [], oracle: o.sigsoftmax },
  { file: "head/sigsoftmax", kernel: "log_sigsoftmax", sizes: { N: 5, V: 53 }, known: ["V"], oracle: o.logSigsoftmax },
];

describe("residual forms", () => suite(RESIDUAL, ["sandwich_next"]));
describe("feed-forward layers", () => suite(FFN, ["geglu", "linear_residual"]));
describe("embeddings and heads", () => suite(ENDS, ["xval", "mos"]));
