/** Steps on a device beside the same steps in f64, and what a training promises: bits, memory, messages. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromFile, toFile } from "../../examples/train/checkpoint.ts";
import { seeded } from "../../examples/train/random.ts";
import type { Target } from "../../src/base/target.ts";
import { openDevice, targetOf } from "../../src/cli/device.ts";
import { createTraining, planTraining, type Training } from "../../src/train/index.ts";
import { adapter } from "../runtime/artifacts.ts";
import { reference, resolveImport, SIZES, stepsOf, tiny } from "./tiny.ts";

const made: { readonly destroy: () => void }[] = [];
let opened: { readonly device: GPUDevice; readonly target: Target } | null = null;
beforeAll(async () => {
  const gpu = await adapter();
  if (gpu === null) return;
  const target = targetOf(gpu, "tint");
  opened = { target, device: await openDevice(gpu, target) };
});
afterAll(() => {
  for (const m of made) m.destroy();
  opened?.device.destroy();
});

/** The losses of some steps, one after the other. */
const run = async (training: Training, steps: ReturnType<typeof stepsOf>): Promise<readonly number[]> => {
  const losses: number[] = [];
  for (const step of steps) losses.push(await training.step(step));
  return losses;
};

test("steps as in f64, the same bits again and after a checkpoint, and what is refused", async (context) => {
  if (opened === null) return context.skip("no WebGPU adapter");
  const { device, target } = opened;
  const t = tiny("causal", { norm: "scalenorm" });
  const training = await createTraining(device, await planTraining(t.model, { target, resolveImport }));
  made.push(training);
  const start = { ...t.start(seeded(3)), ...t.tables };
  training.write(start);
  const steps = stepsOf(16);
  const exact = await reference(t);
  exact.write(start);
  const expected = steps.map((step) => exact.step(step));
  expect(expected[0]! - expected.at(-1)!).toBeGreaterThan(0.3);

  const first = await run(training, steps.slice(0, 4));
  const state = await training.save();
  expect(Object.keys(state).sort()).toEqual(["m", "p", "v"]);
  const whole = [...first, ...(await run(training, steps.slice(4)))];
  const end = await training.save();
  for (const [n, loss] of whole.entries())
    expect(Math.abs(loss - expected[n]!), `step ${n + 1}: ${loss}, not ${expected[n]}`).toBeLessThan(1e-3);

  // From the checkpoint, through its file, and from the beginning.
  const config = { attention: "causal", norm: "scalenorm", sizes: SIZES, vocabulary: 16 } as const;
  const file = toFile({ config, seed: 3, steps: 4, state });
  expect(fromFile(file)).toEqual({ config, seed: 3, steps: 4, state });
  expect(() => fromFile(file.slice(0, -1))).toThrow("ends too early");
  training.load(fromFile(file).state);
  expect(await run(training, steps.slice(4))).toEqual(whole.slice(4));
  expect(await training.save()).toEqual(end);
  training.load({ p: state["p"]!, m: state["m"]!.map(() => 0), v: state["v"]!.map(() => 0) });
  training.write(start);
  expect(await run(training, steps)).toEqual(whole);

  // The forward pass alone, what is kept, and what is refused.
  const [batch] = steps;
  training.write(start);
  exact.write({ ...start, ...batch!.inputs });
  expect(Math.abs((await training.forward(batch!.inputs)) - exact.loss())).toBeLessThan(1e-5);
  expect((await training.read("logits")).length).toBe(SIZES.batch * SIZES.length * t.model.parameters["head"]![1]!);
  expect(await training.read("block0.wq")).toEqual(start["block0.wq"]);
  await expect(training.read("block0.q")).rejects.toThrow("block0.q is not kept");
  expect(() => training.write({ wq: new Float32Array(1) })).toThrow("no input and no parameter wq");
  expect(() => training.write({ token: new Int32Array(3) })).toThrow("token has 12 bytes");
  expect(() => training.load({ p: new Float32Array(3) })).toThrow("p has 12 bytes");
});
