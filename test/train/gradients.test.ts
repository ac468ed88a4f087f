/** Gradients of whole models, by the meaning of the kernels, against differences of the loss. */
import { describe, expect, test } from "vitest";
import { ATTENTIONS, type AttentionName } from "../../examples/train/attentions.ts";
import type { Config } from "../../examples/train/transformer.ts";
import { seeded } from "../../examples/train/random.ts";
import { reference, stepsOf, tiny } from "./tiny.ts";

/** One number of each parameter moved, there and back. */
const H = 1e-5;

const cases: readonly (readonly [AttentionName, Config["norm"]])[] = [
  ...(Object.keys(ATTENTIONS) as AttentionName[]).map((name) => [name, "rmsnorm"] as const),
  ["causal", "scalenorm"],
];

describe.each(cases)("%s with %s", (attention, norm) => {
  test("the gradient of each parameter is what the loss does", async () => {
    const t = tiny(attention, { norm });
    const model = await reference(t);
    const start = t.start(seeded(3));
    const [first] = stepsOf(1);
    model.write({ ...start, ...t.tables, ...first!.inputs });
    const found = model.gradients();
    for (const [name, numbers] of Object.entries(start)) {
      const at = numbers.length >> 1;
      const moved = (by: number): number => {
        model.write({ [name]: Float64Array.from(numbers, (x, n) => (n === at ? x + by : x)) });
        return model.loss();
      };
      const slope = (moved(H) - moved(-H)) / (2 * H);
      model.write({ [name]: numbers });
      expect(Math.abs(found[name]![at]! - slope), `${name}[${at}]: ${found[name]![at]}, not ${slope}`).toBeLessThan(
        1e-6 * Math.max(1, Math.abs(slope)),
      );
    }
  });
});
