/** What an artifact says of its program. */
import { expect, test } from "vitest";
import { artifactFromTile } from "../../src/codegen/artifact-from-tile.ts";
import { WGSL } from "../../src/codegen/wgsl/backend.ts";
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import * as t from "../../src/ir/tile/build.ts";
import { F16, F32, I32, VEC4, type TileProgram } from "../../src/ir/tile/tile.ts";
import { NOWHERE, FIXTURES, kernel, shared, storage } from "../tile/fixtures.ts";
import { artifactOf } from "../tile/run.ts";

const fixture = (name: string): ReturnType<typeof artifactOf> => {
  const f = FIXTURES[name]?.();
  if (f === undefined) throw new Error("no fixture");
  return artifactOf(f);
};

test("bindings, uniforms, dispatches", () => {
  const a = fixture("rmsnorm");
  expect(a.uniforms).toEqual([
    { name: "N", type: "i32", offset: 0 },
    { name: "C", type: "i32", offset: 4 },
    { name: "eps", type: "f32", offset: 8 },
  ]);
  expect(a.uniformBytes).toBe(16);
  expect(a.dispatches).toEqual([
    { entryPoint: "rmsnorm", workgroupSize: 64, groups: "N", bindings: [0, 1, 2], workgroupBytes: 256 },
  ]);
  expect(a.tensors.map((x) => [x.name, x.role, x.binding, x.vector])).toEqual([
    ["x", "input", 1, 4],
    ["y", "output", 2, 4],
  ]);
  expect(a.requires).toEqual({ features: [], limits: {} });
  expect(JSON.parse(JSON.stringify(a))).toEqual(a);
});

test("each dispatch names only what it touches, after dead code is gone", () => {
  const a = fixture("registers");
  expect(a.dispatches.map((d) => [d.entryPoint, d.bindings])).toEqual([
    ["fn_2", [1, 2]],
    ["second", [0, 2, 3]],
  ]);
  expect(fixture("many").uniformBytes).toBe(0);
  expect(fixture("many").dispatches[0]?.bindings).toEqual([1]);
  expect(fixture("integers").uniforms).toEqual([{ name: "strict", type: "u32", offset: 0 }]);
});

test("features and limits beyond the defaults", () => {
  expect(fixture("halves").requires.features).toEqual(["shader-f16"]);
  expect(fixture("subgroups").requires.features).toEqual(["subgroups"]);
  const many = Array.from({ length: 9 }, (_, i) => storage(`b${i}`, F32));
  const y = storage("y", F32, "read_write");
  const big = shared("big", VEC4, 1025);
  const program: TileProgram = {
    name: "p",
    doc: "",
    storage: [...many, y],
    uniforms: [{ name: "N", type: I32 }],
    ...NOWHERE,
    kernels: [
      kernel({
        name: "a",
        lanes: 512,
        workgroup: [big, shared("small", F16, 3)],
        body: [
          t.store(big, t.lane, t.lit(1, VEC4)),
          t.store(shared("small", F16, 3), t.i32(1), t.lit(1, F16)),
          t.store(y, t.lane, many.map((b) => t.load(b, t.lane)).reduce(t.add)),
        ],
      }),
      kernel({ name: "b", body: [t.store(y, t.lane, t.f32(1))] }),
    ],
  };
  const a = artifactFromTile(WGSL.write(program, TARGETS["f16"] ?? BASELINE), {
    program,
    target: "f16",
    kernel: "p",
    doc: "",
    sizes: [],
    constants: {},
    scalars: [],
    plan: "",
    tensors: [...many, y].toReversed().map((b) => ({ name: b.name, role: "input", dtype: "f32", dims: [] })),
  });
  expect(a.requires).toEqual({
    features: ["shader-f16"],
    limits: {
      maxComputeWorkgroupStorageSize: 16416,
      maxComputeInvocationsPerWorkgroup: 512,
      maxComputeWorkgroupSizeX: 512,
      maxStorageBuffersPerShaderStage: 10,
    },
  });
  expect(a.dispatches.map((d) => d.workgroupBytes)).toEqual([16416, 0]);
  expect(a.tensors.map((x) => x.name)).toEqual([...many, y].map((b) => b.name));
  expect(() =>
    artifactFromTile(WGSL.write(program, BASELINE), {
      program,
      target: BASELINE.name,
      kernel: "p",
      doc: "",
      tensors: [],
      sizes: [],
      constants: {},
      scalars: [],
      plan: "",
    }),
  ).toThrow('nothing is said of the buffer "b0"');
});
