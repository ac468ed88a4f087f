/** The plan table that the theory predicts: passes, and what is carried for a row. A change here is a change of the algorithm. */
import { describe, expect, test } from "vitest";
import type { KernelPlan } from "../../src/ir/derive/plan.ts";
import type { Tensor } from "../../src/ir/graph/graph.ts";
import { evalSize } from "../../src/base/size.ts";
import { compileTiny, TINY } from "./tiny.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

type Row = {
  readonly kernel: string;
  /** For each kernel of the plan: the passes and the accumulators of each pass, as `op` or `op[local axes]`; `~` has a gauge. */
  readonly plan: readonly (readonly string[])[];
  /** `tensor@pass` of what is written inside a pass. */
  readonly written?: readonly string[];
  /** Scratch tensors between kernels. */
  readonly scratch?: number;
  /** What is carried by scans, as `name[local axes]`. */
  readonly scans?: readonly string[];
};

/** A maximum, the gauged sum of the weights, and the gauged sum of weighted values: (m, l, O). */
const SOFTMAX = ["max sum[e]~ sum~"];

const TABLE: readonly Row[] = [
  { kernel: "flash_attention", plan: [SOFTMAX] },
  // A constant gauge: soft-capped scores are bounded by 50. The count says whether the row has a cell.
  { kernel: "gemma2", plan: [["sum sum sum[d]"]] },
  { kernel: "persistent_memory", plan: [["max sum[d]~ sum~"]] },
  { kernel: "alibi_attention", plan: [SOFTMAX] },
  { kernel: "shaw_attention", plan: [SOFTMAX] },
  { kernel: "packed_documents", plan: [SOFTMAX] },
  { kernel: "rope_attention", plan: [SOFTMAX] },
  { kernel: "sub_norm_attention", plan: [SOFTMAX] },
  { kernel: "output_absmax", plan: [SOFTMAX] },
  { kernel: "head_competition", plan: [SOFTMAX] },
  { kernel: "prefix_lm", plan: [SOFTMAX] },
  { kernel: "sink_window", plan: [SOFTMAX] },
  { kernel: "sink_attention", plan: [SOFTMAX] },
  { kernel: "cosine_attention", plan: [["max sum[d]~ sum~"]] },
  // A constant gauge: scores are bounded by 10, so nothing is rescaled and no maximum is kept.
  { kernel: "cosine_static", plan: [["sum sum sum[e]"]] },
  // No statistics.
  { kernel: "sigmoid_attention", plan: [["sum[e]"]] },
  { kernel: "linear_attention", plan: [["sum sum[e]"]] },
  // One more accumulator (rank 2): the weights times the scores.
  { kernel: "entropy_attention", plan: [["max sum[e]~ sum~ sum~"]] },
  // The clamp is hoisted; the count says whether the row has a cell.
  { kernel: "retnet_clamp", plan: [["sum sum sum[e]"]] },
  { kernel: "relu2_normalised", plan: [["sum sum sum[e]"]] },
  { kernel: "differential_attention", plan: [["max max sum[e]~ sum[e]~ sum~ sum~"]] },
  { kernel: "threshold_relu", plan: [["sum sum", "sum[e]"]] },
  { kernel: "data_temperature", plan: [["sum", "max sum[e]~ sum~"]] },
  { kernel: "talking_heads", plan: [["max[x] sum[x]~", "sum[g,e]"]] },
  { kernel: "topk_attention", plan: [["kth", "max sum[d]~ sum~"]] },
  { kernel: "hard_attention", plan: [["argmax sum"]] },
  // The running sum of the gates does not vary along the rows: it is made once.
  { kernel: "stick_breaking_bias", plan: [[""], SOFTMAX], scratch: 1, written: ["c_all@0"] },
  // Few rows, a stream of unknown length: its parts, and their merge.
  { kernel: "paged_decode", plan: [["max sum[d]~ sum~"], ["max sum[d]~ sum~"]], scratch: 2 },
  { kernel: "weights_returned", plan: [["max sum[e]~ sum~", ""]], written: ["p@1"] },
  // A second kernel over the keys, on the statistics of the first: no N x M buffer.
  { kernel: "column_mass", plan: [SOFTMAX, ["sum"]], scratch: 2 },
  { kernel: "layer_norm_affine", plan: [["sum var", ""]], written: ["y@1"] },
  { kernel: "add_rms_norm", plan: [["sum", ""]], written: ["s@0", "y@1"] },
  { kernel: "group_norm", plan: [["sum var", ""]], written: ["y@1"] },
  { kernel: "row_softmax", plan: [["max sum~", ""]], written: ["y@1"] },
  { kernel: "matmul_bias", plan: [["sum[f]"]] },
  { kernel: "masked_values", plan: [["sum[e]"]] },
  // Scans carry states in place of statistics; the last state is no accumulator.
  { kernel: "gated_delta_rule", plan: [[""]], written: ["o@0"], scans: ["S[d]"] },
  { kernel: "shared_retention", plan: [[""]], written: ["o@0"], scans: ["S[d]"] },
  { kernel: "stabilised_memory", plan: [[""]], written: ["o@0"], scans: ["m", "c[d]", "n[d]"] },
  // The smoothed keys do not vary along the queries: they are made once.
  { kernel: "smoothed_keys", plan: [[""], SOFTMAX], scratch: 1, written: ["ks_all@0"], scans: ["ks"] },
  // A state of 320 numbers is too large for a lane: what is normed is stored before the norm.
  {
    kernel: "normed_retention",
    plan: [[""], ["sum", ""]],
    scratch: 1,
    written: ["sum_d_q_b_h_t_d_s_all@0", "y@1"],
    scans: ["s[d]"],
  },
  // The count says whether there is a cell to take the mean of.
  { kernel: "scan_statistics", plan: [["sum[d]", "sum[d] sum[d]"]], written: ["y@1"], scans: ["s[d]"] },
  { kernel: "flipping_state", plan: [[""]], written: ["y@0", "z@0"], scans: ["s[d]"] },
];

const compiledOf = (kernel: string) => {
  const c = TINY.find((x) => x.kernel === kernel);
  if (c === undefined) throw new Error(`no case for ${kernel}`);
  return compileTiny(c);
};

describe("the plan table", () => {
  test.each(TABLE.map((r) => [r.kernel, r] as const))("%s", (_, row) => {
    const { plan } = compiledOf(row.kernel);
    const b = viewOf(plan.graph);
    const shape = (k: KernelPlan): readonly string[] =>
      Array.from({ length: k.passes }, (_, pass) =>
        k.accumulators
          .filter((a) => a.pass === pass)
          .map(
            (a) =>
              `${a.op}${a.local.length === 0 ? "" : `[${a.local.map((x) => b.axis(x).name).join()}]`}${a.gauge === null ? "" : "~"}`,
          )
          .sort()
          .join(" "),
      );
    const written = plan.kernels
      .flatMap((k) => k.stores.filter((s) => s.pass !== null).map((s) => `${s.tensor}@${s.pass}`))
      .sort();
    const local = (axes: readonly number[]): string =>
      axes.length === 0 ? "" : `[${axes.map((x) => b.axis(x).name).join()}]`;
    const scans = plan.kernels.flatMap((k) => k.scans.map((s) => `${s.name}${local(s.local)}`));
    expect({ plan: plan.kernels.map(shape), written, scratch: plan.scratch.length, scans }).toEqual({
      plan: row.plan,
      written: row.written ?? [],
      scratch: row.scratch ?? 0,
      scans: row.scans ?? [],
    });
  });

  test("has every kernel of the fixtures", () => {
    expect(TABLE.map((r) => r.kernel).sort()).toEqual([...new Set(TINY.map((c) => c.kernel))].sort());
  });

  test("what lies between kernels is never of the order rows x stream; for each part of a stream the size of what is carried", () => {
    for (const { kernel } of TABLE) {
      const { graph, plan } = compiledOf(kernel);
      const b = viewOf(plan.graph);
      const parts = plan.kernels.map((k) => k.part);
      const cells = (t: Tensor): number =>
        t.dims
          .flat()
          .filter((a) => !parts.includes(a))
          .reduce(
            (n, a) => n * evalSize(b.axis(a).size, (name) => (name === "N" || name === "M" || name === "L" ? 4096 : 1)),
            1,
          );
      const total = (list: readonly Tensor[]): number => list.reduce((n, t) => n + cells(t), 0);
      expect(total(plan.scratch), kernel).toBeLessThanOrEqual(total(graph.tensors));
    }
  });
});
