/** Streams cut into parts: which are, into what, and that the two kernels together mean what the one did. */
import { some } from "../tier.ts";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Target } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compile.ts";
import { printPlan } from "../../src/explain/print-plan.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { compileCase, inputsOf, type Case } from "../numeric/harness.ts";
import { compileTiny, evaluatePlan, SOURCE, target, TINY, titleOf, worst } from "./tiny.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

const isCut = (compiled: Compiled): boolean => compiled.plan.kernels.some((k) => k.part !== null);
const CUT = TINY.filter((c) => isCut(compileTiny(c, "baseline", 2)));
const namesOf = (cases: readonly Case[]): readonly string[] => [...new Set(cases.map((c) => c.kernel))].sort();
const notesOf = (compiled: Compiled): readonly string[] =>
  compiled.plan.kernels.flatMap((k) => k.notes.filter((n) => n.kind === "parts").map((n) => n.text));

/** Parts of the first kernel's stream; 1: it is whole. */
const partsOf = (compiled: Compiled): number => {
  const [first] = compiled.plan.kernels;
  return first === undefined || first.part === null ? 1 : Number(viewOf(compiled.plan.graph).axis(first.part).size);
};

describe("which streams can be cut", () => {
  test("those of one pass whose state merges", () => {
    expect(namesOf(CUT)).toEqual([
      "alibi_attention",
      "column_mass",
      "cosine_attention",
      "cosine_static",
      "differential_attention",
      "entropy_attention",
      "flash_attention",
      "gemma2",
      "head_competition",
      "linear_attention",
      "masked_values",
      "matmul_bias",
      "output_absmax",
      "packed_documents",
      "paged_decode",
      "persistent_memory",
      "prefix_lm",
      "relu2_normalised",
      "retnet_clamp",
      "rope_attention",
      "shaw_attention",
      "sigmoid_attention",
      "sink_attention",
      "sink_window",
      "smoothed_keys",
      "stick_breaking_bias",
      "sub_norm_attention",
    ]);
  });

  test.each([
    ["threshold_relu", "it takes 2 passes over j, and each waits for statistics of the whole one"],
    ["hard_attention", "the state of `argmax` is not merged over workgroups"],
    ["row_softmax", "it takes 2 passes over d, and each waits for statistics of the whole one"],
    ["group_norm", "the stream runs over 2 axes (c, p)"],
    ["stick_breaking_bias", "`c_all` is written along j"],
  ])("%s is not: %s", (kernel, why) => {
    const c = TINY.find((x) => x.kernel === kernel);
    if (c === undefined) throw new Error("no case");
    expect(notesOf(compileTiny(c, "baseline", 4))).toContain(`the stream stays whole: ${why}`);
  });

  test("a running sum goes on from part to part", () => {
    const text = readFileSync(new URL("../../stdlib/attention/forgetting.tfx", import.meta.url), "utf8");
    const compiled = compileCase(
      text,
      { kernel: "forgetting_attention", sizes: { D: 8, E: 8 }, known: ["D", "E"] },
      target("baseline"),
      undefined,
      4,
    );
    expect(notesOf(compiled)).toContain("the stream stays whole: a value that runs along x goes on from part to part");
  });

  test("a refused plan is the plan without the option", () => {
    for (const c of TINY.filter((x) => !CUT.includes(x)))
      expect(printPlan(compileTiny(c, "baseline", 4))).toBe(printPlan(compileTiny(c, "baseline", 1)));
  });
});

describe.each([2, 3, 8])("in %i parts the derived graph has the values of the naive one", (parts) => {
  test.each(
    some(
      CUT.map((c) => [titleOf(c), c] as const),
      3,
    ),
  )("%s", (_, c) => {
    const compiled = compileTiny(c, "baseline", parts);
    const inputs = { sizes: c.sizes, scalars: c.scalars ?? {}, tensors: inputsOf(compiled, c) };
    const naive = evaluateGraph(compiled.graph, inputs);
    const derived = evaluatePlan(compiled, inputs);
    expect(Object.keys(naive).length).toBeGreaterThan(0);
    for (const [name, expected] of Object.entries(naive))
      expect(worst(derived[name] ?? [], expected), name).toBeLessThan(1e-9);
  });
});

describe("every state that merges, rows without a cell among them", () => {
  const text = readFileSync(new URL("../fixtures/states.tfx", import.meta.url), "utf8");
  test.each(["extrema", "products"].flatMap((kernel) => [2, 3, 8].map((parts) => [kernel, parts] as const)))(
    "%s in %i parts",
    (kernel, parts) => {
      const c: Case = { kernel, sizes: { N: 9, M: 11 }, known: [], scalars: { first: 3 } };
      const compiled = compileCase(text, c, target("baseline"), undefined, parts);
      expect(partsOf(compiled)).toBe(parts);
      const inputs = { sizes: c.sizes, scalars: c.scalars ?? {}, tensors: inputsOf(compiled, c) };
      const naive = evaluateGraph(compiled.graph, inputs);
      const derived = evaluatePlan(compiled, inputs);
      for (const [name, expected] of Object.entries(naive))
        expect(worst(derived[name] ?? [], expected), name).toBeLessThan(1e-9);
    },
  );
});

describe("the planner's choice", () => {
  const text = ["decode", "paged_decode"]
    .map((name) => readFileSync(new URL(`../../stdlib/attention/${name}.tfx`, import.meta.url), "utf8"))
    .join("\n");
  const sizes = { B: 1, G: 2, R: 4, D: 8, E: 8, M: 4096, P: 16 };
  const choose = (
    kernel: string,
    known: readonly string[],
    on: Target | string,
    more: Readonly<Record<string, number>> = {},
  ): Compiled =>
    compileCase(text, { kernel, sizes: { ...sizes, ...more }, known }, typeof on === "string" ? target(on) : on);

  test("decoding on a GPU: two kernels, the state of each part between them", () => {
    expect(printPlan(choose("decode", ["D", "E", "R"], "baseline"))).toMatchInlineSnapshot(`
      "plan decode
        scratch stats_part: f32[b, g, r, part, stat]
        scratch p_v_sum_part: f32[b, g, r, part, e]
        kernel decode_parts: rows (b, g, r, part), stream (j)
          pass 1
            m = max(s) where j >= part * ((M + 15) / 16) and j < part * ((M + 15) / 16) + (M + 15) / 16 and j < length[b]
            p_sum = sum(p) where j >= part * ((M + 15) / 16) and j < part * ((M + 15) / 16) + (M + 15) / 16 and j < length[b] gauge exp(-m)
            p_v_sum[e] = sum(p * v[b, g, j, e]) where j >= part * ((M + 15) / 16) and j < part * ((M + 15) / 16) + (M + 15) / 16 and j < length[b] gauge exp(-m)
          then
            stats_part[b, g, r, part, stat] = if stat == 0 then m else p_sum
            p_v_sum_part[b, g, r, part, e] = p_v_sum
        kernel decode_merge: rows (b, g, r), stream (part)
          pass 1
            m = max(stats_part[b, g, r, part, 0])
            p_sum = sum(exp(stats_part[b, g, r, part, 0] - m) * stats_part[b, g, r, part, 1]) where stats_part[b, g, r, part, 0] > -inf gauge exp(-m)
            p_v_sum[e] = sum(exp(stats_part[b, g, r, part, 0] - m) * p_v_sum_part[b, g, r, part, e]) where stats_part[b, g, r, part, 0] > -inf gauge exp(-m)
          then
            y[b, g, r, e] = if m > -inf then p_v_sum * (1 / p_sum) else 0
            lse[b, g, r] = if m > -inf then m + log(p_sum) else -inf
      "
    `);
    const { artifact } = choose("decode", ["D", "E", "R"], "baseline");
    expect(artifact.plan).toBe(
      "decode_parts: 1 pass, split, 64 lanes, 64 a row, 1 cells a step; decode_merge: 1 pass, split, 64 lanes, 16 a row, 1 cells a step",
    );
    const scratch = artifact.tensors.filter((t) => t.role === "scratch");
    expect(scratch.map((t) => [t.name, t.dims.map((d) => d.extent)])).toEqual([
      ["stats_part", ["B", "G", 4, 16, 2]],
      ["p_v_sum_part", ["B", "G", 4, 16, 8]],
    ]);
    expect(artifact.dispatches.map((d) => d.entryPoint)).toEqual(["decode_parts", "decode_merge"]);
  });

  test.each(["baseline", "subgroups", "32k", "f16"])("%s: decoding is cut", (name) => {
    expect(partsOf(choose("decode", ["D", "E", "R"], name))).toBe(16);
    expect(partsOf(choose("paged_decode", ["D", "R", "P"], name))).toBe(16);
  });

  test.each(["software", "software-subgroups"])("%s: it is not", (name) => {
    const compiled = choose("decode", ["D", "E", "R"], name);
    expect(compiled.plan.kernels.map((k) => k.name)).toEqual(["decode"]);
    expect(notesOf(compiled)).toEqual([`the stream stays whole: \`${name}\` runs few workgroups at once`]);
  });

  test("more rows take fewer parts; rows enough, a short stream, rows of unknown number take none", () => {
    const known = ["B", "D", "E", "G", "R"];
    expect(partsOf(choose("decode", known, "baseline"))).toBe(16);
    expect(partsOf(choose("decode", known, "baseline", { B: 8 }))).toBe(2);
    expect(partsOf(choose("decode", known, "baseline", { B: 16 }))).toBe(1);
    expect(partsOf(choose("decode", [...known, "M"], "baseline"))).toBe(16);
    expect(partsOf(choose("decode", [...known, "M"], "baseline", { M: 1024 }))).toBe(4);
    expect(partsOf(choose("decode", [...known, "M"], "baseline", { M: 1023 }))).toBe(1);
    const unknown = choose("decode", ["D", "E"], "baseline");
    expect(notesOf(unknown)).toEqual(["the stream stays whole: how many rows (r) share what streams is not known"]);
  });

  test("a target without storage buffers for the state keeps the stream whole", () => {
    const c = CUT.find((x) => x.kernel === "paged_decode");
    if (c === undefined) throw new Error("no case");
    const on = (storageBuffers: number): Compiled => compileCase(SOURCE, c, { ...target("baseline"), storageBuffers });
    expect(notesOf(on(6))).toEqual([
      "the stream stays whole: partial states would take 7 storage buffers, `baseline` has 6",
    ]);
    expect(partsOf(on(7))).toBe(16);
  });

  test("the option decides otherwise", () => {
    const c: Case = { kernel: "decode", sizes, known: ["D", "E", "R"] };
    expect(compileCase(text, c, target("baseline"), undefined, 1).plan.kernels).toHaveLength(1);
    expect(partsOf(compileCase(text, c, target("software"), undefined, 5))).toBe(5);
  });
});
