/**
 * A kernel binds no more tensors than the target has storage buffers: numbers of a row lie side by side in one tensor, results that would
 * need more are written by several kernels.
 */
import { expect, test } from "vitest";
import { BASELINE } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";

const SOURCE = `kernel k(a: f32[i: N], b: f32[i], c: f32[j: M], d: f32[j], s: f32[j]) -> (x: f32[i], y: f32[i], z: f32[i]) {
  let w = sum[j](a * c)
  x = w * sum[j](b * d)
  y = w + sum[j](b + s)
  z = w
}
`;

const tensorsOf = (storageBuffers: number): readonly number[] => {
  const { artifacts, diagnostics } = compile(SOURCE, { file: "k.tfx", target: { ...BASELINE, storageBuffers } });
  expect(diagnostics).toEqual([]);
  return (artifacts[0]?.dispatches ?? []).map((d) => d.bindings.filter((n) => n > 0).length);
};

test("one kernel where all tensors of its results can be bound", () => {
  expect(tensorsOf(8)).toEqual([8]);
});

test("one tensor more than can be bound, and the results are apart", () => {
  expect(tensorsOf(7)).toEqual([7, 3]);
});

test("every result that needs more than there are is told", () => {
  const { diagnostics } = compile(SOURCE, { file: "k.tfx", target: { ...BASELINE, storageBuffers: 4 } });
  expect(diagnostics.map((d) => d.code)).toEqual(["TFX4004", "TFX4004"]);
});

/** `y` reads two statistics of x along i and two of z along j. */
const STATISTICS = `kernel k(a: f32[i: N, j: M]) -> (y: f32[i]) {
  let m = max[j](a)
  let l = sum[j](a)
  let u = max[i](a)
  let w = sum[i](a)
  y = sum[j](exp(a - m) * u * w) + l
}
`;

const planOf = (storageBuffers: number) => {
  const { compiled, diagnostics } = compile(STATISTICS, { file: "k.tfx", target: { ...BASELINE, storageBuffers } });
  return { plan: compiled[0]?.plan, codes: diagnostics.map((d) => d.code) };
};

test("statistics of equal rows lie side by side only where a kernel would bind too many tensors", () => {
  expect(planOf(4)).toMatchObject({ plan: { scratch: [{ name: "u_all" }, { name: "w_all" }] } });
  const { plan, codes } = planOf(3);
  expect(codes).toEqual([]);
  expect(plan?.scratch.map((t) => [t.name, t.dims.length])).toEqual([["stats_all", 2]]);
  expect(planOf(2).codes).toEqual(["TFX4004"]);
});
