/** The playground as its visitors get it: built, served as static files, opened in a Chromium with WebGPU on SwiftShader. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { openBrowser } from "../../bench/chromium.ts";

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

export type Served = {
  readonly url: string;
  /** What the build printed. */
  readonly printed: string;
  readonly close: () => void;
};

/** Builds a page into a folder of its own and serves it. `task`: the program that builds it, from here. */
const servePage = async (task: string): Promise<Served> => {
  const folder = mkdtempSync(join(tmpdir(), "tfx-page-"));
  const { stdout } = await promisify(execFile)(process.execPath, [path(task), "build", folder]);
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://localhost").pathname;
    try {
      const body = readFileSync(join(folder, name === "/" ? "index.html" : name));
      response
        .writeHead(200, { "content-type": TYPES[extname(name === "/" ? "a.html" : name)] ?? "text/html" })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, done));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    printed: stdout,
    close: () => {
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
};

export const servePlayground = (): Promise<Served> => servePage("../../playground/tasks.ts");
export const serveDecoder = (): Promise<Served> => servePage("../../examples/llm-decode/tasks.ts");
export const serveOcr = (): Promise<Served> => servePage("../../examples/ocr/page/tasks.ts");
export const serveTraining = (): Promise<Served> => servePage("../../examples/train/page/tasks.ts");

/** A browser, or the reason why there is none. */
export const browserOr = async (): Promise<Browser | string> => {
  try {
    const cache = path("../../node_modules/.cache/tfx/chromium");
    return await openBrowser({ path: null, hardware: false, cache });
  } catch (error) {
    return `no Chromium: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`;
  }
};
