/**
 * `npm run bench`: the compiler's kernels beside onnxruntime-web, jax-js and hand-written ones, in one page of a headless
 * Chromium, interleaved. Options: --rounds N, --only CASE (several), --json FILE, --browser PATH, --hardware, --no-save.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { descendantsCpuMs } from "./cpu-time.ts";
import { openBrowser } from "./chromium.ts";
import type { PageOptions, PageResult } from "./page/main.ts";
import { CASES } from "./page/cases.ts";
import { serve } from "./server.ts";
import { printResult } from "./table.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    browser: { type: "string" },
    hardware: { type: "boolean", default: false },
    "no-save": { type: "boolean", default: false },
  },
});

/** Installs the peers in a folder of their own; the reason when that fails. */
const installPeers = (): string | null => {
  if (existsSync(path("peers/node_modules/onnxruntime-web/dist")) && existsSync(path("peers/node_modules/@jax-js/jax")))
    return null;
  console.error("installing the peers into bench/peers (150 MB)");
  try {
    const options = { cwd: path("peers"), stdio: "pipe", shell: process.platform === "win32" } as const;
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], options);
    return null;
  } catch (e) {
    return `npm ci in bench/peers failed: ${e instanceof Error ? e.message.split("\n").slice(0, 3).join(" ") : String(e)}`;
  }
};

const pageCode = async (): Promise<string> => {
  const result = await build({
    entryPoints: [path("page/main.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
  });
  return result.outputFiles[0]?.text ?? "";
};

const HTML = `<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>`;

const run = async (options: PageOptions): Promise<PageResult> => {
  const pages = new Map([
    ["/", HTML],
    ["/page.js", await pageCode()],
    ["/kernels.tfx", readFileSync(path("kernels.tfx"), "utf8")],
    ["/prelude.tfx", readFileSync(path("../stdlib/prelude.tfx"), "utf8")],
  ]);
  const server = await serve(pages, path("peers/node_modules"));
  const cache = path("../node_modules/.cache/tfx/chromium");
  const browser = await openBrowser({ path: flags.browser ?? null, hardware: flags.hardware, cache });
  try {
    const page = await browser.newPage();
    page.on("console", (m) => console.error(m.text()));
    page.on("pageerror", (e) => console.error(String(e)));
    await page.exposeFunction("browserCpuMs", () => {
      const ms = descendantsCpuMs(process.pid);
      return Number.isNaN(ms) ? null : ms;
    });
    await page.goto(server.url);
    await page.waitForFunction("globalThis.runBench !== undefined");
    return await page.evaluate<PageResult>(`runBench(${JSON.stringify(options)})`);
  } finally {
    await browser.close();
    server.close();
  }
};

const versionOf = (name: string): string => {
  const { dependencies } = JSON.parse(readFileSync(path("peers/package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return dependencies[name] ?? "";
};

const unknown = flags.only.find((name) => !CASES.some((c) => c.name === name));
const rounds = Number(flags.rounds);
if (unknown !== undefined || !Number.isInteger(rounds) || rounds < 1) {
  console.error(
    unknown === undefined
      ? "--rounds wants a whole number"
      : `no case ${unknown}; there are ${CASES.map((c) => c.name).join(", ")}`,
  );
  process.exit(2);
}
const result = await run({ rounds, only: flags.only, missing: installPeers() });
const date = new Date().toISOString();
const record = {
  date,
  cpu: cpus()[0]?.model ?? "",
  cores: cpus().length,
  rounds,
  peers: { "onnxruntime-web": versionOf("onnxruntime-web"), "@jax-js/jax": versionOf("@jax-js/jax") },
  ...result,
};
console.log(printResult(result));
const slug = result.adapter
  .toLowerCase()
  .replace(/[^a-z0-9]+/g, "-")
  .replace(/^-|-$/g, "");
const file = flags.json ?? path(`results/${date.slice(0, 10)}-${slug}.json`);
if (!flags["no-save"]) {
  mkdirSync(path("results"), { recursive: true });
  writeFileSync(file, `${JSON.stringify(record, null, 1)}\n`);
  console.log(`\nwritten: ${file}`);
}
