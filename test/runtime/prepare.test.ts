/** Calls that are made again and again: nothing is allocated, sizes and scalars change, parts of buffers are bound. */
import { expect, test, type TestContext } from "vitest";
import { createKernel, requestDevice } from "../../src/runtime/index.ts";
import { adapter, affine } from "./artifacts.ts";

const device = async (context: TestContext): Promise<GPUDevice> => {
  const gpu = await adapter();
  return gpu === null ? context.skip("no WebGPU adapter") : requestDevice(gpu, []);
};

const x = Float32Array.from({ length: 12 }, (_, i) => i - 3);
const bias = Float32Array.of(10, 20, 30, 40);

const upload = (d: GPUDevice, data: Float32Array, size: number, offset = 0): GPUBuffer => {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = d.createBuffer({ size, usage });
  d.queue.writeBuffer(buffer, offset, data as Float32Array<ArrayBuffer>);
  return buffer;
};

const download = async (d: GPUDevice, from: GPUBuffer, offset: number, count: number): Promise<Float32Array> => {
  const staging = d.createBuffer({ size: 4 * count, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = d.createCommandEncoder();
  encoder.copyBufferToBuffer(from, offset, staging, 0, 4 * count);
  d.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  return new Float32Array(staging.getMappedRange().slice(0));
};

const submit = (d: GPUDevice, add: (pass: GPUComputePassEncoder) => void): void => {
  const encoder = d.createCommandEncoder();
  const pass = encoder.beginComputePass();
  add(pass);
  pass.end();
  d.queue.submit([encoder.finish()]);
};

test("a prepared call allocates nothing, takes other sizes and scalars, and refuses what does not fit", async (context) => {
  const d = await device(context);
  const kernel = await createKernel(d, affine);
  const buffers = { x: upload(d, x, 48), bias: upload(d, bias, 16), y: upload(d, new Float32Array(12), 48) };
  const prepared = kernel.prepare({ buffers, sizes: { N: 3, C: 4 }, scalars: { by: 2 } });
  let made = 0;
  const count = <K extends "createBuffer" | "createBindGroup">(name: K): void => {
    const create = d[name].bind(d) as (descriptor: never) => never;
    Object.defineProperty(d, name, { configurable: true, value: (descriptor: never) => (made++, create(descriptor)) });
  };
  count("createBuffer");
  count("createBindGroup");
  for (let n = 0; n < 20; n++) submit(d, prepared.encode);
  for (let by = 0; by < 20; by++) {
    prepared.update({ sizes: { N: 3, C: 4 }, scalars: { by } });
    submit(d, prepared.encode);
  }
  expect(made).toBe(0);
  expect(await download(d, buffers.y, 0, 12)).toEqual(x.map((v, i) => v * 19 + (bias[i % 4] ?? 0)));
  expect(made).toBe(1);
  // Two rows: the third stays as it is.
  prepared.update({ sizes: { N: 2, C: 4 }, scalars: { by: 1 } });
  submit(d, prepared.encode);
  expect(await download(d, buffers.y, 0, 12)).toEqual(x.map((v, i) => v * (i < 8 ? 1 : 19) + (bias[i % 4] ?? 0)));
  expect(() => prepared.update({ sizes: { N: 4, C: 4 }, scalars: { by: 1 } })).toThrow(
    "x: the buffer has 48 bytes, but 64 are needed",
  );
  expect(() => prepared.update({ sizes: { N: 3 }, scalars: { by: 1 } })).toThrow("the size C is not known");
  prepared.destroy();
  d.destroy();
});

test("parts of one buffer, in prepare, encode and run", async (context) => {
  const d = await device(context);
  const kernel = await createKernel(d, affine);
  const all = upload(d, x, 1024);
  d.queue.writeBuffer(all, 256, bias as Float32Array<ArrayBuffer>);
  const buffers = { x: { buffer: all, size: 48 }, bias: { buffer: all, offset: 256, size: 16 } };
  const out = upload(d, new Float32Array(128), 512);
  const expected = x.map((v, i) => v * 3 + (bias[i % 4] ?? 0));
  const call = { sizes: { N: 3, C: 4 }, scalars: { by: 3 } };
  submit(d, kernel.prepare({ ...call, buffers: { ...buffers, y: { buffer: out, offset: 256 } } }).encode);
  expect(await download(d, out, 256, 12)).toEqual(expected);
  expect(await download(d, out, 0, 12)).toEqual(new Float32Array(12));
  submit(d, (pass) => void kernel.encode(pass, { ...call, buffers: { ...buffers, y: out } }));
  expect(await download(d, out, 0, 12)).toEqual(expected);
  expect((await kernel.run({ ...call, inputs: buffers })).outputs).toEqual({ y: expected });
  expect(() => kernel.prepare({ ...call, buffers: { ...buffers, y: { buffer: out, offset: 480 } } })).toThrow(
    "y: the buffer has 32 bytes, but 48 are needed",
  );
  expect(() => kernel.prepare({ ...call, buffers: { ...buffers, y: { buffer: out, size: 16 } } })).toThrow(
    "y: the buffer has 16 bytes, but 48 are needed",
  );
  d.destroy();
});
