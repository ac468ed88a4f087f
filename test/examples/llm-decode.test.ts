/** examples/llm-decode: the tokens of a plain program in f64, past the end of the cache; nothing is made after the first step; the page. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDecoder, HISTORY, type Sampling } from "../../examples/llm-decode/decoder.ts";
import { kernelsOn, trainedWeights } from "../../examples/llm-decode/kernels.ts";
import { CHARACTERS, decode, encode, MODEL, randomFrom } from "../../examples/llm-decode/model.ts";
import { createReference, draw } from "../../examples/llm-decode/reference.ts";
import { openDevice, targetOf } from "../../src/cli/device.ts";
import { browserOr, serveDecoder, type Served } from "../playground/serve.ts";
import type { Kernel } from "../../src/runtime/index.ts";
import { adapter as findAdapter } from "../runtime/artifacts.ts";

const isFull = process.env["TFX_ALL_STACKS"] === "1";
const weights = trainedWeights();

/** The tokens that the plain program draws behind a prompt. */
const expected = (prompt: readonly number[], count: number, { temperature, top }: Sampling, seed: number): number[] => {
  const next = createReference(weights);
  const random = randomFrom(seed);
  const drawn: number[] = [];
  for (let n = 0; n < count; n++) {
    const { probabilities } = next(prompt[n] ?? drawn[n - 1] ?? 0);
    drawn.push(draw(probabilities(temperature), top, random()));
  }
  return drawn;
};

describe("on a device", () => {
  /** Counted: what is made on the device. */
  const made = { buffers: 0, live: 0, groups: 0, pipelines: 0 };
  let device: GPUDevice | null = null;
  let kernels: ReadonlyMap<string, Kernel>;
  beforeAll(async () => {
    const adapter = await findAdapter();
    if (adapter === null) return;
    const target = targetOf(adapter, "tint");
    const opened = await openDevice(adapter, target);
    const { createBuffer, createBindGroup, createComputePipelineAsync } = opened;
    opened.createBuffer = (d) => {
      const buffer = createBuffer.call(opened, d);
      const { destroy } = buffer;
      made.buffers++;
      made.live++;
      buffer.destroy = () => {
        made.live--;
        return destroy.call(buffer);
      };
      return buffer;
    };
    opened.createBindGroup = (d) => (made.groups++, createBindGroup.call(opened, d));
    opened.createComputePipelineAsync = (d) => (made.pipelines++, createComputePipelineAsync.call(opened, d));
    kernels = await kernelsOn(opened, target);
    device = opened;
  }, 120_000);
  afterAll(() => device?.destroy());

  test("draws what a plain program draws, past the end of the cache", { timeout: 120_000 }, async (context) => {
    if (device === null) return context.skip("no adapter: see test/gpu/setup.ts");
    const prompt = encode("A kernel ");
    for (const [sampling, count] of [
      [{ temperature: 1, top: 0.9 }, MODEL.M + 12],
      [{ temperature: 0.6, top: 0.5 }, 16],
      [{ temperature: 1.5, top: 1 }, 16],
    ] as const) {
      const decoder = createDecoder(device, kernels, weights, sampling);
      const random = randomFrom(3);
      for (let n = 0; n < count; n++) decoder.step(random(), prompt[n]);
      expect([...(await decoder.tokens(count))]).toEqual(expected(prompt, count, sampling, 3));
      decoder.destroy();
    }
  });

  const STEPS = isFull ? 10_000 : 200;
  test(`${STEPS} steps make no buffer, bind group or pipeline`, { timeout: 600_000 }, async (context) => {
    if (device === null) return context.skip("no adapter: see test/gpu/setup.ts");
    const before = made.live;
    const decoder = createDecoder(device, kernels, weights, { temperature: 1, top: 0.9 });
    const random = randomFrom(1);
    decoder.step(random(), 0);
    const first = { ...made };
    for (let n = 1; n < STEPS; n++) {
      decoder.step(random());
      if (n % 100 === 0) await device.queue.onSubmittedWorkDone();
    }
    expect(made).toEqual(first);
    const tokens = await decoder.tokens(HISTORY);
    expect(tokens).toHaveLength(Math.min(STEPS, HISTORY));
    expect(tokens.every((t) => t >= 0 && t < CHARACTERS.length)).toBe(true);
    expect(new Set(tokens).size).toBeGreaterThan(5);
    expect(made).toEqual(first);
    decoder.destroy();
    expect(made.live).toBe(before);
  });
});

describe("the page", () => {
  let served: Served;
  let browser: Browser | string;
  beforeAll(async () => {
    [served, browser] = await Promise.all([serveDecoder(), browserOr()]);
  }, 120_000);
  afterAll(async () => {
    if (browser !== undefined && typeof browser !== "string") await browser.close();
    served?.close();
  });

  test("writes what a plain program writes", { timeout: 300_000 }, async (context) => {
    if (typeof browser === "string") return context.skip(browser);
    const page = await browser.newPage({ viewport: { width: 900, height: 700 } });
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (r) => {
      if (!/^(data|blob):/.test(r.url()) && !r.url().startsWith(served.url)) faults.push(`asked for ${r.url()}`);
    });
    await page.goto(served.url);
    await page.waitForSelector("body[data-ready=true]", { timeout: 120_000 });
    await page.fill("#beginning", "The plan ");
    await page.fill("#length", "40");
    await page.click("#go");
    await page.waitForSelector("body[data-done=true]", { timeout: 120_000 });
    const prompt = encode("The plan ");
    const drawn = expected(prompt, prompt.length + 39, { temperature: 0.7, top: 0.9 }, 1).slice(prompt.length - 1);
    expect(await page.locator("#text").textContent()).toBe(`The plan ${decode(drawn)}`);
    expect(await page.locator("#state").innerText()).toMatch(/^40 tokens, \d+ a second on /);
    expect(faults).toEqual([]);
  });
});
