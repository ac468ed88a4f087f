/** The playground from the outside: type, error, fix, derivation, pictures, run, link. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { browserOr, servePlayground, type Served } from "./serve.ts";

let served: Served;
let browser: Browser | string;
/** What went wrong in pages without anyone asking. */
const faults: string[] = [];

beforeAll(async () => {
  [served, browser] = await Promise.all([servePlayground(), browserOr()]);
});
afterAll(async () => {
  if (browser !== undefined && typeof browser !== "string") await browser.close();
  served?.close();
});

/** A page that has compiled what its link says. */
const open = async (context: TestContext, hash = ""): Promise<Page> => {
  if (typeof browser === "string") return context.skip(browser);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (m) => {
    if (m.type() === "error") faults.push(m.text());
  });
  await page.goto(`${served.url}${hash}`);
  await page.waitForSelector("body[data-compiled=true]");
  return page;
};

/** Waits for a text in an element. */
const says = (page: Page, selector: string, text: RegExp): Promise<unknown> =>
  page.waitForFunction(([s, t]) => new RegExp(t).test(document.querySelector(s)?.textContent ?? ""), [
    selector,
    text.source,
  ] as const);

/** Another text in place of the line that has `from`. */
const replace = async (page: Page, from: string, to: string): Promise<void> => {
  await page.locator(".cm-line", { hasText: from }).first().click();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+End");
  await page.keyboard.insertText(to);
};

/** What the picture says of a square causal mask, counted tile by tile. */
const causalTiles = (size: number, rows: number, cells: number): string => {
  let [skipped, edge, whole] = [0, 0, 0];
  for (let i = 0; i < size; i += rows)
    for (let j = 0; j < size; j += cells) {
      if (j > i + rows - 1) skipped++;
      else if (j + cells - 1 <= i) whole++;
      else edge++;
    }
  return `Mask over i and j: of ${skipped + edge + whole} tiles ${skipped} are skipped, ${edge} are on an edge, ${whole} are whole`;
};

test("a first visit downloads less than 500 KiB", () => {
  const total = Number(/([\d.]+) KiB gz {2}in all/.exec(served.printed)?.[1]);
  expect(total).toBeGreaterThan(100);
  expect(total).toBeLessThan(500);
});

test("type, error, fix, look, run, link, library", async (context) => {
  const page = await open(context);

  // A mistake: it is said, what last compiled stays, a click mends it.
  await replace(page, "o = sum", "  o = sum[j](softmx[j](s) * v)");
  await page.waitForSelector("body[data-compiled=false]");
  const message = page.locator("#messages .error").first();
  expect(await message.innerText()).toContain("softmx");
  expect(await page.locator(".cm-lintRange-error").count()).toBeGreaterThan(0);
  expect(await page.locator("#left.stale, #right.stale").count()).toBe(2);
  await message.getByRole("button").click();
  await page.waitForSelector("body[data-compiled=true]");
  expect(await page.locator(".cm-content").innerText()).toContain("softmax[j](s) * v");
  expect(await page.locator("#messages .error").count()).toBe(0);

  // A line of the plan lights up the formula and the derivation, a word of the formula its lines of WGSL.
  await page.click("#tab-plan");
  await page.locator("#pane-plan li", { hasText: "p_v_sum" }).first().hover();
  await page.waitForSelector(".cm-lit");
  expect(await page.locator(".cm-lit").first().innerText()).toContain("softmax[j](s) * v");
  expect((await page.locator("#pane-derivation .line.lit").allInnerTexts()).join("\n")).toContain("p_v_sum[d]");
  await page.click("#tab-wgsl");
  await page.locator(".cm-content").getByText("logsumexp").hover();
  await page.waitForSelector("#pane-wgsl li.lit");
  expect((await page.locator("#pane-wgsl li.lit").allInnerTexts()).join("\n")).toContain("lse[");

  // The mask at another length, in the tiles that the page speaks of.
  await page.getByLabel("size N", { exact: true }).fill("40");
  await page.getByLabel("size M", { exact: true }).fill("52");
  await page.click("#tab-pictures");
  await page.locator("#length").fill("11");
  await says(page, "#pane-pictures", /N=2048 M=2048/);
  const drawn = await page.locator("#pane-pictures").innerText();
  const [rows = 0, cells = 0] = /decides about (\d+) x (\d+) cells/.exec(drawn)?.slice(1).map(Number) ?? [];
  const mask = await page.locator("#pane-pictures svg.mask").getAttribute("aria-label");
  expect(mask).toBe(causalTiles(2048, rows, cells));
  await page.waitForSelector("#pane-pictures canvas[aria-label]");
  expect(await page.locator("#pane-pictures canvas").getAttribute("aria-label")).toMatch(
    /^p over i and j, from 0 to 1$/,
  );

  // On the GPU beside the meaning.
  await page.locator("#tab-pictures").press("ArrowRight");
  await page.click("#run");
  await says(page, "#run-status", /done|failed/);
  const said = await page.locator("#run-result").innerText();
  expect(said).toMatch(/On .*median of \d+/);
  expect(said).toContain("o [1, 2, 40, 32]");
  expect(await page.locator("#run-result .ok").count()).toBe(2);
  expect(await page.locator("#run-result .bad").count()).toBe(0);

  // Two side by side: the same formula for another target.
  await page.click("#tab-compare");
  await page.click("#keep");
  await page.locator("#target").selectOption("software");
  await says(page, "#pane-compare table", /this: attention, software.*kept: attention, baseline/);
  await says(page, "#pane-compare", /Meaning: the same/);
  await page.click("#swap");
  await says(page, "#pane-compare table", /this: attention, baseline.*kept: attention, software/);
  expect(await page.locator("#target").inputValue()).toBe("baseline");
  await page.click("#tab-run");

  // All of it comes back from the link.
  await page.click("#copy-link");
  await says(page, "#copy-link", /Copied|See address/);
  const again = await open(context, await page.evaluate(() => location.hash));
  expect(await again.getByLabel("size M", { exact: true }).inputValue()).toBe("52");
  expect(await again.locator("#tab-run").getAttribute("aria-selected")).toBe("true");
  await again.click("#tab-pictures");
  expect(await again.locator("#pane-pictures svg.mask").getAttribute("aria-label")).toBe(mask);
  expect(await again.locator("#pane-wgsl").innerText()).toBe(await page.locator("#pane-wgsl").innerText());

  await again.click("#tab-compare");
  await says(again, "#pane-compare table", /this: attention, baseline.*kept: attention, software/);

  // A kernel of the library, on a phone: nothing scrolls sideways.
  await again.setViewportSize({ width: 390, height: 844 });
  await again.click("#open-library");
  await says(again, "#entries", /softmax/);
  await again.fill("#search", "text recogniser");
  expect(await again.locator("#entries small").allInnerTexts()).toContain("examples/ocr/recogniser · attention");
  await again.fill("#search", "norm/layernorm");
  await again.locator("#entries button").first().click();
  await says(again, "#pane-wgsl", /layernorm/);
  expect(await again.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(faults).toEqual([]);
});
