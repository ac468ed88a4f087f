/** What artifacts ask of a device. */
import type { Artifact } from "../codegen/artifact.ts";

type Requires = Pick<Artifact, "requires">;

/** What an adapter or device lacks to run an artifact, a line each; empty when it has everything. */
export const checkRequirements = (on: GPUAdapter | GPUDevice, artifact: Requires): readonly string[] => {
  const limits = on.limits as unknown as Readonly<Record<string, number>>;
  const features = artifact.requires.features
    .filter((f) => !on.features.has(f))
    .map((f) => `the feature "${f}" is missing`);
  const low = Object.entries(artifact.requires.limits)
    .filter(([name, need]) => !((limits[name] ?? 0) >= need))
    .map(([name, need]) => `${name} is ${limits[name] ?? 0}, but ${need} is needed`);
  return [...features, ...low];
};

/** A device with exactly the features and limits that the artifacts need. Throws with a line for each that the adapter lacks. */
export const requestDevice = async (adapter: GPUAdapter, artifacts: readonly Requires[]): Promise<GPUDevice> => {
  const missing = [...new Set(artifacts.flatMap((a) => checkRequirements(adapter, a)))];
  if (missing.length > 0) throw new Error(`this GPU cannot run the kernel: ${missing.join("; ")}`);
  const requiredLimits: Record<string, number> = {};
  for (const a of artifacts)
    for (const [name, need] of Object.entries(a.requires.limits))
      requiredLimits[name] = Math.max(need, requiredLimits[name] ?? 0);
  const requiredFeatures = artifacts.flatMap((a) => a.requires.features) as GPUFeatureName[];
  return adapter.requestDevice({ requiredFeatures, requiredLimits });
};
