/**
 * Runs an artifact on a WebGPU device: finds the sizes, uploads, dispatches, reads back. Knows nothing of the compiler.
 */
import type { Artifact, TensorInfo } from "../codegen/artifact.ts";
import type {
  BufferRange,
  EncodeOptions,
  Input,
  Kernel,
  KernelOptions,
  Prepared,
  RunOptions,
  RunResult,
} from "./call.ts";
import { bufferBytes, countOf, fromBytes, toBytes, type TypedArray } from "./arrays.ts";
import { checkRequirements } from "./device.ts";
import { checkName, checkWhole, elements, evalSize, resolve, type Call, type Values } from "./sizes.ts";

const [MAP_READ, COPY_SRC, COPY_DST, UNIFORM, STORAGE] = [1, 4, 8, 64, 128];
const MAX_GROUPS = 65535;

/** Anything: a buffer, a part of one, or (no `usage` anywhere) an array. */
type Loose = { readonly usage?: number; readonly buffer?: { readonly usage?: number } };
const isBuffer = (x: Input): x is BufferRange => !!((x as Loose).buffer ?? (x as Loose)).usage;
const rangeOf = (b: BufferRange): GPUBufferBinding => ((b as Loose).buffer ? b : { buffer: b }) as GPUBufferBinding;
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
  const error = (await errors).find(Boolean);
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
      device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint } }),
    ),
  );
};

/** The uniform struct's bytes. */
const uniformData = (artifact: Artifact, values: Values): Uint8Array<ArrayBuffer> => {
  const data = new DataView(new ArrayBuffer(artifact.uniformBytes));
  for (const { name, type, offset } of artifact.uniforms) {
    data[type === "f32" ? "setFloat32" : "setUint32"](offset, values.get(name) ?? 0, true);
  }
  return new Uint8Array(data.buffer);
};

/** What is bound, by binding. */
type Bound = Prepared & { readonly buffers: ReadonlyMap<number, GPUBufferBinding> };

type Plan = {
  readonly values: Values;
  readonly count: (t: TensorInfo) => number;
  readonly bytes: (t: TensorInfo) => number;
};

const planCall = (
  device: GPUDevice,
  artifact: Artifact,
  call: Call,
  counts: ReadonlyMap<string, number> = new Map(),
): Plan => {
  const values = resolve(artifact, call, counts);
  const count = (t: TensorInfo): number => evalSize(elements(t), values);
  const bytes = (t: TensorInfo): number => bufferBytes(t, count(t));
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  for (const t of artifact.tensors)
    if (bytes(t) > most || count(t) > 2147483647)
      throw new Error(`${t.name} needs ${bytes(t)} bytes, but a buffer of this device holds ${most} and 2^31 elements`);
  return { values, count, bytes };
};

/** A new buffer, filled where there is `data`, that `made` collects. */
const create = (
  device: GPUDevice,
  made: GPUBuffer[],
  size: number,
  usage: number,
  label: string,
  data?: Uint8Array,
): GPUBuffer => {
  const buffer = device.createBuffer({ size, usage, label, mappedAtCreation: !!data });
  made.push(buffer);
  if (data) {
    new Uint8Array(buffer.getMappedRange()).set(data);
    buffer.unmap();
  }
  return buffer;
};

/** The caller's buffer for a tensor, checked. */
const given = (t: TensorInfo, own: BufferRange, need: number): GPUBufferBinding => {
  const range = rangeOf(own);
  const { buffer, offset = 0, size = buffer.size - offset } = range;
  if (!(size >= need)) throw new Error(`${t.name}: the buffer has ${size} bytes, but ${need} are needed`);
  return range;
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

  const withRole = (role: TensorInfo["role"]): readonly TensorInfo[] => artifact.tensors.filter((t) => t.role === role);

  /** Buffers, the caller's or new ones (filled with bytes) that `made` collects, and the bind groups of all dispatches. */
  const bind = (
    { values, bytes }: Plan,
    source: (t: TensorInfo) => BufferRange | Uint8Array | undefined,
    made: GPUBuffer[],
  ): Bound => {
    const make = (size: number, usage: number, label: string, data?: Uint8Array): GPUBufferBinding => ({
      buffer: create(device, made, size, usage | COPY_DST, label, data),
    });
    const buffers = new Map(
      artifact.tensors.map((t) => {
        const from = source(t);
        return [
          t.binding,
          from && !(from instanceof Uint8Array)
            ? given(t, from, bytes(t))
            : make(bytes(t), STORAGE | COPY_SRC, t.name, from),
        ];
      }),
    );
    if (artifact.uniformBytes > 0)
      buffers.set(0, make(artifact.uniformBytes, UNIFORM, "params", uniformData(artifact, values)));
    const bound = artifact.dispatches.map(({ bindings, groups }, i) => {
      const pipeline = pipelines[i] as GPUComputePipeline;
      const group = device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: bindings.map((binding) => ({ binding, resource: buffers.get(binding) as GPUBufferBinding })),
      });
      return { pipeline, group, groups, count: evalSize(groups, values) };
    });
    return {
      buffers,
      encode: (pass) => {
        for (const { pipeline, group, count } of bound)
          if (count > 0) {
            const x = Math.min(count, MAX_GROUPS);
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, group);
            pass.dispatchWorkgroups(x, Math.ceil(count / x));
          }
      },
      update: (call) => {
        const next = planCall(device, artifact, call);
        for (const t of artifact.tensors) given(t, buffers.get(t.binding) as GPUBufferBinding, next.bytes(t));
        const params = buffers.get(0);
        if (params) device.queue.writeBuffer(params.buffer, 0, uniformData(artifact, next.values));
        for (const b of bound) b.count = evalSize(b.groups, next.values);
      },
      destroy: () => made.forEach((b) => b.destroy()),
    };
  };

  const prepare = (call: EncodeOptions): Bound =>
    bind(
      planCall(device, artifact, call),
      (t) => {
        const buffer = call.buffers[t.name];
        if (!buffer && t.role !== "scratch") throw new Error(`the ${t.role} ${t.name} has no buffer`);
        return buffer;
      },
      [],
    );

  const encode = (pass: GPUComputePassEncoder, call: EncodeOptions): (() => void) => {
    const prepared = prepare(call);
    prepared.encode(pass);
    return prepared.destroy;
  };

  const submit = (add: (encoder: GPUCommandEncoder) => void): void => {
    const encoder = device.createCommandEncoder();
    add(encoder);
    device.queue.submit([encoder.finish()]);
  };

  const read = async (t: TensorInfo, source: GPUBuffer, plan: Plan, made: GPUBuffer[]): Promise<TypedArray> => {
    const size = plan.bytes(t);
    const staging = create(device, made, size, MAP_READ | COPY_DST, t.name);
    submit((encoder) => encoder.copyBufferToBuffer(source, 0, staging, 0, size));
    await staging.mapAsync(1);
    return fromBytes(t, staging.getMappedRange(), plan.count(t));
  };

  const execute = async (call: RunOptions, made: GPUBuffer[]): Promise<RunResult> => {
    const { inputs = {}, outputs = {}, repeat = 1 } = call;
    checkWhole("repeat", repeat);
    const checkNames = (role: TensorInfo["role"], given: object): void => {
      for (const name in given)
        checkName(
          role,
          name,
          withRole(role).map((t) => t.name),
        );
    };
    checkNames("input", inputs);
    checkNames("output", outputs);
    const counts = new Map<string, number>();
    for (const t of withRole("input")) {
      const data = inputs[t.name];
      if (data == null) throw new Error(`the input ${t.name} is missing`);
      const count = isBuffer(data) ? undefined : countOf(t, data);
      if (count != null) counts.set(t.name, count);
    }
    const plan = planCall(device, artifact, call, counts);
    const { buffers, encode: add } = await scoped(device, () =>
      bind(
        plan,
        (t) => {
          const x = inputs[t.name];
          return x === undefined || isBuffer(x) ? (x ?? outputs[t.name]) : toBytes(t, x, plan.count(t));
        },
        made,
      ),
    );
    const times: number[] = [];
    for (let n = 0; n < 1 || n < repeat; n++) {
      await device.queue.onSubmittedWorkDone();
      const start = performance.now();
      const submitted = scoped(device, () =>
        submit((encoder) => {
          const pass = encoder.beginComputePass();
          add(pass);
          pass.end();
        }),
      );
      // It may fail before it is waited for.
      submitted.catch(ignore);
      await device.queue.onSubmittedWorkDone();
      times.push(performance.now() - start);
      await submitted;
    }
    const results = withRole("output").filter((t) => !outputs[t.name]);
    const arrays = await Promise.all(
      results.map((t) => read(t, buffers.get(t.binding)?.buffer as GPUBuffer, plan, made)),
    );
    return {
      outputs: Object.fromEntries(results.map((t, i) => [t.name, arrays[i] as TypedArray])),
      timeMs: times.sort((a, b) => a - b)[times.length >> 1] ?? 0,
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
      throw lost ? new Error(`the GPU device was lost (${lost.reason}): ${lost.message}`, { cause: error }) : error;
    } finally {
      made.forEach((b) => b.destroy());
    }
  };
  return { artifact, run, encode, prepare, destroy: ignore };
};
