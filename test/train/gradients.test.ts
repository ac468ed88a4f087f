/** Gradients of whole models, by the meaning of the kernels, against differences of the loss. */
import { describe, expect, test } from "vitest";
import { ATTENTIONS, type AttentionName } from "../../examples/train/attentions.ts";
import type { Config } from "../../examples/train/transformer.ts";
import { normal, seeded } from "../../examples/train/random.ts";
import { reference, stepsOf, tiny } from "./tiny.ts";

/** How far each parameter is moved along a random direction, there and back. */
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
    const random = seeded(5);
    for (const [name, numbers] of Object.entries(start)) {
      const way = Float64Array.from(numbers, () => normal(random));
      const moved = (by: number): number => {
        model.write({ [name]: Float64Array.from(numbers, (x, n) => x + by * way[n]!) });
        return model.loss();
      };
      const slope = (moved(H) - moved(-H)) / (2 * H);
      model.write({ [name]: numbers });
      const told = way.reduce((sum, w, n) => sum + w * found[name]![n]!, 0);
      expect(Math.abs(slope), `${name} does nothing to the loss`).toBeGreaterThan(1e-5);
      expect(Math.abs(told - slope), `${name}: ${told}, not ${slope}`).toBeLessThan(
        1e-6 * Math.max(1, Math.abs(slope)),
      );
    }
  });
});
