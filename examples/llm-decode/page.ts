/** The page: writes on from a text as long as it is open, a chunk of steps at a time. */
import headUrl from "./head.npy?url";
import * as forGpu from "./decoder.tfx";
import * as forCpu from "./decoder.tfx?target=software";
import { readNpy } from "../../src/npy/npy.ts";
import type { Kernel } from "../../src/runtime/index.ts";
import { createDecoder, KERNELS } from "./decoder.ts";
import { decode, encode, randomFrom, weightsWith } from "./model.ts";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const CHUNK = 32;

const start = async (): Promise<void> => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("this browser has no WebGPU");
  const device = await adapter.requestDevice();
  const factories = (adapter.info.isFallbackAdapter ? forCpu : forGpu) as Readonly<
    Record<string, (d: GPUDevice) => Promise<Kernel>>
  >;
  const kernels = new Map(
    await Promise.all(KERNELS.map(async (name) => [name, await factories[name]!(device)] as const)),
  );
  const head = readNpy(new Uint8Array(await (await fetch(headUrl)).arrayBuffer())).data as Float32Array;

  const write = async (beginning: string, length: number): Promise<void> => {
    const sampling = {
      temperature: Number(element<HTMLInputElement>("temperature").value),
      top: Number(element<HTMLInputElement>("top").value),
    };
    const decoder = createDecoder(device, kernels, weightsWith(head), sampling);
    const random = randomFrom(Number(element<HTMLInputElement>("seed").value));
    const began = performance.now();
    const output = element("text");
    output.textContent = beginning;
    // The last character of the beginning gives the first that is written.
    for (const token of encode(beginning)) decoder.step(random(), token);
    for (let written = 0; written < length; written += CHUNK) {
      const count = Math.min(CHUNK, length - written);
      for (let n = written === 0 ? 1 : 0; n < count; n++) decoder.step(random());
      output.textContent += decode(await decoder.tokens(count));
      const rate = (1000 * (written + count)) / (performance.now() - began);
      element("state").textContent =
        `${written + count} tokens, ${rate.toFixed(0)} a second on ${adapter.info.description || adapter.info.vendor}`;
    }
    decoder.destroy();
  };
  element("form").addEventListener("submit", (event) => {
    event.preventDefault();
    document.body.dataset["done"] = "false";
    const button = element<HTMLButtonElement>("go");
    button.disabled = true;
    void write(
      element<HTMLInputElement>("beginning").value || "\n",
      Number(element<HTMLInputElement>("length").value),
    ).then(() => {
      button.disabled = false;
      document.body.dataset["done"] = "true";
    });
  });
  element("state").textContent = "ready";
  document.body.dataset["ready"] = "true";
};

start().catch((error: unknown) => {
  element("state").textContent = error instanceof Error ? error.message : String(error);
});
