/** `tfx compile --emit ts`: the module alone gives, bit for bit, what the runtime gives with the artifact. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { plainModule } from "../../src/emit/plain.ts";
import { sizeFormula, scalarFormula } from "../../src/emit/formula.ts";
import { createKernel, requestDevice, type TypedArray } from "../../src/runtime/index.ts";
import { evalSize } from "../../src/runtime/sizes.ts";
import type { TensorInfo } from "../../src/codegen/artifact.ts";
import { adapter } from "../runtime/artifacts.ts";
import { artifactOf, EXAMPLES } from "./kernels.ts";
import { tmpdir } from "node:os";

const FOLDER = mkdtempSync(join(tmpdir(), "tfx-emit-"));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

type Plain = {
  readonly run: (call: object) => Promise<Record<string, TypedArray>>;
  readonly encode: (pass: GPUComputePassEncoder, call: object) => () => void;
};
type Module = Readonly<Record<string, unknown>> & {
  readonly required: GPUDeviceDescriptor;
  readonly byteLengths: (call: object) => Record<string, number>;
};

/** Values that tell cells apart. */
const arrayFor = (t: TensorInfo, count: number): TypedArray => {
  const at = (i: number): number => Math.sin(i * 1.7 + t.name.length);
  if (t.dtype === "bool") return Uint8Array.from({ length: count }, (_, i) => (at(i) > 0 ? 1 : 0));
  if (t.dtype === "i8") return Int8Array.from({ length: count }, (_, i) => Math.round(100 * at(i)));
  if (t.dtype === "i32") return Int32Array.from({ length: count }, (_, i) => Math.round(100 * at(i)));
  return Float32Array.from({ length: count }, (_, i) => at(i));
};

describe("a plain module", () => {
  test.each(Object.entries(EXAMPLES))("%s", async (name, example) => {
    const artifact = artifactOf(example);
    const file = join(FOLDER, `${name}.ts`);
    writeFileSync(file, plainModule(artifact, "kernels.tfx"));
    const module = (await import(/* @vite-ignore */ file)) as Module;
    expect(module["wgsl"]).toBe(artifact.wgsl);
    const gpu = await adapter();
    if (gpu === null) throw new Error("no WebGPU adapter");
    expect(module.required).toEqual({
      requiredFeatures: artifact.requires.features,
      requiredLimits: artifact.requires.limits,
    });
    const device = await requestDevice(gpu, [artifact]);
    const { sizes, scalars } = example;
    const known = new Map(Object.entries({ ...artifact.constants, ...sizes }));
    const inputs = Object.fromEntries(
      artifact.tensors
        .filter((t) => t.role === "input")
        .map((t) => [
          t.name,
          arrayFor(
            t,
            t.dims.reduce((n, d) => n * evalSize(d.extent, known), 1),
          ),
        ]),
    );
    const expected = await (await createKernel(device, artifact)).run({ inputs, sizes, scalars });
    const create = Object.entries(module).find(([key]) => key.startsWith("create"))?.[1] as (
      device: GPUDevice,
    ) => Promise<Plain>;
    const kernel = await create(device);
    expect(await kernel.run({ inputs, sizes, scalars })).toEqual(expected.outputs);
    expect(Object.values(expected.outputs).every((o) => o.length > 0)).toBe(true);
    // An array too short, a size that is none, a buffer too small.
    const [first = ""] = Object.keys(inputs);
    await expect(
      kernel.run({ inputs: { ...inputs, [first]: inputs[first]?.slice(1) }, sizes, scalars }),
    ).rejects.toThrow(`${first} has`);
    const [size] = Object.keys(sizes);
    if (size !== undefined)
      expect(() => module.byteLengths({ sizes: { ...sizes, [size]: 2.5 }, scalars })).toThrow(
        `the size ${size} is 2.5`,
      );
    const small = device.createBuffer({ size: 4, usage: 128 });
    const buffers = Object.fromEntries(artifact.tensors.map((t) => [t.name, small]));
    const pass = device.createCommandEncoder().beginComputePass();
    expect(() => kernel.encode(pass, { buffers, sizes, scalars })).toThrow("the buffer has 4 bytes, but");
  });
});

test("some kernel has scratch, several dispatches and defaults over sizes", () => {
  const all = Object.values(EXAMPLES).map(artifactOf);
  expect(all.some((a) => a.tensors.some((t) => t.role === "scratch") && a.dispatches.length > 1)).toBe(true);
  expect(all.some((a) => a.scalars.some((s) => Array.isArray(s.init)))).toBe(true);
});

test("formulas are those of the runtime", () => {
  const v = { N: 37, M: 5, x: 2.5, y: -1.5, on: 1 };
  const run = (text: string): unknown => new Function("v", `return ${text}`)(v);
  expect(run(sizeFormula(["ceil/", ["+", "N", ["*", 2, "M"]], ["max", "M", 3]]))).toBe(10);
  expect(run(sizeFormula(["%", ["-", "M", "N"], 7]))).toBe(3);
  expect(run(sizeFormula(["/", ["-", "M", "N"], ["min", 7, "N"]]))).toBe(-5);
  expect(run(scalarFormula(["*", ["neg", ["rsqrt", "N"]], ["pow", "x", ["exp2", "y"]]]))).toBe(
    -(1 / Math.sqrt(37)) * 2.5 ** (2 ** -1.5),
  );
  expect(run(scalarFormula(["round", "x"]))).toBe(2);
  expect(run(scalarFormula(["and", ["not", ["==", "x", "y"]], ["or", ["<", "x", -0], "on"]]))).toBe(1);
  expect(run(scalarFormula(["+", ["int", "y"], ["floordiv", "N", ["sqrt", 16]]]))).toBe(8);
});
