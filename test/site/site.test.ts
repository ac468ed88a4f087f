/** The site as its readers get it: every link leads somewhere, what is searched for is found, kernels are coloured. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import MiniSearch from "minisearch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromHash } from "../../playground/state.ts";
import { buildSite, type Built } from "../../site/build.ts";
import { serveFolder } from "../../site/serve.ts";
import type { Found } from "../../site/search.ts";
import { browserOr } from "../playground/serve.ts";

const folder = mkdtempSync(join(tmpdir(), "tfx-site-"));
let built: Built;
beforeAll(async () => {
  built = await buildSite(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string): string => readFileSync(join(folder, file), "utf8");
const pages = (): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((f) => f.replaceAll("\\", "/"))
    .filter((f) => f.endsWith(".html"));
const attributes = (html: string, name: string): readonly string[] =>
  [...html.matchAll(new RegExp(`<[a-z][a-z0-9]* [^>]*?\\b${name}="([^"]*)"`, "g"))].map((m) =>
    (m[1] ?? "").replaceAll("&amp;", "&"),
  );

describe("links", () => {
  test("the sources have none that lead nowhere", () => expect(built.dead).toEqual([]));

  test("every link of every page leads to a file of the site, and its anchor to a place there", () => {
    const ids = new Map(pages().map((p) => [p, attributes(read(p), "id")]));
    const wrong: string[] = [];
    let looked = 0;
    for (const page of pages().filter((p) => !p.startsWith("files/grammar"))) {
      const html = read(page);
      for (const link of [...attributes(html, "href"), ...attributes(html, "src")]) {
        if (/^(?:https?|mailto|data):/.test(link)) continue;
        looked += 1;
        const [file = "", anchor = ""] = link.split("#");
        const path = file === "" ? page : posix.join(posix.dirname(page), decodeURIComponent(file));
        // Built by Vite, which the playground's own test does; what stands behind its `#` is a program.
        if (path === "playground/index.html") continue;
        if (!existsSync(join(folder, path))) wrong.push(`${page}: ${link}`);
        else if (anchor !== "" && !(ids.get(path) ?? []).includes(decodeURIComponent(anchor)))
          wrong.push(`${page}: ${link}, no such anchor`);
      }
    }
    expect(wrong).toEqual([]);
    expect(looked).toBeGreaterThan(5000);
  });

  test("no page has an anchor twice", () => {
    const twice = pages().filter((p) => {
      const ids = attributes(read(p), "id");
      return new Set(ids).size !== ids.length;
    });
    expect(twice).toEqual([]);
  });

  test("programs open in the playground as they are", async () => {
    const link = attributes(read("tutorial.html"), "href").find((h) => h.startsWith("playground/index.html#"));
    const state = await fromHash(link?.split("#")[1] ?? "");
    expect(state?.text).toContain("kernel attention(");
    expect(readFileSync("docs/tutorial.md", "utf8")).toContain(state?.text);
  });
});

describe("pages", () => {
  test("there is one for each document, message and file of the library", () => {
    const all = pages();
    for (const p of [
      "index.html",
      "tutorial.html",
      "language.html",
      "errors/TFX2103.html",
      "std/attention/causal.html",
      "library.html",
    ])
      expect(all).toContain(p);
    expect(all.filter((p) => p.startsWith("std/")).length).toBe(
      readdirSync("stdlib", { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".tfx")).length,
    );
    expect(built.pages).toBeGreaterThan(220);
  });

  test("kernels are coloured by the grammar, and their signs stay signs", () => {
    expect(read("index.html")).toContain('<span class="k">kernel</span> <span class="f">attention</span>');
    expect(read("std/attention/causal.html")).toContain(
      '&lt;<span class="t">T</span>: <span class="t">f32</span> | <span class="t">f16</span>&gt;',
    );
  });

  test("a file of the library says its plan, its paper and its text", () => {
    const html = read("std/attention/causal.html");
    expect(html).toContain("1 pass over j: max, sum, sum[e]");
    expect(html).toContain('href="https://arxiv.org/abs/2205.14135"');
    // The signature alone, and the whole text.
    expect(html.split(") -&gt; (o: ").length).toBe(3);
    expect(html.split('<span class="k">let</span> s = ').length).toBe(2);
  });
});

test("what is searched for is found", () => {
  const parts = JSON.parse(read("assets/search.json")) as readonly Found[];
  const index = new MiniSearch<Found & { readonly id: number }>({
    fields: ["title", "page", "text"],
    storeFields: ["url"],
  });
  index.addAll(parts.map((p, id) => ({ ...p, id })));
  const urls = (words: string): readonly string[] =>
    index
      .search(words, { combineWith: "AND", boost: { title: 4, page: 2 } })
      .slice(0, 5)
      .map((f) => String(f["url"]));
  expect(urls("TFX2103").some((u) => u.startsWith("errors/TFX2103.html"))).toBe(true);
  expect(urls("recurrences").some((u) => u.startsWith("language.html#recurrences"))).toBe(true);
  expect(urls("2205.14135").some((u) => u.startsWith("std/"))).toBe(true);
});

test("in a browser: search by keyboard, and a menu and no scrolling aside on a phone", async (context) => {
  const browser = await browserOr();
  if (typeof browser === "string") return context.skip(browser);
  const { url, server } = await serveFolder(folder, 0);
  try {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    const failures: string[] = [];
    page.on("pageerror", (e) => failures.push(e.message));
    await page.goto(`${url}language.html`);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    expect(await page.locator("#site-menu").isVisible()).toBe(false);
    await page.locator("#site-open-menu").click();
    expect(await page.locator("#site-menu a[aria-current]").innerText()).toBe("The language");
    await page.keyboard.press("/");
    await page.keyboard.type("rms norm add");
    await page.locator("#site-found a").first().waitFor();
    expect(await page.locator("#site-found a strong").allInnerTexts()).toContainEqual(
      expect.stringContaining("add_rmsnorm"),
    );
    await page.keyboard.press("Enter");
    await page.waitForURL(/#|std\//);
    expect(failures).toEqual([]);
    await page.close();
  } finally {
    server.close();
    await browser.close();
  }
});
