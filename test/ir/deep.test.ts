/** Long chains under conditions: every level takes its values one after the other, however deep they lie. */
import { expect, test } from "vitest";
import { TARGETS } from "../../src/base/target.ts";
import { meantBy, onTarget } from "../campaign/levels.ts";

const chain = (first: string, next: (n: number) => string, last: string, length: number): string =>
  [
    "kernel k(x: f32[i: N, j: M], z: f32[i, j]) -> y: f32[i] {",
    `  let a0 = ${first}`,
    ...Array.from({ length }, (_, n) => `  let a${n + 1} = ${next(n)}`),
    `  y = ${last.replaceAll("LAST", `a${length}`)}`,
    "}",
    "",
  ].join("\n");

test.each([
  ["a sum", chain("x", (n) => `0.9 * a${n} + z`, "sum[j](LAST)", 230)],
  ["where cells exist", chain("x where j <= i", (n) => `0.9 * a${n} + z`, "max[j](LAST)", 230)],
  ["choices", chain("x", (n) => `if j < i + ${n % 5} then 0.9 * a${n} else z`, "sum[j](LAST)", 210)],
  ["behind the loop", chain("sum[j](x)", (n) => `0.9 * a${n} + 0.1`, "LAST", 300)],
])("%s", (_, source) => {
  const meant = meantBy({
    source,
    sizes: { N: 3, M: 5 },
    known: [],
    scalars: {},
    statics: {},
    types: {},
    data: {},
    parts: null,
    seed: 2,
  });
  if ("kind" in meant) throw new Error(JSON.stringify(meant));
  expect(onTarget(meant, TARGETS["baseline"]!, false)).toBe(null);
});
