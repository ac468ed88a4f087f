/** Imports of `.tfx` files through each bundler: the module works, and mistakes are told at their place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build as esbuild, type BuildFailure } from "esbuild";
import { rolldown } from "rolldown";
import { rollup, type RollupError } from "rollup";
import { build as vite, createServer } from "vite";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Artifact } from "../../src/codegen/artifact.ts";
import bun from "../../src/plugin/bun.ts";
import esbuildPlugin from "../../src/plugin/esbuild.ts";
import type { TfxOptions } from "../../src/plugin/options.ts";
import rolldownPlugin from "../../src/plugin/rolldown.ts";
import { tfx } from "../../src/plugin/plugin.ts";
import rollupPlugin from "../../src/plugin/rollup.ts";
import rspack from "../../src/plugin/rspack.ts";
import vitePlugin from "../../src/plugin/vite.ts";
import webpack from "../../src/plugin/webpack.ts";
import { requestDevice, type Kernel } from "../../src/runtime/index.ts";
import { adapter } from "../runtime/artifacts.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "tfx-plugin-"));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

const SCALED = `use { twice } from "./lib"
use { capped } from "std/onnx/attention"
/// Twice.
kernel scaled(x: f32[n: N, d: D]) -> y: f32[n, d] { y = twice(x) }
kernel normed(x: f32[n: N, d: D], static eps: f32 = 0) -> y: f32[n, d] { y = rms_norm[d](x, eps) }
`.replace(/use \{ capped.*\n/, "");

const write = (name: string, text: string): void => writeFileSync(join(FOLDER, name), text);
beforeEach(() => {
  write("lib.tfx", "fn twice(x) = 2 * x\n");
  write("scaled.tfx", SCALED);
  write(
    "main.js",
    `export { scaled, normed } from "./scaled.tfx";
export { normed as fixed } from "./scaled.tfx?D=8&eps=0.5&target=software";
export { default as wgsl } from "./scaled.tfx?wgsl&kernel=scaled";
`,
  );
});

const RUNTIME = "tfx-lang/runtime";
const OPTIONS: TfxOptions = { dims: { D: 4, Z: 9 }, types: { T: "f16" } };
type Built = (options: TfxOptions, warn: (text: string) => void) => Promise<string>;

const BUNDLERS: Readonly<Record<string, Built>> = {
  vite: async (options, warn) => {
    const output = await vite({
      root: FOLDER,
      configFile: false,
      logLevel: "silent",
      plugins: [vitePlugin(options)],
      build: {
        write: false,
        minify: false,
        lib: { entry: join(FOLDER, "main.js"), formats: ["es"] },
        rollupOptions: { external: [RUNTIME], onwarn: (w) => warn(w.message) },
      },
    });
    const [first] = Array.isArray(output) ? output : [output];
    return (first as unknown as { readonly output: readonly [{ readonly code: string }] }).output[0].code;
  },
  rollup: async (options, warn) => {
    const bundle = await rollup({
      input: join(FOLDER, "main.js"),
      external: [RUNTIME],
      plugins: [rollupPlugin(options)],
      onwarn: (w) => warn(w.message),
    });
    return (await bundle.generate({ format: "es" })).output[0].code;
  },
  rolldown: async (options, warn) => {
    const bundle = await rolldown({
      input: join(FOLDER, "main.js"),
      external: [RUNTIME],
      plugins: [rolldownPlugin(options)],
      onwarn: (w) => warn(w.message ?? ""),
    });
    return (await bundle.generate({ format: "es" })).output[0].code;
  },
  esbuild: async (options, warn) => {
    const { outputFiles, warnings } = await esbuild({
      entryPoints: [join(FOLDER, "main.js")],
      external: [RUNTIME],
      plugins: [esbuildPlugin(options)],
      bundle: true,
      write: false,
      format: "esm",
      logLevel: "silent",
    });
    warnings.forEach((w) => warn(w.text));
    return outputFiles[0]?.text ?? "";
  },
};

type Factory = ((device: GPUDevice) => Promise<Kernel>) & { readonly artifact: Artifact };
type Module = { readonly scaled: Factory; readonly normed: Factory; readonly fixed: Factory; readonly wgsl: string };

let built = 0;
const load = async (code: string): Promise<Module> => {
  const file = join(FOLDER, `built${built++}.mjs`);
  const runtime = new URL("../../src/runtime/index.ts", import.meta.url).href;
  writeFileSync(file, code.replaceAll(/(["'])tfx-lang\/runtime\1/g, JSON.stringify(runtime)));
  return (await import(/* @vite-ignore */ file)) as Module;
};

type Fault = {
  readonly message: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly file: string | undefined;
};
/** What a bundler fails with. */
const failure = async (build: Promise<string>): Promise<Fault> => {
  try {
    await build;
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (first !== undefined && "location" in first)
      return {
        message: first.text,
        line: first.location?.line,
        column: first.location?.column,
        file: first.location?.file,
      };
    const e = (first ?? error) as RollupError;
    return { message: `${e.message}\n${e.frame ?? ""}`, line: e.loc?.line, column: e.loc?.column, file: e.loc?.file };
  }
  throw new Error("it was built");
};

describe.each(Object.entries(BUNDLERS))("%s", (_name, build) => {
  test("kernels by import: options, a query, the shader's text, and they run", async () => {
    const said: string[] = [];
    const module = await load(await build(OPTIONS, (w) => said.push(w)));
    expect(said).toEqual([]);
    expect(module.scaled.artifact).toMatchObject({ kernel: "scaled", constants: { D: 4 }, target: "baseline" });
    expect(module.fixed.artifact).toMatchObject({ kernel: "normed", constants: { D: 8 }, target: "software" });
    expect(module.wgsl).toBe(module.scaled.artifact.wgsl);
    const gpu = await adapter();
    if (gpu === null) throw new Error("no WebGPU adapter");
    const kernel = await module.scaled(await requestDevice(gpu, [module.scaled.artifact]));
    const { outputs } = await kernel.run({ inputs: { x: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) } });
    expect(outputs).toEqual({ y: Float32Array.of(2, 4, 6, 8, 10, 12, 14, 16) });
  });

  test("a mistake is told at file, line and column with its frame", async () => {
    write("scaled.tfx", SCALED.replace("twice(x) }", "twice(z) }"));
    const { message, line, column, file } = await failure(build({}, () => {}));
    expect(message).toContain("TFX2001: unknown name `z`");
    expect(message).toContain("y = twice(z) }");
    expect(message).toContain("^");
    expect({ line, column }).toEqual({ line: 3, column: SCALED.split("\n")[2]!.indexOf("twice(x)") + "twice(".length });
    expect(file).toMatch(/scaled\.tfx$/);
  });

  test.each<[string, string, string]>([
    ["a size that no kernel has", "./scaled.tfx?Q=3", '"Q" in the query is no size, static parameter or type variable'],
    ["a target that is none", "./scaled.tfx?target=basline", 'no target "basline"; did you mean `baseline`?'],
    ["a kernel that is not there", "./scaled.tfx?kernel=scale", 'no kernel "scale"; the file has scaled, normed'],
    ["the shader of several", "./scaled.tfx?wgsl", "the file has 2 kernels; choose one: ?wgsl&kernel=scaled"],
    ["a size that is no number", "./scaled.tfx?D=many", "TFX6002"],
  ])("%s", async (_, path, expected) => {
    write("main.js", `export * from "${path}";\n`);
    expect((await failure(build({}, () => {}))).message).toContain(expected);
  });
});

test("all adapters are there", () => {
  // Bun's can be called in Bun only.
  expect(bun).toBeTypeOf("function");
  for (const adapterOf of [esbuildPlugin, rolldownPlugin, rollupPlugin, rspack, vitePlugin, webpack])
    expect(adapterOf({ dims: { D: 4 } })).toBeTruthy();
});

test("dts writes exact types beside the file, once", async () => {
  write("main.js", 'export * from "./scaled.tfx";\n');
  await BUNDLERS["rollup"]?.({ dims: { D: 4 }, dts: true }, () => {});
  const types = readFileSync(join(FOLDER, "scaled.d.tfx.ts"), "utf8");
  expect(types).toContain("export declare const scaled: KernelFactory<{");
  expect(types).toContain("readonly x: readonly [n: number, d: 4]");
});

test("a warning is told, and the module is made", async () => {
  write(
    "scaled.tfx",
    `${SCALED}kernel proj(q: f32[n: N, d: D], k: f32[m: M, d], v: f32[m, e: E]) -> o: f32[n, e] {
  o = sum[m](softmax[m](sum[d](q * k)) * v)
}
`,
  );
  const said: string[] = [];
  await BUNDLERS["rollup"]?.({ dims: { D: 4 } }, (w) => said.push(w));
  expect(said.filter((w) => w.includes("TFX4008"))).not.toEqual([]);
});

test("Vite's server makes a module anew when its file or what that imports changes", async () => {
  const server = await createServer({
    root: FOLDER,
    configFile: false,
    logLevel: "silent",
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    resolve: { alias: { [RUNTIME]: new URL("../../src/runtime/index.ts", import.meta.url).pathname } },
    plugins: [vitePlugin({ dims: { D: 4 } })],
  });
  try {
    const served = async (): Promise<string> => (await server.transformRequest("/scaled.tfx"))?.code ?? "";
    const before = await served();
    expect(before).toContain("2.0 *");
    const module = await server.environments.client.moduleGraph.getModuleByUrl("/scaled.tfx");
    const watched = [...(module?.importedModules ?? [])].map((m) => m.file);
    expect(watched.filter((f) => f?.endsWith("lib.tfx"))).toHaveLength(1);
    write("lib.tfx", "fn twice(x) = 3 * x\n");
    server.watcher.emit("change", join(FOLDER, "lib.tfx"));
    await expect.poll(served, { timeout: 5000 }).toContain("3.0 *");
    write("scaled.tfx", SCALED.replace("y = twice(x)", "y = twice(x) + 7"));
    server.watcher.emit("change", join(FOLDER, "scaled.tfx"));
    await expect.poll(served, { timeout: 5000 }).toContain("7.0");
  } finally {
    await server.close();
  }
});

test("webpack, which asks again with each answer, is not sent in circles", () => {
  const plugin = tfx.raw({}, { framework: "webpack", webpack: { compiler: {} as never } } as never);
  const hook = (plugin as unknown as { resolveId: { handler: (id: string, importer?: string) => unknown } }).resolveId
    .handler;
  const file = resolve("stdlib/attention/causal.tfx");
  expect(hook("./causal.tfx", resolve("stdlib/attention/main.js"))).toBe(file);
  expect(hook(file, undefined)).toBe(null);
  expect(hook(`${file}?wgsl`, undefined)).toBe(`${file}?wgsl`);
});
