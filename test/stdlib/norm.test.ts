/** The norms of the standard library against their papers' formulas, on every stack. */
import { describe } from "vitest";
import * as o from "./oracles-norm/norms.ts";
import type { StdCase } from "./oracles-norm/run.ts";
import { suite } from "./oracles-norm/suite.ts";

const D = ["D"];
const zeroRow = (name: string, count: number, random: () => number): number[] | null =>
  name === "x" ? Array.from({ length: count }, (_, n) => (n < count / 2 ? 0 : random() * 2 - 1)) : null;
const constantRows = (name: string, count: number): number[] | null =>
  name === "x" ? Array.from({ length: count }, () => 3.25) : null;
const offset =
  (mean: number) =>
  (name: string, count: number, random: () => number): number[] | null =>
    name === "x" ? Array.from({ length: count }, () => mean + random() * 2 - 1) : null;

/** A row norm at sizes that end in every way, and with rows that have no length. */
const rowNorm = (file: string, kernel: string, oracle: StdCase["oracle"]): StdCase[] => [
  { file, kernel, sizes: { N: 5, D: 53 }, known: D, oracle },
  { file, kernel, sizes: { N: 3, D: 120 }, known: D, oracle },
  { file, kernel, sizes: { N: 7, D: 1 }, known: D, oracle },
  { file, kernel, sizes: { N: 4, D: 30 }, known: D, oracle, inputs: zeroRow, note: "rows of zeros" },
];

const CASES: readonly StdCase[] = [
  ...rowNorm("norm/layernorm", "layernorm", o.layernorm),
  ...rowNorm("norm/layernorm", "layernorm_no_bias", o.layernorm),
  ...rowNorm("norm/layernorm", "layernorm_unit_offset", o.layernormUnitOffset),
  { file: "norm/layernorm", kernel: "layernorm", sizes: { N: 3, D: 1030 }, known: D, oracle: o.layernorm },
  {
    file: "norm/layernorm",
    kernel: "layernorm",
    sizes: { N: 4, D: 21 },
    known: [],
    oracle: o.layernorm,
    note: "D unknown",
  },
  {
    file: "norm/layernorm",
    kernel: "layernorm",
    sizes: { N: 2, D: 9 },
    known: D,
    oracle: o.layernorm,
    inputs: constantRows,
    note: "constant rows",
  },
  {
    file: "norm/layernorm",
    kernel: "layernorm",
    sizes: { N: 3, D: 768 },
    known: D,
    oracle: o.layernorm,
    inputs: offset(1000),
    note: "mean 1,000",
  },
  {
    file: "norm/layernorm",
    kernel: "layernorm",
    sizes: { N: 3, D: 768 },
    known: D,
    oracle: o.layernorm,
    inputs: offset(10000),
    note: "mean 10,000",
  },
  ...rowNorm("norm/rmsnorm", "rmsnorm", o.rmsnorm),
  ...rowNorm("norm/rmsnorm", "rmsnorm_eps_outside", o.rmsnormOutside),
  ...rowNorm("norm/rmsnorm", "rmsnorm_clamp", o.rmsnormClamp),
  ...rowNorm("norm/add_rmsnorm", "add_rmsnorm", o.addRmsnorm),
  ...rowNorm("norm/add_layernorm", "add_layernorm", o.addLayernorm),
  ...rowNorm("norm/prmsnorm", "prmsnorm", o.prmsnorm(Math.ceil)),
  ...rowNorm(
    "norm/prmsnorm",
    "prmsnorm_floor",
    o.prmsnorm((np) => Math.max(Math.floor(np), 1)),
  ),
  {
    file: "norm/prmsnorm",
    kernel: "prmsnorm",
    sizes: { N: 3, D: 40 },
    known: D,
    scalars: { p: 0.5 },
    oracle: o.prmsnorm(Math.ceil),
    note: "p = 0.5",
  },
  ...rowNorm("norm/rmsnorm_simple", "rmsnorm_simple", o.rmsnormSimple),
  ...rowNorm("norm/scalenorm", "scalenorm", o.scalenorm),
  {
    file: "norm/scalenorm",
    kernel: "scalenorm",
    sizes: { N: 3, D: 40 },
    known: D,
    scalars: { g: -1.7 },
    oracle: o.scalenorm,
    note: "g = -1.7",
  },
  { file: "norm/fixnorm_logits", kernel: "fixnorm_logits", sizes: { N: 5, V: 37, D: 15 }, known: D, oracle: o.fixnorm },
  {
    file: "norm/fixnorm_logits",
    kernel: "fixnorm_logits",
    sizes: { N: 9, V: 21, D: 64 },
    known: D,
    oracle: o.fixnorm,
    scalars: { g: 3 },
  },
  {
    file: "norm/fixnorm_logits",
    kernel: "fixnorm_logits",
    sizes: { N: 4, V: 5, D: 8 },
    known: D,
    oracle: o.fixnorm,
    inputs: zeroRow,
    note: "rows of zeros",
  },
  ...rowNorm("norm/l2norm", "l2norm", o.l2norm),
  {
    file: "norm/l2norm",
    kernel: "l2norm_grouped",
    sizes: { N: 5, G: 4, C: 15 },
    known: ["G", "C"],
    oracle: o.l2normGrouped,
  },
  {
    file: "norm/l2norm",
    kernel: "l2norm_grouped",
    sizes: { N: 4, G: 2, C: 6 },
    known: ["G", "C"],
    oracle: o.l2normGrouped,
    inputs: zeroRow,
    note: "groups of zeros",
  },
  {
    file: "norm/multihead_rmsnorm",
    kernel: "multihead_rmsnorm",
    sizes: { B: 2, H: 3, N: 5, D: 15 },
    known: D,
    oracle: o.multiheadRms,
  },
  {
    file: "norm/multihead_rmsnorm",
    kernel: "multihead_rmsnorm",
    sizes: { B: 1, H: 2, N: 4, D: 64 },
    known: D,
    oracle: o.multiheadRms,
    inputs: zeroRow,
    note: "rows of zeros",
  },
  {
    file: "norm/groupnorm",
    kernel: "groupnorm",
    sizes: { N: 3, G: 4, C: 3, P: 35 },
    known: ["G", "C", "P"],
    oracle: o.groupnorm,
  },
  {
    file: "norm/groupnorm",
    kernel: "groupnorm",
    sizes: { N: 2, G: 1, C: 4, P: 1 },
    known: ["G", "C", "P"],
    oracle: o.groupnorm,
  },
  {
    file: "norm/groupnorm",
    kernel: "groupnorm",
    sizes: { N: 2, G: 2, C: 2, P: 3 },
    known: ["G", "C", "P"],
    oracle: o.groupnorm,
    inputs: constantRows,
    note: "constant groups",
  },
  {
    file: "norm/instancenorm",
    kernel: "instancenorm",
    sizes: { N: 3, C: 5, P: 35 },
    known: ["C", "P"],
    oracle: o.instancenorm,
  },
  {
    file: "norm/instancenorm",
    kernel: "instancenorm",
    sizes: { N: 2, C: 3, P: 1 },
    known: ["C", "P"],
    oracle: o.instancenorm,
  },
  {
    file: "norm/ada_layernorm",
    kernel: "ada_layernorm",
    sizes: { B: 2, N: 5, D: 53 },
    known: D,
    oracle: o.adaLayernorm,
  },
  {
    file: "norm/ada_layernorm",
    kernel: "ada_layernorm_token",
    sizes: { B: 2, N: 5, D: 30 },
    known: D,
    oracle: o.adaLayernormToken,
  },
  { file: "norm/ada_rmsnorm", kernel: "ada_rmsnorm", sizes: { B: 2, N: 5, D: 53 }, known: D, oracle: o.adaRmsnorm },
  {
    file: "norm/ada_rmsnorm",
    kernel: "ada_rmsnorm",
    sizes: { B: 2, N: 3, D: 8 },
    known: D,
    oracle: o.adaRmsnorm,
    inputs: zeroRow,
    note: "rows of zeros",
  },
  ...rowNorm("norm/dyt", "dyt", o.dyt).slice(0, 2),
  ...rowNorm("norm/derf", "derf", o.derf).slice(0, 2),
  {
    file: "norm/derf",
    kernel: "derf",
    sizes: { N: 3, D: 10 },
    known: D,
    scalars: { alpha: 2.5, s: -0.4 },
    oracle: o.derf,
  },
  ...rowNorm(
    "norm/layerscale",
    "layerscale",
    o.layerscale((g) => g),
  ).slice(0, 2),
  ...rowNorm(
    "norm/layerscale",
    "layerscale_unit_offset",
    o.layerscale((g) => 1 + g),
  ).slice(0, 1),
  { file: "norm/softmax", kernel: "softmax_last", sizes: { N: 5, J: 53 }, known: ["J"], oracle: o.softmaxAlong },
  { file: "norm/softmax", kernel: "softmax_last", sizes: { N: 3, J: 1 }, known: ["J"], oracle: o.softmaxAlong },
  {
    file: "norm/softmax",
    kernel: "softmax_last",
    sizes: { N: 4, J: 30 },
    known: [],
    oracle: o.softmaxAlong,
    inputs: offset(10000),
    note: "near 10,000",
  },
  { file: "norm/softmax", kernel: "softmax_axis", sizes: { A: 3, J: 21, C: 5 }, known: ["J"], oracle: o.softmaxAlong },
  { file: "norm/softmax", kernel: "softmax_axis", sizes: { A: 1, J: 37, C: 64 }, known: [], oracle: o.softmaxAlong },
  {
    file: "norm/log_softmax",
    kernel: "log_softmax_last",
    sizes: { N: 5, J: 53 },
    known: ["J"],
    oracle: o.logSoftmaxAlong,
  },
  {
    file: "norm/log_softmax",
    kernel: "log_softmax_last",
    sizes: { N: 4, J: 30 },
    known: [],
    oracle: o.logSoftmaxAlong,
    inputs: offset(10000),
    note: "near 10,000",
  },
  {
    file: "norm/log_softmax",
    kernel: "log_softmax_axis",
    sizes: { A: 3, J: 21, C: 5 },
    known: ["J"],
    oracle: o.logSoftmaxAlong,
  },
];

const EVERYWHERE = ["layernorm", "add_rmsnorm", "groupnorm", "softmax_axis"];

describe("norms", () => suite(CASES, EVERYWHERE));
