/** What every stack does with an artifact, in the process that has the device. Runs in Node and in Deno. */
import type { Artifact } from "../../src/codegen/artifact.ts";
import { createKernel } from "../../src/runtime/kernel.ts";
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

/** Runs a kernel once and gives its outputs. Rejects with the first error that the device reports. */
export const execute = async (
  device: GPUDevice,
  artifact: Artifact,
  inputs: Tensors,
  sizes: Values = {},
  scalars: Values = {},
): Promise<Tensors> => {
  const kernel = await createKernel(device, artifact);
  try {
    const { outputs } = await kernel.run({ inputs, sizes, scalars });
    return outputs as Tensors;
  } finally {
    kernel.destroy();
  }
};
