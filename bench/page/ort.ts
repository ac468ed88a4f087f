/** onnxruntime-web's WebGPU kernels, with subgroups hidden from it: its flash attention is wrong at subgroups of 4 and 8. */
import { EPS, swapHeads, type Case, type Inputs } from "./cases.ts";
import { bufferOf, readBuffer } from "./device.ts";
import { modelOf, type Attribute, type Node } from "./onnx.ts";
import type { Candidate, Offer } from "./rounds.ts";

const FOLDER = "/peers/onnxruntime-web/dist/";

/** The parts of onnxruntime-web that are used here. */
type OrtTensor = { readonly gpuBuffer: GPUBuffer; readonly dispose: () => void };
type OrtSession = {
  readonly run: (feeds: Readonly<Record<string, OrtTensor>>) => Promise<Readonly<Record<string, OrtTensor>>>;
};
type Ort = {
  readonly env: {
    readonly wasm: { wasmPaths: string; numThreads: number };
    readonly webgpu: { readonly device: Promise<GPUDevice> };
    logLevel: string;
  };
  readonly InferenceSession: { readonly create: (model: Uint8Array, options: object) => Promise<OrtSession> };
  readonly Tensor: {
    readonly fromGpuBuffer: (buffer: GPUBuffer, options: { dataType: "float32"; dims: readonly number[] }) => OrtTensor;
  };
};

const HIDDEN = ["subgroups", "subgroup-size-control", "chromium-experimental-subgroup-matrix"];

/** Makes every adapter and device of the page but `exempt` deny the subgroup features. */
export const hideSubgroups = (exempt: ReadonlySet<object>): void => {
  for (const { prototype } of [GPUAdapter, GPUDevice]) {
    const getter = Object.getOwnPropertyDescriptor(prototype, "features")?.get;
    if (getter === undefined) throw new Error("this browser's WebGPU objects cannot be patched");
    Object.defineProperty(prototype, "features", {
      configurable: true,
      get(this: object) {
        const features = getter.call(this) as ReadonlySet<string>;
        return exempt.has(this) ? features : new Set([...features].filter((f) => !HIDDEN.includes(f)));
      },
    });
  }
};

let loaded: Promise<Ort> | null = null;
const load = async (): Promise<Ort> => {
  const ort = (await import(`${FOLDER}ort.webgpu.bundle.min.mjs`)) as Ort;
  ort.env.wasm.wasmPaths = new URL(FOLDER, location.href).href;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return ort;
};

const nodeOf = (c: Case): Node => {
  if (c.kind === "attention") {
    const dims = [c.B, c.N, c.H * c.D];
    const attributes: Attribute[] = [
      { name: "num_heads", type: "int", value: c.H },
      { name: "unidirectional", type: "int", value: c.causal ? 1 : 0 },
    ];
    const inputs = ["q", "k", "v"].map((name) => ({ name, dims }));
    return { op: "MultiHeadAttention", domain: "com.microsoft", attributes, inputs, output: { name: "y", dims } };
  }
  const x = { name: "x", dims: [c.rows, c.features] };
  const features = ["gamma", ...(c.norm === "layer" ? ["beta"] : [])].map((name) => ({ name, dims: [c.features] }));
  const attributes: Attribute[] = [
    { name: "axis", type: "int", value: 1 },
    { name: "epsilon", type: "float", value: EPS },
  ];
  const op = c.norm === "layer" ? "LayerNormalization" : "SimplifiedLayerNormalization";
  return { op, domain: "", attributes, inputs: [x, ...features], output: { name: "y", dims: x.dims } };
};

const make = async (c: Case, inputs: Inputs): Promise<Candidate> => {
  const ort = await (loaded ??= load());
  const node = nodeOf(c);
  const session = await ort.InferenceSession.create(modelOf(node), {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "gpu-buffer",
  });
  const device = await ort.env.webgpu.device;
  if (device.features.has("subgroups")) throw new Error("subgroups could not be hidden from it");
  const feeds = Object.fromEntries(
    node.inputs.map(({ name, dims }) => {
      const data = inputs[name] ?? new Float32Array();
      const placed = c.kind === "attention" ? swapHeads(c, data) : data;
      return [name, ort.Tensor.fromGpuBuffer(bufferOf(device, placed), { dataType: "float32", dims })];
    }),
  );
  let last: OrtTensor | undefined;
  return {
    plan: `${node.op}, no subgroups`,
    run: async () => {
      last?.dispose();
      last = (await session.run(feeds))["y"];
      await device.queue.onSubmittedWorkDone();
    },
    read: async () => {
      if (last === undefined) throw new Error("nothing was run");
      const count = node.output.dims.reduce((a, b) => a * b, 1);
      const found = await readBuffer(device, last.gpuBuffer, count);
      return c.kind === "attention" ? swapHeads({ ...c, H: c.N, N: c.H }, found) : found;
    },
  };
};

export const ortOffer = (c: Case, inputs: Inputs): Offer => ({ name: "onnxruntime-web", make: () => make(c, inputs) });
