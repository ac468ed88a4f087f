/** The stacks themselves: each says what it is, compiles what its target promises, and complains about what is wrong. */
import { describe, expect, test } from "vitest";
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import type { Artifact } from "../../src/codegen/artifact.ts";
import { compileFor, stacks, type StackName } from "./stacks.ts";

const artifactOf = (wgsl: string): Artifact => ({
  version: 1,
  kernel: "double",
  doc: "",
  wgsl,
  target: "",
  requires: { features: [], limits: {} },
  constants: {},
  sizes: ["N"],
  scalars: [{ name: "by", type: "f32", init: null }],
  tensors: [
    { name: "x", role: "input", dtype: "f32", dims: [{ axes: ["i"], extent: "N" }], binding: 1, vector: 1 },
    { name: "y", role: "output", dtype: "f32", dims: [{ axes: ["i"], extent: "N" }], binding: 2, vector: 1 },
  ],
  uniforms: [
    { name: "N", type: "i32", offset: 0 },
    { name: "by", type: "f32", offset: 4 },
  ],
  uniformBytes: 16,
  dispatches: [
    { entryPoint: "double", workgroupSize: 64, groups: ["ceil/", "N", 64], bindings: [0, 1, 2], workgroupBytes: 0 },
  ],
  plan: "",
  sourceMap: { files: [], spans: [], lines: [] },
});

const double = (enables: string, extra: string): string => `${enables}
struct Sizes { N: i32, by: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn double(@builtin(global_invocation_id) id: vec3<u32>) {
  ${extra}
  if (i32(id.x) < sizes.N) { y[id.x] = x[id.x] * sizes.by; }
}`;

const NAMES: readonly StackName[] = ["swiftshader", "lavapipe", "deno", "null"];

describe.each(NAMES)("%s", (name) => {
  test("compiles a good module and points at the line of a bad one", async (context) => {
    const [stack] = await stacks([name]);
    if (!stack?.available) return context.skip(stack?.reason ?? "");
    expect(await stack.compile(artifactOf(double("", "")))).toEqual([]);
    const messages = await stack.compile(artifactOf(double("", "let z: i32 = 1.5;")));
    expect(messages.some((m) => m.type === "error")).toBe(true);
  });

  test("has what its target says", async (context) => {
    const [stack] = await stacks([name]);
    if (!stack?.available) return context.skip(stack?.reason ?? "");
    const { target } = stack;
    expect(target.workgroupBytes).toBeGreaterThanOrEqual(16384);
    const f16 = await stack.compile(artifactOf(double("enable f16;", "let h = f16(1.0);")));
    expect(f16.length === 0).toBe(target.f16);
    const enable = target.dialect === "tint" ? "enable subgroups;" : "";
    const uniform = double(enable, "let total = subgroupAdd(1.0); if (total < 0.0) { return; }");
    if (target.subgroups !== null) expect(await stack.compile(artifactOf(uniform))).toEqual([]);
  });

  test("runs", async (context) => {
    const [stack] = await stacks([name]);
    if (!stack?.available) return context.skip(stack?.reason ?? "");
    const x = Float32Array.from({ length: 1000 }, (_, i) => i - 0.5);
    if (name === "null") return expect(stack.run(artifactOf(double("", "")), { x })).rejects.toThrow("runs nothing");
    const { y } = await stack.run(artifactOf(double("", "")), { x }, {}, { by: 3 });
    expect(y).toEqual(x.map((v) => v * 3));
    await expect(stack.run(artifactOf(double("", "oops")), { x }, {}, { by: 3 })).rejects.toThrow();
  });
});

test("the null backend knows each target's limits", async () => {
  const module = (bytes: number): Pick<Artifact, "wgsl" | "dispatches"> =>
    artifactOf(`var<workgroup> a: array<f32, ${bytes / 4}>;
@compute @workgroup_size(64) fn double(@builtin(local_invocation_index) i: u32) { a[i] = 1.0; }`);
  expect(await compileFor(BASELINE, module(16384))).toEqual([]);
  expect(await compileFor(BASELINE, module(16388))).not.toEqual([]);
  expect(await compileFor(TARGETS["32k"] ?? BASELINE, module(32768))).toEqual([]);
  const f16 = artifactOf(double("enable f16;", ""));
  expect(await compileFor(BASELINE, f16)).not.toEqual([]);
  expect(await compileFor(TARGETS["f16"] ?? BASELINE, f16)).toEqual([]);
  const subgroups = artifactOf(double("enable subgroups;", ""));
  expect(await compileFor(TARGETS["subgroups-f16"] ?? BASELINE, subgroups)).toEqual([]);
});
