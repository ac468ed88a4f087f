/** What tells sizes apart, and what says that something is missing. */
import { expect, test } from "vitest";
import { first, item } from "../../src/base/must.ts";
import { sameSize, sizeKey, type SizeExpr } from "../../src/base/size.ts";

test("sizes of one form have one key, others do not", () => {
  const sizes: readonly SizeExpr[] = [
    1,
    "N",
    "1 + N",
    ["+", "N", 1],
    ["-", "N", 1],
    ["+", 1, "N"],
    ["*", ["+", "N", 1], 2],
    ["+", "N", ["*", 1, 2]],
  ];
  expect(new Set(sizes.map(sizeKey)).size).toBe(sizes.length);
  for (const a of sizes)
    for (const b of sizes) {
      expect(sameSize(a, structuredClone(b)), `${sizeKey(a)} and ${sizeKey(b)}`).toBe(a === b);
      expect(sizeKey(a) === sizeKey(structuredClone(b))).toBe(a === b);
    }
});

test("what cannot be missing says so", () => {
  expect(item([4, 5, 6], 1)).toBe(5);
  expect(item([4, 5, 6], -1)).toBe(6);
  expect(first(["a"])).toBe("a");
  expect(() => item([4], 1)).toThrow("there is no element 1 of 1");
  expect(() => first([])).toThrow("there is no element 0 of 0");
});
