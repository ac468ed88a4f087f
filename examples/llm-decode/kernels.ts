/** What the decoder is made of, from the files of this folder, in Node. */
import { readFileSync } from "node:fs";
import type { Target } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { readNpy } from "../../src/npy/npy.ts";
import { createKernel, type Kernel } from "../../src/runtime/index.ts";
import { KERNELS } from "./decoder.ts";
import { MODEL, weightsWith, type Weights } from "./model.ts";

const file = (name: string): URL => new URL(name, import.meta.url);

/** The kernels of `decoder.tfx` on a device. */
export const kernelsOn = async (device: GPUDevice, target: Target): Promise<ReadonlyMap<string, Kernel>> => {
  const dims = { D: MODEL.D, E: MODEL.E, T: 1 };
  const { artifacts, diagnostics } = compile(readFileSync(file("decoder.tfx"), "utf8"), {
    file: "decoder.tfx",
    dims,
    target,
  });
  if (artifacts.length < KERNELS.length) throw new Error(diagnostics.map((d) => d.message).join("\n"));
  return new Map(await Promise.all(artifacts.map(async (a) => [a.kernel, await createKernel(device, a)] as const)));
};

export const trainedWeights = (): Weights =>
  weightsWith(readNpy(new Uint8Array(readFileSync(file("head.npy")))).data as Float32Array);
