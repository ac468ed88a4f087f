/** A device for the command line: Dawn through the npm package `webgpu`, on a GPU where there is one, else on SwiftShader. */
import { spawn } from "node:child_process";
import type { Target } from "../base/target.ts";
import { hasSystemDriver, softwareDriver, type DriverName } from "./adapters.ts";
import { isSoftware, openDevice, targetOf } from "./device.ts";
import { withoutNoise } from "./driver-noise.ts";
import { onDevice, UsageError } from "./errors.ts";

/**
 * Keep the whole value while kernels run and `close` it after: Dawn's threads outlive neither its instance nor the adapter, and
 * Node does not end while they are referenced.
 */
export type Gpu = {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  readonly target: Target;
  readonly close: () => void;
};

/** Set for the process that was started again with its environment complete. */
const MARK = "TFX_ENVIRONMENT_SET";

const driverOf = (choice: string): DriverName => {
  if (choice === "lavapipe") return "lavapipe";
  if (choice !== "cpu") return "swiftshader";
  return softwareDriver("swiftshader").available ? "swiftshader" : "lavapipe";
};

/** Whether the adapter is a software one of ours: its driver alone is offered to the loader. */
const isSoftwareChoice = (choice: string): boolean => ["cpu", "swiftshader", "lavapipe"].includes(choice);

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Runs a program in the place of this process: signals go on to it, and its end is this one's. Gives its exit code; a signal that
 * was passed on and ended it ends this process too, another one is the driver's and is told.
 */
export const inPlace = async (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> => {
  const child = spawn(program, args, { stdio: ["inherit", "inherit", "pipe"], env });
  const said = withoutNoise(child.stderr, process.stderr);
  const passed = new Set<NodeJS.Signals>();
  const pass = (signal: NodeJS.Signals): void => {
    passed.add(signal);
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done, fail) => {
    child.on("error", fail);
    child.on("exit", (...end) => done(end));
  });
  await said;
  for (const s of SIGNALS) process.off(s, pass);
  if (signal === null) return code ?? 1;
  if (passed.has(signal)) process.kill(process.pid, signal);
  else console.error(`tfx: the GPU driver ended the process (${signal})`);
  return 1;
};

/**
 * Starts this process again, so that what drivers write to stderr can be sifted, and because the dynamic linker must know folders
 * that only the environment can tell it. Gives that process's exit code; null in the second process, and where there is nothing
 * to gain. Call before anything is printed.
 */
export const restartFor = async (choice: string): Promise<number | null> => {
  if (process.platform !== "linux" || process.env[MARK] !== undefined) return null;
  const driver = softwareDriver(driverOf(choice));
  const libraries = driver.available ? driver.env["LD_LIBRARY_PATH"] : undefined;
  return inPlace(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    ...process.env,
    ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
    [MARK]: process.stderr.isTTY === true ? "terminal" : "1",
  });
};

/** `isAsked`: the user named the driver. */
const useDriver = (name: DriverName, isAsked: boolean): void => {
  const driver = softwareDriver(name);
  if (!driver.available) {
    const first = softwareDriver("swiftshader");
    const both =
      isAsked || first.available ? driver.reason : `SwiftShader: ${first.reason}; lavapipe: ${driver.reason}`;
    throw new UsageError(`no ${isAsked ? name : "GPU, and no CPU"} adapter: ${both}`);
  }
  process.env["VK_ICD_FILENAMES"] = driver.env["VK_ICD_FILENAMES"] ?? "";
};

type Found = { readonly gpu: GPU; readonly adapter: GPUAdapter };

const findAdapter = async (choice: string): Promise<Found> => {
  let dawn: typeof import("webgpu");
  try {
    dawn = await import("webgpu");
  } catch (error) {
    throw new UsageError(
      `running kernels needs the npm package webgpu: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  Object.assign(globalThis, dawn.globals);
  const request = async (options: readonly string[]): Promise<Found | null> => {
    const gpu = dawn.create([...options]);
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    return adapter === null ? null : { gpu, adapter };
  };
  if (isSoftwareChoice(choice)) useDriver(driverOf(choice), choice !== "cpu");
  if (choice !== "auto" && !isSoftwareChoice(choice)) {
    const named = await request([`adapter=${choice}`]).catch((error: unknown) => {
      throw new UsageError(`no adapter "${choice}": ${error instanceof Error ? error.message : String(error)}`);
    });
    if (named !== null) return named;
    throw new UsageError(`no adapter "${choice}"`);
  }
  const chosen = process.env["VK_ICD_FILENAMES"] !== undefined;
  if (choice !== "auto" || hasSystemDriver()) {
    const found = await request([]).catch(() => null);
    if (found !== null && (choice !== "auto" || chosen || !isSoftware(found.adapter))) return found;
  }
  if (choice === "auto") {
    useDriver(driverOf("cpu"), false);
    const found = await request([]);
    if (found !== null) return found;
  }
  throw new UsageError(`no WebGPU adapter (--adapter ${choice})`);
};

/** Throws UsageError when there is no such adapter. */
export const openGpu = async (choice: string, use: { readonly subgroups: boolean }): Promise<Gpu> => {
  const { gpu, adapter } = await findAdapter(choice);
  const target = targetOf(adapter, "tint", use);
  const device = await onDevice(`the adapter ${target.name} gives no device`, () => openDevice(adapter, target));
  return { gpu, adapter, device, target, close: () => device.destroy() };
};
