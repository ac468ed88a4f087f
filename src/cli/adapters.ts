/**
 * Software Vulkan drivers for machines without a GPU: SwiftShader from npm (`@sparticuz/chromium`), and lavapipe of Mesa where
 * `scripts/install-stacks.sh` could get it. A driver is chosen with environment variables that Dawn's Vulkan loader reads.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

/** Environment variables that make the Vulkan loader use one driver, or why it cannot be had. */
export type Driver =
  | { readonly available: true; readonly env: Readonly<Record<string, string>> }
  | { readonly available: false; readonly reason: string };

export type DriverName = "swiftshader" | "lavapipe";

const unavailable = (reason: string): Driver => ({ available: false, reason });

/** The regular files of a tar archive. */
export const untar = (tar: Uint8Array): ReadonlyMap<string, Uint8Array> => {
  const text = (from: number, length: number): string =>
    Buffer.from(tar.subarray(from, from + length))
      .toString("latin1")
      .replace(/\0.*$/s, "");
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8);
    const type = text(at + 156, 1);
    if (type === "0" || type === "") files.set(basename(text(at, 100)), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
};

/** The folder of the npm package that carries SwiftShader, or null when it is not installed. */
const packageFolder = (): string | null => {
  try {
    return dirname(dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium"))));
  } catch {
    return null;
  }
};

/** `node_modules/.cache/tfx` beside the package that carries SwiftShader. */
const cacheFolder = (): string | null => {
  const folder = packageFolder();
  return folder === null
    ? null
    : join(folder.slice(0, folder.lastIndexOf("node_modules")), "node_modules", ".cache", "tfx");
};

const LOADER_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/lib/x86_64-linux-gnu",
  "/usr/lib64",
  "/lib64",
  "/usr/lib",
  "/usr/local/lib",
];

const hasLoader = (): boolean =>
  [...LOADER_FOLDERS, ...(process.env["LD_LIBRARY_PATH"] ?? "").split(delimiter)].some((folder) =>
    folder === "" ? false : existsSync(join(folder, "libvulkan.so.1")),
  );

/** `folders` in front of LD_LIBRARY_PATH, and the npm package's Vulkan loader behind it where the system has none. */
const libraryPath = (folders: readonly string[], loader: string): string =>
  [...folders, ...(process.env["LD_LIBRARY_PATH"] ?? "").split(delimiter), ...(hasLoader() ? [] : [loader])]
    .filter((folder, i, all) => folder !== "" && all.indexOf(folder) === i)
    .join(delimiter);

/** Unpacks SwiftShader and its Vulkan loader into the cache, once; the folder appears whole or not at all. */
const unpack = (cache: string): string => {
  const folder = join(cache, "swiftshader");
  if (existsSync(join(folder, "vk_swiftshader_icd.json"))) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "unpack-"));
  const archive = join(packageFolder() ?? "", "bin", "swiftshader.tar.br");
  for (const [name, bytes] of untar(brotliDecompressSync(readFileSync(archive)))) {
    // The loader gets a folder of its own: LD_LIBRARY_PATH must not offer anything else.
    const to = name.startsWith("libvulkan") ? join(fresh, "loader") : fresh;
    if (name.startsWith("libEGL") || name.startsWith("libGLES")) continue;
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, name), bytes);
  }
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(join(folder, "vk_swiftshader_icd.json"))) throw error;
  }
  return folder;
};

const swiftShader = (): Driver => {
  if (process.platform !== "linux" || process.arch !== "x64")
    return unavailable("SwiftShader from npm is for Linux on x86-64");
  const cache = cacheFolder();
  if (cache === null) return unavailable("the npm package @sparticuz/chromium, which carries it, is not installed");
  try {
    const folder = unpack(cache);
    const env = {
      VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"),
      LD_LIBRARY_PATH: libraryPath([], join(folder, "loader")),
    };
    return { available: true, env };
  } catch (error) {
    return unavailable(`it could not be unpacked: ${String(error)}`);
  }
};

const lavapipe = (): Driver => {
  const cache = cacheFolder();
  const folder = cache === null ? "" : join(cache, "lavapipe");
  if (cache === null || !existsSync(join(folder, "lvp_icd.json"))) {
    const reason = join(folder, "reason.txt");
    // Only a clone has the script.
    const isClone = existsSync(new URL("../../scripts/install-stacks.sh", import.meta.url));
    const why = existsSync(reason)
      ? `: ${readFileSync(reason, "utf8").trim()}`
      : isClone
        ? "; `npm run stacks` gets it"
        : "";
    return unavailable(`Mesa's lavapipe is not installed${why}`);
  }
  const folders = readFileSync(join(folder, "library-path.txt"), "utf8").trim().split(delimiter);
  const loader = join(unpack(cache), "loader");
  return {
    available: true,
    env: { VK_ICD_FILENAMES: join(folder, "lvp_icd.json"), LD_LIBRARY_PATH: libraryPath(folders, loader) },
  };
};

/** How to make Dawn or wgpu use a software driver. Unpacks it on first use. */
export const softwareDriver = (name: DriverName): Driver => (name === "swiftshader" ? swiftShader() : lavapipe());

/** Whether the system has a Vulkan driver of its own that is not a software one (on other systems than Linux: always). */
export const hasSystemDriver = (): boolean => {
  if (process.platform !== "linux") return true;
  if (process.env["VK_ICD_FILENAMES"] !== undefined || process.env["VK_DRIVER_FILES"] !== undefined) return true;
  const data = process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share");
  const folders = ["/usr/share", "/usr/local/share", "/etc", data].map((folder) => join(folder, "vulkan", "icd.d"));
  const manifests = folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder));
  return manifests.some((file) => file.endsWith(".json") && !/lvp|swiftshader/.test(file));
};
