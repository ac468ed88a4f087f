/** Serves the bench's page from memory and the peers' packages from disk, isolated as onnxruntime-web wants it. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

export type Served = { readonly url: string; readonly close: () => void };

/** `pages`: texts by path. `folder`: what is below `/peers/`. */
export const serve = (pages: ReadonlyMap<string, string>, folder: string): Promise<Served> => {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("Content-Type", TYPES[path === "/" ? ".html" : extname(path)] ?? "text/plain");
    const page = pages.get(path);
    if (page !== undefined) {
      response.end(page);
      return;
    }
    const file = join(folder, normalize(path.replace(/^\/peers\//, "/")));
    if (path.startsWith("/peers/") && existsSync(file) && statSync(file).isFile()) {
      createReadStream(file).pipe(response);
      return;
    }
    response.statusCode = 404;
    response.end("not found");
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve({ url: `http://127.0.0.1:${port}/`, close: () => server.close() });
    });
  });
};
