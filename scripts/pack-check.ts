/**
 * Packs the package, installs the tarball into an empty folder outside the repository and uses it there: the command line, the
 * modules, their types; then beside seven bundlers, whose pages a Chromium opens, in a page without one, in Node and in Deno (`--short`: not these).
 * `npm run pack-check`; needs a registry or npm's cache for the dependencies.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PEERS, tryApps, type Step } from "./pack/apps.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tfx-pack-"));
/** The Node that runs this script goes first, so that the installed `tfx` starts with it. */
const env = { ...process.env, PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter) };

const KERNEL = `/// Attention.
kernel attention(q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, d]) -> o: f32[i, d] {
  let s = sum[d](q * k) / sqrt(D) where causal(i, j)
  o = sum[j](softmax[j](s) * v)
}
`;

const MODULES = `
import { readFileSync } from "node:fs";
import { BASELINE, compile, compileAsync, formatProgram, renderDiagnostic } from "tfx-lang";
import { createKernel, requestDevice } from "tfx-lang/runtime";
import { std } from "tfx-lang/std";
import { compileNode } from "tfx-lang/onnx";
import vite from "tfx-lang/vite";
import rollup from "tfx-lang/rollup";
import esbuild from "tfx-lang/esbuild";
import * as plugin from "tfx-lang/prettier";
const text = readFileSync("attention.tfx", "utf8");
const { artifacts, diagnostics } = compile(text, { file: "attention.tfx", dims: { D: 16 }, target: BASELINE });
if (diagnostics.length > 0) throw new Error(diagnostics.map((d) => renderDiagnostic(d, () => text, { color: false })).join(""));
if (!artifacts[0]?.wgsl.includes("@compute")) throw new Error("no kernel");
const uses = 'use { band } from "std/onnx/band"\\n' + text.replace("causal(i, j)", "band(i, j, 0, 1, -1, -1)");
const library = await compileAsync(uses, { file: "uses.tfx", dims: { D: 16 }, target: BASELINE });
if (library.artifacts.length !== 1 || std("std/onnx/band") === null) throw new Error("no library: " + JSON.stringify(library.diagnostics));
const softmax = compileNode({ op: "Softmax", opset: 13, inputs: [{ type: "float32", shape: [2, 3] }] }, { target: BASELINE });
if (softmax.kernels.length !== 1) throw new Error("no node: " + JSON.stringify(softmax.diagnostics));
if (![vite, rollup, esbuild].every((plugin) => plugin({ dims: { D: 16 } }).name === "tfx")) throw new Error("plugins");
const formatted = await formatProgram(text);
if (!formatted.ok || !formatted.text.includes("kernel attention")) throw new Error("not formatted");
if (typeof createKernel !== "function" || typeof requestDevice !== "function" || plugin.languages[0].name !== "TFX") throw new Error("exports");
`;

const TYPES = `
import { compile, TARGETS, type Artifact, type CompileResult, type Diagnostic } from "tfx-lang";
import { createKernel, type Kernel } from "tfx-lang/runtime";
import { compileNode, type CompiledNode, type OnnxNode } from "tfx-lang/onnx";
const node: OnnxNode = { op: "Gelu", opset: 20, inputs: [{ type: "float32", shape: [2] }] };
export const gelu: CompiledNode = compileNode(node, { target: TARGETS["baseline"]! });
const result: CompileResult = compile("", { file: "x.tfx", target: TARGETS["baseline"]! });
const artifact: Artifact | undefined = result.artifacts[0];
const messages: readonly string[] = result.diagnostics.map((d: Diagnostic) => d.message);
export const load = (device: GPUDevice): Promise<Kernel> => createKernel(device, artifact!);
// @ts-expect-error a target is not optional
compile("", { file: "x.tfx" });
export { messages };
`;

const TSCONFIG = {
  compilerOptions: {
    module: "nodenext",
    moduleResolution: "nodenext",
    target: "es2024",
    lib: ["esnext", "dom"],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
  },
  files: ["types.ts"],
};

const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** Runs the installed `tfx` and expects an exit code. */
const tfx = (expected: number, ...args: readonly string[]): string => {
  const child = spawnSync("npx", ["--no-install", "tfx", ...args], { cwd: folder, env, encoding: "utf8" });
  if (child.status !== expected)
    throw new Error(
      `tfx ${args.join(" ")}: exit ${child.status}, expected ${expected}\n${child.stdout}${child.stderr}`,
    );
  return child.stdout;
};

/** The optional peers are large: linked from here instead of downloaded again. */
const linkPeers = (): void => {
  for (const name of ["webgpu", "@sparticuz/chromium", "@webgpu/types"]) {
    const from = join(ROOT, "node_modules", name);
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(from, join(folder, "node_modules", name), "dir");
  }
};

const step: Step = async (what, action) => {
  try {
    await action();
  } catch (error) {
    console.error(`NOT ${what}`);
    throw error;
  }
  console.log(`ok  ${what}`);
};
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const isShort = process.argv.includes("--short");

try {
  const packed = run("npm", ["pack", "--json", "--pack-destination", folder], ROOT);
  const [report] = JSON.parse(packed.slice(packed.indexOf("[\n"))) as readonly [
    { readonly filename: string; readonly size: number; readonly files: readonly { readonly path: string }[] },
  ];
  await step(`${report.filename}: ${report.files.length} files, ${Math.round(report.size / 1024)} KiB`, () => {
    const stray = report.files
      .map((f) => f.path)
      .filter((p) => !/^(dist|bin|stdlib|grammar|schema|types)\/|^(package\.json|README\.md|LICENSE)$/.test(p));
    if (stray.length > 0) throw new Error(`not to be packed: ${stray.join(", ")}`);
  });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "attention.tfx"), KERNEL);
  writeFileSync(join(folder, "wrong.tfx"), KERNEL.replace("sum[d]", "sum[z]"));
  writeFileSync(join(folder, "modules.js"), MODULES);
  writeFileSync(join(folder, "types.ts"), TYPES);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  await step("npm install of the tarball", () =>
    run(
      "npm",
      [
        "install",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--omit=peer",
        "--loglevel=error",
        report.filename,
        ...(isShort ? [] : PEERS),
      ],
      folder,
    ),
  );
  linkPeers();
  await step("tfx check", () => tfx(0, "check", "attention.tfx"));
  await step("tfx check finds the mistake", () => tfx(1, "check", "wrong.tfx"));
  await step("tfx fmt", () => tfx(0, "fmt", "attention.tfx"));
  await step("tfx compile", () => tfx(0, "compile", "attention.tfx", "--dim", "D=16", "--out", "out"));
  await step("tfx compile --emit ts", () =>
    tfx(0, "compile", "attention.tfx", "--dim", "D=16", "--emit", "ts", "--out", "out"),
  );
  await step("tfx init", () => tfx(0, "init", "app"));
  await step("tfx run --check", () =>
    tfx(0, "run", "attention.tfx", "--random", "1", "--dim", "N=20", "--dim", "M=33", "--dim", "D=16", "--check"),
  );
  await step("the modules", () => run(process.execPath, ["modules.js"], folder));
  await step("their types", () => run(process.execPath, [TSC, "-p", "."], folder));
  if (!isShort) {
    writeFileSync(join(folder, "src", "attention.tfx"), KERNEL);
    await step("tfx compile for a page", () =>
      tfx(0, "compile", "src/attention.tfx", "--dim", "D=8", "--out", "plain"),
    );
    await tryApps(
      { path: folder, tarball: report.filename, env },
      TSC,
      join(ROOT, "node_modules/.cache/tfx/chromium"),
      step,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
