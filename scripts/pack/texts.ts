/** The programs that `npm run pack-check` puts into an empty folder, where the package is installed. */

/** Built by each bundler, and run in a browser: what it imports is what a user imports. */
export const MAIN = `import { requestDevice } from "tfx-lang/runtime";
import { attention } from "./attention.tfx";
import { attention as half } from "./attention.tfx?D=8";
import shader from "./attention.tfx?wgsl";
const run = async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await requestDevice(adapter, [attention.artifact]);
  const kernel = await attention(device);
  const x = (n) => Float32Array.from({ length: 5 * 8 }, (_, i) => Math.sin(i * n));
  const { outputs } = await kernel.run({ inputs: { q: x(1), k: x(2), v: x(3) } });
  if (!shader.includes("@compute") || half.artifact.constants.D !== 8) throw new Error("the queries");
  return [...outputs.o];
};
globalThis.result = run().catch((error) => String(error));
`;

/** Builds `src/main.js` into `out/NAME/main.js` with the bundler that is named. */
export const BUILD = `import { resolve } from "node:path";
const which = process.argv[2];
const entry = resolve("src/main.js");
const out = resolve("out", which);
const plugin = (await import("tfx-lang/" + which)).default({ dims: { D: 8 } });
const makers = {
  vite: async () => {
    const { build } = await import("vite");
    const lib = { entry, formats: ["es"], fileName: () => "main.js" };
    await build({ logLevel: "warn", configFile: false, plugins: [plugin], build: { outDir: out, lib, target: "esnext" } });
  },
  rollup: async () => {
    const { rollup } = await import("rollup");
    const { default: node } = await import("@rollup/plugin-node-resolve");
    await (await rollup({ input: entry, plugins: [plugin, node()] })).write({ file: out + "/main.js" });
  },
  rolldown: async () => {
    const { build } = await import("rolldown");
    await build({ input: entry, plugins: [plugin], output: { file: out + "/main.js" } });
  },
  esbuild: async () => {
    const { build } = await import("esbuild");
    await build({ entryPoints: [entry], bundle: true, format: "esm", outfile: out + "/main.js", plugins: [plugin] });
  },
  webpack: async () => compile((await import("webpack")).default),
  rspack: async () => compile((await import("@rspack/core")).rspack),
  bun: async () => {
    const { success, logs } = await Bun.build({ entrypoints: [entry], outdir: out, plugins: [plugin], format: "esm" });
    if (!success) throw new Error(logs.join("\\n"));
  },
};
const compile = (make) =>
  new Promise((done, fail) => {
    const compiler = make({ mode: "production", context: resolve("."), entry, output: { path: out, filename: "main.js" }, plugins: [plugin] });
    compiler.run((error, stats) =>
      error || stats.hasErrors() || stats.hasWarnings() ? fail(error ?? new Error(stats.toString())) : compiler.close(done),
    );
  });
await makers[which]();
`;

/** A page without a bundler: an import map, and the files that \`tfx compile\` wrote. */
export const PLAIN_PAGE = `<!doctype html>
<script type="importmap">{ "imports": { "tfx-lang/runtime": "./node_modules/tfx-lang/dist/runtime/index.js" } }</script>
<script type="module">
  import { createKernel, requestDevice } from "tfx-lang/runtime";
  const run = async () => {
    const artifact = await (await fetch("plain/attention.json")).json();
    const wgsl = await (await fetch("plain/attention.wgsl")).text();
    const device = await requestDevice(await navigator.gpu.requestAdapter(), [artifact]);
    const kernel = await createKernel(device, { ...artifact, wgsl });
    const x = (n) => Float32Array.from({ length: 5 * 8 }, (_, i) => Math.sin(i * n));
    const { outputs } = await kernel.run({ inputs: { q: x(1), k: x(2), v: x(3) } });
    return [...outputs.o];
  };
  globalThis.result = run().catch((error) => String(error));
</script>
`;

/** Compiles and runs, in Node on Dawn and in Deno; prints the result. */
export const PROGRAM = `import { BASELINE, compile } from "tfx-lang";
import { createKernel, requestDevice } from "tfx-lang/runtime";
import { readFileSync } from "node:fs";
const gpu = globalThis.Deno ? navigator.gpu : await (async () => {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  return (globalThis.keep = create([]));
})();
const adapter = await gpu.requestAdapter();
const [artifact] = compile(readFileSync("src/attention.tfx", "utf8"), { file: "attention.tfx", dims: { D: 8 }, target: BASELINE }).artifacts;
const device = await requestDevice(adapter, [artifact]);
const kernel = await createKernel(device, artifact);
const x = (n) => Float32Array.from({ length: 5 * 8 }, (_, i) => Math.sin(i * n));
const { outputs } = await kernel.run({ inputs: { q: x(1), k: x(2), v: x(3) } });
console.log(JSON.stringify([...outputs.o]));
device.destroy();
if (typeof adapter !== "object") throw new Error("gone");
`;

/** What all of them compute, by the formula. */
export const expectedResult = (): readonly number[] => {
  const [N, D] = [5, 8];
  const x = (n: number) => (i: number, d: number) => Math.fround(Math.sin((i * D + d) * n));
  const [q, k, v] = [x(1), x(2), x(3)];
  const features = Array.from({ length: D }, (_, d) => d);
  return Array.from({ length: N }, (_, i) => {
    const scores = Array.from({ length: i + 1 }, (_, j) =>
      Math.exp(features.reduce((s, d) => s + q(i, d) * k(j, d), 0) / Math.sqrt(D)),
    );
    const sum = scores.reduce((a, b) => a + b, 0);
    return features.map((d) => scores.reduce((s, p, j) => s + (p / sum) * v(j, d), 0));
  }).flat();
};
