/** A WebGPU adapter as the planner sees it. No imports of Node's own: Deno and browsers load this file too. */
import type { Artifact } from "../codegen/artifact.ts";
import { CPU_TUNING, GPU_TUNING, type Target } from "../base/target.ts";
import { checkRequirements } from "../runtime/device.ts";

/** What to call the adapter; never empty. */
export const describeAdapter = (adapter: GPUAdapter): string =>
  adapter.info.description ||
  [adapter.info.vendor, adapter.info.architecture, adapter.info.device].filter((x) => x !== "").join(" ") ||
  "unnamed";

/** Whether a CPU does the work. Deno does not say `isFallbackAdapter` of drivers that the system offers as ordinary ones. */
export const isSoftware = (adapter: GPUAdapter): boolean =>
  adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(describeAdapter(adapter));

/** Data for the planner from an adapter's limits and features. `dialect`: whose WGSL front end reads the kernels. */
export const targetOf = (
  adapter: GPUAdapter,
  dialect: Target["dialect"],
  use: { readonly subgroups: boolean } = { subgroups: true },
): Target => {
  const { subgroupMinSize: min, subgroupMaxSize: max } = adapter.info;
  // Deno does not list the feature, but grants it.
  const subgroups = use.subgroups && (adapter.features.has("subgroups") || dialect === "naga") && min > 0;
  return {
    name: describeAdapter(adapter),
    workgroupBytes: adapter.limits.maxComputeWorkgroupStorageSize,
    invocations: adapter.limits.maxComputeInvocationsPerWorkgroup,
    subgroups: subgroups ? { min, max } : null,
    f16: adapter.features.has("shader-f16"),
    storageBuffers: adapter.limits.maxStorageBuffersPerShaderStage,
    bindingBytes: adapter.limits.maxStorageBufferBindingSize,
    dialect,
    tuning: isSoftware(adapter) ? CPU_TUNING : GPU_TUNING,
  };
};

/** What a kernel made for another target needs and a device has not, a line each; empty: it runs there. `own`: the device's own target. */
export const lackingFor = (artifact: Artifact, target: Target, device: GPUDevice, own: Target): readonly string[] => {
  const missing = checkRequirements(device, artifact);
  const [lanes, has] = [target.subgroups, own.subgroups];
  if (!artifact.requires.features.includes("subgroups") || lanes === null || has === null) return missing;
  if (has.min >= lanes.min && has.max <= lanes.max) return missing;
  return [
    ...missing,
    `subgroups have ${has.min} to ${has.max} lanes, but the plan is for ${lanes.min} to ${lanes.max}`,
  ];
};

const LIMITS = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxStorageBuffersPerShaderStage",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
] as const;

/** A device with everything of the adapter that kernels can use. `target` is what `targetOf` made of the same adapter. */
export const openDevice = (adapter: GPUAdapter, target: Target): Promise<GPUDevice> => {
  const features: GPUFeatureName[] = adapter.features.has("timestamp-query") ? ["timestamp-query"] : [];
  if (target.f16) features.push("shader-f16");
  if (target.subgroups !== null) features.push("subgroups");
  return adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
};
