/** The parts of the command line that need no process. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compare, ulpOfF16 } from "../../src/cli/accuracy.ts";
import { untar } from "../../src/cli/adapters.ts";
import { UsageError } from "../../src/cli/errors.ts";
import { writeAll } from "../../src/cli/files.ts";
import { createRandom, randomData } from "../../src/cli/random.ts";
import { inferSizes, type Shaped } from "../../src/cli/sizes.ts";
import type { SizeExpr } from "../../src/base/size.ts";

const shaped = (name: string, extents: readonly SizeExpr[], shape: readonly number[]): Shaped => ({
  name,
  dims: extents.map((extent, i) => ({ axes: [`a${i}`], extent })),
  shape,
});

describe("sizes", () => {
  test("are solved from products and linear expressions, in any order", () => {
    const q = shaped("q", ["B", ["*", "G", "R"], "N"], [2, 12, 37]);
    const k = shaped("k", ["B", "G", ["-", ["*", 2, "M"], 1]], [2, 4, 9]);
    expect(inferSizes([q, k], {})).toEqual({ B: 2, G: 4, R: 3, N: 37, M: 5 });
  });

  test("that do not follow are left out, and given ones help", () => {
    const q = shaped("q", [["*", "G", "R"]], [12]);
    expect(inferSizes([q], {})).toEqual({});
    expect(inferSizes([q], { R: 3 })).toEqual({ R: 3, G: 4 });
  });

  test("contradictions are reported with the arithmetic", () => {
    const x = shaped("x", ["N"], [4]);
    expect(() => inferSizes([x, shaped("y", ["N"], [5])], {})).toThrow(
      "dimension 1 of `y` (5), axis `a0`: found 5, expected 4 = N",
    );
    expect(() => inferSizes([x, shaped("y", [["*", 2, "N"]], [9])], {})).toThrow(
      "found 9, expected 8 = 2 * N with N = 4",
    );
    expect(() => inferSizes([x], { N: 3 })).toThrow(UsageError);
  });
});

describe("accuracy", () => {
  const f32 = { isF16: false, isExact: false };
  const check = (
    found: readonly number[],
    reference: readonly number[],
    naive: readonly number[],
    kind = f32,
  ): boolean => compare("y", found, Float64Array.from(reference), naive, kind).ok;

  test("allows twice the naive error and no more", () => {
    expect(check([1.0002], [1], [1.0001])).toBe(true);
    expect(check([1.00021], [1], [1.0001])).toBe(false);
    expect(check([1 + 0.9e-6], [1], [1])).toBe(true);
    expect(check([1 + 1.1e-6], [1], [1])).toBe(false);
  });

  test("takes infinities and numbers that are none seriously", () => {
    expect(check([-Infinity], [-Infinity], [-Infinity])).toBe(true);
    expect(check([-1e38], [-Infinity], [-Infinity])).toBe(false);
    expect(check([NaN], [1], [NaN])).toBe(false);
    expect(check([], [1], [1])).toBe(false);
  });

  test("adds the rounding of half floats, and is exact for integers", () => {
    expect([1, 1.5, 2, 1000, 0].map(ulpOfF16)).toEqual([2 ** -10, 2 ** -10, 2 ** -9, 2 ** -1, 2 ** -24]);
    expect(check([1 + 2 ** -10], [1], [1], { isF16: true, isExact: false })).toBe(true);
    expect(check([1 + 2 ** -9], [1], [1], { isF16: true, isExact: false })).toBe(false);
    expect(check([3], [3], [3], { isF16: false, isExact: true })).toBe(true);
    expect(check([4], [3], [4], { isF16: false, isExact: true })).toBe(false);
  });
});

test("files appear all together or not at all", () => {
  const folder = mkdtempSync(join(tmpdir(), "tfx-files-"));
  try {
    writeAll([{ path: join(folder, "new/a"), content: "a" }]);
    expect(readdirSync(join(folder, "new"))).toEqual(["a"]);
    const files = [
      { path: join(folder, "b"), content: "b" },
      { path: join(folder, "new/a/c"), content: "c" },
    ];
    expect(() => writeAll(files)).toThrow(UsageError);
    expect(readdirSync(folder)).toEqual(["new"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("tar archives give their regular files", () => {
  const header = (name: string, size: number, type: string): Buffer => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write(size.toString(8).padStart(11, "0"), 124);
    block.write(type, 156);
    return block;
  };
  const body = Buffer.alloc(1024, "x");
  const tar = Buffer.concat([
    header("folder/", 0, "5"),
    header("folder/a.txt", 600, "0"),
    body,
    header("b", 0, "0"),
    Buffer.alloc(1024),
  ]);
  expect([...untar(tar)].map(([name, bytes]) => [name, bytes.length])).toEqual([
    ["a.txt", 600],
    ["b", 0],
  ]);
});

test("random numbers are standard normal, indices are in range", () => {
  const random = createRandom(7);
  const floats = Array.from(randomData("f32", 20000, 1, random));
  const mean = floats.reduce((a, b) => a + b, 0) / floats.length;
  const variance = floats.reduce((a, b) => a + (b - mean) ** 2, 0) / floats.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  expect(new Set(randomData("i32", 200, 3, random))).toEqual(new Set([0, 1, 2]));
});
