/** A plan on a device: buffers, and a step that is one command encoder. */
import type { Artifact } from "../codegen/artifact.ts";
import { fromBytes, toBytes, type TypedArray } from "../runtime/arrays.ts";
import { createKernel, type Kernel, type Prepared } from "../runtime/index.ts";
import type { PlannedCall, TrainingPlan } from "./plan.ts";

type Scalars = Readonly<Record<string, number>>;
type Arrays = Readonly<Record<string, TypedArray>>;

export type StepOptions = {
  /** What is written before: batches, by input. */
  readonly inputs?: Arrays;
  /** Scalars of the update's kernels, where they have one of the name: `{ step, lr }`. */
  readonly scalars?: Scalars;
};

export type Training = {
  readonly plan: TrainingPlan;
  /** Bytes of all buffers. */
  readonly bytes: number;
  /** Writes inputs and parameters. */
  readonly write: (values: Arrays) => void;
  /** One step: forward, backward, update. Gives the mean of the loss, the only thing that is read back. */
  readonly step: (options: StepOptions) => Promise<number>;
  /** The forward pass alone; the mean of the loss. */
  readonly forward: (inputs?: Arrays) => Promise<number>;
  /** The numbers of a parameter, of the state, or of a buffer that is kept. */
  readonly read: (name: string) => Promise<TypedArray>;
  /** Everything that a run needs to go on: the parameters and what the optimizer remembers. */
  readonly save: () => Promise<Readonly<Record<string, Float32Array>>>;
  readonly load: (state: Readonly<Record<string, Float32Array>>) => void;
  readonly destroy: () => void;
};

const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128];

const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** Makes the pipelines and buffers of a plan. Rejects where the device lacks something or WebGPU refuses. */
export const createTraining = async (device: GPUDevice, plan: TrainingPlan): Promise<Training> => {
  const kernels = await Promise.all(plan.artifacts.map((artifact) => createKernel(device, artifact)));
  const made: { readonly destroy: () => void }[] = [];
  const fresh = (size: number, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size, usage });
    made.push(buffer);
    return buffer;
  };
  const blocks = plan.blocks.map((size) => fresh(size, STORAGE | COPY_SRC | COPY_DST));

  const range = (name: string) => {
    const place = plan.places[name];
    if (place === undefined) throw new Error(`the plan has no buffer ${name}`);
    const info = { name, dtype: place.dtype, vector: 1 } as unknown as Artifact["tensors"][number];
    const elements = count(place.shape);
    return { info, elements, buffer: blocks[place.block] as GPUBuffer, offset: place.offset, size: place.size };
  };
  const prepare = (
    call: PlannedCall,
    scalars: Scalars,
  ): { readonly call: PlannedCall; readonly prepared: Prepared } => {
    const kernel = kernels[call.artifact] as Kernel;
    const buffers = Object.entries(call.buffers).map(([tensor, name]) => [tensor, range(name)]);
    const prepared = kernel.prepare({ ...valuesOf(call, kernel, scalars), buffers: Object.fromEntries(buffers) });
    made.push(prepared);
    return { call, prepared };
  };
  const forward = plan.forward.map((call) => prepare(call, {}));
  const backward = plan.backward.map((call) => prepare(call, {}));
  /** Made at the first step, which knows their scalars. */
  let update: readonly ReturnType<typeof prepare>[] = [];

  const put = (name: string, data: TypedArray): void => {
    const { info, elements, buffer, offset } = range(name);
    device.queue.writeBuffer(buffer, offset, words(toBytes(info, data, elements)));
  };
  const write = (values: Arrays): void => {
    for (const [name, data] of Object.entries(values)) {
      if (![...plan.inputs, ...plan.parameters].includes(name))
        throw new Error(
          `no input and no parameter ${name}: there are ${[...plan.inputs, ...plan.parameters].join(", ")}`,
        );
      put(name, data);
    }
  };

  /** Submits; then the numbers of one buffer. */
  const submitAndRead = async (name: string, record: (encoder: GPUCommandEncoder) => void): Promise<TypedArray> => {
    const { info, elements, buffer, offset, size } = range(name);
    const staging = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    try {
      device.pushErrorScope("validation");
      const encoder = device.createCommandEncoder();
      record(encoder);
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      const [error] = await Promise.all([device.popErrorScope(), staging.mapAsync(1).catch(() => {})]);
      if (error !== null) throw new Error(error.message);
      return fromBytes(info, staging.getMappedRange(), elements);
    } finally {
      staging.destroy();
    }
  };
  const run = (encoder: GPUCommandEncoder, calls: readonly ReturnType<typeof prepare>[]): void => {
    const pass = encoder.beginComputePass();
    for (const { prepared } of calls) prepared.encode(pass);
    pass.end();
  };
  const lossOf = (record: (encoder: GPUCommandEncoder) => void): Promise<number> =>
    submitAndRead(plan.loss, record).then(
      (all) => Array.from(all as ArrayLike<number>).reduce((a, b) => a + b, 0) / all.length,
    );

  return {
    plan,
    bytes: plan.blocks.reduce((a, b) => a + b, 0),
    write,
    step: ({ inputs = {}, scalars = {} }) => {
      write(inputs);
      if (update.length === 0) update = plan.update.map((call) => prepare(call, scalars));
      else
        for (const { call, prepared } of update)
          prepared.update(valuesOf(call, kernels[call.artifact] as Kernel, scalars));
      return lossOf((encoder) => {
        run(encoder, [...forward, ...backward, ...update]);
        for (const { from, to } of plan.moves) {
          const [source, target] = [range(from), range(to)];
          encoder.copyBufferToBuffer(source.buffer, 0, target.buffer, 0, 4 * target.elements);
        }
      });
    },
    forward: (inputs = {}) => {
      write(inputs);
      return lossOf((encoder) => run(encoder, forward));
    },
    read: async (name) => {
      if (![...plan.parameters, ...plan.state, ...plan.kept].includes(name))
        throw new Error(`${name} is not kept: its memory may be another buffer's by now`);
      return submitAndRead(name, () => {});
    },
    save: async () => {
      const found = await Promise.all(
        plan.state.map(async (name) => [name, (await submitAndRead(name, () => {})) as Float32Array] as const),
      );
      return Object.fromEntries(found);
    },
    load: (state) => {
      for (const name of plan.state) {
        const data = state[name];
        if (data === undefined) throw new Error(`the state has no ${name}`);
        put(name, data);
      }
    },
    destroy: () => made.forEach((m) => m.destroy()),
  };
};

/** Scalars as the artifact has them; all sizes are constants of it. */
const valuesOf = (call: PlannedCall, { artifact }: Kernel, scalars: Scalars) => {
  const names = artifact.scalars.map((s) => s.name);
  const all = Object.entries({ ...call.scalars, ...scalars });
  return { scalars: Object.fromEntries(all.filter(([name]) => names.includes(name))) };
};

/** Whole words, as the queue writes them. */
const words = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  out.set(bytes);
  return out;
};
