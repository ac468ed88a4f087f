import { describe, expect, it } from "vitest";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { graphBuilder } from "../../src/ir/graph/build.ts";
import type { NodeId, ReduceOp } from "../../src/ir/graph/graph.ts";
import { erf, roundEven } from "../../src/ir/graph/arith.ts";
import { attention, axes, fill, graphOf, random, scalar, tensor } from "./helpers.ts";

const close = (got: ArrayLike<number> | undefined, want: readonly number[], tolerance = 1e-12): void => {
  expect(got?.length).toBe(want.length);
  want.forEach((w, c) => {
    const g = got?.[c] ?? NaN;
    if (Number.isFinite(w)) expect(Math.abs(g - w)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(w)));
    else expect(g).toBe(w);
  });
};

/** Attention written as plain loops, with an existence test. */
const reference = (
  [B, N, M, D, E]: readonly [number, number, number, number, number],
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  scale: number,
  exists: (i: number, j: number) => boolean,
): { o: number[]; lse: number[] } => {
  const out: number[] = [];
  const lse: number[] = [];
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < N; i++) {
      const row: { j: number; s: number }[] = [];
      for (let j = 0; j < M; j++) {
        if (!exists(i, j)) continue;
        let s = 0;
        for (let d = 0; d < D; d++) s += (q[(b * N + i) * D + d] ?? NaN) * (k[(b * M + j) * D + d] ?? NaN);
        row.push({ j, s: s * scale });
      }
      const total = row.reduce((sum, c) => sum + Math.exp(c.s), 0);
      for (let e = 0; e < E; e++)
        out.push(row.reduce((sum, c) => sum + (Math.exp(c.s) / total) * (v[(b * M + c.j) * E + e] ?? NaN), 0));
      lse.push(Math.log(total));
    }
  }
  return { o: out, lse };
};

describe("attention", () => {
  const shape = [2, 5, 7, 4, 3] as const;
  const sizes = { B: 2, N: 5, M: 7, D: 4, E: 3 };
  const tensors = { q: fill(40, random(1)), k: fill(56, random(2)), v: fill(42, random(3)) };
  it("matches plain loops, with the default scale", () => {
    const { graph } = attention(() => null);
    const got = evaluateGraph(graph, { sizes, tensors, scalars: {} });
    const want = reference(shape, tensors.q, tensors.k, tensors.v, 0.5, () => true);
    close(got["o"], want.o);
    close(got["lse"], want.lse);
  });
  it("skips the cells that do not exist; an empty row is 0 with lse -inf", () => {
    const { graph } = attention((b) => b.binary("<", b.index(2), b.index(1)));
    const got = evaluateGraph(graph, { sizes, tensors, scalars: { scale: 0.3 } });
    const want = reference(shape, tensors.q, tensors.k, tensors.v, 0.3, (i, j) => j < i);
    close(got["o"], want.o);
    close(got["lse"], want.lse);
    expect(got["o"]?.[0]).toBe(0);
    expect(got["lse"]?.[0]).toBe(-Infinity);
  });
  it("in f32 rounds each operation: near f64, not equal to it, and every value an f32", () => {
    const { graph } = attention(() => null);
    const [wide, narrow] = [{}, { precision: "f32" as const }].map(
      (o) => evaluateGraph(graph, { sizes, tensors, scalars: {} }, o)["o"],
    );
    expect([...(narrow ?? [])].every((x) => Math.fround(x) === x)).toBe(true);
    close(narrow, [...(wide ?? [])], 1e-6);
    expect(narrow).not.toEqual(wide);
  });
  it("is fast enough to be an oracle", () => {
    // A quarter of N = M = 512 within a quarter of 5 s of this thread's processor time: other work on the machine does not count.
    const n = 256;
    const { graph } = attention((b) => b.binary("<=", b.index(2), b.index(1)));
    const big = { q: fill(n * 64, random(1)), k: fill(n * 64, random(2)), v: fill(n * 64, random(3)) };
    const start = process.threadCpuUsage();
    evaluateGraph(graph, { sizes: { B: 1, N: n, M: n, D: 64, E: 64 }, tensors: big, scalars: {} });
    const { user, system } = process.threadCpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(1250);
  });
});

describe("reductions", () => {
  const x = [3, -1, 4, 1, -5, 9, 2, 6, 5, 3, 5, -8];
  /** Over j of x[i, j] where x > bound. */
  const run = (op: ReduceOp, bound: number, k = 0): number[] => {
    const b = graphBuilder(axes({ i: 3, j: 4 }));
    const value = b.load("x", [b.index(0), b.index(1)], "f32");
    const r = b.reduce(op, [1], value, b.binary(">", value, b.konst(bound, "f32")), k);
    const out = op === "cumsum" ? tensor("o", [0, 1], "output") : tensor("o", [0], "output");
    const graph = graphOf(b, [tensor("x", [0, 1]), out], { o: r });
    return [...(evaluateGraph(graph, { sizes: {}, tensors: { x }, scalars: {} })["o"] ?? [])];
  };
  it("have the stated values and identities", () => {
    expect(run("sum", 2)).toEqual([7, 15, 13]);
    expect(run("prod", 2)).toEqual([12, 54, 75]);
    expect(run("max", 5)).toEqual([-Infinity, 9, -Infinity]);
    expect(run("min", 5)).toEqual([Infinity, 6, Infinity]);
    expect(run("var", 2)).toEqual([0.25, 2.25, ((5 - 13 / 3) ** 2 * 2 + (3 - 13 / 3) ** 2) / 3]);
    expect(run("var", 9)).toEqual([0, 0, 0]);
    expect(run("argmax", 2)).toEqual([2, 1, 0]);
    expect(run("argmin", 2)).toEqual([0, 3, 1]);
    expect(run("argmax", 9)).toEqual([0, 0, 0]);
    expect(run("kth", -9, 2)).toEqual([3, 6, 5]);
    expect(run("kth", 4, 3)).toEqual([-Infinity, 6, 5]);
    expect(run("cumsum", 0)).toEqual([3, 3, 7, 8, 0, 9, 11, 17, 5, 8, 13, 13]);
  });
  it("over two axes, in any nesting", () => {
    const b = graphBuilder(axes({ i: 3, j: 4 }));
    const value = b.load("x", [b.index(0), b.index(1)], "f32");
    const both = b.reduce("sum", [0, 1], value);
    const nested = b.reduce("sum", [0], b.reduce("sum", [1], value));
    const graph = graphOf(b, [tensor("x", [0, 1]), tensor("o", [], "output"), tensor("p", [], "output")], {
      o: both,
      p: nested,
    });
    const got = evaluateGraph(graph, { sizes: {}, tensors: { x }, scalars: {} });
    expect([got["o"]?.[0], got["p"]?.[0]]).toEqual([24, 24]);
  });
  it("inside a reduction over the same axis", () => {
    const b = graphBuilder(axes({ i: 3, j: 4 }));
    const value = b.load("x", [b.index(0), b.index(1)], "f32");
    const max = b.reduce("max", [1], value);
    const graph = graphOf(b, [tensor("x", [0, 1]), tensor("o", [0], "output")], {
      o: b.reduce("sum", [1], b.binary("-", value, max)),
    });
    expect([...(evaluateGraph(graph, { sizes: {}, tensors: { x }, scalars: {} })["o"] ?? [])]).toEqual([
      7 - 16,
      12 - 36,
      5 - 20,
    ]);
  });
});

describe("reads", () => {
  const shifted = (guard: boolean): ReturnType<typeof graphOf> => {
    const b = graphBuilder(axes({ i: "N", j: "N" }));
    const at = b.binary("-", b.index(1), b.index(0));
    const inRange = b.binary(">=", at, b.konst(0, "i32"));
    const read = b.load("x", [at], "f32");
    // The read in the condition itself is guarded by what stands left of it.
    const where = b.binary("and", inRange, b.binary(">", read, b.konst(0, "f32")));
    return graphOf(b, [tensor("x", [0]), tensor("o", [0], "output")], {
      o: b.reduce("sum", [1], read, guard ? where : null),
    });
  };
  const inputs = { sizes: { N: 3 }, tensors: { x: [1, -2, 4] }, scalars: {} };
  it("that no existing cell makes may be out of range", () => {
    expect([...(evaluateGraph(shifted(true), inputs)["o"] ?? [])]).toEqual([5, 1, 1]);
  });
  it("that are made out of range throw, naming the tensor", () => {
    expect(() => evaluateGraph(shifted(false), inputs)).toThrow(
      "read of `x` out of range: index -1 in dimension 0 of size 3",
    );
  });
  it("need data of the right size, and scalars a value", () => {
    expect(() => evaluateGraph(shifted(true), { ...inputs, tensors: {} })).toThrow("no data for tensor `x`");
    expect(() => evaluateGraph(shifted(true), { ...inputs, tensors: { x: [1] } })).toThrow("has 1 elements, not 3");
    const { graph } = attention(() => null);
    const bare = { ...graph, scalars: [scalar("scale", "f32")] };
    const tensors = { q: [1], k: [1], v: [1] };
    expect(() => evaluateGraph(bare, { sizes: { B: 1, N: 1, M: 1, D: 1, E: 1 }, tensors, scalars: {} })).toThrow(
      "no value for `scale`",
    );
  });
});

describe("arith", () => {
  it("erf against tabled values (Abramowitz & Stegun 7.1, DLMF)", () => {
    const table: readonly (readonly [number, number])[] = [
      [0, 0],
      [0.1, 0.1124629160182849],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [3, 0.9999779095030014],
      [4, 0.9999999845827421],
      [7, 1],
    ];
    for (const [x, y] of table) {
      expect(Math.abs(erf(x) - y)).toBeLessThan(4e-16);
      expect(Math.abs(erf(-x) + y)).toBeLessThan(4e-16);
    }
  });
  it("rounds half to even", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6].map(roundEven).map((x) => x + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 2, -3,
    ]);
  });
});

it("int and bool results are numbers", () => {
  const b = graphBuilder(axes({ i: 3 }));
  const i: NodeId = b.index(0);
  const odd = b.binary("==", b.binary("%", i, b.konst(2, "i32")), b.konst(1, "i32"));
  const graph = graphOf(b, [tensor("o", [0], "output", "i32"), tensor("p", [0], "output", "bool")], {
    o: b.binary("-", i, b.konst(1, "i32")),
    p: odd,
  });
  const got = evaluateGraph(graph, { sizes: {}, tensors: {}, scalars: {} });
  expect([[...(got["o"] ?? [])], [...(got["p"] ?? [])]]).toEqual([
    [-1, 0, 1],
    [0, 1, 0],
  ]);
});
