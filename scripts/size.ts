/** Prints what a page downloads: the compiler and the runtime, bundled, minified, and compressed with gzip. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Entry point, and the most that its bundle may have, in units of 1024 bytes after gzip. */
const BUNDLES = [
  { name: "compiler", entry: "src/compile.ts", goal: 120 },
  { name: "runtime", entry: "src/runtime/index.ts", goal: 4 },
] as const;

const kib = (bytes: number): string => (bytes / 1024).toFixed(1).padStart(7);

console.log("bundle     minified     gzip     goal (KiB)");
for (const { name, entry, goal } of BUNDLES) {
  const options = {
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
  } as const;
  const { outputFiles } = await build({ entryPoints: [entry], ...options });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const gzip = gzipSync(code, { level: 9 }).length;
  console.log(
    `${name.padEnd(10)} ${kib(code.length)} ${kib(gzip)} ${String(goal).padStart(8)}${gzip > goal * 1024 ? "  TOO LARGE" : ""}`,
  );
  if (gzip > goal * 1024) process.exitCode = 1;
}
