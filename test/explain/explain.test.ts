/** The report: its numbers against formulas and brute force, its words against the plan. */
import { describe, expect, test } from "vitest";
import { flops, kernelCost } from "../../src/explain/cost.ts";
import { countDomain, tileShare } from "../../src/explain/domain.ts";
import { explainKernel } from "../../src/explain/explain.ts";
import { planNotes } from "../../src/explain/notes.ts";
import { printPlan } from "../../src/explain/print-plan.ts";
import { exampleOf } from "../../src/explain/sizes.ts";
import { countGrid } from "../../src/explain/tile-count.ts";
import { lanesOf } from "../../src/ir/schedule/sharing.ts";
import { graphBuilder } from "../../src/ir/graph/build.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { NO_SPAN } from "../../src/base/span.ts";
import { compileCase, inputsOf, type Case } from "../numeric/harness.ts";
import { compileTiny, SOURCE, target, TINY, titleOf } from "../plan/tiny.ts";

const caseOf = (kernel: string, more: Partial<Case> = {}): Case => {
  const c = TINY.find((x) => x.kernel === kernel);
  if (c === undefined) throw new Error(`no case for ${kernel}`);
  return { ...c, ...more };
};
const BIG = { B: 1, H: 1, N: 256, M: 256, D: 64, E: 32 };

describe("every kernel", () => {
  test.each(TINY.map((c) => [titleOf(c), c] as const))("%s", (_, c) => {
    const compiled = compileTiny(c);
    const text = explainKernel(compiled, { target: target("baseline"), sizes: { N: 96, M: 96, ...c.scalars } });
    expect(text).not.toMatch(/undefined|NaN|\[object|%\d|axis\d/);
    for (const k of compiled.plan.kernels) expect(text).toContain(`kernel ${k.name}: writes`);
    for (const d of compiled.artifact.dispatches) expect(text).toContain(`workgroups of ${d.workgroupSize} lanes`);
    for (const title of ["carried", "schedule", "workgroup", "cost", "dispatch", "why not"])
      expect(text.match(new RegExp(`^  ${title} `, "gm")) ?? []).toHaveLength(compiled.plan.kernels.length);
    for (const t of compiled.artifact.tensors)
      expect(text).toMatch(new RegExp(`^  ${t.binding}: ${t.role} ${t.name}: `, "m"));
    expect(printPlan(compiled)).not.toMatch(/undefined|NaN|\[object|%\d/);
  });
});

describe("workgroup memory", () => {
  test.each(["baseline", "32k", "subgroups"])("adds up for %s", (name) => {
    for (const kernel of ["flash_attention", "layer_norm_affine", "paged_decode", "shaw_attention"]) {
      const compiled = compileTiny(caseOf(kernel), name);
      const lines = explainKernel(compiled, { target: target(name), map: false }).match(/^  workgroup .*$/gm) ?? [];
      lines.forEach((line, n) => {
        const total = Number(/(\d+) bytes of/.exec(line)?.[1] ?? 0);
        const terms = [...line.matchAll(/ (\d+) \((\d+) x (\d+)\)/g)];
        expect(total).toBe(compiled.artifact.dispatches[n]?.workgroupBytes);
        expect(terms.reduce((sum, t) => sum + Number(t[1]), 0)).toBe(total);
        for (const t of terms) expect(Math.ceil((Number(t[2]) * Number(t[3])) / 16) * 16).toBe(Number(t[1]));
      });
    }
  });
});

describe("counting", () => {
  const where = (make: (b: ReturnType<typeof graphBuilder>, i: number, j: number) => number) => {
    const axis = (id: number, name: string) => ({ id, name, size: 64, parts: null, span: NO_SPAN });
    const b = graphBuilder([axis(0, "i"), axis(1, "j")]);
    return { b, id: make(b, b.index(0), b.index(1)) };
  };
  const int = (b: ReturnType<typeof graphBuilder>, x: number): number => b.konst(x, "i32");
  const env = { size: () => null, scalar: () => null };

  test.each([
    ["causal", true, (i: number, j: number) => j <= i, where((b, i, j) => b.binary("<=", j, i))],
    [
      "band",
      true,
      (i: number, j: number) => j <= i && i - j < 7,
      where((b, i, j) => b.binary("and", b.binary("<=", j, i), b.binary("<", b.binary("-", i, j), int(b, 7)))),
    ],
    [
      "sink or band",
      false,
      (i: number, j: number) => j < 4 || Math.abs(i - j) < 5,
      where((b, i, j) =>
        b.binary("or", b.binary("<", j, int(b, 4)), b.binary("<", b.unary("abs", b.binary("-", i, j)), int(b, 5))),
      ),
    ],
  ] as const)("%s: tiles and cells as by brute force", (_, complete, holds, made) => {
    for (const [size, tile] of [
      [
        [37, 53],
        [8, 5],
      ],
      [
        [64, 64],
        [16, 16],
      ],
      [
        [5, 40],
        [1, 1],
      ],
    ] as const) {
      const found = { empty: 0, partial: 0, full: 0, exact: true };
      for (let i0 = 0; i0 < size[0]; i0 += tile[0]) {
        for (let j0 = 0; j0 < size[1]; j0 += tile[1]) {
          let [yes, no] = [0, 0];
          for (let i = i0; i < Math.min(size[0], i0 + tile[0]); i++)
            for (let j = j0; j < Math.min(size[1], j0 + tile[1]); j++)
              if (holds(i, j)) yes++;
              else no++;
          found[no === 0 ? "full" : yes === 0 ? "empty" : "partial"]++;
        }
      }
      const counted = countGrid(made.b, made.id, { rows: 0, columns: 1, size, tile }, env);
      if (complete) expect(counted).toEqual(found);
      // Two alternatives that only together fill a tile are not seen: called partial, never the other way.
      expect(counted.empty).toBeLessThanOrEqual(found.empty);
      expect(counted.full).toBeLessThanOrEqual(found.full);
      expect(counted.partial - found.partial).toBeLessThanOrEqual(2);
    }
  });

  const shareAt = (kernel: string, known: readonly string[], sizes: Record<string, number>): number => {
    const compiled = compileCase(SOURCE, { kernel, known, sizes: { ...BIG, G: 1, R: 1 } }, target("baseline"));
    const [k] = compiled.plan.kernels;
    const [schedule] = compiled.schedules;
    const where = k?.accumulators[0]?.where ?? null;
    if (k === undefined || schedule === undefined || where === null) throw new Error("no masked kernel");
    return tileShare(countDomain(compiled, k, schedule, where, exampleOf(compiled, sizes)));
  };
  test("causal attention does at most 55 % of the tile work, a window of 256 at most 8 %", () => {
    expect(shareAt("flash_attention", ["D", "E"], { N: 8192, M: 8192 })).toBeLessThan(0.55);
    expect(shareAt("flash_attention", ["D", "E"], { N: 8192, M: 8192 })).toBeGreaterThan(0.5);
    expect(shareAt("gemma2", ["D", "G", "R"], { N: 8192, M: 8192, w: 256 })).toBeLessThan(0.08);
  });

  test("the map has a character for each tile and at most 32 a side", () => {
    const text = explainKernel(compileTiny(caseOf("flash_attention")), {
      target: target("baseline"),
      sizes: { N: 4096, M: 4096 },
    });
    const map = text
      .split("\n")
      .filter((l) => /^ +[./#]+$/.test(l))
      .map((l) => l.trim());
    expect(map.length).toBeGreaterThan(3);
    expect(map.length).toBeLessThanOrEqual(32);
    map.forEach((line, i) => {
      expect(line.length).toBeLessThanOrEqual(32);
      expect(line, `row ${i}`).toMatch(/^#*\/+\.*$/);
    });
    expect(text).toMatch(/; 5\d(\.\d+)? % of the full tile work/);
  });
});

describe("costs", () => {
  const costOf = (c: Case) => {
    const compiled = compileCase(SOURCE, c, target("baseline"));
    const [k] = compiled.plan.kernels;
    const [schedule] = compiled.schedules;
    if (k === undefined || schedule === undefined || schedule.kind === "elements") throw new Error("no kernel");
    return { compiled, schedule, cost: kernelCost(compiled, k, schedule, exampleOf(compiled, c.sizes)) };
  };

  test("sums of products of causal attention: 2 (D + E) for each cell that exists", () => {
    const { cost } = costOf({ kernel: "flash_attention", sizes: BIG, known: ["D", "E"] });
    const cells = (BIG.N * (BIG.N + 1)) / 2;
    expect(cost.passes.map((p) => p.products)).toEqual([cells * 2 * (BIG.D + BIG.E)]);
    expect(cost.passes[0]?.transcendental).toBeCloseTo(cells, -3);
  });

  test("a second pass computes q·k again", () => {
    const { cost } = costOf({ kernel: "data_temperature", sizes: BIG, known: ["D", "E"] });
    const cells = BIG.N * BIG.M;
    expect(cost.passes.map((p) => p.products)).toEqual([cells * 2 * BIG.D, cells * 2 * (BIG.D + BIG.E)]);
    expect(cost.passes.every((p) => flops(p) > p.products)).toBe(true);
  });

  test("bytes: an operand that streams is read once for each tile of rows, the compulsory minimum is every tensor once", () => {
    const { cost, schedule } = costOf({ kernel: "shaw_attention", sizes: BIG, known: ["D", "E"] });
    const tiles = Math.ceil(BIG.N / lanesOf(schedule).rows);
    const read = (name: string): number | undefined => cost.reads.find((r) => r.tensor === name)?.bytes;
    expect(read("k")).toBe(4 * BIG.M * BIG.D * tiles);
    expect(read("v")).toBe(4 * BIG.M * BIG.E * tiles);
    expect(read("q")).toBe(4 * BIG.N * BIG.D);
    expect(cost.compulsory).toBe(
      4 * (BIG.N * BIG.D + BIG.M * (BIG.D + BIG.E) + (BIG.N + BIG.M - 1) * BIG.D + BIG.N * BIG.E),
    );
  });
});

describe("a stream cut into parts", () => {
  const c = caseOf("paged_decode");
  const sizes = { B: 1, C: 1024, L: 1024 };
  const whole = compileTiny(c, "baseline", 1);
  const cut = compileTiny(c, "baseline");
  const textOf = (compiled: typeof cut): string => explainKernel(compiled, { target: target("baseline"), sizes });

  test("says why, or why not", () => {
    expect(textOf(cut)).toMatch(
      /parts +j is cut into 16 parts, each a workgroup's: 4 rows for each of \(b\) would not fill `baseline`/,
    );
    expect(textOf(cut)).toContain("merges the parts of `paged_decode_parts`");
    expect(textOf(whole)).toMatch(/parts +the stream stays whole: asked for/);
  });

  test("an empty row gives what it gave", () => {
    for (const compiled of [whole, cut]) expect(textOf(compiled)).toMatch(/empty row y = 0\n/);
  });

  test("costs the same arithmetic and reads the same operands", () => {
    const costOf = (compiled: typeof cut) => {
      const [k] = compiled.plan.kernels;
      const [schedule] = compiled.schedules;
      if (k === undefined || schedule === undefined) throw new Error("no kernel");
      return kernelCost(compiled, k, schedule, exampleOf(compiled, sizes));
    };
    const [p, q] = [costOf(whole), costOf(cut)];
    const near = (x: number | undefined, y: number | undefined): void => expect((x ?? 0) / (y ?? 1)).toBeCloseTo(1, 1);
    near(q.passes[0]?.products, p.passes[0]?.products);
    for (const name of ["q", "pool_k", "pool_v"])
      near(q.reads.find((r) => r.tensor === name)?.bytes, p.reads.find((r) => r.tensor === name)?.bytes);
    // A maximum, a sum and D = 4 sums for each of 4 rows and 16 parts.
    expect(q.written).toBe(4 * 4 * 16 * (2 + 4));
  });
});

describe("words", () => {
  const explained = (kernel: string, more: Partial<Case> = {}): string =>
    explainKernel(compileTiny(caseOf(kernel, more)), { target: target("baseline"), map: false });

  test("softmax: what is carried, its gauge, what left the loop", () => {
    const text = explained("flash_attention");
    expect(text).toContain("passes    1 over j");
    expect(text).toMatch(
      /carried   m: 1 number of f32; max of s\n +p_sum: 1 number of f32; sum of p\n +p_v_sum\[e\]: 5 numbers/,
    );
    expect(text).toContain("28 bytes for a row");
    expect(text).toContain("`m` stabilises `p_sum`, `p_v_sum`");
    expect(text).toMatch(/hoisted +`1 \/ sum\[j\]\(p/);
    expect(text).toContain("j runs from 0 to min(M - 1, i + M - N): this says all of the condition");
    expect(text).toContain("no fusion was refused");
  });

  test("a constant gauge is said, and no maximum is carried", () => {
    const text = explained("cosine_static");
    expect(text).toMatch(/gauge +no running maximum: \|\w+\| <= 10(\.\d+)? is proved/);
    expect(text).not.toMatch(/; max of/);
  });

  test("why not one pass, one kernel", () => {
    expect(explained("threshold_relu")).toMatch(/why not +not one pass fewer: `o` waits for .*max\(s - tau, 0\)/);
    expect(explained("column_mass")).toMatch(/why not +not one kernel: `m` is computed by a kernel of its own/);
  });

  test("a mask that reads data is said to be known at run time only", () => {
    expect(explained("packed_documents")).toContain("known at run time only (reads `doc`): doc[b, i] == doc[b, j]");
  });

  test("the value of a row without a cell is what the source means", () => {
    const c = TINY.find((x) => x.kernel === "flash_attention" && (x.sizes["N"] ?? 0) > (x.sizes["M"] ?? 0));
    if (c === undefined) throw new Error("no case");
    const compiled = compileTiny(c);
    const text = explainKernel(compiled, { target: target("baseline") });
    const naive = evaluateGraph(compiled.graph, { sizes: c.sizes, scalars: {}, tensors: inputsOf(compiled, c) });
    expect(text).toMatch(/empty row o = 0\n +lse = -inf/);
    expect([naive["o"]?.[0], naive["lse"]?.[0]]).toEqual([0, -Infinity]);
  });

  test("the plan", () => {
    expect(printPlan(compileTiny(caseOf("flash_attention")))).toMatchInlineSnapshot(`
      "plan flash_attention
        kernel flash_attention: rows (b, h, i), stream (j)
          pass 1
            m = max(s) where j <= i + M - N
            p_sum = sum(p) where j <= i + M - N gauge exp(-m)
            p_v_sum[e] = sum(p * v[b, h, j, e]) where j <= i + M - N gauge exp(-m)
          then
            o[b, h, i, e] = if m > -inf then p_v_sum * (1 / p_sum) else 0
            lse[b, h, i] = if m > -inf then lse else -inf
      "
    `);
  });
});

describe("scans", () => {
  const linesOf = (kernel: string, title: string): readonly string[] => {
    const text = explainKernel(compileTiny(caseOf(kernel)), { target: target("baseline") });
    const found = new RegExp(`^  ${title} +(.*(?:\\n {12}.*)*)`, "m").exec(text)?.[1] ?? "";
    return found.split("\n").map((l) => l.trim());
  };
  test("say what is carried, in which order, and where the last value is", () => {
    expect(linesOf("gated_delta_rule", "carried")).toEqual([
      "S[d]: 3 numbers of f32, a scan in the order of t from s0[b, h, d, e]; its last value is in the registers behind the loop",
      "12 bytes for a row",
    ]);
    expect(linesOf("gated_delta_rule", "passes")).toEqual([
      "1 over t",
      "in order, one cell at a time: a state is the one before, a step on",
    ]);
    expect(linesOf("stabilised_memory", "carried")[0]).toBe("m: 1 number of f32, a scan in the order of t from -1e+30");
  });
  test("the plan has a note for each state", () => {
    const [kernel] = compileTiny(caseOf("stabilised_memory")).plan.kernels;
    expect(kernel?.notes.filter((n) => n.kind === "scan").map((n) => n.text)).toEqual([
      "`m` runs along `t` in order: a lane carries one number from cell to cell",
      "`c` runs along `t` in order: a lane carries 5 numbers, all of `d`, from cell to cell",
      "`n` runs along `t` in order: a lane carries 5 numbers, all of `d`, from cell to cell",
    ]);
  });
});

describe("notes", () => {
  const noted = TINY.filter((c) => planNotes(compileTiny(c)).length > 0).map((c) => c.kernel);
  test("for the kernels that reduce in several passes, and for no other", () => {
    expect([...new Set(noted)].sort()).toEqual([
      "data_temperature",
      "scan_statistics",
      "talking_heads",
      "threshold_relu",
      "topk_attention",
    ]);
  });

  test("point at the user's expression", () => {
    const [note] = planNotes(compileTiny(caseOf("threshold_relu")));
    const { span, text } = note?.primary ?? { span: NO_SPAN, text: "" };
    expect(SOURCE.slice(span.start, span.end)).toBe("relu(s - tau)");
    expect(text).toBe("depends on `tau`, a reduction over `j`, in a way that cannot be corrected afterwards");
    expect(note?.message).toBe("`o` takes 2 passes over `j`");
  });

  test("with D = E one more q·k is half of the arithmetic again", () => {
    const [note] = planNotes(compileTiny(caseOf("threshold_relu", { sizes: { ...BIG, E: 64 } })));
    expect(note?.help).toBe("cost: one more q·k (+50 % arithmetic), no N×M buffer");
  });
});
