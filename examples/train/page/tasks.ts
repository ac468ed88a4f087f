/** `node examples/train/page/tasks.ts` serves the page; with `build FOLDER` it writes it as static files. */
import { fileURLToPath } from "node:url";
import { build, createServer, type InlineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const [task = "serve", folder = here("dist")] = process.argv.slice(2);

const config: InlineConfig = {
  root: here("."),
  base: "./",
  configFile: false,
  worker: { format: "es" },
  server: { fs: { allow: [here("../../..")] } },
  build: { outDir: folder, emptyOutDir: true, target: "es2024", chunkSizeWarningLimit: 2000 },
};

if (task === "build") await build({ ...config, logLevel: "warn" });
else {
  const server = await createServer(config);
  await server.listen();
  server.printUrls();
}
