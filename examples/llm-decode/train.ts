/**
 * `node examples/llm-decode/train.ts [TEXT FILE…]` fits the head of the decoder to texts (the guide by default), by softmax regression on what
 * the drawn layers make of each place, and writes `head.npy`. Takes a minute.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { writeNpy } from "../../src/npy/npy.ts";
import { encode, MODEL, randomFrom, weightsWith } from "./model.ts";
import { createReference } from "./reference.ts";

const { V, D } = MODEL;
const [PLACES, EPOCHS, BATCH, RATE] = [20000, 30, 32, 0.05];
const root = new URL("../../", import.meta.url);
const files = process.argv.slice(2);
const texts =
  files.length > 0
    ? files
    : ["docs/tutorial.md", "docs/performance.md", "docs/embedding.md"].map((f) => new URL(f, root).pathname);
const tokens = encode(texts.map((f) => readFileSync(f, "utf8")).join("\n")).slice(0, PLACES + 1);

const next = createReference(weightsWith(new Float32Array(D * V)));
const hidden = tokens.slice(0, -1).map((t) => Float32Array.from(next(t).hidden));

const head = new Float32Array(D * V);
const slope = new Float32Array(D * V);
const random = randomFrom(1);
const z = new Float32Array(V);
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  let loss = 0;
  for (let batch = 0; batch < hidden.length / BATCH; batch++) {
    slope.fill(0);
    for (let n = 0; n < BATCH; n++) {
      const at = Math.floor(random() * hidden.length);
      const h = hidden[at]!;
      z.fill(0);
      for (let d = 0; d < D; d++) for (let v = 0; v < V; v++) z[v]! += h[d]! * head[d * V + v]!;
      const top = Math.max(...z);
      let total = 0;
      for (let v = 0; v < V; v++) total += z[v] = Math.exp(z[v]! - top);
      const right = tokens[at + 1]!;
      loss -= Math.log(z[right]! / total);
      for (let v = 0; v < V; v++) z[v] = z[v]! / total - (v === right ? 1 : 0);
      for (let d = 0; d < D; d++) for (let v = 0; v < V; v++) slope[d * V + v]! += h[d]! * z[v]!;
    }
    const rate = (RATE * (1 - epoch / EPOCHS)) / Math.sqrt(BATCH);
    for (let n = 0; n < head.length; n++) head[n]! -= rate * slope[n]!;
  }
  console.log(`epoch ${epoch + 1}: ${(loss / (Math.ceil(hidden.length / BATCH) * BATCH)).toFixed(3)} nats a character`);
}
writeFileSync(new URL("head.npy", import.meta.url), writeNpy({ dtype: "float32", shape: [D, V], data: head }));
