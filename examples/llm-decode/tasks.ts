/** `node examples/llm-decode/tasks.ts` serves the page; with `build FOLDER` it writes it as static files. */
import { fileURLToPath } from "node:url";
import { build, createServer, type InlineConfig } from "vite";
import tfx from "../../src/plugin/vite.ts";
import { MODEL } from "./model.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const [task = "serve", folder = here("dist")] = process.argv.slice(2);

const config: InlineConfig = {
  root: here("."),
  base: "./",
  configFile: false,
  resolve: { alias: { "tfx-lang/runtime": here("../../src/runtime/index.ts") } },
  plugins: [tfx({ dims: { D: MODEL.D, E: MODEL.E, T: 1 } })],
  build: { outDir: folder, emptyOutDir: true, target: "es2024", assetsInlineLimit: 0 },
};

if (task === "build") await build({ ...config, logLevel: "warn" });
else {
  const server = await createServer(config);
  await server.listen();
  server.printUrls();
}
