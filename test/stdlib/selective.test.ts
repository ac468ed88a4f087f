/** Selective attention, a row or a block of rows a call with the carried vector, against the paper's N x N formula. */
import { describe, expect, test } from "vitest";
import { compare } from "../../src/cli/accuracy.ts";
import { BASELINE } from "../../src/base/target.ts";
import type { Kernel } from "../../src/runtime/index.ts";
import { randomFrom } from "../numeric/harness.ts";
import { count, dot, root, softmax, total, type Round } from "./oracles/arith.ts";
import { mixed } from "./oracles/attend.ts";
import { compileCase, openBench, type Case } from "./oracles/run.ts";

type Sizes = { readonly B: number; readonly H: number; readonly N: number; readonly D: number; readonly E: number };
type Data = { readonly q: Float32Array; readonly k: Float32Array; readonly v: Float32Array };

const dataOf = ({ B, H, N, D, E }: Sizes, spread: number): Data => {
  const random = randomFrom(5);
  const fill = (n: number): Float32Array => Float32Array.from({ length: n }, () => (random() * 2 - 1) * spread);
  return { q: fill(B * H * N * D), k: fill(B * H * N * D), v: fill(B * H * N * E) };
};

/** arXiv 2410.02703: S = relu(head 0), S[:, 0] = 0, diag(S) = 0; F_ij = Σ_{l<i} S_lj; softmax(QKᵀ/√d - F) V, causal. */
const formula = (
  r: Round,
  { B, H, N, D, E }: Sizes,
  { q, k, v }: Data,
): { readonly o: number[]; readonly f: number[] } => {
  const at = (x: Float32Array, b: number, h: number, n: number, d: number, width: number): number =>
    x[((b * H + h) * N + n) * width + d] ?? NaN;
  const s = (b: number, h: number, i: number, j: number): number =>
    r(
      dot(
        r,
        D,
        (d) => at(q, b, h, i, d, D),
        (d) => at(k, b, h, j, d, D),
      ) / root(r, D),
    );
  const selects = (b: number, l: number, j: number): number => (j === 0 || j >= l ? 0 : Math.max(0, s(b, 0, l, j)));
  const masked = (b: number, i: number, j: number): number => total(r, i, (l) => selects(b, l, j));
  const o = count(B).flatMap((b) =>
    count(H).flatMap((h) =>
      count(N).flatMap((i) => {
        const p = softmax(
          r,
          count(N).map((j) => (j <= i ? r(s(b, h, i, j) - masked(b, i, j)) : null)),
        );
        return count(E).map((e) => mixed(r, p, (j) => at(v, b, h, j, e, E)));
      }),
    ),
  );
  return { o, f: count(B).flatMap((b) => count(N).map((j) => masked(b, N, j))) };
};

const bench = await openBench();
if (bench === null) console.log("swiftshader is left out: not available");
const caseOf = (kernel: string, known: Record<string, number>): Case => ({
  file: "attention/selective_step",
  kernel,
  known,
  runs: [],
  oracle: () => ({}),
});

/** All rows of a sequence: blocks of R, then the rest row by row; R = 1 takes rows only. */
const runRows = async (
  sizes: Sizes,
  data: Data,
  R: number,
): Promise<{ readonly o: Float32Array; readonly f: Float32Array }> => {
  if (bench === null) throw new Error("no SwiftShader");
  const { B, H, N, D, E } = sizes;
  const made = (name: string, known: Record<string, number>): Promise<Kernel> =>
    bench.kernel(compileCase(caseOf(name, known), bench.target).artifact);
  const step = await made("selective_step", { D, E });
  const block = await made("selective_block", { D, E, R });
  const o = new Float32Array(B * H * N * E);
  let f = new Float32Array(B * N);
  for (let t = 0; t < N;) {
    const n = R > 1 && t + R <= N ? R : 1;
    const q = Float32Array.from(
      count(B * H).flatMap((bh) => [...data.q.subarray((bh * N + t) * D, (bh * N + t + n) * D)]),
    );
    const { outputs } = await (n > 1 ? block : step).run({
      inputs: { q, k: data.k, v: data.v, f },
      sizes: { B, H, M: N },
      scalars: { t },
    });
    count(B * H).forEach((bh) =>
      o.set((outputs["o"] as Float32Array).subarray(bh * n * E, (bh + 1) * n * E), (bh * N + t) * E),
    );
    f = new Float32Array(outputs["f_next"] as Float32Array);
    t += n;
  }
  return { o, f };
};

describe.skipIf(bench === null)("selective attention", () => {
  const f32 = { isF16: false, isExact: false };
  test.each([
    ["row by row", { B: 2, H: 3, N: 13, D: 6, E: 8 }, 2, 1],
    ["blocks of 4 and a rest", { B: 2, H: 3, N: 18, D: 6, E: 8 }, 2, 4],
    ["blocks of 3, odd widths", { B: 1, H: 2, N: 12, D: 15, E: 5 }, 2, 3],
    ["one token", { B: 1, H: 1, N: 1, D: 4, E: 4 }, 2, 4],
    ["strong selections", { B: 1, H: 2, N: 17, D: 6, E: 8 }, 12, 4],
  ] as const)("%s", async (_, sizes, spread, R) => {
    const data = dataOf(sizes, spread);
    const found = await runRows(sizes, data, R);
    const [exact, naive] = [formula((x) => x, sizes, data), formula(Math.fround, sizes, data)];
    for (const name of ["o", "f"] as const)
      expect(compare(name, found[name], Float64Array.from(exact[name]), naive[name], f32)).toMatchObject({ ok: true });
  });

  test("selecting matters: without it the result is another one", () => {
    const sizes = { B: 1, H: 2, N: 9, D: 6, E: 8 };
    const data = dataOf(sizes, 2);
    expect(Math.max(...formula((x) => x, sizes, data).f)).toBeGreaterThan(1);
  });
});

test.each(["selective_step", "selective_block"])("the header of %s tells its plan", (kernel) => {
  const { plan, spec } = compileCase(
    caseOf(kernel, { D: 6, E: 8, ...(kernel === "selective_block" ? { R: 4 } : {}) }),
    BASELINE,
  );
  expect(/Class Kseq, 1 pass/.test(spec.doc)).toBe(true);
  expect(Math.max(...plan.kernels.map((k) => k.passes))).toBe(1);
  // But for the states of a stream that is cut into parts: numbers of rows and parts.
  expect(plan.scratch.map((t) => t.name).filter((n) => !n.endsWith("_part"))).toEqual([]);
});
