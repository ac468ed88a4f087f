/** `std/…` is found without a `resolveImport`; the modules that carry it say what `stdlib/` says. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { stdModules } from "../../scripts/std.ts";
import { BASELINE } from "../../src/base/target.ts";
import { compileAsync, type CompileAsyncOptions } from "../../src/compile-async.ts";
import { compile } from "../../src/compile.ts";
import { createSession } from "../../src/session/session.ts";
import { std, STD_FILES } from "../../src/std/library.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SRC = new URL("../../src/", import.meta.url);
const said = (diagnostics: readonly { readonly code: string; readonly message: string }[]): readonly string[] =>
  diagnostics.map((d) => `${d.code} ${d.message}`);

test.each(Object.entries(stdModules()))("src/std/%s is up to date (npm run std)", (name, text) => {
  expect(readFileSync(new URL(`std/${name}`, SRC), "utf8") === text).toBe(true);
});

test("every file of the library is found, with and without its ending, and nothing else", () => {
  const files = readdirSync(`${ROOT}/stdlib`, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".tfx"));
  expect(files.length).toBeGreaterThan(100);
  expect(STD_FILES).toHaveLength(files.length);
  for (const file of files) {
    const text = readFileSync(`${ROOT}/stdlib/${file}`, "utf8");
    expect(std(`std/${file}`)).toEqual({ file: `std/${file}`, text });
    expect(std(`std/${file.replace(/\.tfx$/, "")}`)).toEqual({ file: `std/${file}`, text });
  }
  for (const path of [
    "std/",
    "std/nothing",
    "std/constructor",
    "std",
    "./prelude",
    "std/attention/../prelude",
    "prelude",
  ])
    expect(std(path)).toBeNull();
});

const USES = `use { band } from "std/onnx/band"
kernel k(x: f32[i: N], y: f32[j: M]) -> o: f32[i] {
  let s = x * y where band(i, j, 4, 0, -1, 1)
  o = sum[j](s) }
`;
const asked = (text: string, more: Partial<CompileAsyncOptions> = {}) =>
  compileAsync(text, { file: "main.tfx", target: BASELINE, ...more });

describe("compileAsync", () => {
  test("a file that uses the library gives what compile gives with its texts", async () => {
    const found = await asked(USES);
    const expected = compile(USES, { file: "main.tfx", target: BASELINE, resolveImport: std });
    expect(said(found.diagnostics)).toEqual(said(expected.diagnostics));
    expect(found.artifacts).toEqual(expected.artifacts);
    expect(found.artifacts.map((a) => a.kernel)).toEqual(["k"]);
  });

  test("files of the user may take time, import each other and the library", async () => {
    const files: Readonly<Record<string, string>> = {
      "./a": `use { g } from "./b"\nuse { band } from "std/onnx/band"\nfn f(x) = g(x)`,
      "./b": "fn g(x) = relu(x)",
    };
    const text = 'use { f } from "./a"\nkernel k(x: f32[i: N]) -> o: f32[i] { o = f(x) }\n';
    const { diagnostics, artifacts } = await asked(text, {
      resolveImport: async (path) => {
        await new Promise((done) => setTimeout(done, 1));
        const found = files[path];
        return found === undefined ? null : { file: `${path.slice(2)}.tfx`, text: found };
      },
    });
    expect(said(diagnostics.filter((d) => d.severity === "error"))).toEqual([]);
    expect(artifacts.map((a) => a.kernel)).toEqual(["k"]);
  });

  test("imports in a circle end", async () => {
    const text = 'use { f } from "./a"\nkernel k(x: f32[i: N]) -> o: f32[i] { o = f(x) }\n';
    const resolveImport = (path: string) => ({
      file: `${path.slice(2)}.tfx`,
      text: `use { f } from "./${path === "./a" ? "b" : "a"}"\nfn g(x) = x`,
    });
    expect((await asked(text, { resolveImport })).diagnostics.map((d) => d.code)).toContain("TFX5003");
  });

  test.each<[string, unknown, string]>([
    ["no such file", undefined, 'TFX5001 cannot find "std/nothing"'],
    [
      "a rejection",
      () => Promise.reject(new Error("offline")),
      'TFX6003 `resolveImport` throws for "std/nothing": offline',
    ],
    ["no function", "std", 'TFX6003 `resolveImport` is "std", not a function'],
    [
      "half an answer",
      async () => ({ text: "" }),
      'TFX6003 `resolveImport` gives an object for "std/nothing", not { file, text } or null',
    ],
  ])("%s is a diagnostic", async (_name, resolveImport, expected) => {
    const text = 'use { f } from "std/nothing"\nkernel k(x: f32[i: N]) -> o: f32[i] { o = f(x) }\n';
    const { diagnostics } = await compileAsync(text, {
      file: "a.tfx",
      target: BASELINE,
      resolveImport,
    } as CompileAsyncOptions);
    expect(said(diagnostics)).toContain(expected);
  });

  test("a call of the wrong form is one too", async () => {
    const call = compileAsync as (...args: readonly unknown[]) => ReturnType<typeof compileAsync>;
    expect((await call()).diagnostics.map((d) => d.code)).toContain("TFX6003");
    expect((await call("", null)).diagnostics.map((d) => d.code)).toEqual(["TFX6003"]);
    expect((await call(7, { file: "a.tfx", target: BASELINE })).diagnostics.map((d) => d.code)).toEqual(["TFX6003"]);
  });
});

test("a session knows the prelude", () => {
  const session = createSession(() => null);
  session.set("a.tfx", "kernel k(x: f32[i: N]) -> o: f32[i] { o = softmax[i](x) }\n");
  expect(said(session.check("a.tfx").diagnostics)).toEqual([]);
});

test("a bundle of the compiler carries the prelude and loads the library apart", async () => {
  const { outputFiles } = await build({
    stdin: { contents: 'export { compileAsync } from "./src/index.ts"', resolveDir: ROOT },
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
    outdir: "out",
  });
  const [entry, ...others] = outputFiles;
  const library = others.filter((f) => f.text.includes("kernel flex_attention"));
  expect(entry?.text).toContain("fn softmax");
  expect(entry?.text.includes("kernel flex_attention")).toBe(false);
  expect(library).toHaveLength(1);
  expect(gzipSync(library[0]?.contents ?? new Uint8Array()).length).toBeLessThan(40 * 1024);
});
