/** Runs dense attention on a WebGPU device and observes the buffers that exist. The only part that needs a device. */
import { readFileSync, writeFileSync } from "node:fs";
import { openGpu } from "../../src/cli/gpu.ts";
import { createKernel } from "../../src/runtime/index.ts";
import { compileJob } from "./count.ts";

/** Batch, heads, sequence length and head dim of a run. */
export type Shape = { readonly B: number; readonly H: number; readonly N: number; readonly D: number };

export type Measured = {
  readonly adapter: string;
  readonly runs: readonly { readonly shape: Shape; readonly peakBytes: number; readonly aliveBytes: number }[];
};

/** Figures of the last run on a device, so that the document can be written again without one. */
const FILE = new URL("measured.json", import.meta.url);

export const readMeasured = (): Measured => JSON.parse(readFileSync(FILE, "utf8")) as Measured;

export const writeMeasured = (measured: Measured): void =>
  writeFileSync(FILE, `${JSON.stringify(measured, null, 2)}\n`);

/** The paper's batch, heads and head dim where that takes seconds on a software adapter, then one head. */
const SHAPES: readonly Shape[] = [
  { B: 16, H: 8, N: 128, D: 64 },
  { B: 16, H: 8, N: 256, D: 64 },
  { B: 1, H: 1, N: 512, D: 64 },
  { B: 1, H: 1, N: 1024, D: 64 },
  { B: 1, H: 1, N: 2048, D: 64 },
];

const MAP_READ = 1;

/** Watches a device: gives the most bytes of buffers that were alive at once since the last call. */
const watch = (device: GPUDevice): (() => number) => {
  let [alive, most] = [0, 0];
  const create = device.createBuffer.bind(device);
  const createBuffer = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    const buffer = create(descriptor);
    if ((descriptor.usage & MAP_READ) !== 0) return buffer;
    alive += descriptor.size;
    most = Math.max(most, alive);
    const destroy = buffer.destroy.bind(buffer);
    Object.defineProperty(buffer, "destroy", {
      value: () => {
        alive -= descriptor.size;
        destroy();
      },
    });
    return buffer;
  };
  Object.defineProperty(device, "createBuffer", { value: createBuffer });
  return () => {
    const found = most;
    most = alive;
    return found;
  };
};

/** Throws where there is no such adapter, or when a result is not finite. */
export const measure = async (adapter: string): Promise<Measured> => {
  const gpu = await openGpu(adapter, { subgroups: true });
  try {
    const aliveAtMost = watch(gpu.device);
    const { artifact } = compileJob({
      file: "stdlib/attention/dense.tfx",
      kernel: "dense_attention",
      dims: { D: 64, E: 64 },
      target: gpu.target,
    });
    const kernel = await createKernel(gpu.device, artifact);
    const runs: Measured["runs"][number][] = [];
    for (const shape of SHAPES) {
      const { B, H, N, D } = shape;
      const random = (): Float32Array => Float32Array.from({ length: B * H * N * D }, () => Math.random() * 4 - 2);
      const inputs = { q: random(), k: random(), v: random() };
      aliveAtMost();
      const { outputs, peakBytes } = await kernel.run({ inputs, sizes: { B, H, N, M: N } });
      const aliveBytes = aliveAtMost();
      if (!Object.values(outputs).every((x) => x.length > 0 && x.every((y) => Number.isFinite(Number(y)))))
        throw new Error(`a result is not finite at N = ${N}`);
      runs.push({ shape, peakBytes, aliveBytes });
    }
    const { description, device } = gpu.adapter.info;
    return { adapter: `${adapter} (${description === "" ? device : description})`, runs };
  } finally {
    gpu.close();
  }
};
