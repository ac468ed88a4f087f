/** What every stack does with an artifact, in the process that has the device. Runs in Node and in Deno. */
import type { Artifact } from "../../src/codegen/artifact.ts";
import { createKernel, type Kernel } from "../../src/runtime/index.ts";
import type { Numbers } from "./wire.ts";

export type Tensors = Readonly<Record<string, Numbers>>;
export type Values = Readonly<Record<string, number>>;

/** A message of the WGSL front end, or of the checks of a compute pipeline. */
export type CompileMessage = {
  readonly type: "error" | "warning" | "info";
  readonly message: string;
  readonly line: number;
};

const explain = async (promise: Promise<GPUError | null>, what: string): Promise<CompileMessage[]> => {
  const error = await promise;
  return error === null ? [] : [{ type: "error", message: `${what}: ${error.message}`, line: 0 }];
};

/** Everything that a device has to say about a module and the pipelines of its entry points; empty when it is content. */
export const compileOn = async (
  device: GPUDevice,
  wgsl: string,
  entryPoints: readonly string[],
): Promise<readonly CompileMessage[]> => {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: wgsl });
  const moduleError = device.popErrorScope();
  // Deno has no getCompilationInfo that resolves with warnings; its errors come through the error scope.
  const info = await module.getCompilationInfo();
  const messages: CompileMessage[] = info.messages.map((m) => ({ type: m.type, message: m.message, line: m.lineNum }));
  const errors = await explain(moduleError, "module");
  if (messages.some((m) => m.type === "error") || errors.length > 0) return messages.length > 0 ? messages : errors;
  for (const entryPoint of entryPoints) {
    device.pushErrorScope("validation");
    device.createComputePipeline({ layout: "auto", compute: { module, entryPoint } });
    messages.push(...(await explain(device.popErrorScope(), entryPoint)));
  }
  return messages;
};

/**
 * The device, with pipelines that are made on the spot. While Dawn in Node waits for one that is made elsewhere, it polls without a rest: that
 * takes the core that another test runs on, for as long as a software adapter compiles.
 */
export const compilingAtOnce = (device: GPUDevice): GPUDevice => {
  device.createComputePipelineAsync = async (descriptor) => {
    const scopes = ["internal", "out-of-memory", "validation"] as const;
    for (const scope of scopes) device.pushErrorScope(scope);
    const pipeline = device.createComputePipeline(descriptor);
    const errors = await Promise.all(scopes.map(() => device.popErrorScope()));
    const error = errors.find((e) => e !== null);
    if (error !== undefined) throw new Error(error.message);
    return pipeline;
  };
  return device;
};

/** Kernels made of equal artifacts, kept for the next run: most of what a software adapter does is to compile them. */
const KEPT = 32;
const idle = new WeakMap<GPUDevice, Map<string, Kernel>>();

/** The kernel of an artifact, while `use` runs; nobody else has it. */
const withKernel = async <T>(
  device: GPUDevice,
  artifact: Artifact,
  use: (kernel: Kernel) => Promise<T>,
): Promise<T> => {
  const kept = idle.get(device) ?? new Map<string, Kernel>();
  idle.set(device, kept);
  const key = JSON.stringify(artifact);
  const kernel = kept.get(key) ?? (await createKernel(device, artifact));
  kept.delete(key);
  try {
    const result = await use(kernel);
    kept.get(key)?.destroy();
    kept.set(key, kernel);
    const [oldest] = kept;
    if (kept.size > KEPT && oldest !== undefined) {
      kept.delete(oldest[0]);
      oldest[1].destroy();
    }
    return result;
  } catch (error) {
    kernel.destroy();
    throw error;
  }
};

/** Runs a kernel once and gives its outputs. Rejects with the first error that the device reports. */
export const execute = (
  device: GPUDevice,
  artifact: Artifact,
  inputs: Tensors,
  sizes: Values = {},
  scalars: Values = {},
): Promise<Tensors> =>
  withKernel(device, artifact, async (kernel) => {
    const { outputs } = await kernel.run({ inputs, sizes, scalars });
    return outputs as Tensors;
  });
