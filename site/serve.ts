/** A folder of static files over HTTP, on this machine only. */
import { readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
};

export type Served = { readonly url: string; readonly server: Server };

/** Serves a folder; port 0: one that is free. */
export const serveFolder = async (folder: string, port: number): Promise<Served> => {
  const server = createServer((request, response) => {
    try {
      const name = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
      const path = join(folder, name);
      // Links inside a folder are relative to its end.
      if (statSync(path).isDirectory() && !name.endsWith("/"))
        return void response.writeHead(301, { location: `${name}/` }).end();
      const file = statSync(path).isDirectory() ? join(path, "index.html") : path;
      response
        .writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain; charset=utf-8" })
        .end(readFileSync(file));
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end("no such page\n");
    }
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(port, "127.0.0.1", done));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, server };
};
