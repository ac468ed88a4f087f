/** A process with a device of its own: Node (Dawn) or Deno (wgpu). Reads messages from stdin, answers on stdout, ends with stdin. */
import process from "node:process";
import type { Artifact } from "../../src/codegen/artifact.ts";
import type { Target } from "../../src/base/target.ts";
import { openDevice, targetOf } from "../../src/cli/device.ts";
import { compileOn, compilingAtOnce, execute, type Tensors, type Values } from "./execute.ts";
import { createReader, encode, type Message } from "./wire.ts";

export type Request =
  | { readonly kind: "open" }
  | { readonly kind: "compile"; readonly wgsl: string; readonly entryPoints: readonly string[] }
  | {
      readonly kind: "run";
      readonly artifact: Artifact;
      readonly inputs: Tensors;
      readonly sizes: Values;
      readonly scalars: Values;
    };

const isDeno = "Deno" in globalThis;

/** `gpu` is kept because Dawn's threads outlive neither it nor the adapter. */
type State = { readonly gpu: GPU; readonly adapter: GPUAdapter; readonly device: GPUDevice; readonly target: Target };

const open = async (): Promise<State> => {
  let gpu: GPU | null = isDeno ? navigator.gpu : null;
  if (gpu === null) {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    gpu = create([]);
  }
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error("no WebGPU adapter");
  const target = targetOf(adapter, isDeno ? "naga" : "tint");
  const device = await openDevice(adapter, target);
  return { gpu, adapter, target, device: isDeno ? device : compilingAtOnce(device) };
};

const answer = async (request: Request, { device, target }: State): Promise<Message> => {
  switch (request.kind) {
    case "open":
      return { target };
    case "compile":
      return { messages: await compileOn(device, request.wgsl, request.entryPoints) };
    case "run":
      return { outputs: await execute(device, request.artifact, request.inputs, request.sizes, request.scalars) };
  }
};

// Standard output carries answers only.
console.log = console.info = console.error;
const opened = open();
const read = createReader();
let queue = Promise.resolve();

const serve = async (message: Message): Promise<void> => {
  const reply = await opened
    .then((state) => answer(message as Request, state))
    .catch((error: unknown) => ({ error: String(error) }));
  await new Promise<void>((done) => process.stdout.write(encode(reply), () => done()));
};

process.stdin.on("data", (chunk: Uint8Array) => {
  for (const message of read(chunk)) queue = queue.then(() => serve(message));
});
process.stdin.on("end", () => process.exit(0));
