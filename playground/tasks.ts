/**
 * `npm run playground` serves the page; `npm run playground -- build [FOLDER]` writes it as static files, which any host can serve, and
 * prints what a first visit downloads.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, createServer, type InlineConfig } from "vite";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const [task = "serve", folder = join(ROOT, "dist")] = process.argv.slice(2);

/** What a first visit may download, in units of 1024 bytes after gzip. */
const GOAL = 500;

const config: InlineConfig = {
  root: ROOT,
  base: "./",
  configFile: false,
  worker: { format: "es" },
  build: { outDir: folder, emptyOutDir: true, target: "es2024", chunkSizeWarningLimit: 2000 },
};

const printSizes = (): void => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  let total = 0;
  for (const f of files) {
    const path = join(f.parentPath, f.name);
    const size = gzipSync(readFileSync(path), { level: 9 }).length;
    total += size;
    console.log(`${(size / 1024).toFixed(1).padStart(7)} KiB gz  ${f.name}`);
  }
  console.log(`${(total / 1024).toFixed(1).padStart(7)} KiB gz  in all, of ${GOAL}`);
  if (total > GOAL * 1024) {
    console.error("the first visit downloads too much");
    process.exitCode = 1;
  }
};

if (task === "build") {
  await build({ ...config, logLevel: "warn" });
  printSizes();
} else if (task === "serve") {
  const server = await createServer(config);
  await server.listen();
  server.printUrls();
} else {
  console.error(`no task ${task}: there are serve and build [FOLDER]`);
  process.exitCode = 2;
}
