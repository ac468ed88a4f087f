/** `node examples/llm-decode/run.ts [BEGINNING] [LENGTH]` writes on from a text, on the GPU of Node (Dawn). */
import { openGpu, restartFor } from "../../src/cli/gpu.ts";
import { createDecoder, HISTORY } from "./decoder.ts";
import { kernelsOn, trainedWeights } from "./kernels.ts";
import { decode, encode, randomFrom } from "./model.ts";

const write = async (beginning: string, length: number): Promise<void> => {
  const gpu = await openGpu("auto", { subgroups: true });
  const { device, target } = gpu;
  const sampling = { temperature: 0.7, top: 0.9 };
  const decoder = createDecoder(device, await kernelsOn(device, target), trainedWeights(), sampling);
  const random = randomFrom(Date.now());
  const prompt = encode(beginning);
  const count = Math.min(length, HISTORY);
  const start = performance.now();
  for (const token of prompt) decoder.step(random(), token);
  for (let n = 1; n < count; n++) decoder.step(random());
  const text = decode(await decoder.tokens(count));
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${beginning}${text}\n\n${((prompt.length + count) / seconds).toFixed(0)} tokens a second on ${target.name}`,
  );
  decoder.destroy();
  gpu.close();
};

const restarted = await restartFor("auto");
if (restarted === null) await write(process.argv[2] ?? "## The ", Number(process.argv[3] ?? 300));
process.exitCode = restarted ?? 0;
