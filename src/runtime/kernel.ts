/**
 * Runs an artifact on a WebGPU device: finds the sizes, uploads, dispatches, reads back. Knows nothing of the compiler.
 */
import type { Artifact, TensorInfo } from "../codegen/artifact.ts";
import { bufferBytes, countOf, fromBytes, toBytes, type TypedArray } from "./arrays.ts";
import { checkRequirements } from "./device.ts";
import { checkWhole, elements, evalSize, resolve, type Call, type Values } from "./sizes.ts";

export type Input = TypedArray | readonly boolean[] | GPUBuffer;

/**
 * One call. An input is a typed array (or booleans) or a GPUBuffer that stays the caller's; an output named in `outputs` is
 * left there and not read back.
 */
export type RunOptions = Call & {
  readonly inputs: Readonly<Record<string, Input>>;
  readonly outputs?: Readonly<Record<string, GPUBuffer>>;
  /** Runs so many times and tells the median time; 1 by default. */
  readonly repeat?: number;
};

export type RunResult = {
  readonly outputs: Record<string, TypedArray>;
  /** Milliseconds from submission to completion of all dispatches, without uploads and read-back. */
  readonly timeMs: number;
  /** Bytes of all buffers of the call at once: inputs, outputs, scratch, uniforms. */
  readonly peakBytes: number;
};

/** Buffers for `encode`: inputs and outputs by name. Sizes come from `shapes` or `sizes`. */
export type EncodeOptions = Call & { readonly buffers: Readonly<Record<string, GPUBuffer>> };

export type Kernel = {
  readonly artifact: Artifact;
  /** Rejects with an Error in the user's names, with WebGPU's message, or with the reason why the device was lost. */
  readonly run: (options: RunOptions) => Promise<RunResult>;
  /** Adds the dispatches to a pass of the caller's; call what it returns after `queue.submit` to free scratch and uniforms. */
  readonly encode: (pass: GPUComputePassEncoder, options: EncodeOptions) => () => void;
  /** Nothing lives between calls but pipelines, which the device collects; here for symmetry with other resources. */
  readonly destroy: () => void;
};

export type KernelOptions = { readonly label?: string };

const [MAP_READ, COPY_SRC, COPY_DST, UNIFORM, STORAGE] = [1, 4, 8, 64, 128];
const MAX_GROUPS = 65535;

const isBuffer = (x: Input): x is GPUBuffer => "usage" in Object(x);
const ignore = (): void => {};

/** Runs `f` and rejects with the error that WebGPU tells about it later. `f` is synchronous: scopes are a stack of the device. */
const scoped = async <T>(device: GPUDevice, f: () => T): Promise<T> => {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  let result: T;
  let errors: Promise<readonly (GPUError | null)[]>;
  try {
    result = f();
  } finally {
    errors = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    errors.catch(ignore);
  }
  const error = (await errors).find((e) => e);
  if (error) throw new Error(error.message);
  return result;
};

const compile = async (
  device: GPUDevice,
  artifact: Artifact,
  label: string,
): Promise<readonly GPUComputePipeline[]> => {
  let info: Promise<GPUCompilationInfo> | undefined;
  const creation = scoped(device, () => {
    const made = device.createShaderModule({ code: artifact.wgsl, label });
    info = made.getCompilationInfo();
    return made;
  });
  creation.catch(ignore);
  // The messages say more than the error; where there are none (Deno), the error says it.
  const errors = (await info)?.messages.filter((m) => m.type === "error") ?? [];
  if (errors.length > 0)
    throw new Error(`${label}: ${errors.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join("\n")}`);
  const module = await creation;
  return Promise.all(
    artifact.dispatches.map(({ entryPoint }) =>
      device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint }, label: entryPoint }),
    ),
  );
};

/** The uniform struct's bytes. */
const uniformData = (artifact: Artifact, values: Values): ArrayBuffer => {
  const data = new DataView(new ArrayBuffer(artifact.uniformBytes));
  for (const { name, type, offset } of artifact.uniforms) {
    const value = values.get(name) ?? 0;
    if (type === "f32") data.setFloat32(offset, value, true);
    else data.setUint32(offset, value, true);
  }
  return data.buffer as ArrayBuffer;
};

type Plan = {
  readonly values: Values;
  readonly count: (t: TensorInfo) => number;
  readonly bytes: (t: TensorInfo) => number;
};

const planCall = (device: GPUDevice, artifact: Artifact, call: Call, counts: ReadonlyMap<string, number>): Plan => {
  const values = resolve(artifact, call, counts);
  const count = (t: TensorInfo): number => evalSize(elements(t), values);
  const bytes = (t: TensorInfo): number => bufferBytes(t, count(t));
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  for (const t of artifact.tensors)
    if (bytes(t) > most || count(t) > 2147483647)
      throw new Error(`${t.name} needs ${bytes(t)} bytes, but a buffer of this device holds ${most} and 2^31 elements`);
  return { values, count, bytes };
};

const fill = (device: GPUDevice, size: number, usage: number, label: string, data: Uint8Array | null): GPUBuffer => {
  const buffer = device.createBuffer({ size, usage, label, mappedAtCreation: data !== null });
  if (data !== null) {
    new Uint8Array(buffer.getMappedRange()).set(data);
    buffer.unmap();
  }
  return buffer;
};

/** The caller's buffer for a tensor, checked; undefined when there is none. */
const given = (t: TensorInfo, buffer: GPUBuffer | undefined, need: number): GPUBuffer | undefined => {
  if (buffer && !(buffer.size >= need))
    throw new Error(`${t.name}: the buffer has ${buffer.size} bytes, but ${need} are needed`);
  return buffer;
};

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;

const checkNames = (artifact: Artifact, role: TensorInfo["role"], names: readonly string[]): void => {
  const known = artifact.tensors.filter((t) => t.role === role).map((t) => t.name);
  const odd = names.find((n) => !known.includes(n));
  if (odd != null) throw new Error(`no ${role} "${odd}"; the kernel has ${known.join(", ")}`);
};

/** Compiles an artifact's pipelines. Rejects when the device lacks something or the WGSL does not compile. */
export const createKernel = async (
  device: GPUDevice,
  artifact: Artifact,
  options: KernelOptions = {},
): Promise<Kernel> => {
  const label = options.label ?? artifact.kernel;
  if (artifact.version !== 1 || !artifact.wgsl) throw new Error(`${label}: not an artifact of version 1 with its wgsl`);
  const missing = checkRequirements(device, artifact);
  if (missing.length > 0) throw new Error(`${label}: ${missing.join("; ")}`);
  const pipelines = await compile(device, artifact, label);

  /** Adds every dispatch that has work. */
  const dispatch = (pass: GPUComputePassEncoder, values: Values, buffers: ReadonlyMap<number, GPUBuffer>): void => {
    artifact.dispatches.forEach((d, i) => {
      const groups = evalSize(d.groups, values);
      const pipeline = pipelines[i];
      if (pipeline === undefined || !(groups > 0)) return;
      const entries = d.bindings.map((binding) => ({
        binding,
        resource: { buffer: buffers.get(binding) as GPUBuffer },
      }));
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      const x = Math.min(groups, MAX_GROUPS);
      pass.dispatchWorkgroups(x, Math.ceil(groups / x));
    });
  };

  /** Buffers by binding: the caller's, else new ones (filled by `data`) that `made` collects. */
  const allocate = (
    plan: Plan,
    own: (t: TensorInfo) => GPUBuffer | undefined,
    data: (t: TensorInfo) => Uint8Array | null,
    made: GPUBuffer[],
  ): ReadonlyMap<number, GPUBuffer> => {
    const make = (size: number, usage: number, name: string, bytes: Uint8Array | null): GPUBuffer => {
      const buffer = fill(device, size, usage, name, bytes);
      made.push(buffer);
      return buffer;
    };
    const buffers = new Map(
      artifact.tensors.map((t) => {
        const size = plan.bytes(t);
        return [t.binding, given(t, own(t), size) ?? make(size, STORAGE | COPY_SRC | COPY_DST, t.name, data(t))];
      }),
    );
    if (artifact.uniformBytes > 0)
      buffers.set(
        0,
        make(artifact.uniformBytes, UNIFORM, "params", new Uint8Array(uniformData(artifact, plan.values))),
      );
    return buffers;
  };

  const encode = (pass: GPUComputePassEncoder, call: EncodeOptions): (() => void) => {
    const made: GPUBuffer[] = [];
    const plan = planCall(device, artifact, call, new Map());
    const own = (t: TensorInfo): GPUBuffer | undefined => {
      const buffer = call.buffers[t.name];
      if (buffer === undefined && t.role !== "scratch") throw new Error(`the ${t.role} ${t.name} has no buffer`);
      return buffer;
    };
    dispatch(
      pass,
      plan.values,
      allocate(plan, own, () => null, made),
    );
    return () => made.forEach((b) => b.destroy());
  };

  const submit = (plan: Plan, buffers: ReadonlyMap<number, GPUBuffer>): void => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    dispatch(pass, plan.values, buffers);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };

  const read = async (t: TensorInfo, source: GPUBuffer, plan: Plan, made: GPUBuffer[]): Promise<TypedArray> => {
    const staging = device.createBuffer({ size: plan.bytes(t), usage: MAP_READ | COPY_DST });
    made.push(staging);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, staging, 0, plan.bytes(t));
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    return fromBytes(t, staging.getMappedRange(), plan.count(t));
  };

  const execute = async (call: RunOptions, made: GPUBuffer[]): Promise<RunResult> => {
    const { inputs = {}, outputs = {}, repeat = 1 } = call;
    checkWhole("repeat", repeat);
    checkNames(artifact, "input", Object.keys(inputs));
    checkNames(artifact, "output", Object.keys(outputs));
    const counts = new Map<string, number>();
    for (const t of artifact.tensors.filter((x) => x.role === "input")) {
      const data = inputs[t.name];
      if (data == null) throw new Error(`the input ${t.name} is missing`);
      const count = isBuffer(data) ? undefined : countOf(t, data);
      if (count != null) counts.set(t.name, count);
    }
    const plan = planCall(device, artifact, call, counts);
    const own = (t: TensorInfo): GPUBuffer | undefined => {
      const x = inputs[t.name];
      return x === undefined ? outputs[t.name] : isBuffer(x) ? x : undefined;
    };
    const data = (t: TensorInfo): Uint8Array | null => {
      const x = inputs[t.name];
      return x === undefined || isBuffer(x) ? null : toBytes(t, x, plan.count(t));
    };
    const buffers = await scoped(device, () => allocate(plan, own, data, made));
    const times: number[] = [];
    for (let n = 0; n < 1 || n < repeat; n++) {
      await device.queue.onSubmittedWorkDone();
      const start = performance.now();
      const submitted = scoped(device, () => submit(plan, buffers));
      // It may fail before it is waited for.
      submitted.catch(ignore);
      await device.queue.onSubmittedWorkDone();
      times.push(performance.now() - start);
      await submitted;
    }
    const results = artifact.tensors.filter((t) => t.role === "output" && !outputs[t.name]);
    const arrays = await Promise.all(results.map((t) => read(t, buffers.get(t.binding) as GPUBuffer, plan, made)));
    return {
      outputs: Object.fromEntries(results.map((t, i) => [t.name, arrays[i] as TypedArray])),
      timeMs: median(times),
      peakBytes: artifact.tensors.reduce((sum, t) => sum + plan.bytes(t), artifact.uniformBytes),
    };
  };

  const run = async (call: RunOptions): Promise<RunResult> => {
    const made: GPUBuffer[] = [];
    try {
      return await execute(call, made);
    } catch (error) {
      // A lost device fails in many ways: say the one that explains them.
      const lost = await Promise.race([device.lost, new Promise<null>((done) => setTimeout(done, 0, null))]);
      throw lost === null
        ? error
        : new Error(`the GPU device was lost (${lost.reason}): ${lost.message}`, { cause: error });
    } finally {
      for (const b of made) b.destroy();
    }
  };
  return { artifact, run, encode, destroy: ignore };
};
