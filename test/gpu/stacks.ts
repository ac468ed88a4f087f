/**
 * The WebGPU implementations that the tests run every kernel on: Dawn on SwiftShader (in this process), Dawn on lavapipe,
 * Deno's wgpu and naga, and Dawn's null backend, which compiles but runs nothing. A stack that this machine lacks is in the list
 * with its reason, so that a test can print it: `test.skipIf(!stack.available)` or `context.skip(stack.reason)`.
 */
import { join } from "node:path";
import { create, globals } from "webgpu";
import { softwareDriver } from "../../src/cli/adapters.ts";
import { openDevice, targetOf } from "../../src/cli/device.ts";
import type { Artifact } from "../../src/codegen/artifact.ts";
import { BASELINE, type Target } from "../../src/base/target.ts";
import { NoAnswer, startChild, type Child } from "./child.ts";
import { denoBinary } from "./deno.ts";
import { compileOn, compilingAtOnce, execute, type CompileMessage, type Tensors, type Values } from "./execute.ts";
import type { Message } from "./wire.ts";
import type { Request } from "./worker.ts";

export type { CompileMessage, Tensors, Values } from "./execute.ts";

export type StackName = "swiftshader" | "lavapipe" | "deno" | "null";

export type Stack = {
  readonly name: StackName;
  readonly available: boolean;
  /** Why it is not available; else the adapter's description. */
  readonly reason: string;
  /** From the adapter's limits and features; the baseline where there is no adapter. */
  readonly target: Target;
  /** Runs once; sizes that the shapes do not tell and scalars by name. Rejects where the stack cannot run (null) or reports an error. */
  readonly run: (artifact: Artifact, inputs: Tensors, sizes?: Values, scalars?: Values) => Promise<Tensors>;
  /** Messages about the module and its pipelines on this stack's device; empty when all is well. */
  readonly compile: (artifact: Artifact) => Promise<readonly CompileMessage[]>;
};

const entryPoints = (artifact: Artifact): readonly string[] =>
  artifact.dispatches.map((dispatch) => dispatch.entryPoint);

const missing = (name: StackName, reason: string): Stack => {
  const refuse = (): Promise<never> => Promise.reject(new Error(`${name} is not available: ${reason}`));
  return { name, available: false, reason, target: BASELINE, run: refuse, compile: refuse };
};

/** Dawn crashes when what `create` gave is collected while its threads still work. The tests' workers are ended, not left to end. */
const alive: unknown[] = [];

const dawnAdapter = async (options: readonly string[]): Promise<GPUAdapter | null> => {
  Object.assign(globalThis, globals);
  const gpu = create([...options]);
  const adapter = await gpu.requestAdapter();
  alive.push(gpu, adapter);
  return adapter;
};

const openSwiftShader = async (): Promise<Stack> => {
  const driver = softwareDriver("swiftshader");
  if (!driver.available) return missing("swiftshader", driver.reason);
  Object.assign(process.env, { VK_ICD_FILENAMES: driver.env["VK_ICD_FILENAMES"] });
  const adapter = await dawnAdapter([]);
  if (adapter === null)
    return missing("swiftshader", "Dawn finds no adapter (is LD_LIBRARY_PATH as test/gpu/setup.ts sets it?)");
  const target = targetOf(adapter, "tint");
  const device = compilingAtOnce(await openDevice(adapter, target));
  return {
    name: "swiftshader",
    available: true,
    reason: target.name,
    target,
    run: (artifact, inputs, sizes, scalars) => execute(device, artifact, inputs, sizes, scalars),
    compile: (artifact) => compileOn(device, artifact.wgsl, entryPoints(artifact)),
  };
};

/**
 * Milliseconds that a worker may take for one answer. wgpu in Deno now and then waits for ever for a fence of lavapipe, at another program
 * each time: the program is not at fault.
 */
const PATIENCE: Readonly<Record<"lavapipe" | "deno", number>> = { lavapipe: 120_000, deno: 40_000 };

/** A stack in a process of its own. One that does not answer is started again and asked once more. */
const throughChild = async (name: "lavapipe" | "deno", start: () => Child): Promise<Stack> => {
  const patience = PATIENCE[name];
  let child = start();
  const ask = async (request: Request): Promise<Message> => {
    try {
      return await child.ask(request, patience);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      console.error(`${name} gave no answer in ${patience / 1000} s and is started again`);
      child = start();
      return child.ask(request, patience);
    }
  };
  const { target } = (await ask({ kind: "open" })) as unknown as { readonly target: Target };
  return {
    name,
    available: true,
    reason: target.name,
    target,
    run: async (artifact, inputs, sizes = {}, scalars = {}) => {
      const reply = await ask({ kind: "run", artifact, inputs, sizes, scalars });
      return reply["outputs"] as Tensors;
    },
    compile: async (artifact) => {
      const reply = await ask({ kind: "compile", wgsl: artifact.wgsl, entryPoints: entryPoints(artifact) });
      return reply["messages"] as readonly CompileMessage[];
    },
  };
};

const openLavapipe = (): Promise<Stack> => {
  const driver = softwareDriver("lavapipe");
  if (!driver.available) return Promise.resolve(missing("lavapipe", driver.reason));
  return throughChild("lavapipe", () => startChild([process.execPath], driver.env));
};

const openDeno = (): Promise<Stack> => {
  const deno = denoBinary();
  if (!deno.available) return Promise.resolve(missing("deno", deno.reason));
  const preferred = softwareDriver("lavapipe");
  const driver = preferred.available ? preferred : softwareDriver("swiftshader");
  if (!driver.available) return Promise.resolve(missing("deno", driver.reason));
  const env = { ...driver.env, DENO_DIR: join(deno.folder, "cache"), DENO_NO_UPDATE_CHECK: "1" };
  const options = [
    "run",
    "--unstable-webgpu",
    "--no-remote",
    "--no-lock",
    "--no-prompt",
    "--allow-read",
    "--allow-env",
  ];
  return throughChild("deno", () => startChild([deno.binary, ...options], env));
};

const openNull = (): Promise<Stack> =>
  Promise.resolve({
    name: "null",
    available: true,
    reason: "compiles, runs nothing",
    target: BASELINE,
    run: () => Promise.reject(new Error("the null backend runs nothing")),
    compile: (artifact) => compileFor(BASELINE, artifact),
  });

const OPEN: Readonly<Record<StackName, () => Promise<Stack>>> = {
  swiftshader: openSwiftShader,
  lavapipe: openLavapipe,
  deno: openDeno,
  null: openNull,
};

const opened = new Map<StackName, Promise<Stack>>();
const openOnce = (name: StackName): Promise<Stack> => {
  const known = opened.get(name);
  if (known !== undefined) return known;
  const stack = OPEN[name]().catch((error: unknown) => missing(name, String(error)));
  opened.set(name, stack);
  return stack;
};

/** The stacks by name, all by default; opened once a process, side by side (processes of their own take a second to start). */
export const stacks = (
  names: readonly StackName[] = ["swiftshader", "lavapipe", "deno", "null"],
): Promise<readonly Stack[]> => Promise.all(names.map(openOnce));

const compilers = new Map<string, Promise<GPUDevice>>();

/** A device with exactly the target's features and limits; the null backend's workgroups end at 16,384 bytes, SwiftShader's do not. */
const compiler = async (target: Target): Promise<GPUDevice> => {
  const small = target.workgroupBytes <= BASELINE.workgroupBytes && target.invocations <= BASELINE.invocations;
  const swiftshader = softwareDriver("swiftshader");
  if (!small && swiftshader.available)
    Object.assign(process.env, { VK_ICD_FILENAMES: swiftshader.env["VK_ICD_FILENAMES"] });
  const adapter = await dawnAdapter(small ? ["backend=null", "enable-dawn-features=allow_unsafe_apis"] : []);
  if (adapter === null) throw new Error(`no Dawn adapter to compile for ${target.name}`);
  const features: GPUFeatureName[] = [];
  if (target.f16) features.push("shader-f16");
  if (target.subgroups !== null) features.push("subgroups");
  return adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: {
      maxComputeWorkgroupStorageSize: target.workgroupBytes,
      maxComputeInvocationsPerWorkgroup: target.invocations,
      maxComputeWorkgroupSizeX: target.invocations,
      maxStorageBuffersPerShaderStage: target.storageBuffers,
    },
  });
};

/**
 * What Tint and Dawn say of a module and its pipelines on a device with exactly the target's features and limits; empty: nothing.
 * Runs nothing: Dawn's null backend where its limits suffice, else SwiftShader. Rejects for targets beyond both.
 */
export const compileFor = async (
  target: Target,
  artifact: Pick<Artifact, "wgsl" | "dispatches">,
): Promise<readonly CompileMessage[]> => {
  const { name: _name, ...abilities } = target;
  const key = JSON.stringify(abilities);
  const device = compilers.get(key) ?? compiler(target);
  compilers.set(key, device);
  return compileOn(
    await device,
    artifact.wgsl,
    artifact.dispatches.map((dispatch) => dispatch.entryPoint),
  );
};
