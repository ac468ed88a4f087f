/** What is stored between kernels is stored once, as the tensors that it is made of lie, and read as wide as it can be. */
import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { TARGETS } from "../../src/base/target.ts";

const compiled = (decays: string, past: string): { readonly scratch: readonly string[]; readonly wgsl: string } => {
  const source = `kernel k(q: f32[i: N, d: 8], ${decays}, v: f32[j, e: 8]) -> (o: f32[i, e]) {
  let past = ${past}
  let s = sum[d](q * exp(past)) where j <= i
  o = sum[j](s * v)
}
`;
  const target = TARGETS["software-subgroups"];
  if (target === undefined) throw new Error("no such target");
  const found = compile(source, { file: "k.tfx", target });
  const [one] = found.compiled;
  if (one === undefined) throw new Error(found.diagnostics.map((d) => d.message).join());
  const { plan, artifact } = one;
  const named = (axis: number): string => plan.graph.axes[axis]?.name ?? "";
  return { scratch: plan.scratch.map((t) => t.dims.flat().map(named).join()), wgsl: artifact.wgsl };
};

test("a running sum at two places is one tensor: a number at a time where it is made, in vec4s where it is read", () => {
  const { scratch, wgsl } = compiled("g: f32[j: N, d]", "cumsum[i](g[j = i]) - cumsum[j](g)");
  expect(scratch).toEqual(["i,d"]);
  const [name] = /cumsum\w*_all/.exec(wgsl) ?? [];
  expect(wgsl).toContain(`var<storage, read_write> ${name}: array<f32>;`);
  expect(wgsl).toContain(`var<storage, read> ${name}_in: array<vec4f>;`);
});

test("other lengths, other tensors, other functions are stored apart", () => {
  expect(compiled("g: f32[j: M, d], h: f32[i, d]", "cumsum[i](h) - cumsum[j](g)").scratch).toHaveLength(2);
  expect(compiled("g: f32[j: N, d], h: f32[i, d]", "cumsum[i](h) - cumsum[j](g)").scratch).toHaveLength(2);
  expect(compiled("g: f32[j: N, d]", "cumsum[i](g[j = i]) - cumsum[j](g + 1)").scratch).toHaveLength(2);
});

test("features stay side by side, whatever the order of the axes", () => {
  expect(compiled("g: f32[j: M, d]", "-cumsum[j](g)").scratch).toEqual(["j,d"]);
});
