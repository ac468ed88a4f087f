/** Trains, away from what draws. */
import { openDevice, targetOf } from "../../../src/cli/device.ts";
import { fromFile, toFile } from "../checkpoint.ts";
import kernels from "../model.tfx?raw";
import { createRun, type Run } from "../run.ts";
import text from "../text.txt?raw";
import { vocabularyOf } from "../text.ts";
import type { Reply, Request } from "./protocol.ts";

const port = globalThis as unknown as {
  readonly postMessage: (message: Reply) => void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};

let run: Run | null = null;
let isStopped = false;

const start = async ({ config, steps, checkpoint }: Extract<Request, { kind: "start" }>): Promise<void> => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("this browser has no WebGPU adapter");
  const target = targetOf(adapter, "tint");
  const device = await openDevice(adapter, target);
  const from = checkpoint === null ? undefined : fromFile(checkpoint);
  const own = from?.config ?? { ...config, vocabulary: vocabularyOf(text).size };
  const seed = from?.seed ?? 1;
  run = await createRun({ device, target, text, kernels, config: own, seed, ...(from === undefined ? {} : { from }) });
  const words = `${run.parameters} parameters, ${run.kernels} kernels, ${(run.bytes / 2 ** 20).toFixed(1)} MiB, on ${target.name}`;
  port.postMessage({ kind: "ready", words, steps: run.steps(), attention: own.attention });
  await go(run, steps);
};

const go = async (r: Run, steps: number): Promise<void> => {
  isStopped = false;
  const first = r.steps();
  while (!isStopped && r.steps() < first + steps) {
    const loss = await r.step();
    port.postMessage({ kind: "step", step: r.steps(), loss, part: (r.steps() - first) / steps });
  }
  port.postMessage({ kind: "sample", step: r.steps(), text: await r.sample("a kernel ", 60) });
  port.postMessage({ kind: "stopped", step: r.steps() });
};

const answer = async (request: Request): Promise<void> => {
  switch (request.kind) {
    case "start":
      return start(request);
    case "stop":
      isStopped = true;
      return;
    case "resume":
      return run === null ? undefined : go(run, request.steps);
    case "save":
      if (run !== null) port.postMessage({ kind: "saved", file: toFile(await run.save()) });
      return;
  }
};

port.onmessage = ({ data }) => {
  void answer(data).catch((error: unknown) =>
    port.postMessage({ kind: "failed", why: error instanceof Error ? error.message : String(error) }),
  );
};
