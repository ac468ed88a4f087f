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
  const { diagnostics } = compile(SOURCE, { file: "k.tfx", target: { ...BASELINE, storageBuffers: 2 } });
  expect(diagnostics.map((d) => d.code)).toEqual(["TFX4004", "TFX4004", "TFX4004"]);
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

/** Reads six tensors of a row beside two of the stream. */
const ROWS = `kernel k(a: f32[i: N], b: f32[i], c: f32[i], d: f32[i, e: E], g: f32[i, e], x: f32[j: M], y: f32[j]) -> o: f32[i] {
  o = sum[j](exp(a * x) * (b - sum[e](d * g)) * y) * c
}
`;

test("what a kernel makes of tensors of its rows is made before it where it would bind too many", () => {
  const planned = (storageBuffers: number) => {
    const { compiled, diagnostics } = compile(ROWS, {
      file: "k.tfx",
      target: { ...BASELINE, storageBuffers },
      dims: { E: 4 },
    });
    expect(diagnostics).toEqual([]);
    return compiled[0]?.plan.kernels.map((k) => k.stores.map((s) => s.tensor));
  };
  expect(planned(8)).toEqual([["o"]]);
  expect(planned(6)?.length).toBe(2);
});

test("a memory and keys in one stream: each gradient reads its own part", () => {
  const source = `kernel k(q: f32[i: N], m: f32[p: P], k: f32[s: M]) -> (x: f32[p], y: f32[s]) {
  axis j = p | s
  let w = sum[i](q * concat[j](m, k))
  x = w[j = p]
  y = w[j = s + P]
}
`;
  const { artifacts } = compile(source, { file: "k.tfx", target: BASELINE });
  expect(artifacts[0]?.dispatches.map((d) => d.bindings.filter((n) => n > 0).length)).toEqual([3, 3]);
});
