/** A Chromium with WebGPU: the system's, or the headless one that the npm package @sparticuz/chromium carries. */
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser } from "playwright-core";

const COMMON = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  // Creating a pipeline can take seconds on a software adapter.
  "--disable-gpu-watchdog",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The first of the usual names on PATH, or null. */
const systemChromium = (): string | null => {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path)) ?? null;
};

/** Unpacks the package's browser into `cache`; it always unpacks into the temporary folder. */
const packagedChromium = async (cache: string): Promise<string> => {
  const before = process.env["TMPDIR"];
  mkdirSync(cache, { recursive: true });
  process.env["TMPDIR"] = cache;
  try {
    const { default: packaged } = await import("@sparticuz/chromium");
    return await packaged.executablePath();
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
};

export type BrowserOptions = {
  /** Path of a browser; null: find one. */
  readonly path: string | null;
  /** The GPU of the system and not SwiftShader. */
  readonly hardware: boolean;
  readonly cache: string;
};

/** Rejects with a reason when no browser can be started. */
export const openBrowser = async (options: BrowserOptions): Promise<Browser> => {
  const executablePath = options.path ?? systemChromium() ?? (await packagedChromium(options.cache));
  const adapter = options.hardware ? ["--enable-features=Vulkan"] : ["--use-webgpu-adapter=swiftshader"];
  return chromium.launch({ executablePath, headless: true, args: [...COMMON, ...adapter], timeout: 60_000 });
};
