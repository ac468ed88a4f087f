/** `tfx doctor` */
import { createRequire } from "node:module";
import { compile } from "../../compile.ts";
import { createKernel } from "../../runtime/index.ts";
import { softwareDriver, type DriverName } from "../adapters.ts";
import { messageOf, type ExitCode } from "../errors.ts";
import { isSoftware } from "../device.ts";
import { openGpu, restartFor } from "../gpu.ts";
import { during } from "../progress.ts";

const PROBE = "kernel probe(x: f32[i: N, j: M]) -> y: f32[i, j] { y = softmax[j](x) }\n";

const versionOf = (name: string): string => {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }).version;
  } catch {
    return "not installed";
  }
};

const driverLine = (name: DriverName): string => {
  const driver = softwareDriver(name);
  return driver.available ? "there" : driver.reason;
};

/** Compiles a small kernel and runs it; what came of it, in words. */
const probe = async (): Promise<readonly [ok: boolean, adapter: string, result: string]> => {
  let name = "none";
  try {
    const gpu = await openGpu("auto", { subgroups: true });
    try {
      const { target } = gpu;
      const subgroups =
        target.subgroups === null ? "no subgroups" : `subgroups of ${target.subgroups.min} to ${target.subgroups.max}`;
      name = `${target.name} (${subgroups}, f16 ${target.f16 ? "yes" : "no"}${isSoftware(gpu.adapter) ? ", on the CPU" : ""})`;
      const [artifact] = compile(PROBE, { file: "probe.tfx", target }).artifacts;
      if (artifact === undefined) return [false, name, "the probe does not compile"];
      const kernel = await createKernel(gpu.device, artifact);
      const { outputs } = await kernel.run({ inputs: { x: Float32Array.of(0, 0, 0, 0) }, sizes: { N: 2, M: 2 } });
      const isRight = [...(outputs["y"] as Float32Array)].every((y) => y === 0.5);
      return [isRight, name, isRight ? "right" : "wrong numbers"];
    } finally {
      gpu.close();
    }
  } catch (error) {
    return [false, name, messageOf(error)];
  }
};

/** Says what this machine has for compiling and running kernels; exit code 1 when none runs. */
export const doctor = async (version: string): Promise<ExitCode> => {
  const restarted = await restartFor("auto");
  if (restarted !== null) return restarted as ExitCode;
  const [ok, adapter, result] = await during("running a kernel", probe);
  const lines = [
    ["tfx", version],
    ["node", `${process.versions.node} on ${process.platform} ${process.arch}`],
    ["webgpu", versionOf("webgpu")],
    ["swiftshader", driverLine("swiftshader")],
    ["lavapipe", driverLine("lavapipe")],
    ["adapter", adapter],
    ["a kernel", result],
  ];
  for (const [name = "", text = ""] of lines) console.log(`${name.padEnd(12)} ${text}`);
  return ok ? 0 : 1;
};
