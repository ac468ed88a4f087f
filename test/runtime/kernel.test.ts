/** The runtime on a real device (Dawn on SwiftShader), and its size. */
import { build } from "esbuild";
import { gzipSync } from "node:zlib";
import { describe, expect, test, type TestContext } from "vitest";
import { checkRequirements, createKernel, requestDevice } from "../../src/runtime/index.ts";
import { adapter, affine, artifact, copy, dim, tensor } from "./artifacts.ts";

const device = async (context: TestContext): Promise<GPUDevice> => {
  // An adapter gives one device.
  const gpu = await adapter();
  return gpu === null ? context.skip("no WebGPU adapter") : requestDevice(gpu, []);
};

const x = Float32Array.from({ length: 12 }, (_, i) => i - 3);
const bias = Float32Array.of(10, 20, 30, 40);
const expected = x.map((v, i) => v * 0.5 + (bias[i % 4] ?? 0));

test("runs two dispatches with scratch, sizes from shapes, a default scalar", async (context) => {
  const kernel = await createKernel(await device(context), affine);
  const { outputs, timeMs, peakBytes } = await kernel.run({ inputs: { x, bias }, shapes: { x: [3, 4] } });
  expect(outputs).toEqual({ y: expected });
  expect(timeMs).toBeGreaterThan(0);
  expect(peakBytes).toBe(48 + 16 + 48 + 48 + 16);
  // From the lengths alone: C from bias, N from x. And a scalar given.
  expect((await kernel.run({ inputs: { x, bias }, scalars: { by: 2 }, repeat: 3 })).outputs).toEqual({
    y: x.map((v, i) => v * 2 + (bias[i % 4] ?? 0)),
  });
});

test("concurrent calls do not disturb each other", async (context) => {
  const kernel = await createKernel(await device(context), affine);
  const runs = Array.from({ length: 8 }, (_, i) => kernel.run({ inputs: { x, bias }, scalars: { by: i } }));
  for (const [i, r] of (await Promise.all(runs)).entries())
    expect(r.outputs["y"]).toEqual(x.map((v, n) => v * i + (bias[n % 4] ?? 0)));
  await expect(Promise.all([kernel.run({ inputs: { x, bias } }), kernel.run({ inputs: { x } })])).rejects.toThrow(
    "the input bias is missing",
  );
});

test("more workgroups than one dimension holds", async (context) => {
  const kernel = await createKernel(await device(context), affine);
  const long = Float32Array.from({ length: 70001 }, (_, i) => i);
  const { outputs } = await kernel.run({ inputs: { x: long, bias: Float32Array.of(0.5) }, scalars: { by: 1 } });
  expect(outputs["y"]).toEqual(long.map((v) => v + 0.5));
});

test("nothing to do is done without a dispatch", async (context) => {
  const kernel = await createKernel(await device(context), affine);
  const empty = new Float32Array(0);
  expect((await kernel.run({ inputs: { x: empty, bias }, shapes: { x: [0, 4] } })).outputs).toEqual({ y: empty });
  expect((await kernel.run({ inputs: { x: empty, bias: empty }, sizes: { N: 3, C: 0 } })).outputs).toEqual({
    y: empty,
  });
});

test("buffers of the caller, in and out, and a pass of the caller", async (context) => {
  const d = await device(context);
  const kernel = await createKernel(d, affine);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const [bx, by, bb] = [48, 48, 16].map((size) => d.createBuffer({ size, usage }));
  if (bx === undefined || by === undefined || bb === undefined) throw new Error("no buffers");
  d.queue.writeBuffer(bx, 0, x);
  d.queue.writeBuffer(bb, 0, bias);
  const read = async (): Promise<Float32Array> => {
    const staging = d.createBuffer({ size: 48, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = d.createCommandEncoder();
    encoder.copyBufferToBuffer(by, 0, staging, 0, 48);
    d.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    return new Float32Array(staging.getMappedRange().slice(0));
  };
  expect((await kernel.run({ inputs: { x: bx, bias }, outputs: { y: by }, sizes: { N: 3 } })).outputs).toEqual({});
  expect(await read()).toEqual(expected);
  const encoder = d.createCommandEncoder();
  const pass = encoder.beginComputePass();
  const free = kernel.encode(pass, { buffers: { x: bx, bias: bb, y: by }, sizes: { N: 3, C: 4 }, scalars: { by: -1 } });
  pass.end();
  d.queue.submit([encoder.finish()]);
  free();
  expect(await read()).toEqual(x.map((v, i) => (bias[i % 4] ?? 0) - v));
  expect(() => kernel.encode(pass, { buffers: { x: bx, bias: bb }, sizes: { N: 3, C: 4 } })).toThrow(
    "the output y has no buffer",
  );
  await expect(kernel.run({ inputs: { x: bx, bias }, sizes: { N: 4 } })).rejects.toThrow(
    "x: the buffer has 48 bytes, but 64 are needed",
  );
});

test("mistakes in the inputs", async (context) => {
  const kernel = await createKernel(await device(context), affine);
  const run = (inputs: Parameters<typeof kernel.run>[0]["inputs"]): Promise<unknown> =>
    kernel.run({ inputs, shapes: { x: [3, 4] } });
  await expect(run({ x })).rejects.toThrow("the input bias is missing");
  await expect(run({ x, bias, z: x })).rejects.toThrow('no input "z"; the kernel has x, bias');
  await expect(run({ x: new Float64Array(12), bias })).rejects.toThrow(
    "x: f32 elements come in a Float32Array, not in a Float64Array",
  );
  await expect(run({ x: new Float32Array(11), bias })).rejects.toThrow(
    "x has 44 bytes, but 12 elements of f32 need 48",
  );
  await expect(run({ x, bias: new Float32Array(5) })).rejects.toThrow("bias: has 5 elements, but x has 4");
});

test("element types: halves, bools, packed integers, padded vectors", async (context) => {
  const d = await device(context);
  const through = async (a: ReturnType<typeof copy>, data: never, n: number): Promise<unknown> =>
    (await (await createKernel(d, a)).run({ inputs: { x: data }, sizes: { N: n } })).outputs["y"];
  const odd = [1, -2.5, 65504, 0.5, 3];
  expect(await through(copy("f16", 2), Float16Array.from(odd) as never, 5)).toEqual(Float16Array.from(odd));
  expect(await through(copy("f16", 2), new Uint16Array(Float16Array.from(odd).buffer) as never, 5)).toEqual(
    Float16Array.from(odd),
  );
  expect(await through(copy("f16", 2, 4), Float16Array.from(odd) as never, 5)).toEqual(Float16Array.from(odd));
  expect(await through(copy("f32", 1, 4), Float32Array.from(odd) as never, 5)).toEqual(Float32Array.from(odd));
  expect(await through(copy("bool", 1), [true, false, true] as never, 3)).toEqual(Uint8Array.of(1, 0, 1));
  expect(await through(copy("bool", 1), Uint8Array.of(0, 7, 0) as never, 3)).toEqual(Uint8Array.of(0, 1, 0));
  expect(await through(copy("i8", 4), Int8Array.of(-1, 2, -3, 4, -5) as never, 5)).toEqual(
    Int8Array.of(-1, 2, -3, 4, -5),
  );
  expect(await through(copy("u8", 4), Uint32Array.of(0x04030201, 5) as never, 5)).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
  expect(await through(copy("i4", 8), Uint8Array.of(0x21, 0x43, 0x05) as never, 5)).toEqual(
    Uint8Array.of(0x21, 0x43, 0x05),
  );
  await expect(through(copy("i4", 8), Uint8Array.of(0x21, 0x43) as never, 5)).rejects.toThrow(
    "x has 2 bytes, but 5 elements of i4 need 3",
  );
  await expect(through(copy("bool", 1), new Float32Array(3) as never, 3)).rejects.toThrow(
    "x: bool elements come in a Uint8Array or Uint32Array or Array",
  );
});

test("requirements are told one by one and asked for", async (context) => {
  const d = await device(context);
  const demanding = {
    ...affine,
    requires: {
      features: ["shader-f16", "imaginary"],
      limits: { maxComputeWorkgroupStorageSize: 1 << 20, maxComputeInvocationsPerWorkgroup: 64 },
    },
  };
  expect(checkRequirements(d, demanding)).toEqual([
    'the feature "shader-f16" is missing',
    'the feature "imaginary" is missing',
    "maxComputeWorkgroupStorageSize is 16384, but 1048576 is needed",
  ]);
  await expect(createKernel(d, demanding)).rejects.toThrow(
    'k: the feature "shader-f16" is missing; the feature "imaginary"',
  );
  const fresh = await adapter();
  if (fresh !== null)
    await expect(requestDevice(fresh, [demanding])).rejects.toThrow(
      'this GPU cannot run the kernel: the feature "shader-f16" is missing',
    );
  const more =
    fresh &&
    (await requestDevice(fresh, [
      affine,
      { requires: { features: [], limits: { maxComputeWorkgroupStorageSize: 20000 } } },
    ]));
  expect(more?.limits.maxComputeWorkgroupStorageSize).toBeGreaterThanOrEqual(20000);
});

test("what WebGPU refuses becomes a rejection", async (context) => {
  const d = await device(context);
  await expect(createKernel(d, { ...affine, wgsl: "fn main() { let x: i32 = 1.5; }" })).rejects.toThrow(
    /^k: 1:\d+ .*i32/,
  );
  await expect(
    createKernel(d, { ...affine, dispatches: affine.dispatches.map((p) => ({ ...p, entryPoint: "none" })) }),
  ).rejects.toThrow(/none/);
  const wrong = { ...affine, dispatches: affine.dispatches.map((p) => ({ ...p, bindings: [0, 1] })) };
  await expect((await createKernel(d, wrong)).run({ inputs: { x, bias } })).rejects.toThrow(/bind/i);
  const huge = artifact([tensor("y", "output", [dim("N")])], { sizes: ["N"] });
  await expect(
    (await createKernel(d, { ...huge, wgsl: copy("f32", 1).wgsl })).run({ inputs: {}, sizes: { N: 1e9 } }),
  ).rejects.toThrow(/y needs 4000000000 bytes, but a buffer of this device holds \d+/);
});

describe("whatever a call holds is told, and ends nothing but the call", () => {
  const y = new Float32Array(12);
  test.each<[string, Record<string, unknown>, string | RegExp]>([
    ["no inputs", {}, "the input x is missing"],
    ["null", { inputs: { x: null, bias } }, "the input x is missing"],
    ["a text", { inputs: { x: "abc", bias } }, "x: f32 elements come in a Float32Array, not in a String"],
    ["a number", { inputs: { x: 3, bias } }, "x: f32 elements come in a Float32Array, not in a Number"],
    ["an object", { inputs: { x: { length: 12 }, bias } }, "x: f32 elements come in a Float32Array, not in a Object"],
    [
      "other elements",
      { inputs: { x: new Float64Array(12), bias } },
      "x: f32 elements come in a Float32Array, not in a Float64Array",
    ],
    [
      "an output that is no buffer",
      { inputs: { x, bias }, outputs: { y } },
      "y: the buffer has NaN bytes, but 48 are needed",
    ],
    [
      "a text for an output",
      { inputs: { x, bias }, outputs: { y: "abc" } },
      "y: the buffer has NaN bytes, but 48 are needed",
    ],
    ["a name that is not there", { inputs: { x, bias, z: x } }, 'no input "z"; the kernel has x, bias'],
    ["repeat: NaN", { inputs: { x, bias }, repeat: NaN }, "repeat is NaN: not a whole number >= 0"],
    ["repeat: -1", { inputs: { x, bias }, repeat: -1 }, "repeat is -1: not a whole number >= 0"],
    ["repeat: a text", { inputs: { x, bias }, repeat: "3" }, "repeat is 3: not a whole number >= 0"],
    ["a size that is none", { inputs: { x, bias }, sizes: { N: 2.5 } }, "the size N is 2.5: not a whole number >= 0"],
    ["a size as a text", { inputs: { x, bias }, sizes: { N: "3" } }, "the size N is 3: not a whole number >= 0"],
    ["a size true", { inputs: { x, bias }, sizes: { N: true } }, "the size N is true: not a whole number >= 0"],
  ])("%s", async (_name, call, message) => {
    const gpu = await adapter();
    const kernel = await createKernel(await requestDevice(gpu!, []), affine);
    await expect(kernel.run(call as never)).rejects.toThrow(message);
    // The device and the kernel are as they were.
    expect((await kernel.run({ inputs: { x, bias }, shapes: { x: [3, 4] } })).outputs).toEqual({ y: expected });
  });

  test("a scalar or size that is null or undefined is not given", async (context) => {
    const kernel = await createKernel(await device(context), affine);
    const call = { inputs: { x, bias }, sizes: { N: null }, scalars: { by: undefined } };
    expect((await kernel.run(call as never)).outputs).toEqual({ y: expected });
  });

  test("a run that fails beside one that takes long", async (context) => {
    const d = await device(context);
    const kernel = await createKernel(d, affine);
    const lost: unknown[] = [];
    const note = (e: unknown): void => void lost.push(e);
    process.on("unhandledRejection", note);
    const long = Float32Array.from({ length: 4_000_000 }, (_, i) => i % 7);
    const gone = d.createBuffer({ size: 48, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
    gone.destroy();
    const runs = [
      kernel.run({ inputs: { x: long, bias: Float32Array.of(1) }, repeat: 5 }),
      kernel.run({ inputs: { x, bias }, outputs: { y: gone } }),
      kernel.run({ inputs: { x: gone, bias }, shapes: { x: [3, 4] } }),
    ];
    const ended = await Promise.allSettled(runs);
    await new Promise((done) => setTimeout(done, 20));
    process.off("unhandledRejection", note);
    expect([ended.map((e) => e.status), lost]).toEqual([["fulfilled", "rejected", "rejected"], []]);
  });

  test("an artifact of another version, or without its code", async (context) => {
    const d = await device(context);
    const { wgsl: _, ...rest } = affine;
    for (const odd of [{ ...affine, version: 2 }, rest, { ...affine, wgsl: "" }, {}])
      await expect(createKernel(d, odd as never)).rejects.toThrow(/: not an artifact of version 1 with its wgsl$/);
  });

  test("more elements than an index reaches", async (context) => {
    const d = await device(context);
    const packed = artifact([tensor("y", "output", [dim("N")], { dtype: "i4" })], { sizes: ["N"] });
    await expect(
      (await createKernel(d, { ...packed, wgsl: copy("i4", 1).wgsl })).run({ inputs: {}, sizes: { N: 2 ** 31 } }),
    ).rejects.toThrow(/y needs 1073741824 bytes, but a buffer of this device holds \d+ and 2\^31 elements/);
  });

  test("encode takes buffers of exactly what the elements need", async (context) => {
    const d = await device(context);
    const one = copy("f32", 1);
    const kernel = await createKernel(d, one);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const [from, to] = [4, 4].map((size) => d.createBuffer({ size, usage }));
    d.queue.writeBuffer(from!, 0, Float32Array.of(7));
    const encoder = d.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const free = kernel.encode(pass, { buffers: { x: from!, y: to! }, sizes: { N: 1 } });
    pass.end();
    d.queue.submit([encoder.finish()]);
    free();
    expect((await kernel.run({ inputs: { x: to! }, sizes: { N: 1 } })).outputs["y"]).toEqual(Float32Array.of(7));
  });
});

test("a lost device tells why", async (context) => {
  const d = await device(context);
  const kernel = await createKernel(d, affine);
  d.destroy();
  await expect(kernel.run({ inputs: { x, bias } })).rejects.toThrow(/the GPU device was lost \(destroyed\)/);
});

test("is less than 4 KB and carries nothing of the compiler", async () => {
  const result = await build({
    entryPoints: ["src/runtime/index.ts"],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    metafile: true,
  });
  expect(Object.keys(result.metafile.inputs).filter((f) => !f.startsWith("src/runtime/"))).toEqual([]);
  expect(gzipSync(result.outputFiles[0]?.contents ?? "", { level: 9 }).length).toBeLessThan(4096);
});
