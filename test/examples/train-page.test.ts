/** The training page from the outside: start, the loss falls, stop, go on, a sample, a checkpoint that starts another run. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { fromFile } from "../../examples/train/checkpoint.ts";
import { browserOr, serveTraining, type Served } from "../playground/serve.ts";

let served: Served;
let browser: Browser | string;

beforeAll(async () => {
  [served, browser] = await Promise.all([serveTraining(), browserOr()]);
});
afterAll(async () => {
  if (browser !== undefined && typeof browser !== "string") await browser.close();
  served?.close();
});

test("start, stop, go on, checkpoint", { timeout: 120_000 }, async (context) => {
  if (typeof browser === "string") return context.skip(browser);
  const faults: string[] = [];
  const page = await browser.newPage({ viewport: { width: 900, height: 900 } });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(`${served.url}?batch=2&length=16&width=8&heads=2&depth=1&hidden=0`);
  const stopped = async (): Promise<number> => {
    await page.waitForFunction(() => /stopped|failed/.test(document.querySelector("#status")?.textContent ?? ""));
    const said = await page.locator("#status").innerText();
    expect(said).toMatch(/^stopped after step \d+$/);
    return Number(/\d+/.exec(said)?.[0]);
  };
  await page.fill("#steps", "100000");
  await page.click("#start");
  await page.waitForFunction(() => /^step \d{2,},/.test(document.querySelector("#status")?.textContent ?? ""));
  await page.click("#stop");
  const first = await stopped();
  expect(first).toBeGreaterThan(9);
  expect(first).toBeLessThan(100000);
  await page.fill("#steps", "25");
  await page.click("#resume");
  await page.waitForSelector("body[data-working=true]");
  await page.waitForSelector("body[data-working=false]");
  expect(await stopped()).toBe(first + 25);
  expect(await page.locator("#samples li").count()).toBe(2);
  expect(await page.locator("#samples li").first().innerText()).toContain("a kernel ");
  const [from = 0, to = 0] = (await page.locator("#curve svg").getAttribute("aria-label"))!
    .match(/[\d.]+/g)!
    .map(Number);
  expect(to).toBeLessThan(from - 0.1);
  if (process.env["TFX_SCREENSHOT"] !== undefined) await page.screenshot({ path: process.env["TFX_SCREENSHOT"] });

  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  const path = await download.path();
  expect(fromFile(readFileSync(path)).steps).toBe(first + 25);
  expect(faults).toEqual([]);
});
