/** Both transformer blocks as TFX kernels, one pass from the buffer of the backbone's output to that of the last LayerNorm's. */
import type { Kernel } from "../../../src/runtime/index.ts";
import * as forGpu from "./blocks.tfx";
import * as forCpu from "./blocks.tfx?target=software";

const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128];
const NAMES = ["norm", "project", "attention", "add", "up", "down", "norm_columns"];
type Factory = (device: GPUDevice) => Promise<Kernel>;
const [WIDTH, HIDDEN] = [120, 240];

export type Blocks = {
  /** A new buffer with the result, [channels, positions]. */
  readonly run: (x: GPUBuffer, positions: number) => GPUBuffer;
};

/** A buffer with these numbers. */
export const uploaded = (device: GPUDevice, data: Float32Array): GPUBuffer => {
  const buffer = device.createBuffer({ size: data.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
  return buffer;
};

/** The numbers of a buffer. */
export const readBack = async (device: GPUDevice, source: GPUBuffer): Promise<Float32Array> => {
  const staging = device.createBuffer({ size: source.size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_READ);
  const data = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return data;
};

/** `weights`: by name, as in `data/weights`. */
export const createBlocks = async (device: GPUDevice, weights: ReadonlyMap<string, Float32Array>): Promise<Blocks> => {
  // Schedules for a GPU are no help where a CPU plays one (SwiftShader), and take it long to compile.
  const factories = (device.adapterInfo.isFallbackAdapter ? forCpu : forGpu) as Readonly<Record<string, Factory>>;
  const made = NAMES.map(async (name) => [name, await factories[name]!(device)] as const);
  const kernels = new Map(await Promise.all(made));
  const buffer = (bytes: number): GPUBuffer =>
    device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST });
  const stored = new Map([...weights].map(([name, data]) => [name, uploaded(device, data)]));

  const run = (input: GPUBuffer, N: number): GPUBuffer => {
    const rows = (width: number): GPUBuffer => buffer(4 * N * width);
    const [h, qkv, o, mid, wide] = [rows(WIDTH), rows(3 * WIDTH), rows(WIDTH), rows(WIDTH), rows(HIDDEN)];
    const results = [rows(WIDTH), rows(WIDTH), rows(WIDTH)];
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const free: (() => void)[] = [];
    const call = (
      kernel: string,
      weight: string,
      names: readonly string[],
      buffers: Record<string, GPUBuffer>,
      F?: number,
    ): void => {
      const own = Object.fromEntries(names.map((n) => [n, stored.get(`${weight}_${n}`)!]));
      const sizes = { N, ...(F === undefined ? {} : { F }) };
      free.push(kernels.get(kernel)!.encode(pass, { buffers: { ...buffers, ...own }, sizes }));
    };
    const [affine, matrix] = [
      ["gamma", "beta"],
      ["w", "b"],
    ];
    let x = input;
    for (const n of [0, 1]) {
      const y = results[n]!;
      call("norm", `block${n}_ln1`, affine, { x, y: h });
      call("project", `block${n}_qkv`, matrix, { x: h, y: qkv }, 3 * WIDTH);
      call("attention", "", [], { qkv, o });
      call("add", `block${n}_proj`, matrix, { x: o, r: x, y: mid }, WIDTH);
      call("norm", `block${n}_ln2`, affine, { x: mid, y: h });
      call("up", `block${n}_fc1`, matrix, { x: h, y: wide }, HIDDEN);
      call("down", `block${n}_fc2`, matrix, { x: wide, r: mid, y }, WIDTH);
      x = y;
    }
    call("norm_columns", "final_ln", affine, { x, y: results[2]! });
    pass.end();
    device.queue.submit([encoder.finish()]);
    for (const f of free) f();
    for (const b of [h, qkv, o, mid, wide, results[0]!, results[1]!]) b.destroy();
    return results[2]!;
  };
  return { run };
};
