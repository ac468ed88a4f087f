/** Size expressions: folding means the same, and folds what it should. */
import { describe, expect, test } from "vitest";
import { bindSize, evalSize, printSize, size, sizeNames, type SizeExpr, type SizeOp } from "../../src/base/size.ts";
import { random } from "../graph/helpers.ts";

const OPS: readonly SizeOp[] = ["+", "-", "*", "/", "%", "ceil/", "min", "max"];

test.each<readonly [SizeOp, number]>([
  ["+", 9],
  ["-", 5],
  ["*", 14],
  ["/", 3],
  ["%", 1],
  ["ceil/", 4],
  ["min", 2],
  ["max", 7],
])("7 %s 2", (op, value) => {
  expect(evalSize([op, 7, 2], () => NaN)).toBe(value);
  expect(evalSize([op, "A", "B"], (s) => (s === "A" ? 7 : 2))).toBe(value);
  expect(size(op, 7, 2)).toBe(value);
});

test("quotients and rests round down, below zero as well", () => {
  expect(evalSize(["/", -7, 2], () => 0)).toBe(-4);
  expect(evalSize(["%", -7, 4], () => 0)).toBe(1);
  expect(evalSize(["ceil/", -7, 2], () => 0)).toBe(-3);
});

describe("folding", () => {
  test.each<readonly [SizeOp, SizeExpr, SizeExpr, SizeExpr]>([
    ["+", "N", 0, "N"],
    ["+", 0, "N", "N"],
    ["-", "N", 0, "N"],
    ["-", 0, "N", ["-", 0, "N"]],
    ["*", "N", 1, "N"],
    ["*", 1, "N", "N"],
    ["*", "N", 0, 0],
    ["*", 0, "N", 0],
    ["*", "N", 2, ["*", "N", 2]],
    ["/", "N", 1, "N"],
    ["ceil/", "N", 1, "N"],
    ["/", 1, "N", ["/", 1, "N"]],
    ["%", "N", 1, ["%", "N", 1]],
    ["/", "N", 2, ["/", "N", 2]],
    ["min", "N", 0, ["min", "N", 0]],
    ["max", "N", 1, ["max", "N", 1]],
    ["+", "N", 1, ["+", "N", 1]],
    ["-", "N", 1, ["-", "N", 1]],
  ])("%s of %j and %j", (op, a, b, expected) => expect(size(op, a, b)).toEqual(expected));

  test("means the same, and binding too", () => {
    const next = random(23);
    const pick = (n: number): number => Math.floor(((next() + 1) / 2) * n);
    const grow = (depth: number): readonly [SizeExpr, SizeExpr] => {
      if (depth === 0) {
        const leaf = [pick(4), "N", "M"][pick(3)] ?? 0;
        return [leaf, leaf];
      }
      const op = OPS[pick(OPS.length)] ?? "+";
      const [a, x] = grow(depth - 1);
      const [b, y] = op === "/" || op === "%" || op === "ceil/" ? [1 + pick(3), 0] : grow(depth - 1);
      return [[op, a, b], size(op, x, op === "/" || op === "%" || op === "ceil/" ? b : y)];
    };
    for (let round = 0; round < 400; round++) {
      const [plain, folded] = grow(3);
      const look = (s: string): number => (s === "N" ? 5 : 3);
      const value = evalSize(plain, look) + 0;
      expect(evalSize(folded, look) + 0).toBe(value);
      expect(
        Number(
          bindSize(
            plain,
            new Map([
              ["N", 5],
              ["M", 3],
            ]),
          ),
        ) + 0,
      ).toBe(value);
      expect(evalSize(bindSize(plain, new Map([["N", 5]])), look) + 0).toBe(value);
    }
  });
});

test("names in order of appearance, once", () => {
  expect(sizeNames(["+", ["*", "M", "N"], ["-", "M", ["max", "P", 3]]])).toEqual(["M", "N", "P"]);
  expect(sizeNames(7)).toEqual([]);
});

test("the text a user would write", () => {
  expect(printSize(["+", ["*", "N", 2], 1])).toBe("(N * 2) + 1");
  expect(printSize(["ceil/", ["+", "N", 1], 4])).toBe("ceil((N + 1) / 4)");
  expect(printSize(["min", "N", ["max", 1, "M"]])).toBe("min(N, max(1, M))");
});
