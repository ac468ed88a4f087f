/** Gradients as any other program: compiled, evaluated at the levels of the compiler in f64, and run as WGSL. */
import { describe, expect, test } from "vitest";
import { BASELINE } from "../../src/base/target.ts";
import { gradient, type GradientOptions } from "../../src/grad/gradient.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { compare64 } from "../campaign/compare.ts";
import { onStack } from "../campaign/device.ts";
import { compileOn, meantBy, type Meant } from "../campaign/levels.ts";
import { stacks } from "../gpu/stacks.ts";
import { evaluatePlan } from "../plan/tiny.ts";
import { allChecked } from "./differences.ts";
import { entries, waysOf } from "./library.ts";

type Case = readonly [kernel: string, options: GradientOptions];

const CASES: readonly Case[] = [
  ["causal_attention", {}],
  ["causal_attention", { of: ["o"] }],
  ["causal_attention", { save: "auto" }],
  ["gqa_attention", { save: "auto" }],
  ["sink_attention", { of: ["o"] }],
  ["sliding_window", {}],
  ["alibi", {}],
  ["t5_bias", {}],
  ["persistent_memory", {}],
  ["memory_write", {}],
  ["block_sparse", { save: "auto" }],
  ["int8_attention", { save: "auto" }],
  ["differential_attention", {}],
  ["head_gate", { save: "auto" }],
  ["talking_heads", {}],
  ["topk_attention", {}],
  ["retention", { wrt: ["q", "k", "v"] }],
  ["delta_attention", {}],
  ["gated_values", { save: "auto" }],
  ["rmsnorm", {}],
  ["layernorm", { save: "auto" }],
];

/** The kernel that gives the gradients, with data of its own: what is saved may be any numbers. */
const meant = async ([kernel, options]: Case): Promise<Meant> => {
  const entry = entries.find((e) => e.kernel === kernel);
  if (entry === undefined) throw new Error(`no kernel ${kernel}`);
  const made = await gradient(entry.spec, options);
  if (!made.ok) throw new Error(made.diagnostics[0]?.message);
  expect(allChecked(made.text).some((s) => s.name === made.kernel)).toBe(true);
  const source = made.text.slice(made.text.lastIndexOf("\nkernel") + 1);
  const ways = waysOf(entry);
  const program = {
    source,
    sizes: ways.sizes,
    known: Object.keys(ways.sizes).filter((s) => "DERGC".includes(s)),
    scalars: ways.scalars ?? {},
    statics: ways.statics ?? {},
    types: {},
    data: {},
    parts: null,
    seed: 3,
  };
  const found = meantBy(program);
  if ("kind" in found) throw new Error("what" in found ? found.what : found.kind);
  return found;
};

describe.each(CASES)("%s %o", (...one) => {
  test("means the same as graph and as plan", async () => {
    const m = await meant(one);
    const compiled = compileOn(m, BASELINE);
    if ("kind" in compiled) throw new Error("what" in compiled ? compiled.what : compiled.kind);
    for (const found of [evaluateGraph(compiled.graph, m.inputs), evaluatePlan(compiled, m.inputs)])
      for (const r of m.spec.results) {
        const measures = m.measures[r.name];
        if (measures === undefined) throw new Error(`no ${r.name}`);
        expect(compare64(r.name, found[r.name], measures)).toBeNull();
      }
  });
});

/** On real WGSL: statistics side by side, values gathered before the kernel, unions of memory and keys. */
const ON_DEVICES: readonly Case[] = [
  ["causal_attention", {}],
  ["persistent_memory", { save: "auto" }],
  ["memory_write", {}],
  ["block_sparse", { save: "auto" }],
  ["differential_attention", {}],
  ["causal_attention", { of: ["o"] }],
  ["causal_attention", { save: "auto", of: ["o"] }],
  ["retention", { wrt: ["q", "k", "v"] }],
  ["rmsnorm", {}],
  ["layernorm", { save: "auto" }],
];

test.each(ON_DEVICES)("%s %o on SwiftShader", { timeout: 120_000 }, async (...one) => {
  const [stack] = await stacks(["swiftshader"]);
  if (!stack?.available) throw new Error(stack?.reason ?? "no SwiftShader");
  expect(await onStack(await meant(one), stack)).toEqual({ kind: "right" });
});
