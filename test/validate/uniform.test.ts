/**
 * Domains that ask for what another kernel stored, or for statistics of the row: no barrier may depend on a lane for it. Verified, accepted by
 * Tint, and held against the naive meaning by the tile evaluator.
 */
import { describe, expect, test } from "vitest";
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import { compileFor } from "../gpu/stacks.ts";
import { compileCase, type Case } from "../numeric/harness.ts";
import { differences } from "../property/oracle.ts";

const SOURCE = `
kernel up_to_count(q: f32[i: N, d: 16], k: f32[j: M, d], v: f32[j, e: 16], x: i32[i]) -> o: f32[i, e] {
  let c = cumsum[i](x)
  let s = sum[d](q * k) where j <= c
  o = sum[j](softmax[j](s) * v)
}
kernel above_total(q: f32[i: N, d: 16], k: f32[j: M, d], v: f32[j, e: 16], x: i32[j]) -> o: f32[i, e] {
  let c[j] = cumsum[j](x)
  let n = sum[j](x)
  let s = sum[d](q * k) where c[j] > n and j < c[j]
  o = sum[j](softmax[j](s) * v)
}
kernel up_to_largest(q: f32[b: B, i: N, d: 16], k: f32[b, j: M, d], v: f32[b, j, e: 16], x: f32[b, j]) -> (o: f32[b, i, e], n: i32[b]) {
  n = argmax[j](x)
  let s = sum[d](q * k) where j <= n
  o = sum[j](softmax[j](s) * v)
}
kernel shifted(q: f32[i: N, d: 16], k: f32[j: M, d], v: f32[j, e: 16], t: f32[p: P, d]) -> o: f32[i, e] {
  let c = cumsum[i](i)
  let s = sum[d](q * k) * t[c + M - N, 0] where j <= i + M - N
  o = sum[j](softmax[j](s) * v)
}
`;
const SIZES: Case["sizes"] = { B: 2, N: 6, M: 11, P: 19 };
const used: Readonly<Record<string, readonly string[]>> = {
  up_to_count: ["N", "M"],
  above_total: ["N", "M"],
  up_to_largest: ["B", "N", "M"],
  shifted: ["N", "M", "P"],
};
const cases = Object.entries(used).map(([kernel, names]): Case => ({
  kernel,
  known: [],
  sizes: Object.fromEntries(names.map((n) => [n, SIZES[n] ?? 0])),
  inputs: (name, count, random) =>
    name === "x" && kernel !== "up_to_largest"
      ? Array.from({ length: count }, () => Math.floor(random() * 4) - 1)
      : null,
}));

describe.each(["baseline", "subgroups", "software-subgroups"])("%s", (name) => {
  const target = TARGETS[name] ?? BASELINE;
  test.for(cases.map((c) => [c.kernel, c] as const))("%s", async ([, c]) => {
    const compiled = compileCase(SOURCE, c, target);
    expect(differences(compiled, c, name)).toEqual([]);
    expect(await compileFor({ ...target, workgroupBytes: BASELINE.workgroupBytes }, compiled.artifact)).toEqual([]);
  });
});
