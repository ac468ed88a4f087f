/**
 * `npm run bench:gpu`: makes a folder that can be carried to a Linux machine (x86-64) with a GPU and nothing but its driver:
 * Node, Dawn, a Vulkan loader, the compiler and the kernels' texts. There: `./run.sh`. Options: --out FOLDER, --run (also run it
 * here), --software (with --run: on SwiftShader).
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { softwareDriver } from "../../src/cli/adapters.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const { values: flags } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "node_modules/.cache/tfx/bench-gpu") },
    run: { type: "boolean", default: false },
    software: { type: "boolean", default: false },
  },
});
const out = flags.out;

const copy = (from: string, to: string): void => {
  mkdirSync(dirname(join(out, to)), { recursive: true });
  copyFileSync(from, join(out, to));
};

if (process.platform !== "linux" || process.arch !== "x64") {
  console.error("the folder is made on Linux x86-64, where its programs come from");
  process.exit(1);
}
const driver = softwareDriver("swiftshader");
if (!driver.available) {
  console.error(`no Vulkan loader to carry: ${driver.reason}`);
  process.exit(1);
}
const swiftshader = dirname(driver.env["VK_ICD_FILENAMES"] ?? "");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(root, "bench/gpu/main.ts")],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  external: ["webgpu"],
  outfile: join(out, "bench/main.mjs"),
});
copy(join(root, "node_modules/node/bin/node"), "node");
chmodSync(join(out, "node"), 0o755);
copy(join(root, "bench/gpu/run.sh"), "run.sh");
chmodSync(join(out, "run.sh"), 0o755);
for (const name of ["package.json", "index.js", "LICENSE.md"])
  copy(join(root, "node_modules/webgpu", name), join("node_modules/webgpu", name));
cpSync(join(root, "node_modules/webgpu/dist/linux-x64"), join(out, "node_modules/webgpu/dist/linux-x64"), {
  recursive: true,
});
// Where the texts lie relative to the bundle is where bench/sources.ts looks.
copy(join(root, "bench/kernels.tfx"), "bench/kernels.tfx");
copy(join(root, "stdlib/prelude.tfx"), "stdlib/prelude.tfx");
copy(join(root, "test/fixtures/language.tfx"), "test/fixtures/language.tfx");
copy(join(swiftshader, "loader/libvulkan.so.1"), "loader/libvulkan.so.1");
cpSync(swiftshader, join(out, "swiftshader"), { recursive: true });
console.log(
  `${out} is ready: carry it to the machine with the GPU and run ./run.sh there; bring the JSON back to bench/results/`,
);
if (flags.run) {
  const { status } = spawnSync(join(out, "run.sh"), flags.software ? ["--software"] : [], {
    stdio: "inherit",
    cwd: join(root, "bench/results"),
  });
  process.exit(status ?? 1);
}
