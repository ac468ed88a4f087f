/** Operations counted for GFLOP/s, against counts of single cells. */
import { describe, expect, test } from "vitest";
import { countFlops } from "../../src/cli/flops.ts";
import { BASELINE } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { resolveImport } from "../numeric/harness.ts";

type Data = Readonly<Record<string, ArrayLike<number>>>;

/** Operations of a kernel with this body. The compiler has been at work before: what it adds to the graph does not count. */
const count = (
  body: string,
  sizes: Readonly<Record<string, number>>,
  tensors: Data = {},
  scalars: Readonly<Record<string, number>> = {},
): number => {
  const text = `kernel k(
    q: f32[i: N, d: 4], k: f32[j: M, d], v: f32[j], x: f32[i], length: i32[b: B], doc: i32[i], docj: i32[j], w: i32 = 3,
  ) -> o: f32[${body.includes("length") ? "b, " : ""}i] {\n${body}\n}`;
  const { compiled, diagnostics } = compile(text, { file: "k.tfx", target: BASELINE, resolveImport });
  expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  const [one] = compiled;
  return one === undefined ? NaN : countFlops(one.graph, { sizes: { B: 1, ...sizes }, tensors, scalars });
};

const cells = (n: number, m: number, exists: (i: number, j: number) => boolean): number => {
  let found = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) if (exists(i, j)) found++;
  return found;
};

describe("operations", () => {
  test("without a mask: products and sums", () => {
    expect(count("o = sum[j](x * v)", { N: 5, M: 7 })).toBe(2 * 35);
    expect(count("o = sum[j](sum[d](q * k) * v)", { N: 5, M: 7 })).toBe(35 * (2 * 4 + 2));
  });

  test.each([
    ["j <= i", (i: number, j: number) => j <= i],
    ["causal(i, j)", (i: number, j: number) => j <= i + 61 - 53],
    ["window(i, j, w)", (i: number, j: number) => j <= i + 8 && i + 8 - j < 3],
    ["j <= i and (i + j) % 2 == 0", (i: number, j: number) => j <= i && (i + j) % 2 === 0],
    ["doc == docj", (i: number, j: number) => Math.floor(i / 7) === Math.floor(j / 9)],
  ])("where %s: exactly the cells that exist", (where, exists) => {
    const doc = Array.from({ length: 53 }, (_, i) => Math.floor(i / 7));
    const docj = Array.from({ length: 61 }, (_, j) => Math.floor(j / 9));
    const found = count(
      `let s = sum[d](q * k) where ${where}\n o = sum[j](s * v)`,
      { N: 53, M: 61 },
      { doc, docj },
      { w: 3 },
    );
    expect(found).toBe(cells(53, 61, exists) * (2 * 4 + 2));
  });

  test("lengths are read from the data", () => {
    const sizes = { B: 3, N: 5, M: 1000 };
    const found = count("let a = x * v where j < length\n o = sum[j](a)", sizes, { length: [10, 0, 700] });
    // The product is the same for all b: it is made once, for all cells.
    expect(found).toBe(5 * 710 + 5 * 1000);
  });

  test("a value used with and without a mask counts all its cells", () => {
    const found = count("let a = x * v\n let m = a where j <= i\n o = sum[j](m) + sum[j](a)", { N: 8, M: 8 });
    expect(found).toBe(64 + 36 + 64 + 8);
  });

  test("long sequences: exact for bounds, sampled within 2 % for documents", () => {
    const [n, m] = [6000, 6000];
    expect(count("let a = x * v where j <= i\n o = sum[j](a)", { N: n, M: m })).toBeCloseTo(n * (n + 1), -3);
    const doc = Array.from({ length: n }, (_, i) => Math.floor(i / 700));
    const found = count("let a = x * v where doc == docj\n o = sum[j](a)", { N: n, M: m }, { doc, docj: doc });
    const right = 2 * cells(n, m, (i, j) => doc[i] === doc[j]);
    expect(Math.abs(found / right - 1)).toBeLessThan(0.02);
  });

  test("a selection by computed values counts as if all were taken", () => {
    const found = count(
      "let s = sum[d](q * k) where j <= i\n let t = s where s >= kth_largest[j](s, 2)\n o = sum[j](t)",
      { N: 16, M: 16 },
    );
    // Scores and their sum; the k-th largest counts one operation a cell.
    expect(found).toBe(136 * (2 * 4 + 1 + 1));
  });

  test("no cells, no operations", () => {
    expect(count("let a = x * v where j <= i\n o = sum[j](a)", { N: 0, M: 7 })).toBe(0);
    expect(count("let a = x * v where j < 0 - i\n o = sum[j](a)", { N: 4, M: 7 })).toBe(0);
  });
});
